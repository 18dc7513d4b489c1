-- beside_spec.lua -- What a program does beside its heap: memory, limits that change or stand above.
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

-- Runs a scenario of limit 32M with the statements as its program.
local function run(statements, ...)
  local path = directory.write("beside.lua", [[
    local lab = require "lab"
    return lab.scenario {
      title = "Beside the heap", limit = "32M",
      program = function (heap, opt, cage) ]] .. statements .. [[ end,
    }]])
  local result = program.run_json { path, ... }
  assert(result.json, result.err)
  assert.equal("", result.left_groups)
  return result.json, result
end

describe("Memory beside the heap", function ()
  caged("fills the cage, and no collector minds", function ()
    local json = run [[
      local before = cage:usage()
      do
        local memory <close> = heap:phase("beside"):off_heap(16 * lab.MiB)
        memory:write()
        assert(memory:bytes() == 16 * lab.MiB and heap:stats().heap_alloc == 0)
        assert(cage:usage() - before >= 16 * lab.MiB - 1024 * 1024)
        heap:collect()
      end
      assert(cage:usage() - before < lab.MiB)
      heap:phase("too much"):off_heap(40 * lab.MiB)
    ]]
    assert.equal("oom-killed", json.outcome)
    assert.equal("too much", json.last_words.phase)
    assert.equal(40 << 20, json.last_words.off_heap_bytes)
    assert.equal(56 << 20, json.last_words.off_heap_requested_bytes)
  end)

  caged("is named by the report among what filled the cage", function ()
    local path = directory.write("named.lua", [[
      local lab = require "lab"
      return lab.scenario { title = "Both", limit = "32M", program = function (heap)
        local memory = heap:phase("all"):off_heap(20 * lab.MiB)
        local slab = heap:slab(20 * lab.MiB)
      end }]])
    local result = program.run { "run", path }
    local text = result.out:gsub("%s+", " ")
    assert.truthy(text:find("a heap of 20.0 MiB, 20.0 MiB beside it and a baseline", 1, true), text)
  end)

  caged("is refused where addresses are short, and the run says so", function ()
    local json = run("heap:off_heap(lab.GiB)", "--address-space=256M")
    assert.equal("out-of-memory", json.outcome)
  end)
end)

describe("A group around the cage", function ()
  caged("strikes first where it is tighter, and the verdict names it", function ()
    local json = run("heap:slab(28 * lab.MiB)", "--parent-limit=24M")
    assert.equal("oom-killed-by-ancestor", json.outcome)
    assert.equal(24 << 20, json.parent_limit_bytes)
    assert.equal("ancestor", json.evidence.limited_by)
    assert.truthy(json.cgroup.path:find(json.evidence.limiting_group .. "/oomlab-", 1, true))
  end)

  caged("changes nothing where it is wide enough", function ()
    assert.equal("survived", run("heap:slab(12 * lab.MiB)", "--parent-limit=50%").outcome)
    assert.equal("oom-killed", run("heap:slab(40 * lab.MiB)", "--parent-limit=64M").outcome)
  end)
end)
