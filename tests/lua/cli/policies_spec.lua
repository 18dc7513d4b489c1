-- policies_spec.lua -- Policies at work: what becomes of a run under them.
local program = require "program"

local caged = program.caged(it, pending)
local source = os.getenv "OOMLAB_SOURCE" or "."
local directory = program.directory()

teardown(directory.remove)

local function spike(...)
  local result = program.run_json { "spike", ... }
  assert.equal("", result.left_groups)
  return result
end

local function with_policy(fields, ...)
  local path = directory.write("mine.lua",
    ("local lab = require 'lab'\nlocal limit\nreturn lab.policy {\n%s\n}\n"):format(fields))
  return spike("--policy=" .. path, ...), path
end

-- Runs a program of its own under the policy.
local function run_program(body, fields)
  local script = directory.write("program.lua", "local lab = require 'lab'\n"
    .. "return lab.scenario { program = function (heap, opt, cage)\n" .. body .. "\nend }\n")
  local policy = directory.write("mine.lua",
    ("local lab = require 'lab'\nreturn lab.policy {\n%s\n}\n"):format(fields))
  return program.run_json { script, "--policy=" .. policy, "--timeout=10" }
end

describe("The first policy", function ()
  caged("survives the default spike, which dies without it", function ()
    assert.equal("oom-killed", spike("--expect=oom-killed").json.outcome)
    local result = spike("--policy=" .. source .. "/examples/my-first-policy.lua")
    assert.equal(0, result.status, result.err)
    assert.equal("survived", result.json.outcome)
    assert.equal("my-first-policy", result.json.policy.name)
  end)
end)

describe("A policy's argument", function ()
  caged("is in the report, and decides", function ()
    local roomy, tight = spike("--policy=fixed:30M"), spike("--policy=fixed:20M")
    assert.equal("30M", roomy.json.policy.argument)
    assert.equal("survived", roomy.json.outcome)
    assert.equal("out-of-memory", tight.json.outcome)
    assert.is_nil(spike("--policy=last-resort").json.policy.argument)
  end)
end)

describe("A policy's orders", function ()
  caged("to stop end the run in good order, whatever the script catches", function ()
    local result = run_program("while true do pcall(function () heap:slab(1 << 20) end) end",
      "before_grow = function (_, stats, heap)\n"
      .. "  if stats.heap_alloc > 4 << 20 then heap:stop 'enough of it' end\nend")
    assert.equal("shut-down", result.json.outcome)
    assert.matches("enough of it", result.json.error.message)
  end)

  caged("to refuse are errors that the program may catch", function ()
    local result = run_program(
      "local fine, message = pcall(heap.slab, heap, 1 << 20)\n"
      .. "assert(not fine and message:find 'not here', message)",
      "before_grow = function (bytes, _, heap)\n"
      .. "  if bytes > 1000000 then heap:refuse 'not here' end\nend")
    assert.equal("survived", result.json.outcome, result.err)
    result = run_program("heap:slab(1 << 20)",
      "before_grow = function () return 'refuse' end")
    assert.equal("out-of-memory", result.json.outcome)
  end)

  caged("in on_start are obeyed before the first allocation", function ()
    local result = run_program("assert(heap:stats().heap_alloc >= 1 << 20)\n"
      .. "assert(cage:usage() < 32 << 20)",
      "on_start = function (_, heap) heap:ballast(16 << 20) end")
    assert.equal("survived", result.json.outcome, result.err)
    result = run_program("error 'never'", "on_start = function (_, heap) heap:stop 'no' end")
    assert.equal("shut-down", result.json.outcome, result.err)
  end)
end)

describe("A policy at fault", function ()
  caged("ends the run with its own line, whatever the script catches", function ()
    local result = run_program(
      "while true do pcall(function () heap:slab(1 << 20):release() end) end",
      "on_gc_end = function ()\n  error 'broken'\nend")
    assert.equal(3, result.status, result.err)
    assert.equal("script-error", result.json.outcome)
    assert.matches("mine.lua:4: broken", program.complaint(result))
    assert.matches("stack traceback:\n.*mine.lua:4: in function", result.err)
    assert.equal("", result.left_groups)
  end)

  caged("is told as such when it fails at once", function ()
    local result = run_program("heap:slab(5)", "on_start = function ()\n  error 'broken'\nend")
    assert.equal(3, result.status, result.err)
    assert.matches("mine.lua:4: broken", program.complaint(result))
  end)

  caged("cannot use the program's heap", function ()
    local result = run_program("string.heap = heap\nheap:collect()",
      "on_gc_end = function ()\n  string.heap:slab(5)\nend")
    assert.equal(3, result.status, result.err)
    assert.matches("mine.lua:4: this is the program's heap", program.complaint(result))
  end)
end)

describe("Bundled policies:", function ()
  caged("percent-of-limit makes cycles before the limit", function ()
    local result = spike("--policy=percent-of-limit:50")
    assert.is_true(result.json.memstats.num_gc >= 1)
  end)

  caged("die-fast ends a leak before the kernel does", function ()
    local script = directory.write("leak.lua", "local lab = require 'lab'\n"
      .. "return lab.scenario { program = function (heap)\n"
      .. "  for i = 1, 1000 do heap:slab(100000) end\nend }\n")
    local result = program.run_json { script, "--policy=die-fast:60" }
    assert.equal("shut-down", result.json.outcome, result.err)
    assert.matches("are live after cycle", result.json.error.message)
  end)

  for _, name in ipairs { "adaptive-cgroup", "adaptive-heap", "ballast", "gogctuner", "growable",
    "set-max-heap" } do
    caged(name .. " is no error in any run", function ()
      for _, more in ipairs { "--gogc=50", "--gogc=off", "--memlimit=90%", "--gc" } do
        local result = spike("--policy=" .. name, more, "--expect=survived")
        assert.is_true(result.status == 0 or result.status == 1, result.err)
      end
    end)
  end
end)

describe("A policy", function ()
  caged("may print, from its first callback on", function ()
    local result = with_policy("on_start = function (cage) print('limit', cage.limit) end",
      "--expect=oom-killed")
    assert.matches("limit%s33554432", result.err)
  end)
end)

-- The kernel's word, from the file it comes in to the callback; a kernel that tells nothing is told
-- of instead.
describe("Pressure", function ()
  caged("is heard of by the policy of that name, and a collection ordered", function ()
    local record = directory.path .. "/record.jsonl"
    local result = spike("--policy=pressure", "--record=" .. record, "--expect=oom-killed")
    assert.equal(0, result.status, result.err)
    local file = assert(io.open(record))
    local text = file:read "a"
    file:close()
    assert.matches('"kind":"policy","text":"[^"]*collection', text)
  end)

  caged("is heard of by a policy in Lua", function ()
    local result = with_policy("on_pressure = function (event) print('heard', event.kind) end",
      "--expect=oom-killed")
    assert.matches("heard%s%a+", result.err)
  end)
end)
