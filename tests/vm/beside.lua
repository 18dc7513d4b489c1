-- beside.lua -- What a program does beside its heap, in a world of its own: each part asserts.
local lab = require "lab"

local parts = {}

function parts.memory(heap, cage)
  local memory = heap:off_heap(12 * lab.MiB)
  heap:stack(8 * lab.MiB)
  memory:write()
  assert(cage:usage() >= 20 * lab.MiB)
end

function parts.fork(heap, cage)
  local slab = heap:slab(12 * lab.MiB)
  local before = cage:usage()
  local child = heap:fork()
  slab:write()
  assert(cage:usage() - before >= 11 * lab.MiB)
  child:release()
  heap:fork()
  slab:write()
  heap:phase("more"):slab(24 * lab.MiB)
end

function parts.file(heap)
  local fine, why = pcall(heap.file, heap, lab.MiB)
  assert(not fine and why:find("TMPDIR=DIRECTORY", 1, true), why)
end

function parts.limit(heap, cage)
  assert(cage:set_limit(64 * lab.MiB))
  heap:slab(40 * lab.MiB)
  assert(cage:set_limit(48 * lab.MiB) and cage:limit_now() == 48 * lab.MiB)
  -- What is free is reclaimed; what is not kills on version 2, and is refused on version 1.
  print(heap:phase("lower") and cage:set_limit(16 * lab.MiB))
end

return lab.scenario {
  title = "Beside the heap", limit = "32M",
  options = { part = { "memory", "memory, fork, file or limit" } },
  program = function (heap, opt, cage) parts[opt.part](heap, cage) end,
}
