-- compare_spec.lua -- oomlab compare: the table, its forms, what cannot be, an end in the middle.
local cjson = require "cjson"
local lab = require "helper"

local caged = lab.caged(it, pending)

-- Quick, and the same everywhere.
local PRETEND = "compare --world=pretend "

-- A scenario that says what it expects; $BODY is its program.
local SCRIPT = [[
local lab = require "lab"
return lab.scenario {
  title = "Small", limit = 8 * lab.MiB, options = { fill = { 1024, "bytes to fill" } },
  program = function (heap, opt) $BODY end,
  expect = function (run) return run:oom_killed() end,
}
]]

local function with_script(body, use)
  lab.with_script(SCRIPT:gsub("%$BODY", (body:gsub("%%", "%%%%"))), use)
end

local function cells_of(arguments)
  local status, stdout, stderr = lab.run(arguments .. " --format=json")
  local object = cjson.decode(stdout)
  assert.are.equal("oomlab.compare/1", object.schema)
  return object.cells, status, stderr, object
end

local function assert_refused(arguments, complaint)
  local status, stdout, stderr = lab.run(arguments)
  assert.are.equal(2, status, stderr)
  assert.are.equal("", stdout)
  assert.are.equal("oomlab: " .. complaint .. "\n", stderr)
end

