-- my-first-policy.lua -- Where the heap is about to outgrow the cage, collect first.
--
-- Try: oomlab run --policy=examples/my-first-policy.lua (and without: the same program is killed)
local lab = require "lab"
local limit

return lab.policy {
  title = "Collect rather than outgrow the cage",
  on_start = function (cage) limit = cage.limit end,
  before_grow = function (bytes, stats)
    if stats.cage_bytes + bytes > limit then return "collect" end
  end,
}
