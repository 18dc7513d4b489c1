-- smallest-limit.lua -- How small may the limit be?
--
-- Looks for the smallest limit in which a scenario survives every time: doubles or halves until it
-- has one limit that kills and one that does not, then bisects. One kill rules a limit out. Limits
-- on both sides of the answer are tried as well: what survives in a limit need not survive in a
-- larger one.
--
-- The scenario is a name or a path; its settings are those of the command line. The spike asks for
-- shares of the limit, whatever that is; here, unless --options says otherwise, its demand is
-- fixed: 28.8 MiB, released, then 3.2 MiB.
--
-- Watch for: how far the policies are apart. Some need room for both parts, some for the larger.
-- Try: --policy=last-resort, --memlimit=90%, --options=demand=32M,gc; --options=first=90% (whatever
-- the limit is, it asks for more of it: no limit is enough).
local lab = require "lab"
local chart = require "lab.chart"
local options = require "lab.options"

local BAR = 40

local function print_chart(answer)
  local largest = answer.tried[#answer.tried].limit_bytes
  print(("%13s  %-8s  %s"):format("limit", "lived", "outcome"))
  for _, trial in ipairs(answer.tried) do
    print(("%13s  %2d of %-2d  %s %s"):format(chart.bytes(trial.limit_bytes), trial.survived,
      trial.of, chart.bar(trial.limit_bytes / largest, BAR), trial.outcome))
  end
  print ""
end

local function print_answer(answer, name)
  if not answer.limit_bytes then
    print(("No limit up to %s is enough for %s.%s"):format(chart.bytes(answer.killed_at), name,
      answer.scales and " It asks for more whenever the limit is raised." or ""))
    return
  end
  if not answer.killed_at then
    print(("%s survives %d of %d in %s, the least that was tried."):format(name, answer.survived,
      answer.of, chart.bytes(answer.limit_bytes)))
  else
    print(("The smallest limit in which %s survives %d of %d is %s (%d bytes); %s is too little.")
      :format(name, answer.survived, answer.of, chart.bytes(answer.limit_bytes), answer.limit_bytes,
        chart.bytes(answer.killed_at)))
  end
  for _, trial in ipairs(answer.exceptions) do
    print(("But in %s, which is more, it ended %s: more is not always better here.")
      :format(chart.bytes(trial.limit_bytes), trial.outcome))
  end
end

return lab.experiment {
  title = "The smallest limit that a scenario survives in",
  options = {
    scenario = { "spike", "name or path" },
    options = { "", "its options: name=value,name=value" },
    of = { 3, "runs in each limit, all of which must end as expected", min = 1, max = 1000 },
    expect = { "survived", "the outcome that is looked for" },
    from = { false, "no limit below this", bytes = true, min = 65536 },
    to = { false, "no limit above this", bytes = true, min = 65536 },
    precision = { "0.5%", "how far the answer may be off", share = true },
    checks = { true, "try limits on both sides of the answer" },
  },

  program = function (opt)
    local values = options.read_list(opt.options)
    if opt.scenario == "spike" and next(values) == nil then
      values.demand = "32M"
    end
    local answer = lab.smallest_limit(opt.scenario, {
      options = values, of = opt.of, expect = opt.expect, from = opt.from, to = opt.to,
      precision = opt.precision, checks = opt.checks, progress = true,
    })
    print_chart(answer)
    print_answer(answer, opt.scenario)
  end,
}
