-- trials.lua -- The same run several times: how many end as expected, and what they cost.
local core = require "lab.core"
local names = require "lab.names"
local run = require "lab.run"
local settings = require "lab.settings"

local trials = {}

local OF_MAX = 1000

-- What lab.smallest_limit, lab.curve and lab.grid have in common beside the settings of the runs.
local COMMON = { options = true, of = true, expect = true, progress = true }

-- Divides the fields of a request: those of the function (own, a set of names), and what is for
-- lab.run. Gives both; or nil and a message.
function trials.take(scenario, fields, own, what)
  if type(scenario) ~= "string" and type(scenario) ~= "table" then
    return nil, ("%s: expected a scenario or the name of a script, not %s")
      :format(what, type(scenario))
  elseif fields ~= nil and type(fields) ~= "table" then
    return nil, ("%s: expected a table of fields, not %s"):format(what, type(fields))
  end
  local request = { scenario = scenario, what = what, of = 3, expect = "survived" }
  local overrides, checked, other = {}, {}, {}
  for name in pairs(COMMON) do
    other[name] = true
  end
  for name in pairs(own) do
    other[name] = true
  end
  for name, value in pairs(fields or {}) do
    if COMMON[name] and name ~= "options" or own[name] then
      request[name] = value
    else
      overrides[name] = value
      -- A list of values is checked one by one, where it is used.
      checked[name] = type(value) ~= "table" and value or nil
    end
  end
  local fine, message = settings.take(checked, other, what)
  if not fine then
    return nil, message
  end
  if math.type(request.of) ~= "integer" or request.of < 1 or request.of > OF_MAX then
    return nil, ("%s: of must be a whole number of runs from 1 to %d"):format(what, OF_MAX)
  end
  fine, message = trials.check_outcome(request.expect)
  if not fine then
    return nil, ("%s: expect: %s"):format(what, message)
  end
  local progress = request.progress
  if progress and progress ~= true and type(progress) ~= "function" then
    return nil, ("%s: progress must be true or a function of a line"):format(what)
  elseif progress == true then
    request.progress = core.progress
  end
  request.overrides = overrides
  request.seed = math.type(overrides.seed) == "integer" and overrides.seed or nil
  return request
end

function trials.check_outcome(outcome)
  for _, name in ipairs(core.outcome_names) do
    if name == outcome then
      return true
    end
  end
  return nil, ("expected one of %s, not %s%s"):format(table.concat(core.outcome_names, ", "),
    tostring(outcome), names.hint(outcome, core.outcome_names))
end

function trials.tell(request, format, ...)
  if request.progress then
    request.progress(format:format(...))
  end
end

local function copy(fields)
  local new = {}
  for name, value in pairs(fields) do
    new[name] = value
  end
  return new
end

-- Runs number first to last of a trial, at once where there is room. What a seed decides is to be
-- different in each, and the same whenever all of it is done again.
local function start(request, overrides, first, last)
  local list = {}
  for number = first, last do
    local fields = copy(overrides)
    if request.seed then
      fields.seed = request.seed + number - 1
    end
    list[#list + 1] = { request.scenario, fields }
  end
  local results, message = run.start_all(list)
  if not results then
    return nil, (message:gsub("^lab.runs: run %d+", request.what):gsub("^lab.runs", request.what))
  end
  for _, result in ipairs(results) do
    if result.outcome == "script-error" and request.expect ~= "script-error" then
      return nil, ("%s: a run failed: %s"):format(request.what, result.error_message)
    end
  end
  request.seed = request.seed or results[1].settings.seed
  return results
end

local function note(trial, result, expect)
  trial.first = trial.first or result
  trial.of = trial.of + 1
  trial.outcomes[result.outcome] = (trial.outcomes[result.outcome] or 0) + 1
  trial.cycles = trial.cycles + result.memstats.num_gc
  trial.gc_cpu = trial.gc_cpu + result.memstats.gc_cpu_fraction
  trial.wall_ns = trial.wall_ns + result.wall_ns
  trial.peak_bytes = math.max(trial.peak_bytes, result.cage_peak_bytes)
  trial.pause_max_ns = math.max(trial.pause_max_ns, result.pauses.max_ns)
  if result.outcome == expect then
    trial.survived = trial.survived + 1
  else
    trial.failed = trial.failed or result
  end
end

-- Runs it request.of times with these overrides; is_hasty: a first run that ends otherwise than
-- expected is enough. survived counts those that end as expected. Or nil and a message.
function trials.run(request, overrides, is_hasty)
  local trial = {
    survived = 0, of = 0, outcomes = {}, cycles = 0, gc_cpu = 0.0, peak_bytes = 0, wall_ns = 0,
    pause_max_ns = 0,
  }
  -- The first run of all tells the seed.
  local is_alone = is_hasty or not request.seed
  repeat
    local last = is_alone and trial.of == 0 and 1 or request.of
    local results, message = start(request, overrides, trial.of + 1, last)
    if not results then
      return nil, message
    end
    for _, result in ipairs(results) do
      note(trial, result, request.expect)
    end
  until trial.of == request.of or is_hasty and trial.failed
  -- What one run costs, on average; the peak and the longest pause are the worst of all.
  trial.cycles = trial.cycles / trial.of
  trial.gc_cpu = trial.gc_cpu / trial.of
  trial.wall_ns = trial.wall_ns // trial.of
  trial.share = trial.survived / trial.of
  trial.is_good = trial.survived == request.of
  return trial
end

-- A size of the request as a number of bytes: false where there is none; or nil and a message.
function trials.bytes(request, name)
  local value = request[name]
  if value == nil or value == false then
    return false
  elseif math.type(value) == "integer" and value > 0 then
    return value
  elseif type(value) == "string" then
    local bytes, message = core.parse_bytes(value)
    return bytes, message and ("%s: %s: %s"):format(request.what, name, message)
  end
  return nil, ("%s: %s must be a size"):format(request.what, name)
end

-- A share as "1%" or 0.01: a number; or nil and a message.
function trials.share(request, name)
  local value = request[name]
  if type(value) == "string" then
    local percent = tonumber(value:match "^([%d.]+)%%$")
    value = percent and percent / 100
  end
  if type(value) ~= "number" or value <= 0 or value >= 1 then
    return nil, ("%s: %s must be a share as in \"1%%\", above 0 and below 100%%")
      :format(request.what, name)
  end
  return value
end

return trials
