-- gogctuner.lua -- Uber's GOGCTuner, as cch123 rebuilt it: GOGC so that the heap ends at a share of
-- the limit.
--
-- Watch for: small heaps get a very high GOGC, and the first cycle is Go's own. bytedance's gctuner
-- keeps it from 50 to 500: floor((threshold - inuse) / inuse * 100) there, 50 beyond the threshold,
-- which is best at 0.7 of the limit.
local lab = require "lab"

local GOGC_MAX = 1000000 -- Ours; there it has no end.

local limit

return lab.policy {
  title = "GOGCTuner: GOGC so that usage ends at a share of the limit",
  source = "Uber, 2021; cch123/gogctuner; compare bytedance/gopkg gctuner",
  rule = [[
After each cycle, with usage in percent of the limit: GOGC = (target - usage) / usage * 100.
Where that is negative: GOGC = previous GOGC * target / usage.]],
  argument = { 70, "target, in percent of the limit", min = 1, max = 100 },

  on_start = function (cage)
    limit = cage.limit
  end,

  on_gc_end = function (_, heap)
    local stats = heap:stats()
    local target, usage = lab.argument(), stats.cage_bytes / limit * 100
    if usage == 0 then
      return -- Nobody knows.
    end
    local gogc = (target - usage) / usage * 100
    if gogc < 0 then
      gogc = math.max(stats.gogc, 0) * target / usage
    end
    heap:gogc(math.min(gogc, GOGC_MAX))
  end,
}
