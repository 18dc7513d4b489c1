-- sawtooth.lua -- It keeps 8 MiB, and makes garbage without end. How high do the teeth go?
--
-- The plainest program there is: what it needs never changes, and all else is garbage at once. How
-- much it takes is the collector's choice alone: more memory, fewer cycles. So this is where to see
-- what a policy does with a limit of 64 MiB that nobody needs to meet.
--
-- Watch for: the peak against the number of cycles: 17 MiB and 23.
-- Try: --gogc=25 and --gogc=400 (11 MiB and 98 cycles; 41 and 5), --policy=percent-of-limit (47 and
-- 4), --policy=growable, --policy=never (killed), --live=34M (the limit is in the way of its
-- teeth).
local lab = require "lab"

return lab.scenario {
  title   = "Much garbage, little that is kept",
  limit   = 64 * lab.MiB,
  options = {
    live    = { "8M", "that is kept", bytes = true, min = lab.KiB },
    garbage = { "160M", "of garbage in all", bytes = true, min = 1 },
    rate    = { "512M", "of garbage a second", bytes = true, min = lab.KiB },
  },

  program = function (heap, opt)
    heap:phase("what is kept"):ramp { bytes = opt.live, size = "16K" }
    heap:phase("garbage"):churn { bytes = opt.garbage, size = { "1K", "64K" }, rate = opt.rate }
  end,

  expect = function (run, opt)
    local limit, live = run.cage.limit, math.max(opt.live, 2 * lab.MiB)
    if run:is_plain_go() and 2.2 * live + lab.MiB < 0.9 * limit then
      return run:survived()
    elseif opt.live > limit + run.cage.swap then
      return not run:survived()
    elseif run.settings.policy == "never" and opt.live + opt.garbage > limit + run.cage.swap then
      return run:oom_killed()
    end
    return nil
  end,
}
