-- apoptosis.lua -- A leak that is watched: does it leave in good order, with what it knows?
--
-- Each request keeps a little for ever (a session) and throws the rest away. At 90 % of the limit
-- its watchdog tells the program to end. It leaves a directory behind: statistics, the record so
-- far, the kernel's figures, and a heap profile that says which line of this script it was.
--
-- Watch for: "dump", and in there: go tool pprof -top heap.pb.gz.
-- Try: --watchdog=off (the kernel kills it, and nothing is left), --watchdog=90%,notice=off (looks
-- every 15 s come too late), --every=0.001 (the leak takes longer), --memlimit=80% (no garbage
-- stands in the way: it lives longer, and leaks all the same).
local lab = require "lab"

return lab.scenario {
  title    = "A leak, told to end before it is killed",
  limit    = 32 * lab.MiB,
  watchdog = "90%",
  options  = {
    request = { "64K", "what a request allocates", bytes = true, min = lab.KiB },
    session = { "16K", "what is kept of it for ever", bytes = true, min = 16 },
    every   = { 0.0, "seconds between two requests", min = 0.0, max = 60.0 },
  },

  program = function (heap, opt)
    heap:phase "serving requests"
    while true do
      heap:tag("session"):slab(opt.session)
      local body = heap:tag("request"):slab(opt.request)
      heap:wait(opt.every)
      body:release()
    end
  end,

  expect = function (run)
    if run.settings.policy ~= "go" then
      return nil -- It may end the run by itself.
    elseif not run.watchdog then
      return run:oom_killed()
    end
    -- Looks alone may come too late, and a threshold at the limit always does.
    if run.watchdog.has_notice and run.watchdog.threshold_bytes <= run.cage.limit * 0.9 then
      return run:shut_down()
    end
    return nil
  end,
}
