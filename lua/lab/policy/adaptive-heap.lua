-- adaptive-heap.lua -- go-watchdog, driven by the heap: GOGC follows the room that is left.
--
-- Watch for: it acts after a cycle only. What comes between two cycles it does not see.
local lab = require "lab"

local GOGC_MIN = 25 -- minGOGC is the caller's choice there; this is ours.

local limit, original_gogc

-- Where the next cycle should start.
local function threshold(used, share)
  return used >= limit and used or used + (limit - used) * share // 1
end

return lab.policy {
  title = "go-watchdog, heap-driven adaptive: GOGC follows the room",
  source = "raulk/go-watchdog @9c5e371, HeapDriven with the adaptive policy",
  rule = [[
After each cycle: live' = NextGC / (1 + GOGC / 100), next = used + (limit - used) * f,
where used = HeapAlloc; used alone beyond the limit. GOGC = (next / live' - 1) * 100,
at least 25, at most what it was in the beginning.]],
  argument = { 0.5, "share of the room left to use before the next cycle", min = 0, max = 1 },

  on_start = function (cage, heap)
    limit, original_gogc = cage.limit, heap:stats().gogc
  end,

  on_gc_end = function (_, heap)
    local stats = heap:stats()
    if original_gogc < 0 then
      return -- Nothing to start from.
    end
    local live = stats.next_gc / (1 + stats.gogc / 100)
    local gogc = (threshold(stats.heap_alloc, lab.argument()) / live - 1) * 100
    heap:gogc(math.min(math.max(gogc, GOGC_MIN), original_gogc))
  end,
}
