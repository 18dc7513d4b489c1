-- limit-lowered-midway.lua -- The limit is lowered while it runs. Who notices?
--
-- A container is resized in place, from 64 MiB to 28. The program uses less than that at the
-- moment, so all is well; then its live heap grows from 8 MiB to 21. That fits into 28, but its
-- plan does not, and nothing in the process has been told: memory limits are read at the start.
--
-- Watch for: the line that tells the limit, and "of 64.0" to the end.
-- Try: --policy=memory-limit (90 % of the old limit: killed), --policy=last-resort (likewise),
-- --memlimit=34M (as if it had been told: lives), --gogc=25, --lowered=60M.
local lab = require "lab"

return lab.scenario {
  title   = "A container that is resized in place",
  limit   = 64 * lab.MiB,
  options = {
    before  = { "8M", "alive before", bytes = true, min = lab.KiB },
    after   = { "21M", "alive after", bytes = true, min = lab.KiB },
    lowered = { "28M", "the limit then", bytes = true, min = lab.MiB },
    rate    = { "256M", "allocated a second", bytes = true, min = lab.KiB },
  },

  program = function (heap, opt, cage)
    local function serve(bytes)
      heap:churn { bytes = bytes, size = "16K", rate = opt.rate }:release()
    end
    heap:phase("before"):ramp { bytes = opt.before, size = "16K" }
    serve "12M"

    heap:phase "resized"
    local is_set, why = cage:set_limit(opt.lowered)
    lab.log("limit: %s", is_set and cage:limit_now() or why)
    heap:ramp {
      bytes = math.max(opt.after - opt.before, 1), size = "16K", rate = opt.rate,
    }
    heap:phase "after"
    serve "40M"
  end,

  expect = function (run, opt)
    local before, limit, live = run.cage.limit, opt.lowered, math.max(opt.after, 2 * lab.MiB)
    if opt.after > math.max(before, limit) + run.cage.swap then
      return not run:survived()
    elseif not run:is_plain_go() or opt.before > opt.after
      or 2.2 * opt.before + 2 * lab.MiB > math.min(before, limit) then
      return nil
    elseif 2.2 * live + 2 * lab.MiB < limit then
      return run:survived()
    elseif opt.after >= 16 * lab.MiB and opt.after <= 30 * lab.MiB
      and 1.6 * opt.after > 0.9 * limit then
      return run:oom_killed()
    end
    return nil
  end,
}
