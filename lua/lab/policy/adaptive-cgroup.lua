-- adaptive-cgroup.lua -- go-watchdog, driven by the cgroup: a collection whenever usage has eaten
-- its share of the room that was left.
--
-- Watch for: between two ticks it is blind. A spike inside one period kills it all the same. And
-- beyond the limit, which swap allows, it collects at every tick.
local lab = require "lab"

local limit, threshold

local function set_threshold(used)
  threshold = used >= limit and used or used + (limit - used) * lab.argument() // 1
end

return lab.policy {
  title = "go-watchdog, cgroup-driven adaptive: collect as usage grows",
  source = "raulk/go-watchdog @9c5e371, CgroupDriven with the adaptive policy",
  rule = [[
At the start and after each cycle: threshold = usage + (limit - usage) * f; usage alone beyond
the limit. Every 10 ms: where usage >= threshold, a forced collection.]],
  argument = { 0.5, "share of the room left to use before a collection", min = 0, max = 1 },
  period = 0.01, -- There: the caller's choice, mostly seconds. Our runs are shorter.

  on_start = function (cage, heap)
    limit = cage.limit
    set_threshold(heap:stats().cage_bytes)
  end,

  on_gc_end = function (_, heap)
    set_threshold(heap:stats().cage_bytes)
  end,

  on_tick = function (sample, heap)
    if sample.cage_bytes >= threshold then
      heap:collect()
    end
  end,
}
