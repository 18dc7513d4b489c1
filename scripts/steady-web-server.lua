-- steady-web-server.lua -- Nothing ever goes wrong. What does it cost?
--
-- A well-behaved service: sessions in a cache of which nine of ten are found, requests that hold
-- some memory in flight and forget it. It has a limit that suits it, and is a year old. So here
-- policies differ in what they cost, not in who lives: memory against processor time.
--
-- Watch for: the peak and the number of cycles: 29 MiB and 17.
-- Try: --gogc=50 and --gogc=200 (22 MiB and 35 cycles; 44 and 8), --policy=membalancer,
-- --policy=percent-of-limit, --policy=fixed:50%, --policy=never (the one that is killed).
local lab = require "lab"

local ROUNDS = 40

return lab.scenario {
  title   = "A service in which nothing goes wrong",
  limit   = 64 * lab.MiB,
  options = {
    sessions = { 800, "in the cache, of 16 KiB each", min = 1, max = 100000 },
    seconds  = { 1.0, "of service", min = 0.01, max = 3600.0 },
    rate     = { 4000, "requests a second", min = 1, max = 1000000 },
  },

  program = function (heap, opt)
    heap:phase "warm up"
    local cache <close> = heap:cache {
      entries = opt.sessions, size = "16K", requests = 0, hits = 0.9, replace = "oldest",
    }
    heap:phase "serve"
    local requests = math.max(math.floor(opt.rate * opt.seconds / ROUNDS), 1)
    for _ = 1, ROUNDS do
      cache:run { requests = requests }
      heap:churn {
        bytes = requests * 48 * lab.KiB, size = { "1K", "32K" }, live = "2M",
      }:release()
      heap:wait(opt.seconds / ROUNDS)
    end
  end,

  expect = function (run, opt)
    local live = opt.sessions * 16 * lab.KiB + 2 * lab.MiB
    if run:is_plain_go() and 2.4 * live + 2 * lab.MiB < 0.9 * run.cage.limit then
      return run:survived()
    elseif opt.sessions * 16 * lab.KiB > run.cage.limit then
      return not run:survived()
    end
    return nil
  end,
}
