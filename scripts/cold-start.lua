-- cold-start.lua -- It lives on 20 MiB for weeks. Why can it not start in 48?
--
-- At its start it reads a file of 18 MiB whole and decodes it into an index of 20, with as much
-- garbage on the way. The file is alive until the index is complete, and the goal counts it: half
-- the way through, the plan is for twice of both.
--
-- Watch for: "next GC" during "decode", against what is alive at its end: 38 MiB.
-- Try: --stream (reads the file in pieces, and lives in 37 MiB), --memlimit=90%, --gogc=25,
-- --policy=percent-of-limit, --policy=growable and --policy=gogctuner (killed as well).
local lab = require "lab"

local STEPS = 40
local CHUNK = "16K"

return lab.scenario {
  title   = "A start that needs more than the service",
  limit   = 48 * lab.MiB,
  options = {
    file    = { "18M", "that is read", bytes = true, min = lab.MiB },
    index   = { "20M", "that is made of it", bytes = true, min = lab.MiB },
    stream  = { false, "read the file in pieces" },
    seconds = { 0.2, "that the start waits for its disk", min = 0.0, max = 60.0 },
  },

  program = function (heap, opt)
    local file = not opt.stream and heap:phase("read"):ramp { bytes = opt.file, size = "1M" }
    local part = opt.index // STEPS

    heap:phase "decode"
    for _ = 1, STEPS do
      if opt.stream then
        heap:slab(opt.file // STEPS):release()
      end
      heap:churn { bytes = part, size = CHUNK }:release()
      heap:ramp { bytes = part, size = CHUNK }
      heap:wait(opt.seconds / STEPS)
    end
    if file then
      file:release()
    end
    heap:phase("serve"):churn { bytes = "20M", size = CHUNK, rate = "200M" }
  end,

  expect = function (run, opt)
    local limit = run.cage.limit
    local live = opt.index + (opt.stream and 0 or opt.file)
    if live > limit + run.cage.swap then
      return not run:survived()
    elseif not run:is_plain_go() then
      return nil
    elseif 2 * live + 2 * lab.MiB < limit then
      return run:survived()
    elseif not opt.stream and live > 0.75 * limit and opt.index >= opt.file then
      return run:oom_killed()
    end
    return nil
  end,
}
