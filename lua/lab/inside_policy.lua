-- inside_policy.lua -- lab.policy in the cage: the lab has checked the same file and its argument,
-- so all that is left to do is to note the callbacks and to read the argument's value.
local core = require "lab.core"
local names = require "lab.names"

local inside_policy = {}

local TRUE = { ["true"] = true, yes = true, on = true, ["1"] = true }

local value

function inside_policy.declare(fields)
  return core.declare_policy(names.close(fields, "lab.policy"))
end

-- For C: what was given behind the name and a colon, "" for the default, becomes lab.argument().
function inside_policy.take_argument(declared, text, limit)
  if declared == nil then
    return
  end
  if type(declared) ~= "table" then
    declared = { declared }
  end
  local default = declared[1]
  if text == "" then
    text = tostring(default)
  end
  if declared.bytes then
    value = core.parse_bytes(text, limit)
  elseif type(default) == "number" then
    value = math.type(default) == "float" and tonumber(text) + 0.0 or math.tointeger(tonumber(text))
  elseif type(default) == "boolean" then
    value = TRUE[text:lower()] or false
  else
    value = text
  end
end

function inside_policy.argument()
  if value == nil then
    return nil, "lab.argument: this policy declares no argument"
  end
  return value
end

return inside_policy
