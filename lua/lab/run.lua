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

--- Whether Go's rules alone planned it, with nothing set that changes a plan: GOGC 100, no memory
-- limit, no swap, no stress, and no race with threads. Most expectations are about such runs.
-- @function run:is_plain_go
-- @treturn boolean
function methods.is_plain_go(self)
  local set = self.settings
  return set.policy == "go" and set.gogc == 100 and set.memory_limit_bytes == math.maxinteger
    and set.trigger_test == "after" and set.collector ~= "concurrent" and not set.is_stress
    and self.cage.swap == 0
end

--- What became of a run: in expect, and from lab.run.
-- @table run
-- @tfield outcome outcome
-- @tfield string scenario
-- @tfield string error_message  of a script error: file, line, what
-- @tfield string error_traceback
-- @tfield integer baseline_bytes  charged before the first allocation
-- @tfield integer cage_peak_bytes  the most that was charged
-- @tfield integer garbage_bytes  at the end
-- @tfield integer wall_ns  from start to end
-- @tfield memstats memstats  as heap:stats(), at the end
-- @tfield pauses pauses  how long the program was made to stand still
-- @tfield phase[] phases
-- @tfield last_words last_words  what it was doing last
-- @tfield evidence evidence  what the verdict rests on
-- @tfield cage_facts cage
-- @tfield settings_facts settings
-- @tfield watchdog_facts|false watchdog  false where there was none

--- What a verdict rests on.
-- @table evidence
-- @tfield integer exit_status  -1: it did not exit
-- @tfield integer signal  0: none
-- @tfield integer oom_kill_delta
-- @tfield integer high_delta  times memory.high was exceeded
-- @tfield integer swap_peak_bytes
-- @tfield string limited_by  "none", "own", "ancestor", "system", "inner"
-- @tfield string limiting_group
-- @tfield string kernel_line

--- The cage a run was in. A size without an end is 2^63 - 1.
-- @table cage_facts
-- @tfield integer limit  bytes
-- @tfield integer swap  bytes
-- @tfield integer address_space  bytes
-- @tfield string mode  "v1", "hybrid", "v2"
-- @tfield string path

--- What a run was made with.
-- @table settings_facts
-- @tfield integer gogc  -1: off
-- @tfield integer memory_limit_bytes
-- @tfield integer high_bytes
-- @tfield string policy
-- @tfield string rules
-- @tfield string collector
-- @tfield string world
-- @tfield string trigger_test
-- @tfield boolean is_stress  collected at every allocation
-- @tfield integer seed

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

--- What a run is to have beside what its scenario says: any setting, over all others.
-- @table run_settings
-- @tfield[opt] {[string]:any} options  values for the scenario's options

--- Runs a scenario of this script, or a script by name or path, and waits. In an experiment.
-- @function lab.run
-- @tparam scenario|string scenario
-- @tparam[opt] run_settings settings
-- @treturn run
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

--- Several runs at a time, as many as there are processors and memory for. In an experiment.
-- @function lab.runs
-- @tparam table[] list  of { scenario, settings }
-- @treturn run[]  in the order of the list
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
