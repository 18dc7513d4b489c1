-- big-stacks.lua -- Ten thousand goroutines. Why does a newer Go need more memory for them?
--
-- 16 MiB of stacks beside 9 MiB of live heap. Stacks are scanned by each cycle, and since Go 1.18
-- what is scanned counts in the goal: the heap may grow by what is alive and the stacks. That makes
-- cycles rarer, and the cage fuller: 9 + 9 + 16 of heap and 16 of stacks, in 40.
--
-- Watch for: "next GC" before the stacks are there, and after.
-- Try: --rules=go1.16 (lives in 34 MiB), --memlimit=90%, --gogc=50, --stacks=4M.
local lab = require "lab"

return lab.scenario {
  title   = "Stacks as large as the heap",
  limit   = 40 * lab.MiB,
  options = {
    live   = { "9M", "alive in the heap", bytes = true, min = lab.KiB },
    stacks = { "16M", "of stacks", bytes = true, min = 4096 },
    rate   = { "512M", "allocated a second", bytes = true, min = lab.KiB },
  },

  program = function (heap, opt)
    heap:phase("heap alone"):ramp { bytes = opt.live, size = "16K" }
    heap:churn { bytes = "24M", size = "16K", rate = opt.rate }:release()
    heap:phase("goroutines"):stack(opt.stacks)
    heap:phase("requests"):churn { bytes = "90M", size = "16K", rate = opt.rate }
  end,

  expect = function (run, opt)
    local limit, live, stacks = run.cage.limit, math.max(opt.live, 2 * lab.MiB), opt.stacks
    if opt.live + stacks > limit + run.cage.swap then
      return not run:survived()
    elseif not run:is_plain_go() then
      return nil
    end
    local counted = run.settings.rules == "go1.16" and 0 or stacks
    if 2.1 * live + counted + stacks + 2 * lab.MiB < limit then
      return run:survived()
    elseif opt.live >= 4 * lab.MiB and 0.85 * (2 * live + counted) + stacks > limit then
      return run:oom_killed()
    end
    return nil
  end,
}
