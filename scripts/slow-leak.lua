-- slow-leak.lua -- Every request leaks a little. Does a memory limit help, or only prolong it?
--
-- 512 KiB of garbage a request, and 128 KiB that are never let go: what is leaked is alive, and no
-- collector can tell. So it dies under every policy. What differs is when, in what manner, and what
-- is burnt on the way: near its memory limit Go collects thousands of times for nothing.
--
-- Watch for: the number of collections.
-- Try: --memlimit=90% (4000 cycles instead of 15), --policy=die-fast (ends it in good order
-- instead), --policy=watchdog (likewise, close to the limit), --policy=fixed:80% (a refused
-- allocation, as in a JVM), --leak=0.
local lab = require "lab"

return lab.scenario {
  title   = "A little is leaked by each request",
  limit   = 32 * lab.MiB,
  options = {
    leak     = { "128K", "that a request leaks", bytes = true, min = 0 },
    garbage  = { "512K", "of garbage that it makes", bytes = true, min = 1 },
    requests = { 320, "requests, at most", min = 1, max = 100000 },
    pause    = { 0.001, "seconds between two", min = 0.0, max = 60.0 },
  },

  program = function (heap, opt)
    heap:phase "serve"
    for _ = 1, opt.requests do
      heap:churn { bytes = opt.garbage, size = "16K" }:release()
      if opt.leak > 0 then
        heap:ramp { bytes = opt.leak, size = math.min(opt.leak, 16 * lab.KiB) }
      end
      heap:wait(opt.pause)
    end
  end,

  expect = function (run, opt)
    local leaked, limit = opt.leak * opt.requests, run.cage.limit
    if leaked > limit + run.cage.swap then
      return not run:survived()
    elseif run:is_plain_go() and 2 * (leaked + 8 * lab.MiB) < limit then
      return run:survived()
    end
    return nil
  end,
}
