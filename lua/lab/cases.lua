-- cases.lua -- The cases of a scenario: what `oomlab test` runs beside it, each with its own
-- settings, options and end.
--
--   cases = {
--     { options = { gc = true }, outcome = "survived" },
--     { name = "a limit of its own", memlimit = "90%", outcome = "survived" },
--     { policy = "watermark" },  -- What expect says is asked of it, too.
--   }
local core = require "lab.core"
local names = require "lab.names"
local options = require "lab.options"
local settings = require "lab.settings"

local cases = {}

local CASES_MAX, NAME_BYTES_MAX = 256, 127

local FIELDS = { name = true, options = true, outcome = true }

-- The options of a case as a list of { name, text }; or nil and a message.
local function take_options(values, declared)
  if values ~= nil and type(values) ~= "table" then
    return nil, "options must be a table, not " .. type(values)
  end
  local list = {}
  for index, name in ipairs(names.of(values or {})) do
    local text, message = options.text_of(values[name])
    if not text then
      return nil, ("option %s: %s"):format(name, message)
    end
    local known
    known, message = options.parse(declared, name, text)
    if not known then
      return nil, message
    end
    list[index] = { name, text }
  end
  return list
end

local function check_outcome(outcome)
  for _, name in ipairs(core.outcome_names) do
    if outcome == nil or outcome == name then
      return true
    end
  end
  return nil, ("outcome: expected one of %s, not %s%s"):format(
    table.concat(core.outcome_names, ", "), tostring(outcome),
    names.hint(outcome, core.outcome_names))
end

-- What it is called, if it does not say: "gogc=50 gc=true".
local function describe(taken, given)
  local words = {}
  for _, list in ipairs { taken, given } do
    for _, pair in ipairs(list) do
      words[#words + 1] = ("%s=%s"):format(pair[1], pair[2])
    end
  end
  return #words > 0 and table.concat(words, " ") or "as it is"
end

local function read(case, declared, what)
  if type(case) ~= "table" then
    return nil, ("%s: expected a table, not %s"):format(what, type(case))
  end
  local taken, given, fine, message
  taken, message = settings.take(case, FIELDS, what)
  if not taken then
    return nil, message
  end
  given, message = take_options(case.options, declared)
  if given then
    fine, message = check_outcome(case.outcome)
  end
  if not fine then
    return nil, ("%s: %s"):format(what, message)
  end
  local name = case.name or describe(taken, given)
  if type(name) ~= "string" or name == "" or name:find "%c" then
    return nil, ("%s: name must be one line"):format(what)
  end
  return {
    name = name:sub(1, NAME_BYTES_MAX), settings = taken, options = given,
    outcome = case.outcome or false,
  }
end

--- One more way to run a scenario, for oomlab test. Besides these it takes any setting of a run.
-- @table case
-- @tfield[opt] string name  what the test is called; else its settings and options
-- @tfield[opt] {[string]:any} options  values for the scenario's options
-- @tfield[opt] string outcome  how it has to end; expect is asked as well

-- Checks the cases field of a scenario, whose options are declared. A list; or nil and a message.
function cases.declare(list, declared, what)
  local read_ones = {}
  for name in pairs(list) do
    if math.type(name) ~= "integer" or name < 1 or name > #list then
      return nil, ("%s: cases must be a list, but has the field [%s]"):format(what, tostring(name))
    end
  end
  if #list > CASES_MAX then
    return nil, ("%s: more than %d cases"):format(what, CASES_MAX)
  end
  for index, case in ipairs(list) do
    local one, message = read(case, declared, ("%s: case %d"):format(what, index))
    if not one then
      return nil, message
    end
    read_ones[index] = one
  end
  return read_ones
end

return cases
