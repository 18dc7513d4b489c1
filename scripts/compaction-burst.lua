-- compaction-burst.lua -- A store holds a third of the limit. Why does compacting it kill?
--
-- Databases that write new files out of old ones (LSM trees, Prometheus, InfluxDB) hold both until
-- they swap: twice the store, 44 of 64 MiB. What is decoded on the way is garbage, four bytes for
-- each that is kept, and the plan for it follows the growing live heap beyond the limit.
--
-- Watch for: "next GC" during "compact": every cycle finds more alive and plans for twice that.
-- Try: --memlimit=90% and --policy=growable (twice as many cycles, and it lives), --gogc=25,
-- --decoding=0 (no garbage, no death), --policy=watermark (looks every 100 ms: too seldom).
local lab = require "lab"

local STEPS = 40
local CHUNK = "16K"

return lab.scenario {
  title   = "A store is compacted, old and new side by side",
  limit   = 64 * lab.MiB,
  options = {
    store    = { "22M", "what it holds", bytes = true, min = lab.MiB },
    decoding = { 4.0, "bytes of garbage for each that is written", min = 0.0, max = 100.0 },
    seconds  = { 0.4, "that it waits for its disk", min = 0.01, max = 60.0 },
  },

  program = function (heap, opt)
    local part = opt.store // STEPS
    heap:phase("load"):ramp { bytes = opt.store, size = CHUNK }

    heap:phase "compact"
    for _ = 1, STEPS do
      heap:churn { bytes = math.floor(opt.decoding * part), size = CHUNK }:release()
      heap:ramp { bytes = part, size = CHUNK }
      heap:wait(opt.seconds / STEPS)
    end
  end,

  expect = function (run, opt)
    local limit, both = run.cage.limit, 2 * opt.store
    if both > limit + run.cage.swap then
      return not run:survived() -- Nothing helps.
    elseif not run:is_plain_go() then
      return nil
    elseif both * (1 + opt.decoding) < 0.9 * limit or 2 * both < 0.9 * limit then
      return run:survived()
    elseif opt.decoding >= 4 and 2 * both > 1.35 * limit then
      return run:oom_killed() and run.last_words.phase == "compact"
    end
    return nil
  end,
}
