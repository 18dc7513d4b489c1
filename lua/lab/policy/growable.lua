-- growable.lua -- V. Dyukov's growth throttle: before the heap becomes larger than it ever was, it
-- has to try harder.
--
-- Watch for: it knows no limit. It makes a peak rarer and lower; it does not prevent one.
local lab = require "lab"

local HEAP_MIN = 4 * lab.MiB -- Go's smallest goal at GOGC 100.

local largest_bytes = HEAP_MIN

return lab.policy {
  title = "Dyukov's growth throttle: half of GOGC beyond the old peak",
  source = "V. Dyukov in golang/go issues 14735 and 10064; never built",
  rule = [[
goal = live + live * GOGC / 100. Where that exceeds the largest heap so far: that one, or
live + live * GOGC / 200 if it is more.]],

  on_gc_end = function (cycle)
    largest_bytes = math.max(largest_bytes, cycle.end_bytes)
  end,

  goal = function (stats)
    local live, gogc = stats.marked_bytes, stats.gogc
    if gogc < 0 then
      return nil -- Off: there is no growth to throttle.
    end
    local wanted = math.max(live + live * gogc // 100, HEAP_MIN * gogc // 100)
    if wanted <= largest_bytes then
      return wanted
    end
    return math.max(largest_bytes, live + live * gogc // 200)
  end,
}
