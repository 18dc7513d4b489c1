-- experiment.lua -- lab.experiment: a program in the lab that runs scenarios and compares.
local core = require "lab.core"
local names = require "lab.names"
local options = require "lab.options"
local scenario = require "lab.scenario"
local settings = require "lab.settings"

local experiment = {}

local FIELDS = { title = "string", options = "table", program = "function" }

--- What an experiment is.
-- @table experiment_fields
-- @tfield[opt] string title
-- @tfield[opt] {[string]:option} options
-- @tfield fun(opt:table):boolean? program  runs outside the cage; false: not as expected

--- Declares an experiment: its program makes runs, and compares them.
-- @function lab.experiment
-- @tparam experiment_fields fields
-- @treturn experiment
function experiment.declare(fields)
  local what = "lab.experiment"
  local fine, message = scenario.check(fields, FIELDS, what)
  if not fine then
    return nil, message
  end
  for _, name in ipairs(names.of(fields)) do
    if not FIELDS[name] then
      local advice = settings.known()[name] and "; give settings to lab.run"
        or names.hint(name, names.of(FIELDS))
      return nil, ("%s: unknown field '%s'%s"):format(what, name, advice)
    end
  end
  local declared
  declared, message = options.declare(fields.options, settings.reserved())
  if not declared then
    return nil, ("%s: %s"):format(what, message)
  end
  local declaration = {
    kind = "experiment",
    title = fields.title or "",
    settings = {},
    options = declared,
    program = fields.program,
  }
  declaration.index, message = core.declare(declaration)
  if not declaration.index then
    return nil, ("%s: %s"):format(what, message)
  end
  return names.close(declaration, what)
end

return experiment
