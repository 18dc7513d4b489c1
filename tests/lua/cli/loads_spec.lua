-- loads_spec.lua -- Bulk work that a program orders in one line: what it keeps, how it is refused,
-- and that it is the same in the pretend world and in a real cage.
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

local HEAD = [[
local lab = require 'lab'
local function equal(wanted, got) assert(wanted == got, ("%s, not %s"):format(got, wanted)) end
return lab.scenario { limit = "64M", program = function (heap, opt, cage)
]]

local function run(body, ...)
  local path = directory.write("script.lua", HEAD .. body .. "\nend }\n")
  return program.run_json { path, ... }
end

-- Raises where it does not do as the body says.
local function survives(body, ...)
  local result = run(body, ...)
  assert.equal(0, result.status, result.err)
  assert.equal("survived", result.json.outcome)
  assert.equal("", result.left_groups)
  return result.json
end

local PRETEND = "--world=pretend"

describe("A load", function ()
  it("holds what it says, whatever its kind, until it is let go of", function ()
    survives([[
      local function check(load, objects, bytes, allocated)
        equal(objects, load:objects())
        equal(bytes, load:bytes())
        equal(allocated, load:allocated_objects())
        heap:collect()
        heap:check()
        local beside = heap:stats().heap_alloc - bytes
        assert(beside >= 0 and beside <= 9 * objects + 8192, beside)
        load:release()
        heap:collect()
        equal(0, heap:stats().heap_alloc)
      end
      check(heap:churn { bytes = "1M", size = 64, live = "64K" }, 1024, 65536, 16384)
      check(heap:churn { objects = 1e5, size = "64", kind = "node" }, 0, 0, 100000)
      check(heap:ramp { objects = 100, size = 100000 }, 100, 100 * 106496, 100)
      check(heap:cache { entries = 50, size = { 16, 16 } }, 50, 800, 50)
      check(heap:queue { items = 1000, size = 64, backlog = 10, burst = 20 }, 10, 640, 1000)
      check(heap:tree { depth = 8, payload = 8 }, 255, 255 * 32, 255)
      check(heap:survivors { objects = 1000, size = 1024, keep = 0.25 }, 250, 256000, 1000)
    ]], PRETEND)
  end)

  it("goes on where it was", function ()
    survives([[
      do
        local ramp <close> = heap:ramp { objects = 10, size = 16 }
        equal(ramp, ramp:run { objects = 5 })
        equal(240, ramp:run { bytes = 0 }:bytes())
        local cache <close> = heap:cache { entries = 10, size = 16, hits = 0 }
        equal(40, cache:run { requests = 30 }:allocated_objects())
        local queue <close> = heap:queue { items = 3, size = 16, backlog = 2 }
        equal(7, queue:run { items = 4 }:allocated_objects())
        local tree <close> = heap:tree { depth = 1 }
        equal(9, tree:run { rebuild = 8 }:allocated_objects())
        local begin = heap:elapsed_ns()
        tree:run { seconds = 0.5, rate = 4 }
        equal(11, tree:allocated_objects())
        equal(500000000, heap:elapsed_ns() - begin)
        equal("load (tree)", tostring(tree))
        tree:release()
        equal("load (released)", tostring(tree))
      end
      heap:collect()
      equal(0, heap:stats().heap_alloc)
    ]], PRETEND)
  end)

  it("that makes no sense is refused at its line, with a hint", function ()
    survives([[
      local function refuse(method, fields, pattern)
        local is_fine, message = pcall(function () heap[method](heap, fields) end)
        assert(not is_fine, pattern)
        assert(message:find "^[^:]*script.lua:5: ", message)
        assert(message:find(pattern, 1, true), message)
      end
      refuse("churn", nil, "heap:churn expects a table of fields, such as { size = ... }, not nil")
      refuse("churn", { 5 }, "heap:churn expects fields with names")
      refuse("churn", { sise = 5 }, "heap:churn has no field 'sise'; did you mean 'size'?")
      refuse("ramp", { live = 5 }, "heap:ramp has no field 'live'")
      refuse("ramp", { bytes = 1 }, "heap:ramp needs a 'size'")
      refuse("churn", { size = 8 }, "heap:churn needs to know how far to go: 'bytes', 'objects' or")
      refuse("queue", { size = 16 }, "heap:queue needs to know how far to go: 'items' or")
      refuse("churn", { size = "8Q", bytes = 1 }, "'size': ")
      refuse("churn", { size = true, bytes = 1 }, "'size': expected a size")
      refuse("churn", { size = { 8 }, bytes = 1 }, "'size': expected one size, or two")
      refuse("churn", { size = { 9, 8 }, bytes = 1 }, "'size': expected at least 9, not 8")
      refuse("churn", { size = 23, kind = "node", bytes = 1 }, "expected at least 24, not 23")
      refuse("churn", { size = 8.5, bytes = 1 }, "'size': expected a whole number, not 8.5; //")
      refuse("churn", { size = 8, objects = "x" }, "'objects': expected a whole number, not string")
      refuse("churn", { size = 8, objects = -1 }, "'objects': expected at least 0, not -1")
      refuse("churn", { size = 8, bytes = 1, kind = "slap" }, "expected \"slab\" or \"node\"")
      refuse("churn", { size = 8, bytes = 1, rate = 0 }, "'rate': expected ")
      refuse("churn", { size = 8, bytes = 1, seconds = "5" }, "'seconds': expected a number, not")
      refuse("cache", { size = 8 }, "heap:cache needs 'entries'")
      refuse("cache", { size = 8, entries = 1, hits = 2 }, "'hits': expected 0 to 1, not 2")
      refuse("tree", { }, "heap:tree needs a 'depth'")
      refuse("tree", { depth = 33 }, "'depth': expected 1 to 32, not 33")
      refuse("survivors", { size = 8, seconds = 1 }, "heap:survivors has no field 'seconds'")
    ]], PRETEND)
  end)

  it("is of no use once it was released", function ()
    local result = run([[
      local load = heap:ramp { objects = 10, size = 16 }
      load:release()
      load:run { objects = 1 }
    ]], PRETEND)
    assert.equal(3, result.status)
    assert.matches("script.lua:6: this load was released", program.complaint(result))
  end)

  it("is refused as a slab is, and can be caught", function ()
    local body = "local load = heap:ramp { bytes = '1G', size = { 100, 200 } }"
    local run_json = run(body, "--address-space=512M", "--limit=2G", PRETEND).json
    assert.equal("out-of-memory", run_json.outcome)
    survives("assert(not pcall(function () " .. body .. " end)) heap:check()",
      "--address-space=512M", "--limit=2G", PRETEND)
  end)

  caged("dies in the same place in a cage and in the pretend world", function ()
    for _, body in ipairs {
      "heap:phase('ramp'):ramp { bytes = '100M', size = { 16, 2000 } }",
      "heap:phase('cache'):cache { entries = 2e6, size = 48, hits = 0.5, requests = 1e6 }",
    } do
      local real, pretend = run(body).json, run(body, PRETEND).json
      assert.equal("oom-killed", real.outcome)
      assert.equal("oom-killed", pretend.outcome)
      assert.equal(262144, real.last_words.request_bytes)
      local real_bytes = real.memstats.heap_inuse
      local pretend_bytes = pretend.memstats.heap_inuse
      assert.is_true(math.abs(real_bytes - pretend_bytes) < 0.03 * real_bytes,
        ("%d and %d bytes in use"):format(real_bytes, pretend_bytes))
    end
  end)

  caged("survives in a cage in every mode of the collector", function ()
    for _, mode in ipairs { "stw", "incremental", "concurrent" } do
      survives([[
        local tree = heap:tree { depth = 14, payload = 8, rebuild = 50 }
        local cache = heap:cache { entries = 10000, size = { 64, 512 }, requests = 1e5 }
        heap:churn { bytes = "50M", size = { 24, 100000 }, live = "2M", kind = "node" }
        heap:queue { items = 1e5, size = 100, backlog = 1000 }
        heap:check()
      ]], "--collector=" .. mode)
    end
  end)
end)
