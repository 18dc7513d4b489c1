-- modules_spec.lua -- What require finds, in the lab and in the cage.
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

describe("require", function ()
  setup(function ()
    directory.make "steps"
    directory.write("steps/one.lua", "return { bytes = 4096 }")
    directory.write("beside.lua", "return require 'steps.one'")
  end)

  caged("finds modules beside the script, on both sides of the cage", function ()
    local path = directory.write("script.lua", [[
      local lab = require "lab"
      local beside = require "beside"
      assert(require "beside" == beside, "loaded twice")
      return lab.scenario {
        title = "size " .. beside.bytes, limit = "8M",
        program = function (heap) heap:phase("one"):slab(beside.bytes):release() end,
      }]])
    local result = program.run_json { path }
    assert.equal(0, result.status, result.err)
    assert.equal("survived", result.json.outcome)
    assert.equal(4096, result.json.last_words.request_bytes)
  end)

  it("does not follow a link out of the script's directory", function ()
    program.shell("ln -s /etc/hostname " .. directory.path .. "/outside.lua")
    local path = directory.write("script.lua", "require 'outside'")
    local result = program.run { "run", path }
    assert.equal(3, result.status)
    assert.matches("leads out of the script's directory", program.complaint(result))
  end)

  it("names a loop of modules", function ()
    directory.write("round.lua", "return require 'round'")
    local path = directory.write("script.lua", "require 'round'")
    local result = program.run { "run", path }
    assert.equal(3, result.status)
    assert.matches("round.lua:1: module 'round' requires itself", program.complaint(result))
  end)

  it("tells errors of a module at their place in it", function ()
    directory.write("broken.lua", "\nlocal = 5")
    local path = directory.write("script.lua", "require 'broken'")
    local result = program.run { "run", path }
    assert.equal(3, result.status)
    assert.matches("broken.lua:2: <name> expected", program.complaint(result))
  end)
end)

describe("OOMLAB_PATH", function ()
  setup(function ()
    directory.make "mine"
    directory.make "mine/scripts"
    directory.make "mine/lua"
    directory.make "mine/lua/lab"
    directory.write("mine/scripts/own.lua", [[
      local lab = require "lab"
      local greeting = require "lab.greeting"
      return lab.scenario { title = greeting, limit = "8M",
        program = function (heap) lab.log("%s again", greeting) end }]])
    directory.write("mine/lua/lab/greeting.lua", "return 'hello from my own'")
  end)

  local environment = { OOMLAB_PATH = "/nowhere:" .. directory.path .. "/mine" }

  it("adds scripts that are found by name", function ()
    local result = program.run { "list", env = environment }
    assert.equal(0, result.status)
    assert.matches("own +hello from my own", result.out)
    assert.matches("spike", result.out)
  end)

  caged("adds modules of the library, in the cage too", function ()
    local result = program.run { "run", "own", env = environment }
    assert.equal(0, result.status, result.err)
    assert.matches("hello from my own again", result.out)
  end)

  it("goes before what is bundled", function ()
    directory.write("mine/scripts/spike.lua", "return 5")
    local result = program.run { "run", "spike", env = environment }
    assert.equal(3, result.status)
    assert.matches("mine/scripts/spike.lua: a script must return", program.complaint(result))
    os.remove(directory.path .. "/mine/scripts/spike.lua")
  end)
end)
