-- testing_spec.lua -- oomlab test: expectations and cases, told in TAP 14. In the pretend world:
-- what is tested here is who asks whom, not the kernel.
local program = require "program"

local directory = program.directory()

teardown(directory.remove)

local HEAD = "local lab = require 'lab'\n"

local EATER = HEAD .. [[
  return lab.scenario {
    limit = "8M",
    options = { bytes = { "1M", bytes = true } },
    program = function (heap, opt) heap:slab(opt.bytes) end,
    expect = function (run, opt)
      if opt.bytes > lab.GiB then
        return nil
      end
      return run:survived() == (opt.bytes < run.cage.limit)
    end,
]]

local function test(text, ...)
  local path = directory.write("script.lua", text)
  return program.run { "test", path, "--world=pretend", ... }, path
end

-- The result without the paths.
local function lines_of(result, path)
  return (result.out:gsub(path:gsub("%p", "%%%0"), "FILE"))
end

describe("oomlab test", function ()
  it("runs a scenario by itself and in each of its cases", function ()
    local result, path = test(EATER .. [[
      cases = {
        { options = { bytes = "20M" }, outcome = "oom-killed" },
        { name = "a # of its own", limit = "64M", options = { bytes = "20M" } },
        { limit = "4M", options = { bytes = 1 << 31 } },
      } }]])
    assert.equal(0, result.status, result.out)
    assert.equal("TAP version 14\nok 1 - FILE\nok 2 - FILE: bytes=20M\n"
      .. "ok 3 - FILE: a \\# of its own\n"
      .. "ok 4 - FILE: limit=4M bytes=2147483648 # SKIP no expectation\n1..4\n",
      lines_of(result, path))
    assert.equal("", result.err)
  end)

  it("tells what was expected, what came, and why", function ()
    local result = test(EATER .. "cases = { { bytes, limit = '16M', "
      .. "options = { bytes = '20M' }, outcome = 'survived' } } }")
    assert.equal(3, result.status, "an undefined variable")
    local path
    result, path = test(EATER .. "cases = { { limit = '16M', "
      .. "options = { bytes = '20M' }, outcome = 'survived' } } }")
    assert.equal(1, result.status, result.out)
    assert.matches('not ok 2 %- FILE: limit=16M bytes=20M\n  %-%-%-\n  message: "the run did not '
      .. 'end as the case wants it to"\n  outcome: "oom%-killed"\n  expected: "survived"\n'
      .. '  why: "The cage held .*"\n  %.%.%.\n1%.%.2\n$', lines_of(result, path))
  end)

  it("ends with status 1 where a script's expectation is not met", function ()
    local result, path = test(HEAD .. "return lab.scenario { program = function () end,\n"
      .. "expect = function (run) return run:oom_killed() end }")
    assert.equal(1, result.status)
    assert.matches('not ok 1 %- FILE\n.*"the run ended otherwise than the script expects"\n'
      .. '  outcome: "survived"', lines_of(result, path))
  end)

  it("ends with status 3 where a script is at fault, and tests the others", function ()
    directory.make "many"
    directory.write("many/a.lua", HEAD .. "return lab.scenario { program = 5 }")
    directory.write("many/b.lua", HEAD
      .. "return lab.scenario { program = function () error 'x' end }")
    directory.write("many/c.lua", HEAD
      .. "return lab.experiment { program = function () print 'hi'\n"
      .. "return lab.run('spike', { options = { gc = true } }):survived() end }")
    directory.write("many/d.lua", "return 'a module'")
    directory.write("many/e.lua", HEAD .. "return lab.experiment { program = function ()\n"
      .. "return lab.run('spike'):survived() end }")
    local result = program.run { "test", directory.path .. "/many", "--world=pretend" }
    assert.equal(3, result.status, result.out)
    assert.matches("not ok 1 %- .*a.lua\n.*a.lua:2: lab.scenario: program must be a function.*"
      .. "not ok 2 %- .*b.lua\n.*b.lua:2: x.*traceback: .*# hi\nok 3 %- .*c.lua\n"
      .. "not ok 4 %- .*e.lua\n.*message: \"the experiment did not find what it expected\"\n"
      .. ".*1%.%.4\n$", result.out)
  end)

  it("skips services, and takes names of bundled scripts", function ()
    local result = program.run { "test", "interactive", "spike", "--world=pretend" }
    assert.equal(0, result.status)
    assert.equal("TAP version 14\nok 1 - interactive # SKIP a service: its requests are its "
      .. "program\nok 2 - spike\n1..2\n", result.out)
  end)

  it("ends with status 4 where the lab cannot make a run", function ()
    local path = directory.write("script.lua", EATER .. "}")
    local result = program.run { "test", path, "--limit=64T" }
    assert.equal(4, result.status, result.out)
    assert.matches('not ok 1 %- .*message: "limit=64.0 TiB: this machine has', result.out)
  end)

  it("refuses bad usage with status 2", function ()
    directory.make "empty"
    for pattern, arguments in pairs {
      ["expected scripts to test"] = { "test" },
      ["unknown option '%-%-limt': did you mean %-%-limit"] = { "test", "spike", "--limt=5M" },
      ["limit=x: 'x' is not a size"] = { "test", "spike", "--limit=x" },
      [": no scenario and no experiment in it"] = { "test", directory.path .. "/empty" },
    } do
      local result = program.run(arguments)
      assert.equal(2, result.status, pattern)
      assert.matches(pattern, program.complaint(result))
    end
    local result = program.run { "test", "./nowhere.lua" }
    assert.equal(2, result.status)
    assert.matches("not ok 1 %- %./nowhere.lua\n.*there is no script", result.out)
  end)

  it("checks cases when the script is loaded", function ()
    for pattern, cases in pairs {
      ["case 1: unknown field 'limt'; did you mean 'limit'"] = "{ { limt = 5 } }",
      ["case 2: the script has no option 'byte'; did you mean 'bytes'"]
        = "{ {}, { options = { byte = 5 } } }",
      ["case 1: bytes=x: 'x' is not a size"] = "{ { options = { bytes = 'x' } } }",
      ["case 1: outcome: expected one of .*not 'surived'; did you mean 'survived'"]
        = "{ { outcome = 'surived' } }",
      ["case 1: expected a table, not number"] = "{ 5 }",
      ["cases must be a list, but has the field %[a%]"] = "{ a = {} }",
      ["case 1: name must be one line"] = "{ { name = '' } }",
    } do
      local result = test(EATER .. "cases = " .. cases .. " }")
      assert.equal(3, result.status)
      assert.matches(pattern:gsub("'surived'", "surived"), result.out)
    end
  end)
end)
