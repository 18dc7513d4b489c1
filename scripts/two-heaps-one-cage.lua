-- two-heaps-one-cage.lua -- Two runtimes, one container. Whose limit is it?
--
-- A program and its sidecar, or a library with a runtime of its own: each heap has 20 MiB alive,
-- and each plans as if it had the cage for itself, to twice that. Neither has done anything wrong.
--
-- Watch for: each heap's goal is well below the limit; only their sum is not.
-- Try: --memlimit=90% (each is told of the whole limit: killed), --memlimit=50% (half for each:
-- lives), --second=4M, --policy=memory-limit and --policy=last-resort (they rule the first heap
-- alone: killed).
local lab = require "lab"

return lab.scenario {
  title   = "Two heaps, each with a plan of its own",
  limit   = 64 * lab.MiB,
  options = {
    first  = { "20M", "alive in the first heap", bytes = true, min = lab.KiB },
    second = { "20M", "alive in the second", bytes = true, min = lab.KiB },
    share  = { false, "of the limit, a memory limit for the second", share = true },
  },

  program = function (heap, opt, cage)
    local limit = opt.share and math.floor(opt.share * cage.limit)
    local other = heap:second { memlimit = limit or nil }
    heap:phase("start"):ramp { bytes = opt.first, size = "16K" }
    other:ramp { bytes = opt.second, size = "16K" }

    heap:phase "both serve"
    for _ = 1, 30 do
      heap:churn { bytes = "1M", size = "16K" }:release()
      other:churn { bytes = "1M", size = "16K" }:release()
      heap:wait(0.005)
    end
  end,

  expect = function (run, opt)
    local limit, both = run.cage.limit, opt.first + opt.second
    if both > limit + run.cage.swap then
      return not run:survived()
    elseif not run:is_plain_go() or opt.share then
      return nil
    elseif 2.1 * both + 10 * lab.MiB < limit then
      return run:survived()
    elseif 1.9 * both > limit and math.max(opt.first, opt.second) < 30 * lab.MiB then
      return run:oom_killed()
    end
    return nil
  end,
}
