-- page-cache-filler.lua -- Usage stands at 100 % of the limit. Will it be killed?
--
-- A program writes a file of 72 MiB, and reads it again, in a cage of 48. Its pages stay in the
-- page cache and are charged to the cage, up to the limit; but the kernel takes them back whenever
-- somebody needs the room. So the number that alarms everybody says nothing. What it does is to
-- mislead those who go by it.
--
-- Watch for: the cage against the heap: full, and nothing happens.
-- Try: --policy=watchdog (goes by usage, and ends a healthy program), --policy=last-resort (6000
-- collections for nothing), --live=30M (now it is the heap: killed).
local lab = require "lab"

return lab.scenario {
  title   = "A cage full of page cache",
  limit   = 48 * lab.MiB,
  options = {
    live = { "6M", "alive in the heap", bytes = true, min = lab.KiB },
    file = { "72M", "that is written", bytes = true, min = 1 },
    rate = { "400M", "allocated a second", bytes = true, min = lab.KiB },
  },

  program = function (heap, opt)
    heap:phase("start"):ramp { bytes = opt.live, size = "16K" }
    local file = heap:phase("write a file"):file(opt.file)
    heap:phase("serve"):churn { bytes = "64M", size = "16K", rate = opt.rate }:release()
    heap:phase "read it"
    file:read()
    heap:phase("serve on"):churn { bytes = "32M", size = "16K", rate = opt.rate }
  end,

  expect = function (run, opt)
    local limit = run.cage.limit
    if opt.live > limit + run.cage.swap then
      return not run:survived()
    elseif run:is_plain_go() and 2.2 * math.max(opt.live, 2 * lab.MiB) + 8 * lab.MiB < limit then
      return run:survived()
    end
    return nil
  end,
}
