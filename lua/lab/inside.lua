-- inside.lua -- lab.scenario in the cage: the lab has read and checked the same script before, so
-- all that is left to do is to note the programs, in the same order.
local core = require "lab.core"
local names = require "lab.names"

local inside = {}

function inside.declare(fields)
  local declaration = { kind = "inside", program = fields.program }
  local message
  declaration.index, message = core.declare(declaration)
  if not declaration.index then
    return nil, message
  end
  return names.close(declaration, "lab.scenario")
end

function inside.run()
  return nil, "lab.run works in the program of an experiment, outside the cage"
end

function inside.runs()
  return nil, "lab.runs works in the program of an experiment, outside the cage"
end

function inside.runs()
  return nil, "lab.runs works in the program of an experiment, outside the cage"
end

-- Most runs have no policy in Lua.
function inside.policy(fields)
  return require "lab.inside_policy".declare(fields)
end

function inside.argument()
  return require "lab.inside_policy".argument()
end

return inside
