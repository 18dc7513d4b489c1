-- output_spec.lua -- Runs as people and programs see them: text, JSON, record, exit status.
local cjson = require "cjson"
local lab = require "helper"

local run_it = lab.caged(it, pending)

-- For what holds only with a lean subject.
local function run_it_lean(sentence, body)
  if os.getenv("OOMLAB_IS_SANITIZED") then
    pending(sentence .. " (the baseline of a sanitized subject is too large)")
  else
    run_it(sentence, body)
  end
end

-- What the scenario promises in default runs; small, so that the tests are quick.
local SCRIPT = [[
local lab = require "lab"
return lab.scenario {
  title = "Small", limit = 8 * lab.MiB,
  options = { fill = { 1024, "bytes to fill" }, gc = { false, "collect" } },
  program = function (heap, opt)
    lab.log("hello \27[31m")
    heap:phase("one"):slab(opt.fill)
  end,
  expect = function (run) return run:survived() end,
}
]]

describe("a run", function ()
  run_it_lean("ends in a verdict and tells why, status 0", function ()
    local status, stdout, stderr = lab.run("run")
    assert.are.equal(0, status, stderr)
    assert.are.equal("", stderr)
    assert.is_truthy(stdout:match("OOM%-KILLED by the cage's limit in \"a little more\""))
    assert.is_truthy(stdout:match("evidence +signal 9 %(SIGKILL%)"))
    assert.is_truthy(stdout:match("beyond the"))
    assert.is_truthy(stdout:match("%-%-gc"))
    assert.is_nil(stdout:match("\27"))
  end)

  run_it_lean("with --gc survives; so does the original's -gc", function ()
    for _, option in ipairs { "--gc", "-gc", "--gc=true" } do
      local status, stdout = lab.run("run " .. option .. " -q")
      assert.are.equal(0, status)
      assert.is_truthy(stdout:match("^[^\n]*SURVIVED[^\n]*\n$"), stdout)
    end
  end)

  run_it("takes sizes in every way of writing an option", function ()
    for _, option in ipairs { "--limit=16M", "--limit 16M", "-l16M", "-l 16M", "-limit 16M",
      "-limit=16777216", "-l 64M --limit=16MiB" } do
      local _, stdout = lab.run("run -q --format=json " .. option)
      assert.are.equal(16777216, cjson.decode(stdout).limit_bytes, option)
    end
  end)

  run_it("is plain ASCII in the C locale", function ()
    local _, stdout = lab.run("run", "LC_ALL=C")
    assert.is_nil(stdout:match("[\128-\255]"))
    assert.is_truthy(stdout:match("X OOM%-KILLED"))
  end)

  run_it_lean("as JSON is one object on stdout, with the story on stderr", function ()
    local status, stdout, stderr = lab.run("run --format=json")
    assert.are.equal(0, status)
    local run = cjson.decode(stdout)
    assert.are.equal("oomlab.run/1", run.schema)
    assert.are.equal("oom-killed", run.outcome)
    assert.are.equal("own", run.evidence.limited_by)
    assert.are.equal(9, run.evidence.signal)
    assert.are.equal("a little more", run.last_words.phase)
    assert.are.equal(3355443, run.last_words.request_bytes)
    assert.is_true(run.memstats.next_gc > 60.0e6 and run.memstats.next_gc < 61.5e6)
    assert.is_true(run.baseline_bytes < 1048576)
    assert.are.equal(cjson.null, run.policy.memory_limit_bytes)
    assert.is_truthy(stderr:match("OOM%-KILLED"))
    local _, _, quiet = lab.run("run --format=json --quiet")
    assert.are.equal("", quiet)
  end)

  run_it("reads GOGC and GOMEMLIMIT; the command line wins", function ()
    local _, stdout = lab.run("run -q --format=json --gogc=50", "GOGC=off GOMEMLIMIT=20MiB")
    local policy = cjson.decode(stdout).policy
    assert.are.equal(50, policy.gogc)
    assert.are.equal(20971520, policy.memory_limit_bytes)
    local _, off = lab.run("run -q --format=json", "GOGC=off")
    assert.are.equal("off", cjson.decode(off).policy.gogc)
  end)

  run_it("that ends otherwise than expected is status 1", function ()
    local status, _, stderr = lab.run("run -q --expect=survived")
    assert.are.equal(1, status)
    assert.are.equal("oomlab: expected survived, but the run ended oom-killed\n", stderr)
    assert.are.equal(0, (lab.run("run -q --expect=oom-killed")))
    lab.with_script(SCRIPT, function (path)
      assert.are.equal(0, (lab.run("run -q " .. path)))
      assert.are.equal(1, (lab.run("run -q --fill=9000000 " .. path)))
      assert.are.equal(0, (lab.run("run -q --expect=oom-killed --fill=9000000 " .. path)))
    end)
  end)

  run_it("of one's own script takes its options anywhere", function ()
    lab.with_script(SCRIPT, function (path)
      for _, words in ipairs { path .. " --fill=2048", path .. " --fill 2048",
        "--fill=2048 " .. path, "--gc " .. path .. " --fill 2048",
        "--fill=1 --fill=2048 " .. path } do
        local status, stdout, stderr = lab.run("run -q --format=json " .. words)
        assert.are.equal(0, status, stderr)
        assert.are.equal(2048, cjson.decode(stdout).options.fill, words)
      end
      local _, stdout = lab.run("run " .. path)
      assert.is_truthy(stdout:match("hello %?%[31m"))
    end)
  end)

  run_it("that raises an error names file and line, with a traceback, status 3", function ()
    lab.with_script([[
local lab = require "lab"
return lab.scenario { title = "t", program = function ()
  error("broken")
end }]], function (path)
      local status, _, stderr = lab.run("run -q " .. path)
      assert.are.equal(3, status)
      assert.are.equal(1, (stderr:find("oomlab: " .. path .. ":3: broken\n", 1, true)), stderr)
      assert.is_truthy(stderr:match("stack traceback"))
      assert.are.equal(0, (lab.run("run -q --expect=script-error " .. path)))
    end)
  end)

  run_it("that never ends is ended by --timeout", function ()
    lab.with_script([[
local lab = require "lab"
return lab.scenario { title = "t", program = function () while true do end end }]],
      function (path)
        local status, stdout = lab.run("run -q --timeout=0.3 " .. path)
        assert.are.equal(0, status)
        assert.is_truthy(stdout:match("TIMED OUT"))
      end)
  end)

  run_it("is recorded line by line: header first, summary last", function ()
    local path = os.tmpname()
    local _, stdout = lab.run("run -q --format=json --record=" .. path)
    local types, last = {}, nil
    for line in io.lines(path) do
      last = cjson.decode(line)
      types[#types + 1] = last.type
    end
    os.remove(path)
    assert.are.equal("header", types[1])
    assert.are.equal("summary", types[#types])
    last.type = nil
    assert.are.same(cjson.decode(stdout), last)
  end)

  run_it("has no field that docs/json.md does not describe", function ()
    local file = assert(io.open((os.getenv("OOMLAB_SOURCE") or "../..") .. "/docs/json.md"))
    local manual = file:read("a")
    file:close()
    local function check(value, is_open)
      for key, inner in pairs(type(value) == "table" and value or {}) do
        if type(key) == "string" and not is_open then
          assert.is_truthy(manual:find("`" .. key .. "`", 1, true), key)
        end
        check(inner, key == "options")
      end
    end
    local path = os.tmpname()
    lab.run("run -q --gc --record=" .. path)
    for line in io.lines(path) do
      check(cjson.decode(line))
    end
    os.remove(path)
    local _, stdout = lab.run("doctor --format=json")
    check(cjson.decode(stdout))
  end)

  run_it("whose record meets a full disk is status 4", function ()
    local status, _, stderr = lab.run("run -q --record=/dev/full")
    assert.are.equal(4, status)
    assert.is_truthy(stderr:match("/dev/full.*No space left on device"))
    assert.are.equal(4, (lab.run("run -q --record=/nonexistent/record")))
  end)

  run_it("many times tells the shares", function ()
    local status, stdout = lab.run("run --repeat=3")
    assert.are.equal(0, status)
    assert.is_truthy(stdout:match("oom%-killed +3 of 3 +100%.0 %%"))
    local _, json = lab.run("run -q --format=json --repeat=3")
    local runs = cjson.decode(json)
    assert.are.equal("oomlab.runs/1", runs.schema)
    assert.are.equal(3, #runs.runs)
    assert.are.same({ ["oom-killed"] = 3 }, runs.outcomes)
  end)

  run_it("that is interrupted ends in good order, status 130", function ()
    lab.with_script([[
local lab = require "lab"
return lab.scenario { title = "t", program = function () while true do end end }]],
      function (path)
        local status, _, stderr = lab.run("run -q " .. path,
          "timeout --preserve-status --signal=INT 0.5")
        assert.are.equal(130, status)
        assert.is_truthy(stderr:match("interrupted by SIGINT"), stderr)
      end)
  end)
end)

-- What a reader of gctrace takes from a line of the form that Go has had since 1.18.
local GCTRACE = "^gc (%d+) @(%d+%.%d%d%ds) (%d+)%%: ([%d.]+)%+([%d.]+)%+([%d.]+) ms clock, "
  .. "([%d.]+)%+([%d.]+)/([%d.]+)/([%d.]+)%+([%d.]+) ms cpu, (%d+)%->(%d+)%->(%d+) MB, "
  .. "(%d+) MB goal, 0 MB stacks, (%d+) MB globals, (%d+) P(.*)$"

local function read_gctrace(text)
  local cycles = {}
  for line in text:gmatch "([^\n]*)\n" do
    local fields = { line:match(GCTRACE) }
    assert.are.equal(18, #fields, line)
    cycles[#cycles + 1] = { number = fields[1],
      megabytes = table.concat({ fields[12], fields[13], fields[14], fields[15] }, " "),
      tail = fields[18] }
  end
  return cycles
end

describe("gctrace", function ()
  run_it_lean("is a line of Go's for every cycle, with the story on stderr", function ()
    local status, stdout, stderr = lab.run("run --gc --format=gctrace")
    assert.are.equal(0, status, stderr)
    assert.are.same({
      { number = "1", megabytes = "28 28 28 4", tail = "" },
      { number = "2", megabytes = "28 28 0 57", tail = " (forced)" },
      -- As in Go: the second slab crosses the minimum heap's trigger.
      { number = "3", megabytes = "3 3 3 4", tail = "" },
    }, read_gctrace(stdout))
    assert.is_truthy(stderr:match("SURVIVED"))
    assert.is_truthy(stderr:match("a little more"))
  end)

  run_it_lean("with --quiet leaves the verdict on stderr", function ()
    local _, stdout, stderr = lab.run("run -q --format=gctrace")
    assert.are.equal(1, #read_gctrace(stdout))
    assert.is_truthy(stderr:match("^[^\n]*OOM%-KILLED[^\n]*\n$"), stderr)
  end)

  run_it_lean("of many runs begins anew with each, told apart on stderr", function ()
    local _, stdout, stderr = lab.run("run --gc --format=gctrace --repeat=2")
    local numbers = {}
    for index, cycle in ipairs(read_gctrace(stdout)) do
      numbers[index] = cycle.number
    end
    assert.are.same({ "1", "2", "3", "1", "2", "3" }, numbers)
    assert.is_truthy(stderr:match(" 1  survived .* 2  survived .*2 of 2"), stderr)
  end)

  run_it("is there while the run goes on", function ()
    lab.with_script([[
local lab = require "lab"
return lab.scenario { title = "t", program = function (heap)
  heap:collect()
  while true do end
end }]], function (path)
      local status, stdout = lab.run("run -q --format=gctrace " .. path,
        "timeout --preserve-status --signal=KILL 1")
      -- Had it waited in a buffer, it would be gone. The group goes with the next lab's start.
      assert.are.equal(137, status)
      assert.are.equal(1, #read_gctrace(stdout))
    end)
  end)

  run_it("that nobody reads any more is status 4", function ()
    local status, stderr = lab.run_into("/dev/full", "run --gc -q --format=gctrace")
    assert.are.equal(4, status)
    assert.is_truthy(stderr:match("cannot write to standard output"), stderr)
  end)
end)

describe("doctor", function ()
  it("as JSON says whether runs work, as its status does", function ()
    local status, stdout = lab.run("doctor --format=json")
    local findings = cjson.decode(stdout)
    assert.are.equal("oomlab.doctor/1", findings.schema)
    assert.are.equal(findings.can_run and 0 or 4, status)
    for _, check in ipairs(findings.checks) do
      assert.is_truthy(check.state == "good" or check.cure ~= "", check.subject)
    end
  end)
end)
