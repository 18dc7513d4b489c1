-- step.lua -- Traffic triples from one moment to the next. Does a plan for the old load hold?
--
-- Requests in flight hold 6 MiB, then 18, then 6 again; each allocates and forgets. The plan of the
-- last cycle was made for the old load. It errs by being early, not late: more cycles come at once,
-- each plans for what it finds, and the heap meets its new height within a moment.
--
-- Watch for: the cycles just after the step, and the peak: twice what is in flight. After the
-- second step the heap comes down to a third, and the cage does not: what was freed is kept for
-- reuse.
-- Try: --peak-load=40M (its plan is beyond the limit: killed), --peak-load=40M --memlimit=90%,
-- --policy=membalancer, --policy=fixed:70%, --policy=never.
local lab = require "lab"

return lab.scenario {
  title   = "The load steps up, and down again",
  limit   = 64 * lab.MiB,
  options = {
    base_load = { "6M", "in flight before and after", bytes = true, min = lab.KiB },
    peak_load = { "18M", "in flight between", bytes = true, min = lab.KiB },
    rate      = { "512M", "allocated a second", bytes = true, min = lab.KiB },
  },

  program = function (heap, opt)
    local function serve(name, in_flight, bytes)
      heap:phase(name):churn { bytes = bytes, size = "16K", live = in_flight, rate = opt.rate }
        :release()
    end
    serve("base", opt.base_load, 3 * opt.base_load)
    serve("peak", opt.peak_load, 6 * opt.peak_load)
    serve("base again", opt.base_load, 4 * opt.base_load)
  end,

  expect = function (run, opt)
    local limit, high = run.cage.limit, math.max(opt.base_load, opt.peak_load, 2 * lab.MiB)
    if high > limit + run.cage.swap then
      return not run:survived()
    elseif not run:is_plain_go() then
      return nil
    elseif 2.1 * high + lab.MiB < 0.95 * limit then
      return run:survived()
    elseif opt.peak_load > 4 * opt.base_load and 1.6 * opt.peak_load > limit then
      return run:oom_killed()
    end
    return nil
  end,
}
