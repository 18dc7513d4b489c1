-- scenario.lua -- lab.scenario: a question, a world, a program, what we expect.
local core = require "lab.core"
local names = require "lab.names"
local options = require "lab.options"
local settings = require "lab.settings"

local scenario = {}

local FIELDS = {
  title = "string", options = "table", program = "function", expect = "function",
  listen = "string", cases = "table",
}

-- What scenarios and experiments have in common: fields of the right types, a title of one line.
function scenario.check(fields, types, what)
  if type(fields) ~= "table" then
    return nil, ("%s: expected a table of fields, not %s"):format(what, type(fields))
  end
  for _, name in ipairs(names.of(types)) do
    local value = fields[name]
    if value ~= nil and type(value) ~= types[name] then
      return nil, ("%s: %s must be a %s, not %s"):format(what, name, types[name], type(value))
    end
  end
  if not fields.program then
    return nil, ("%s: program is missing: a function that does the experiment"):format(what)
  end
  if fields.title and (#fields.title > 200 or fields.title:find "%c") then
    return nil, ("%s: title must be one line of at most 200 bytes"):format(what)
  end
  return true
end

--- What a scenario is: a question, a world, a program, what is expected. Besides these it takes
-- any setting of a run.
-- @table scenario_fields
-- @tfield[opt] string title  one line, up to 200 bytes
-- @tfield[opt] {[string]:option} options  what may be given as --NAME on the command line
-- @tfield fun(heap:heap,opt:table,cage:cage) program  runs in the cage
-- @tfield[opt] fun(run:run,opt:table):boolean? expect  whether the run showed what it should; nil
-- for no expectation here
-- @tfield[opt] case[] cases  more ways to run it, for oomlab test
-- @tfield[opt] string listen  where its service listens: "127.0.0.1:8080"

--- Declares a scenario. A script returns it, or hands it to lab.run.
-- @function lab.scenario
-- @tparam scenario_fields fields
-- @treturn scenario
function scenario.declare(fields)
  local what = "lab.scenario"
  local fine, message = scenario.check(fields, FIELDS, what)
  if not fine then
    return nil, message
  end
  local taken, declared
  taken, message = settings.take(fields, FIELDS, what)
  if not taken then
    return nil, message
  end
  declared, message = options.declare(fields.options, settings.reserved())
  if not declared then
    return nil, ("%s: %s"):format(what, message)
  end
  local cases = {}
  if fields.cases then
    cases, message = require "lab.cases".declare(fields.cases, declared, what)
    if not cases then
      return nil, message
    end
  end
  local declaration = {
    kind = "scenario",
    title = fields.title or "",
    settings = taken,
    options = declared,
    program = fields.program,
    expect = fields.expect or false,
    listen = fields.listen or "",
    cases = cases,
  }
  declaration.index, message = core.declare(declaration)
  if not declaration.index then
    return nil, ("%s: %s"):format(what, message)
  end
  return names.close(declaration, what)
end

return scenario
