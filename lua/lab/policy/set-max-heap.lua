-- set-max-heap.lua -- Go's debug.SetMaxHeap, as proposed: a soft limit on the heap's objects.
--
-- Watch for: it counts objects, not pages. Fragmentation and what is free but not given back are
-- beside it, so the cage wants more than this limit.
local lab = require "lab"

local HEAP_MIN = 4 * lab.MiB -- Go's smallest goal at GOGC 100.
local GROWTH_MIN = lab.MiB   -- Ours: the proposal's constant against thrashing is not known.

local is_pressed = false

local function by_gogc(stats)
  if stats.gogc < 0 then
    return math.maxinteger
  end
  local growth = stats.marked_bytes * stats.gogc // 100
  return math.max(stats.marked_bytes + growth, HEAP_MIN * stats.gogc // 100)
end

return lab.policy {
  title = "Go's SetMaxHeap (proposed): a soft limit on heap objects",
  source = "golang/go issue 29696, CL 46751 and 227767; never merged, GOMEMLIMIT came instead",
  rule = [[
goal = min(live + live * GOGC / 100, max), but at least 1 MiB above live.
Pressure, told in a line: the room before the next cycle, in percent of live, is below GOGC.]],
  argument = { "80%", "largest heap, or its share of the limit", bytes = true, min = 1 },

  goal = function (stats)
    local goal = math.min(by_gogc(stats), lab.argument())
    return math.max(goal, stats.marked_bytes + GROWTH_MIN)
  end,

  on_gc_end = function (cycle, heap)
    local available = (cycle.next_goal_bytes - cycle.marked_bytes) * 100
      / math.max(cycle.marked_bytes, 1)
    local was_pressed = is_pressed
    is_pressed = available < heap:stats().gogc
    if is_pressed and not was_pressed then
      lab.log("set-max-heap: pressure: %d %% more, then the next cycle", available // 1)
    end
  end,
}
