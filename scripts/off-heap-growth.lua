-- off-heap-growth.lua -- The heap keeps to its memory limit. Why is it killed?
--
-- A C library, cgo, mmap: memory that the collector knows nothing of. It grows to 42 MiB beside a
-- heap of which 16 are alive. That fits; what does not is the garbage, for which the heap plans as
-- if it were alone. A memory limit is a limit for the heap, and the heap keeps to it.
--
-- Watch for: "next GC", far below the cage's limit all the time.
-- Try: --memlimit=90% (killed), --memlimit=45% (lives: somebody has to subtract), --gogc=25,
-- --policy=last-resort (killed: it looks at the cage when the heap grows, not when something else
-- does), --off-heap=20M.
local lab = require "lab"

local STEPS = 19

return lab.scenario {
  title   = "Memory that the collector knows nothing of",
  limit   = 64 * lab.MiB,
  options = {
    live     = { "16M", "alive in the heap", bytes = true, min = lab.KiB },
    off_heap = { "42M", "beside it, in the end", bytes = true, min = STEPS },
  },

  program = function (heap, opt)
    local function serve(bytes)
      heap:churn { bytes = bytes, size = "16K" }:release()
      heap:wait(0.005)
    end
    heap:phase("heap alone"):ramp { bytes = opt.live, size = "16K" }
    serve "24M"

    heap:phase "off-heap grows"
    for _ = 1, STEPS do
      heap:off_heap(opt.off_heap // STEPS)
      serve "2M"
    end
    heap:phase "both"
    for _ = 1, 20 do
      serve "2M"
    end
  end,

  expect = function (run, opt)
    local limit, off_heap = run.cage.limit, opt.off_heap
    local live = math.max(opt.live, 2 * lab.MiB)
    if opt.live + off_heap > limit + run.cage.swap then
      return not run:survived()
    elseif not run:is_plain_go() then
      return nil
    elseif 2.1 * live + off_heap + 2 * lab.MiB < limit then
      return run:survived()
    elseif 1.85 * opt.live + off_heap > limit and opt.live <= 24 * lab.MiB then
      return run:oom_killed()
    end
    return nil
  end,
}
