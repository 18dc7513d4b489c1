-- headroom-curve.lua -- Which share of the cage should the collector's own limit be?
--
-- Runs a scenario with a memory limit of 50 %, 55 %, ... 100 % of the cage, and tells how often it
-- survives and what the collector costs. Too high, and the kernel is there first; too low, and
-- the collector works all the time for room that nobody needs.
--
-- The scenario is a name or a path; its settings are those of the command line.
--
-- Watch for: the largest share that still survives every time, and what each share costs below it.
-- Try: --limit=256M, --from=90 --step=1, --setting=gogc --from=25 --to=400 --step=25.
local lab = require "lab"
local chart = require "lab.chart"
local options = require "lab.options"

local BAR = 30

local function print_chart(points, setting)
  print(("%9s  %-9s  %-" .. BAR .. "s  %7s  %7s  %12s"):format(setting, "survived", "", "GC CPU",
    "cycles", "peak"))
  for _, point in ipairs(points) do
    print(("%9s  %2d of %-3d  %s  %5.1f %%  %7.1f  %12s"):format(point.text, point.survived,
      point.of, chart.bar(point.share, BAR), 100 * point.gc_cpu, point.cycles,
      chart.bytes(point.peak_bytes)))
  end
  print ""
end

local function print_answer(points, name, setting)
  local best
  for _, point in ipairs(points) do
    -- Cycles, not their share of the CPU: in a short run that is noise.
    if point.survived == point.of and (not best or point.cycles <= best.cycles) then
      best = point
    end
  end
  if not best then
    print(("With no %s of these does %s survive every time."):format(setting, name))
    return
  end
  print(("%s survives every time with %s=%s, and collects least there: %.1f cycles a run, %.1f %% "
    .. "of the CPU."):format(name, setting, best.text, best.cycles, 100 * best.gc_cpu))
  local is_good, gaps = nil, 0
  for _, point in ipairs(points) do
    local is = point.survived == point.of
    gaps = gaps + (is_good ~= nil and is ~= is_good and 1 or 0)
    is_good = is
  end
  if gaps > 1 then
    print "But between values that it survives with there are some that kill it."
  end
end

return lab.experiment {
  title = "Survival and cost over the collector's own limit",
  options = {
    scenario = { "spike", "name or path" },
    options = { "", "its options: name=value,name=value" },
    setting = { "memlimit", "what is varied" },
    from = { 50.0, "its first value; of memlimit and high: percent of the limit", min = 0.0 },
    to = { 100.0, "its last value", min = 0.0 },
    step = { 5.0, "from one value to the next", min = 0.001 },
    of = { 3, "runs with each value", min = 1, max = 1000 },
  },

  program = function (opt)
    local points = lab.curve(opt.scenario, {
      options = options.read_list(opt.options), setting = opt.setting, from = opt.from, to = opt.to,
      step = opt.step, of = opt.of, progress = true,
    })
    print_chart(points, opt.setting)
    print_answer(points, opt.scenario, opt.setting)
  end,
}
