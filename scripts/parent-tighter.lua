-- parent-tighter.lua -- It is killed at 22 MiB, with a limit of 64. Whose limit was it?
--
-- A container's limit is 64 MiB; the pod, or the slice around it, has 22. What counts is the
-- tightest on the way up, and whoever reads only his own group's limit plans for memory that is not
-- there: 16 MiB alive, twice that planned.
--
-- Watch for: the verdict names the ancestor. Inside, the limit reads 64 MiB to the end.
-- Try: --policy=memory-limit (90 % of the wrong number: killed), --memlimit=30M, --gogc=20,
-- --parent-limit=40M, --policy=fixed (a quarter of the wrong number: out of memory).
local lab = require "lab"

return lab.scenario {
  title        = "A parent with less than its child may use",
  limit        = 64 * lab.MiB,
  parent_limit = "22M",
  options = {
    live = { "16M", "alive in the heap", bytes = true, min = lab.KiB },
    rate = { "256M", "allocated a second", bytes = true, min = lab.KiB },
  },

  program = function (heap, opt)
    heap:phase("start"):ramp { bytes = opt.live, size = "16K" }
    heap:phase("serve"):churn { bytes = "48M", size = "16K", rate = opt.rate }
  end,

  expect = function (run, opt)
    local limit, parent, live = run.cage.limit, run.settings.parent_limit_bytes, opt.live
    if not run:is_plain_go() or live > 30 * lab.MiB then
      return nil
    elseif 2.1 * math.max(live, 2 * lab.MiB) + 2 * lab.MiB < math.min(limit, parent) then
      return run:survived()
    elseif live >= 8 * lab.MiB and 1.8 * live > parent and parent < 0.9 * limit then
      return run:oom_killed_by_ancestor()
    end
    return nil
  end,
}
