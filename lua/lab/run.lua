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
    return nil, "options must be a table, not " .. type(values)
  end
  local list = {}
  for _, name in ipairs(names.of(values)) do
    local text, message = options.text_of(values[name])
    if not text then
      return nil, ("option %s: %s"):format(name, message)
    end
    list[#list + 1] = { name, text }
  end
  return list
end

-- A run as core.run_all wants it; or nil and a message.
local function prepare(scenario, overrides, what)
  if type(scenario) ~= "string"
    and not (type(scenario) == "table" and rawget(scenario, "kind") == "scenario") then
    return nil, ("%s: expected a scenario or the name of a script, not %s"):format(what,
      type(scenario))
  end
  if overrides ~= nil and type(overrides) ~= "table" then
    return nil, ("%s: expected a table of settings, not %s"):format(what, type(overrides))
  end
  overrides = overrides or {}
  local taken, message = settings.take(overrides, { options = true }, what)
  if not taken then
    return nil, message
  end
  local values
  values, message = take_options(overrides.options)
  if not values then
    return nil, ("%s: %s"):format(what, message)
  end
  return { scenario, taken, values }
end

function run.start(scenario, overrides)
  local wanted, message = prepare(scenario, overrides, "lab.run")
  if not wanted then
    return nil, message
  end
  local summaries
  summaries, message = core.run_all { wanted }
  if not summaries then
    return nil, "lab.run: " .. message
  end
  return run.wrap(summaries[1])
end

-- Several runs at a time, as many as there are processors and memory for.
function run.start_all(list)
  if type(list) ~= "table" then
    return nil, "lab.runs: expected a list of { scenario, settings }, not " .. type(list)
  end
  local wanted = {}
  for name in pairs(list) do
    if math.type(name) ~= "integer" or name < 1 or name > #list then
      return nil, ("lab.runs: expected a list, found the field [%s]"):format(tostring(name))
    end
  end
  for i, entry in ipairs(list) do
    local what = ("lab.runs: run %d"):format(i)
    if type(entry) ~= "table" then
      return nil, ("%s: expected { scenario, settings }, not %s"):format(what, type(entry))
    end
    -- A declared scenario is a table as well, and knows its fields only.
    local message
    if rawget(entry, "kind") == "scenario" then
      return nil, ("%s: expected { scenario, settings }: put the scenario into braces"):format(what)
    end
    wanted[i], message = prepare(entry[1], entry[2], what)
    if not wanted[i] then
      return nil, message
    end
  end
  local summaries, message, index = core.run_all(wanted)
  if not summaries then
    return nil, (index and "lab.runs: run %d: %s" or "lab.runs: %s%s"):format(index or "", message)
  end
  for i, summary in ipairs(summaries) do
    summaries[i] = run.wrap(summary)
  end
  return summaries
end

return run
