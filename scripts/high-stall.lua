-- high-stall.lua -- Not killed, not alive: what is memory.high doing?
--
-- Above memory.high the kernel kills nobody. It reclaims, and where nothing can be reclaimed it
-- lets the program wait, longer for each page: 14 MiB alive and as much garbage, above a mark of 20
-- MiB, below a limit of 64. The program runs; it only does not get on.
--
-- Watch for: the verdict "throttled", and how long it took. Needs cgroup v2 or --world=pretend: in
-- v1 a soft limit stands for the mark, and nobody waits.
-- Try: --high=off, --memlimit=28M (keeps below the mark), --gogc=25, --policy=pressure (hears the
-- kernel only when the program allocates).
local lab = require "lab"

return lab.scenario {
  title   = "Throttled at memory.high",
  limit   = 64 * lab.MiB,
  high    = "20M",
  timeout = 5,
  options = {
    live  = { "14M", "alive in the heap", bytes = true, min = lab.KiB },
    bytes = { "24M", "allocated then", bytes = true, min = 1 },
  },

  program = function (heap, opt)
    heap:phase("start"):ramp { bytes = opt.live, size = "16K" }
    heap:phase("serve"):churn { bytes = opt.bytes, size = "16K" }
  end,

  expect = function (run, opt)
    local limit, high = run.cage.limit, run.settings.high_bytes
    local live = math.max(opt.live, 2 * lab.MiB)
    if not run:is_plain_go() or 2.2 * live + 2 * lab.MiB > limit then
      return nil
    elseif high > limit or 2.2 * live + 2 * lab.MiB < high then
      return run:survived()
    elseif opt.live + math.min(opt.live, opt.bytes) > 1.3 * high then
      return run:throttled() or run:timed_out()
    end
    return nil
  end,
}
