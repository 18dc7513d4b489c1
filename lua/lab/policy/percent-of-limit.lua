-- percent-of-limit.lua -- A heap of a fixed share of the limit, as the JVM and .NET have in
-- containers.
--
-- Watch for: what is beside the heap needs the rest. The JVM takes 25 % where nobody says more
-- (MaxRAMPercentage), .NET 75 %. Both refuse what does not fit after a last collection; this one
-- only aims.
local lab = require "lab"

local limit

return lab.policy {
  title = "The JVM's and .NET's way: the goal is a share of the limit",
  source = ".NET GCHeapHardLimit in containers (75 %); JVM MaxRAMPercentage",
  rule = "goal = limit * N / 100, whatever is live.",
  argument = { 75, "of the limit, in percent", min = 1, max = 100 },

  on_start = function (cage)
    limit = cage.limit
  end,

  goal = function ()
    return limit / 100 * lab.argument()
  end,
}
