-- fork-copy-on-write.lua -- 36 of 64 MiB are used. Why does a snapshot kill?
--
-- Redis saves its data by a child: fork shares all pages, and the child writes out what was there
-- at that moment. But each page that the parent writes to meanwhile is copied, and the old one
-- stays until the child is done. If the parent writes to all of it, all of it is there twice.
--
-- Watch for: the heap does not grow at all while the cage fills.
-- Try: --written=50% (55 MiB: lives), --policy=last-resort (no policy helps: nothing is allocated,
-- nothing is garbage), --limit=80M.
local lab = require "lab"

local PARTS = 20

return lab.scenario {
  title   = "A snapshot by fork, while its parent writes",
  limit   = 64 * lab.MiB,
  options = {
    held    = { "36M", "of data", bytes = true, min = lab.MiB },
    written = { "100%", "of it, written to during the snapshot", share = true },
  },

  program = function (heap, opt)
    heap:phase "load"
    local parts = {}
    for i = 1, PARTS do
      parts[i] = heap:slab(opt.held // PARTS)
    end
    heap:phase("snapshot"):fork()
    for i = 1, math.floor(opt.written * PARTS + 0.5) do
      parts[i]:write()
      heap:wait(0.005) -- Requests come one by one.
    end
  end,

  expect = function (run, opt)
    local limit, twice = run.cage.limit, opt.held * (1 + opt.written)
    if twice > 1.05 * (limit + run.cage.swap) then
      return not run:survived()
    elseif twice + opt.held / PARTS + 2 * lab.MiB < 0.95 * limit
      and run.settings.policy == "go" then
      return run:survived()
    end
    return nil
  end,
}
