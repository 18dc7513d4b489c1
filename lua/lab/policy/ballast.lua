-- ballast.lua -- Twitch's ballast: a large object that is never touched, so that small heaps are
-- collected less often.
--
-- Watch for: it counts as live, so the goal grows by twice its size. In a cage that holds less than
-- that goal it is dangerous; it was made for machines with memory to spare.
local lab = require "lab"

return lab.policy {
  title = "Twitch's ballast: an untouched slab makes cycles rarer",
  source = "Go memory ballast, Twitch, 2019",
  rule = "goal = (live + ballast) * (1 + GOGC / 100); the ballast takes no physical memory.",
  argument = { "25%", "of the ballast, or its share of the limit", bytes = true, min = 1 },

  on_start = function (_, heap)
    heap:ballast(lab.argument())
  end,
}
