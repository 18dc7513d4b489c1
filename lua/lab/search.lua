-- search.lua -- lab.smallest_limit: the smallest limit in which a program survives N times of N.
--
-- Brackets the answer by doubling or halving, then bisects in whole pages. One kill is enough to
-- rule a limit out; a limit is good when all N runs survive. Nothing says that a program which
-- survives in a limit survives in a larger one: a policy may wait longer there, and a program may
-- want more. So limits on both sides of the answer are tried as well; what does not fit is told.
local core = require "lab.core"
local chart = require "lab.chart"
local names = require "lab.names"
local trials = require "lab.trials"

local search = {}

local PAGE = 4096
local FLOOR = 256 << 10      -- A process alone needs more.
local GROWTH_MAX = 1 << 10   -- From the first limit, where no other end is given.
local SCALED_MAX = 3         -- Doublings after which a demand that doubles too is believed.
local ROUNDS_MAX = 4         -- Searches anew, below a smaller limit that turned out to be good.
local SHARES_BELOW = { 0.97, 0.9, 0.75, 0.5 }
local SHARES_ABOVE = { 1.03, 1.1, 1.25, 1.5, 2 }

local OWN = { from = true, to = true, precision = true, checks = true }

local function in_pages(bytes)
  return math.max(PAGE, math.floor(bytes) // PAGE * PAGE)
end

-- A trial of a limit; nil: the scenario's own, or the command line's. Or nil and a message.
local function probe(state, limit)
  local trial = limit and state.tried[limit]
  if trial then
    return trial
  end
  state.overrides.limit = limit
  local message
  trial, message = trials.run(state.request, state.overrides, true)
  if not trial then
    return nil, message
  end
  trial.limit_bytes = trial.first.cage.limit
  state.runs = state.runs + trial.of
  state.tried[trial.limit_bytes] = trial
  local expect = state.request.expect
  local how = trial.is_good and ("%d of %d %s"):format(trial.survived, trial.of, expect)
    or ("%s in run %d"):format(trial.failed.outcome, trial.of)
  trials.tell(state.request, "%12s  %s", chart.bytes(trial.limit_bytes), how)
  return trial
end

-- What a run that failed had asked for in the phases that it got through, and last of all.
local function demand_of(trial)
  local result = trial.failed or trial.first
  local demand = { request = result.last_words.request_bytes }
  for index = 1, #result.phases - 1 do
    demand[index] = result.phases[index].requested_bytes
  end
  return demand
end

local function is_ratio(new, old, ratio)
  return old > PAGE and math.abs(new / old / ratio - 1) < 0.05
end

-- Whether the program asked for as much more as its limit was raised.
local function has_scaled(old, new)
  local ratio = new.limit_bytes / old.limit_bytes
  local before, after = demand_of(old), demand_of(new)
  for index, bytes in ipairs(before) do
    if after[index] and is_ratio(after[index], bytes, ratio) then
      return true
    end
  end
  return is_ratio(after.request, before.request, ratio)
end

-- Doubles the limit until it is good. Gives the last bad trial and the good one, nil where there is
-- none; or nil, nil and a message.
local function grow(state, bad)
  local scaled = 0
  while bad.limit_bytes < state.to and scaled < SCALED_MAX do
    local trial, message = probe(state, math.min(in_pages(bad.limit_bytes * 2), state.to))
    if not trial then
      return nil, nil, message
    elseif trial.is_good then
      return bad, trial
    end
    scaled = has_scaled(bad, trial) and scaled + 1 or 0
    bad = trial
  end
  state.scales = scaled >= SCALED_MAX
  return bad
end

-- Halves the limit until it is bad: the same in the other direction.
local function shrink(state, good)
  while good.limit_bytes > state.from do
    local trial, message = probe(state, math.max(in_pages(good.limit_bytes / 2), state.from))
    if not trial then
      return nil, nil, message
    elseif not trial.is_good then
      return trial, good
    end
    good = trial
  end
  return nil, good
end

-- Between a bad trial and a good one, down to the precision.
local function bisect(state, bad, good)
  while good.limit_bytes - bad.limit_bytes > math.max(PAGE, state.precision * bad.limit_bytes) do
    local middle = in_pages(math.sqrt(1.0 * bad.limit_bytes * good.limit_bytes))
    middle = math.max(bad.limit_bytes + PAGE, math.min(middle, good.limit_bytes - PAGE))
    local trial, message = probe(state, middle)
    if not trial then
      return nil, nil, message
    elseif trial.is_good then
      good = trial
    else
      bad = trial
    end
  end
  return bad, good
end

-- Limits on one side of the answer.
local function look_around(state, limit, shares)
  for _, share in ipairs(shares) do
    local other = in_pages(limit * share)
    if other >= state.from and other <= state.to then
      local trial, message = probe(state, other)
      if not trial then
        return nil, message
      end
    end
  end
  return true
end

local function in_order(state)
  local list = {}
  for _, trial in pairs(state.tried) do
    list[#list + 1] = trial
  end
  table.sort(list, function (a, b) return a.limit_bytes < b.limit_bytes end)
  return list
end

-- The largest bad limit that was tried below the smallest good one, and that one.
local function lowest_bracket(state)
  local bad
  for _, trial in ipairs(in_order(state)) do
    if trial.is_good then
      return bad, trial
    end
    bad = trial
  end
  return bad
end

local function find(state)
  local trial, message = probe(state, state.first)
  if not trial then
    return nil, message
  end
  -- A limit of its own beyond the machine's memory is refused when it is tried.
  local is_real = trial.first.settings.world == "real"
  local available = is_real and core.memory_available() or math.maxinteger // 2
  state.to = state.to or in_pages(math.min(trial.limit_bytes * GROWTH_MAX, available))
  local bad, good
  if trial.is_good then
    bad, good, message = shrink(state, trial)
  else
    bad, good, message = grow(state, trial)
  end
  for _ = 1, ROUNDS_MAX do
    if message then
      return nil, message
    elseif not good then
      return true
    elseif bad then
      bad, good, message = bisect(state, bad, good)
    end
    local is_first_good = true
    if not message and state.has_checks then
      local limit = good.limit_bytes
      local fine
      fine, message = look_around(state, limit, SHARES_BELOW)
      if fine then
        fine, message = look_around(state, limit, SHARES_ABOVE)
      end
      if fine then
        bad, good = lowest_bracket(state)
        is_first_good = good.limit_bytes == limit
      end
    end
    if not message and is_first_good then
      return true
    end
  end
  return not message or nil, message
end

-- The facts of a trial that people want, without the run itself.
local function fact_of(trial)
  return {
    limit_bytes = trial.limit_bytes,
    is_good = trial.is_good,
    survived = trial.survived,
    of = trial.of,
    outcome = (trial.failed or trial.first).outcome,
    peak_bytes = trial.peak_bytes,
  }
end

-- What was found, in a table: see docs/scripting.md.
local function answer_of(state)
  local bad, good = lowest_bracket(state)
  local answer = {
    limit_bytes = good and good.limit_bytes or false,
    killed_at = bad and bad.limit_bytes or false,
    survived = good and good.survived or 0,
    of = state.request.of,
    runs = state.runs,
    precision = state.precision,
    expect = state.request.expect,
    peak_bytes = good and good.peak_bytes or false,
    scales = state.scales or false,
    tried = {},
    exceptions = {},
    monotone = true,
  }
  for index, trial in ipairs(in_order(state)) do
    local fact = fact_of(trial)
    answer.tried[index] = fact
    if good and trial.limit_bytes > good.limit_bytes and not trial.is_good then
      answer.exceptions[#answer.exceptions + 1] = fact
      answer.monotone = false
    end
  end
  return names.close(answer, "what lab.smallest_limit found")
end

--- What lab.smallest_limit is asked; besides these any setting of a run but limit.
-- @table limit_search
-- @tfield[opt] {[string]:any} options  values for the scenario's options
-- @tfield[opt] integer of  runs in each limit, all of which must end as expected (3)
-- @tfield[opt] string expect  the outcome that is looked for ("survived")
-- @tfield[opt] integer|string from  no limit below this is tried
-- @tfield[opt] integer|string to  none above this; else 1024 times the first, and what is there
-- @tfield[opt] string precision  how far the answer may be off ("1%")
-- @tfield[opt] boolean checks  whether limits on both sides of the answer are tried (true)
-- @tfield[opt] boolean|fun(line:string) progress  told each limit; true: standard error

--- One limit that lab.smallest_limit has tried.
-- @table limit_trial
-- @tfield integer limit_bytes
-- @tfield boolean is_good  all runs ended as expected
-- @tfield integer survived  so many did
-- @tfield integer of  of so many: the first that does not ends the trial
-- @tfield string outcome  of that one
-- @tfield integer peak_bytes

--- What lab.smallest_limit has found.
-- @table limit_found
-- @tfield integer|false limit_bytes  the smallest; false: none that was tried is enough
-- @tfield integer|false killed_at  the largest below it that is too little
-- @tfield boolean monotone  false: larger ones are too little as well, see exceptions
-- @tfield limit_trial[] exceptions  larger limits that are too little
-- @tfield boolean scales  no limit is enough, for the program asks for more in a larger one
-- @tfield limit_trial[] tried  all, from the smallest limit on
-- @tfield integer survived
-- @tfield integer of
-- @tfield integer runs  so many in all
-- @tfield integer|false peak_bytes  in limit_bytes
-- @tfield number precision
-- @tfield string expect

--- Searches the smallest limit in which all of some runs survive. In an experiment.
-- @function lab.smallest_limit
-- @tparam scenario|string scenario
-- @tparam[opt] limit_search fields
-- @treturn limit_found
function search.smallest_limit(scenario, fields)
  local request, message = trials.take(scenario, fields, OWN, "lab.smallest_limit")
  if not request then
    return nil, message
  elseif request.overrides.limit then
    return nil, "lab.smallest_limit: the limit is what is looked for; from and to are its bounds"
  end
  local state = {
    request = request, overrides = request.overrides, tried = {}, runs = 0,
    has_checks = request.checks ~= false,
  }
  request.precision = request.precision or "1%"
  state.precision, message = trials.share(request, "precision")
  if not message then
    state.from, message = trials.bytes(request, "from")
  end
  if not message then
    state.to, message = trials.bytes(request, "to")
  end
  if message then
    return nil, message
  end
  state.first = state.from and in_pages(state.from) or state.to and in_pages(state.to) or nil
  state.from = state.from and in_pages(state.from) or FLOOR
  state.to = state.to and in_pages(state.to)
  if state.to and state.from > state.to then
    return nil, "lab.smallest_limit: from is above to"
  end
  local fine
  fine, message = find(state)
  if not fine then
    return nil, message
  end
  return answer_of(state)
end

return search
