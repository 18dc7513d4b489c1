-- curve.lua -- lab.curve and lab.grid: the same scenario over one setting, or over several.
local names = require "lab.names"
local trials = require "lab.trials"

local curve = {}

local POINTS_MAX, CELLS_MAX = 1000, 10000

local CURVE = { setting = true, ratios = true, from = true, to = true, step = true }

-- Settings whose numbers are shares of the limit.
local SHARES = { memlimit = true, high = true, watchdog = true }

local function check_ratios(ratios)
  if type(ratios) ~= "table" or #ratios == 0 or #ratios > POINTS_MAX then
    return nil, ("lab.curve: ratios must be a list of 1 to %d numbers"):format(POINTS_MAX)
  end
  for _, ratio in ipairs(ratios) do
    if type(ratio) ~= "number" then
      return nil, ("lab.curve: ratios must be numbers, not %s"):format(type(ratio))
    end
  end
  return ratios
end

local function ratios_of(request)
  if request.ratios then
    return check_ratios(request.ratios)
  end
  local from, to, step = request.from or 50, request.to or 100, request.step or 5
  if type(from) ~= "number" or type(to) ~= "number" or type(step) ~= "number" or step <= 0
    or from > to or (to - from) / step >= POINTS_MAX then
    return nil, ("lab.curve: from, to and step must be numbers that give 1 to %d points")
      :format(POINTS_MAX)
  end
  local ratios = {}
  for index = 0, math.floor((to - from) / step + 1e-9) do
    ratios[index + 1] = from + index * step
  end
  return ratios
end

-- What is told of a trial, beside what it was a trial of.
local function facts_of(trial)
  return {
    survived = trial.survived, of = trial.of, share = trial.share, outcomes = trial.outcomes,
    gc_cpu = trial.gc_cpu, cycles = trial.cycles, peak_bytes = trial.peak_bytes,
    pause_max_ns = trial.pause_max_ns, wall_ns = trial.wall_ns,
    limit_bytes = trial.first.cage.limit,
  }
end

--- What lab.curve is asked; besides these any setting of a run.
-- @table curve_fields
-- @tfield[opt] string setting  what is varied ("memlimit")
-- @tfield[opt] number[] ratios  its values, in percent where the setting takes shares; or
-- @tfield[opt] number from  the first of them (50),
-- @tfield[opt] number to  the last (100), and
-- @tfield[opt] number step  from one to the next (5)
-- @tfield[opt] {[string]:any} options  values for the scenario's options
-- @tfield[opt] integer of  runs with each value (3)
-- @tfield[opt] string expect  the outcome that counts as survived ("survived")
-- @tfield[opt] boolean|fun(line:string) progress  told each value; true: standard error

--- Some runs that are alike: a point of lab.curve, a cell of lab.grid.
-- @table trial
-- @tfield integer survived  so many ended as expected
-- @tfield integer of  of so many
-- @tfield number share  the one by the other
-- @tfield {[string]:integer} outcomes  how many ended how
-- @tfield number gc_cpu  share of the CPU that collecting took, on average
-- @tfield number cycles  on average
-- @tfield integer peak_bytes  the highest
-- @tfield integer pause_max_ns  the longest
-- @tfield integer wall_ns  on average
-- @tfield integer limit_bytes
-- @tfield number ratio  of a point: its value
-- @tfield string text  of a point: as the setting got it
-- @tfield {[string]:any} settings  of a cell: those that were lists
-- @tfield {[string]:any} options  of a cell: likewise

