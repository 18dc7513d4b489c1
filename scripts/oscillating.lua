-- oscillating.lua -- Every wave is the same as the one before. Why does the third kill?
--
-- A batch of 24 MiB is built up, and let go; then the next. What decides is where in a wave a cycle
-- falls: one in the valley finds nothing and plans for little, one near the top plans for twice
-- that, and then a whole dead wave stays below the next. Waves and cycles drift past each other, so
-- two waves go well.
--
-- Watch for: "next GC" at the end of each wave.
-- Try: --gc (collects in each valley), --wave=23M (one MiB less, and all four go well),
-- --memlimit=90%, --policy=growable, --policy=last-resort.
local lab = require "lab"

return lab.scenario {
  title   = "Waves that are built up and let go",
  limit   = 36 * lab.MiB,
  options = {
    base  = { "2M", "that is always there", bytes = true, min = lab.KiB },
    wave  = { "24M", "that comes and goes", bytes = true, min = lab.KiB },
    waves = { 4, "waves", min = 1, max = 1000 },
    gc    = { false, "collect in each valley" },
    rate  = { "160M", "allocated a second", bytes = true, min = lab.KiB },
  },

  program = function (heap, opt)
    heap:phase("base"):ramp { bytes = opt.base, size = "16K" }
    for i = 1, opt.waves do
      heap:phase("wave " .. i):ramp { bytes = opt.wave, size = "16K", rate = opt.rate }:release()
      if opt.gc then
        heap:collect()
      end
    end
  end,

  expect = function (run, opt)
    local limit, top = run.cage.limit, opt.base + opt.wave
    if top > limit + run.cage.swap then
      return not run:survived()
    elseif not run:is_plain_go() then
      return nil
    elseif opt.gc and top + 2 * lab.MiB < limit or 2 * top + 2 * lab.MiB < limit then
      return run:survived()
    elseif opt.wave == 24 * lab.MiB and opt.base <= 4 * lab.MiB and opt.waves > 2 and not opt.gc
      and limit > 1.25 * top and limit < 1.5 * top then
      return run:oom_killed() and run.last_words.phase == "wave 3"
    end
    return nil -- Where the cycles fall is a matter of a MiB.
  end,
}
