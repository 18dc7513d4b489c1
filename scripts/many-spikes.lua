-- many-spikes.lua -- It survived the big spike. Why does a small one kill it?
--
-- A service whose answers take 6 MiB for a moment, one after another; one of them takes 42. Each is
-- let go before the next one comes, so no more than 42 of 64 MiB are ever wanted at a time. The big
-- one goes well; it is one of the small ones after it that is killed.
--
-- Watch for: "next GC" after the big spike. The cycle that it started saw it alive, and planned for
-- twice as much: that plan stands, with the limit in its way.
-- Try: --gc (collects after the big one), --big=20M (twice that fits), --memlimit=90%,
-- --policy=watermark (looks between two spikes, which is often enough here), --policy=ballast
-- (killed too).
local lab = require "lab"

return lab.scenario {
  title   = "Small spikes, a big one, small ones",
  limit   = 64 * lab.MiB,
  options = {
    small = { "6M", "a small spike", bytes = true, min = 1 },
    big   = { "42M", "the big one", bytes = true, min = 1 },
    gc    = { false, "collect after the big one" },
    pause = { 0.11, "seconds between two", min = 0.0, max = 60.0 },
  },

  program = function (heap, opt)
    local function spike(bytes)
      heap:slab(bytes):release()
      heap:wait(opt.pause)
    end

    heap:phase "small ones"
    for _ = 1, 3 do
      spike(opt.small)
    end
    heap:phase "the big one"
    spike(opt.big)
    if opt.gc then
      heap:collect()
    end
    heap:phase "small ones again"
    for _ = 1, 4 do
      spike(opt.small)
    end
  end,

  expect = function (run, opt)
    local limit, small, big = run.cage.limit, opt.small, opt.big
    if not run:is_plain_go() or big + 3 * small > 0.95 * limit then
      return nil
    elseif opt.gc or 2 * big + small < 0.9 * limit then
      return run:survived()
    elseif 1.65 * big > limit and big + 4 * small > limit then
      return run:oom_killed() and run.last_words.phase == "small ones again"
    end
    return nil
  end,
}
