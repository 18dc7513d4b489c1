-- run.lua -- lab.run, and what became of a run: run.outcome, run:survived(), run.memstats, ...
local core = require "lab.core"
local names = require "lab.names"
local options = require "lab.options"
local settings = require "lab.settings"

local run = {}

-- One method an outcome: run:survived(), run:oom_killed(), run:out_of_memory(), ...
local methods = {}
for _, outcome in ipairs(core.outcome_names) do
  methods[(outcome:gsub("-", "_"))] = function (self)
    return self.outcome == outcome
  end
end

-- Dresses the plain tables that the core makes of a run's summary.
function run.wrap(summary)
  names.close(summary.memstats, "run.memstats")
  names.close(summary.pauses, "run.pauses")
  names.close(summary.evidence, "run.evidence")
  names.close(summary.last_words, "run.last_words")
  names.close(summary.cage, "run.cage")
  names.close(summary.settings, "run.settings")
  if summary.watchdog then
    names.close(summary.watchdog, "run.watchdog")
  end
  for _, phase in ipairs(summary.phases) do
    names.close(phase.memstats, "phase.memstats")
    names.close(phase, "phase")
  end
  return names.close(summary, "run", methods)
end

local function take_options(values)
  if values == nil then
    return {}
  end
  if type(values) ~= "table" then
    return nil, "lab.run: options must be a table, not " .. type(values)
  end
  local list = {}
  for _, name in ipairs(names.of(values)) do
    local text, message = options.text_of(values[name])
    if not text then
      return nil, ("lab.run: option %s: %s"):format(name, message)
    end
    list[#list + 1] = { name, text }
  end
  return list
end

function run.start(scenario, overrides)
  if type(scenario) ~= "string"
    and not (type(scenario) == "table" and rawget(scenario, "kind") == "scenario") then
    return nil, "lab.run: expected a scenario or the name of a script, not " .. type(scenario)
  end
  if overrides ~= nil and type(overrides) ~= "table" then
    return nil, "lab.run: expected a table of settings, not " .. type(overrides)
  end
  overrides = overrides or {}
  local taken, message = settings.take(overrides, { options = true }, "lab.run")
  if not taken then
    return nil, message
  end
  local values
  values, message = take_options(overrides.options)
  if not values then
    return nil, message
  end
  local summary
  summary, message = core.supervise(scenario, taken, values)
  if not summary then
    return nil, "lab.run: " .. message
  end
  return run.wrap(summary)
end

return run