--- Survival and cost over one setting: a point for each value, in order. In an experiment.
-- @function lab.curve
-- @tparam scenario|string scenario
-- @tparam[opt] curve_fields fields
-- @treturn trial[]
function curve.curve(scenario, fields)
  local request, message = trials.take(scenario, fields, CURVE, "lab.curve")
  if not request then
    return nil, message
  end
  local ratios
  ratios, message = ratios_of(request)
  if not ratios then
    return nil, message
  end
  local setting = request.setting or "memlimit"
  if type(setting) ~= "string" then
    return nil, "lab.curve: setting must be the name of a setting"
  end
  local points = {}
  for index, ratio in ipairs(ratios) do
    local text = ("%g%s"):format(ratio, SHARES[setting] and "%" or "")
    request.overrides[setting] = text
    local trial
    trial, message = trials.run(request, request.overrides)
    if not trial then
      return nil, message
    end
    local point = facts_of(trial)
    point.ratio, point.text = ratio, text
    points[index] = names.close(point, "a point of lab.curve")
    trials.tell(request, "%s=%-8s %d of %d %s", setting, text, trial.survived, trial.of,
      request.expect)
  end
  return points
end

-- The settings, and options, that are lists of values: { name, values, is_option }.
local function dimensions_of(request)
  local list, cells = {}, 1
  local function add(values, is_option)
    for _, name in ipairs(names.of(values)) do
      local value = values[name]
      if type(value) == "table" then
        if #value == 0 then
          return nil, ("lab.grid: %s: the list of values is empty"):format(name)
        end
        list[#list + 1] = { name = name, values = value, is_option = is_option }
        cells = cells * #value
        values[name] = nil
      end
    end
    return true
  end
  local options = {}
  for name, value in pairs(request.overrides.options or {}) do
    options[name] = value
  end
  request.overrides.options = nil
  local fine, message = add(request.overrides, false)
  if fine then
    fine, message = add(options, true)
  end
  request.overrides.options = options
  if fine and cells > CELLS_MAX then
    fine, message = nil, ("lab.grid: more than %d cells"):format(CELLS_MAX)
  end
  return fine and list, message
end

-- The next combination, the last dimension fastest; nil after the last one.
local function advance(places, dimensions)
  for index = #dimensions, 1, -1 do
    places[index] = places[index] + 1
    if places[index] <= #dimensions[index].values then
      return places
    end
    places[index] = 1
  end
end

--- What lab.grid is asked; besides these any setting of a run. A setting or an option may be a
-- list of values.
-- @table grid_fields
-- @tfield[opt] {[string]:any} options  values for the scenario's options, or lists of them
-- @tfield[opt] integer of  runs in each cell (3)
-- @tfield[opt] string expect  the outcome that counts as survived ("survived")
-- @tfield[opt] boolean|fun(line:string) progress  told each cell; true: standard error

--- Each value of each list with each of the others: a cell a combination. In an experiment.
-- @function lab.grid
-- @tparam scenario|string scenario
-- @tparam[opt] grid_fields fields
-- @treturn trial[]
function curve.grid(scenario, fields)
  local request, message = trials.take(scenario, fields, {}, "lab.grid")
  if not request then
    return nil, message
  end
  if type(request.overrides.options or {}) ~= "table" then
    return nil, "lab.grid: options must be a table"
  end
  local dimensions
  dimensions, message = dimensions_of(request)
  if not dimensions then
    return nil, message
  end
  local places = {}
  for index = 1, #dimensions do
    places[index] = 1
  end
  local cells = {}
  repeat
    local values, words = { settings = {}, options = {} }, {}
    for index, dimension in ipairs(dimensions) do
      local value = dimension.values[places[index]]
      local given = dimension.is_option and request.overrides.options or request.overrides
      given[dimension.name] = value
      values[dimension.is_option and "options" or "settings"][dimension.name] = value
      words[index] = ("%s=%s"):format(dimension.name, tostring(value))
    end
    local trial
    trial, message = trials.run(request, request.overrides)
    if not trial then
      return nil, message
    end
    local cell = facts_of(trial)
    cell.settings, cell.options = values.settings, values.options
    cells[#cells + 1] = names.close(cell, "a cell of lab.grid")
    trials.tell(request, "%s  %d of %d %s", table.concat(words, " "), trial.survived, trial.of,
      request.expect)
  until not advance(places, dimensions)
  return cells
end

return curve
