-- experiments_spec.lua -- Experiments: lab.run outside the cage.
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

local function run(body, ...)
  local path = directory.write("script.lua", [[
    local lab = require "lab"
    local eater = lab.scenario {
      limit = "8M",
      options = { bytes = { "1M", "how much", bytes = true } },
      program = function (heap, opt) heap:phase("eat"):slab(opt.bytes) end,
    }
    return lab.experiment { options = { n = 3 }, program = function (opt)
]] .. body .. "\nend }")
  return program.run { "run", path, ... }
end

describe("An experiment", function ()
  caged("runs scenarios of its own script and tells what became of them", function ()
    local result = run [[
      local run = lab.run(eater)
      assert(run:survived() and not run:oom_killed() and run.outcome == "survived")
      assert(run.phases[1].name == "eat" and run.phases[1].requested_bytes == lab.MiB)
      assert(run.pauses.p50_ns <= run.pauses.p99_ns and run.pauses.p99_ns <= run.pauses.max_ns)
      assert(run.memstats.heap_alloc >= lab.MiB and run.cage.limit == 8 * lab.MiB)
      assert(run.baseline_bytes > 0 and run.cage_peak_bytes > lab.MiB and run.wall_ns > 0)
      assert(run.evidence.exit_status == 0 and run.evidence.oom_kill_delta == 0)
      run = lab.run(eater, { limit = 16 * lab.MiB, options = { bytes = "20M" } })
      assert(run:oom_killed() and run.evidence.signal == 9 and run.cage.limit == 16 * lab.MiB)
      assert(run.last_words.phase == "eat" and run.last_words.request_bytes == 20 * lab.MiB)
      print("done", opt.n)
    ]]
    assert.equal(0, result.status, result.err)
    assert.equal("done\t3\n", result.out)
    assert.equal("", result.left_groups)
  end)

  caged("runs bundled scripts by name", function ()
    local result = run [[
      assert(lab.run("spike", { limit = "16M" }):oom_killed())
      assert(lab.run("spike", { limit = "16M", options = { gc = true } }):survived())
      assert(lab.run("spike", { limit = "16M", memlimit = "90%" }):survived())
    ]]
    assert.equal(0, result.status, result.err)
  end)

  caged("goes by the command line, over the scenario, where lab.run says nothing", function ()
    local result = run([[
      print(lab.run(eater).settings.gogc, lab.run(eater, { gogc = 50 }).settings.gogc)
      print(lab.run(eater).cage.limit // lab.MiB)
    ]], "--gogc=200", "--limit=12M")
    assert.equal(0, result.status, result.err)
    assert.equal("200\t50\n12\n", result.out)
  end)

  caged("ends with status 1 when its program returns false", function ()
    assert.equal(1, run("return lab.run(eater):oom_killed()").status)
  end)

  caged("is blamed at its own line for what it gives to lab.run", function ()
    for body, pattern in pairs {
      ["lab.run(5)"] = "expected a scenario or the name of a script, not number",
      ["lab.run {}"] = "expected a scenario or the name of a script, not table",
      ["lab.run('spiek')"] = "there is no script 'spiek'; did you mean 'spike'",
      ["lab.run(eater, { limt = 5 })"] = "unknown field 'limt'; did you mean 'limit'",
      ["lab.run(eater, { limit = 'abc' })"] = "limit=abc: 'abc' is not a size",
      ["lab.run(eater, { options = { byte = 5 } })"] = "no option 'byte'; did you mean 'bytes'",
      ["lab.run(eater, { options = { bytes = 'x' } })"] = "bytes=x: 'x' is not a size",
      ["lab.run(eater, { options = { bytes = {} } })"] = "expected a boolean, a number or a string",
      ["lab.run(eater, 5)"] = "expected a table of settings, not number",
      ["return lab.run(eater).outcom"] = "run: there is no 'outcom'; did you mean 'outcome'",
    } do
      local result = run(body)
      assert.equal(3, result.status, result.err)
      assert.matches("script.lua:8: ", program.complaint(result))
      assert.matches(pattern, program.complaint(result))
      assert.equal("", result.left_groups)
    end
  end)

  caged("may catch that, too", function ()
    local result = run "local fine = pcall(lab.run, eater, { limit = 'x' }) print(fine)"
    assert.equal(0, result.status, result.err)
    assert.equal("false\n", result.out)
  end)

  caged("finds the smallest limit, the curve and the grid of a scenario of its own", function ()
    local result = run [[
      local bytes = 10 * lab.MiB
      local options = { bytes = bytes }
      local found = lab.smallest_limit(eater, { of = 2, options = options, checks = false })
      assert(found.limit_bytes > bytes and found.limit_bytes < bytes + 2 * lab.MiB)
      assert(found.limit_bytes - found.killed_at <= 0.01 * found.killed_at)
      local cells = lab.grid(eater, { limit = { "8M", "16M" }, options = options, of = 1 })
      assert(cells[1].share == 0 and cells[2].share == 1)
      local points = lab.curve("spike", { setting = "memlimit", ratios = { 90 }, of = 1 })
      assert(points[1].share == 1 and points[1].peak_bytes < points[1].limit_bytes)
    ]]
    assert.equal(0, result.status, result.err)
    assert.equal("", result.left_groups)
  end)

  caged("with a limit beyond the machine's memory ends with status 4", function ()
    local result = run "pcall(lab.run, eater, { limit = '64T' })"
    assert.equal(4, result.status)
    assert.matches("64.0 TiB, .*%-%-world=pretend", program.complaint(result))
  end)

  it("does not run while its script is being loaded", function ()
    local path = directory.write("script.lua", "local lab = require 'lab'\nlab.run('spike')")
    local result = program.run { "run", path }
    assert.equal(3, result.status)
    assert.matches("script.lua:2: lab.run: works only while the program of an experiment runs",
      program.complaint(result))
  end)

  it("has no settings of its own", function ()
    local path = directory.write("script.lua", "local lab = require 'lab'\n"
      .. "return lab.experiment { limit = 5, program = print }")
    local result = program.run { "run", path }
    assert.equal(3, result.status)
    assert.matches("script.lua:2: lab.experiment: unknown field 'limit'; give settings to lab.run",
      program.complaint(result))
  end)
end)

describe("lab.runs", function ()
  it("gives the runs in order, whichever ended first", function ()
    local result = run [[
      local list = {}
      for i = 1, 5 do
        list[i] = { eater, { world = "pretend", options = { bytes = 6 * i * lab.MiB // 2 } } }
      end
      for i, run in ipairs(lab.runs(list)) do
        print(i, run.phases[1].requested_bytes // lab.MiB, run.outcome)
      end
      print(#lab.runs {})
    ]]
    assert.equal(0, result.status, result.err)
    assert.equal("1\t3\tsurvived\n2\t6\tsurvived\n3\t9\toom-killed\n4\t12\toom-killed\n"
      .. "5\t15\toom-killed\n0\n", result.out)
  end)

  caged("makes real ones, several at a time, and leaves nothing", function ()
    local path = directory.write("sleepers.lua", [[
      local lab = require "lab"
      local sleeper = lab.scenario { limit = "8M", program = function (heap) heap:wait(0.5) end }
      return lab.experiment { program = function ()
        local list = { { sleeper }, { "spike", { limit = "16M" } }, { sleeper } }
        for _, run in ipairs(lab.runs(list)) do
          print(run.scenario, run.outcome, run.wall_ns >= 5e8)
        end
      end }
    ]])
    local result = program.run { "run", path }
    assert.equal(0, result.status, result.err)
    assert.equal("sleepers\tsurvived\ttrue\nspike\toom-killed\tfalse\n"
      .. "sleepers\tsurvived\ttrue\n", result.out)
    assert.equal("", result.left_groups)
  end)

  local function complaint_of(list)
    local result = run("lab.runs " .. list)
    assert.equal(3, result.status, result.err)
    return program.complaint(result)
  end

  it("names the run that cannot be", function ()
    local fine = "{ eater, { world = 'pretend' } }"
    assert.matches("script.lua:8: lab.runs: run 2: there is no script 'spik'; did you mean 'spike'",
      complaint_of("{ " .. fine .. ", { 'spik' } }"))
    assert.matches("lab.runs: run 1: gogc=x: ", complaint_of "{ { eater, { gogc = 'x' } } }")
    assert.matches("lab.runs: run 2: the script has no option 'x'",
      complaint_of("{ " .. fine .. ", { eater, { options = { x = 1 } } } }"))
    assert.matches("lab.runs: run 1: expected { scenario, settings }: put the scenario into braces",
      complaint_of "{ eater }")
    assert.matches("lab.runs: run 1: expected { scenario, settings }, not string",
      complaint_of "{ 'spike' }")
    assert.matches("lab.runs: expected a list, found the field %[limit%]",
      complaint_of "{ limit = '8M' }")
  end)
end)
