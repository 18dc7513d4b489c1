-- blind-spot.lua -- A spike between two looks: does the watchdog see it?
--
-- The program lives on little, needs much more for a moment, and is modest again. Its watchdog only
-- looks now and then, as koron's article has it ("apoptosis": every 15 seconds; here every half, so
-- that nobody has to wait). The spike comes and goes between two looks.
--
-- Watch for: "watchdog" tells what the looks saw, and what they missed.
-- Try: --watchdog=75% (the kernel gives notice, too: told to end in the middle of the spike),
-- --watchdog=75%,every=20ms,notice=off (looks so often that one sees it), --size=1.1 (with looks
-- alone it is killed; with notice it is not), --length=0.001 (the notice is not too slow for that).
local lab = require "lab"

local LOOKS = 0.5 -- Seconds; one falls into the calm before the spike, one into that after it.

return lab.scenario {
  title    = "A spike between two looks of a watchdog",
  limit    = 32 * lab.MiB,
  watchdog = "75%,every=500ms,notice=off",
  options  = {
    calm   = { "4M", "what it lives on", bytes = true, min = lab.KiB },
    size   = { 0.8, "of the spike, as a share of the limit", min = 0.01, max = 4.0 },
    length = { 0.1, "seconds that the spike lasts", min = 0.0, max = 60.0 },
  },

  program = function (heap, opt, cage)
    heap:phase("calm"):tag("working set"):slab(opt.calm)
    heap:wait(1.1 * LOOKS)

    local spike = heap:phase("spike"):tag("spike"):slab(math.floor(opt.size * cage.limit))
    heap:wait(opt.length)

    heap:phase "calm again"
    spike:release()
    heap:free_os_memory()
    heap:wait(LOOKS)
  end,

  expect = function (run, opt)
    local watchdog, limit = run.watchdog, run.cage.limit
    local top = opt.calm + opt.size * limit
    if watchdog and watchdog.has_notice and watchdog.threshold_bytes <= limit * 0.9 then
      return top < watchdog.threshold_bytes or run:shut_down()
    elseif watchdog and (watchdog.way == "look" or watchdog.every_ns < LOOKS * 1e9) then
      return nil -- A look has fallen into the spike, or might have.
    elseif top > limit then
      return run:oom_killed()
    end
    return top > limit * 0.95 or run:survived()
  end,
}