describe("compare", function ()
  it("shows a mark a cell, and then the figures", function ()
    local status, stdout = lab.run(PRETEND .. "spike big-response --policy=go,last-resort")
    assert.are.equal(0, status)
    assert.is_truthy(stdout:find("go    last%-resort\n spike +32.0 MiB  ✗     ✓\n"), stdout)
    assert.is_truthy(stdout:find("\n go +✗ oom%-killed +32.0 "), stdout)
    assert.is_truthy(stdout:find "✓ survived   ✗ killed\n")
  end)

  it("shows the marks alone where it is to be quiet", function ()
    local _, stdout = lab.run(PRETEND .. "spike --policy=go -q")
    assert.is_truthy(stdout:find "✗")
    assert.is_nil(stdout:find "verdict")
  end)

  it("makes a row of each limit, collector, memory limit and GOGC", function ()
    local cells = cells_of(PRETEND .. "spike --policy=go --limit=16M,32M --gogc=50,off "
      .. "--collector=stw,incremental --memlimit=off,90%")
    assert.are.equal(16, #cells)
    assert.are.equal(16 << 20, cells[1].limit_bytes)
    assert.are.equal("oom-killed", cells[1].outcome)
    local last = cells[16]
    assert.are.same({ 32 << 20, "incremental", cjson.null }, { last.limit_bytes, last.collector,
      last.gogc })
    assert.are.equal((32 << 20) * 9 // 10, last.memory_limit_bytes)
  end)

  it("compares all bundled scenarios under all policies where none is named", function ()
    local cells, status = cells_of(PRETEND)
    assert.are.equal(0, status)
    local scenarios, policies = {}, {}
    for _, cell in ipairs(cells) do
      scenarios[cell.scenario], policies[cell.policy] = true, true
    end
    assert.is_true(scenarios.spike and policies.go and policies.ballast)
    assert.is_nil(scenarios.interactive)
  end)

  it("tells the same bytes twice in the pretend world", function ()
    for _, format in ipairs { "text", "csv", "json", "html" } do
      local arguments = PRETEND .. "spike --policy=go,watermark:50 --format=" .. format
      local _, first = lab.run(arguments)
      local _, second = lab.run(arguments)
      assert.is_true(#first > 100)
      assert.are.equal(first, second)
    end
  end)

  it("writes a file, and still shows the text", function ()
    local path = os.tmpname()
    local status, stdout = lab.run(PRETEND .. "spike --policy=go --format=html -o " .. path)
    local file = assert(io.open(path))
    local page = file:read "a"
    file:close()
    os.remove(path)
    assert.are.equal(0, status)
    assert.is_truthy(stdout:find "✗ killed")
    assert.is_truthy(page:find "^<!doctype html>" and page:find "</html>\n$")
  end)

  it("tells shares with an interval where a cell has several runs", function ()
    local status, stdout = lab.run(PRETEND .. "spike --policy=go --repeat=20")
    assert.are.equal(0, status)
    assert.is_truthy(stdout:find "✗ oom%-killed +100 %%  84%-100 ", stdout)
  end)

  it("gives an option to every scenario that has it", function ()
    local cells = cells_of(PRETEND .. "spike big-response --policy=go --gc")
    assert.are.equal("survived", cells[1].outcome)
    assert.are.equal("oom-killed", cells[2].outcome)
  end)
end)

describe("compare begins nothing", function ()
  it("with an unknown policy", function ()
    assert_refused("compare spike --policy=go,balast",
      "--policy=balast: there is no policy 'balast'; did you mean 'ballast'?")
  end)

  it("with an unknown scenario", function ()
    assert_refused("compare spik", "there is no script 'spik'; did you mean 'spike'?")
  end)

  it("with an unknown option", function ()
    assert_refused("compare spike --polcy=go", "unknown option '--polcy': did you mean --policy?")
  end)

  it("with a bad value in a list", function ()
    assert_refused("compare spike --gogc=100,x",
      "--gogc=x: 'x' is no GOGC; expected a percentage from 0 to 1000000, or off")
    assert_refused("compare spike --limit=32M,", "--limit: a value is missing in the list")
    assert_refused("compare spike --policy=go,go", "--policy: go is named twice")
  end)

  it("with a service", function ()
    assert_refused("compare interactive", "interactive is a service; only scenarios are compared")
  end)

  it("with an output that cannot be written", function ()
    local status, stdout, stderr = lab.run("compare spike -o /nonexistent/x")
    assert.are.equal(2, status)
    assert.are.equal("", stdout)
    assert.is_truthy(stderr:find("/nonexistent/x", 1, true), stderr)
  end)
end)

describe("compare goes on", function ()
  it("where settings do not go together in a cell", function ()
    local cells, status = cells_of(PRETEND
      .. "spike --policy=go,watermark --rules=go1.16 --memlimit=off,90%")
    assert.are.equal(0, status)
    assert.are.equal("done", cells[1].state)
    assert.are.equal("refused", cells[3].state)
    assert.is_truthy(cells[3].reason:find "go1.16 has no memory limit")
  end)

  it("where a run would not fit into this machine, with status 4", function ()
    local cells, status = cells_of("compare spike --policy=go --limit=90TiB")
    assert.are.equal(4, status)
    assert.is_truthy(cells[1].reason:find "^too large: it may use 90.0 TiB")
  end)

  it("where a script raises an error, with status 3", function ()
    with_script("error 'ouch'", function (path)
      local cells, status = cells_of(PRETEND .. path .. " spike --policy=go")
      assert.are.equal(3, status)
      assert.are.equal("script-error", cells[1].outcome)
      assert.is_truthy(cells[1].reason:find "ouch")
      assert.are.equal("oom-killed", cells[2].outcome)
    end)
  end)
end)

describe("compare --check", function ()
  it("exits with 1 where a scenario is not as it expects to be", function ()
    with_script("heap:slab(opt.fill)", function (path)
      local _, plain = cells_of(PRETEND .. path .. " --policy=go")
      local cells, status = cells_of(PRETEND .. path .. " --policy=go --check")
      assert.are.same({ 0, 1, false }, { plain, status, cells[1].met })
    end)
  end)

  it("judges no cell whose settings are not the scenario's own", function ()
    with_script("heap:slab(opt.fill)", function (path)
      local cells, status = cells_of(PRETEND .. path .. " --policy=never --check")
      assert.are.same({ 0, cjson.null }, { status, cells[1].met })
    end)
  end)
end)

-- Ends it after a second, by SIGTERM: in the background a SIGINT would be ignored. Returns status,
-- stdout, stderr, and the groups of that lab that are left.
local function run_and_end(arguments)
  local names = { out = os.tmpname(), err = os.tmpname(), pid = os.tmpname() }
  local _, _, status = os.execute(("'%s' %s >%s 2>%s & echo $! >%s; sleep 1; kill $!; wait $!")
    :format(os.getenv "OOMLAB", arguments, names.out, names.err, names.pid))
  local texts = {}
  for name, path in pairs(names) do
    local file = assert(io.open(path))
    texts[name] = file:read "a"
    file:close()
    os.remove(path)
  end
  local pipe = assert(io.popen(("find /sys/fs/cgroup -name 'oomlab-%d-*'"):format(texts.pid)))
  local left = pipe:read "a"
  pipe:close()
  return status, texts.out, texts.err, left
end

describe("compare in real cages", function ()
  caged("comes to the verdicts that the kernel comes to", function ()
    local cells, status, _, object = cells_of("compare spike --policy=go,last-resort")
    assert.are.equal(0, status)
    assert.are.equal("oom-killed", cells[1].outcome)
    assert.are.equal(32 << 20, cells[1].cage_peak_bytes)
    assert.are.equal("survived", cells[2].outcome)
    assert.are.equal(0, object.missing_count)
    assert.is_true(object.wall_ns > 0)
  end)

  caged("tells what it has when it is ended, and leaves nothing", function ()
    with_script("if opt.fill > 0 then heap:wait(60) end", function (path)
      local status, stdout, stderr, left = run_and_end("compare spike " .. path
        .. " --policy=go,never")
      assert.are.equal(143, status, stderr)
      assert.is_truthy(stdout:find "spike +32.0 MiB  ✗     ✗\n", stdout)
      assert.is_truthy(stdout:find " +8.0 MiB +·     ·\n", stdout)
      assert.is_truthy(stdout:find "2 cells are missing", stdout)
      assert.are.equal("oomlab: interrupted by SIGTERM; nothing is left behind\n", stderr)
      assert.are.equal("", left)
    end)
  end)
end)
