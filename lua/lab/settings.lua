-- settings.lua -- A run's settings (limit, gogc, memlimit, ...) as a script writes them.
local core = require "lab.core"
local names = require "lab.names"
local options = require "lab.options"

local settings = {}

-- The lab writes address-space, Lua address_space.
local known = {}
for _, name in ipairs(core.setting_names) do
  known[(name:gsub("-", "_"))] = name
end

function settings.known()
  return known
end

-- Names that an option cannot have.
local reserved = {}
for name in pairs(known) do
  reserved[name] = "setting"
end

function settings.reserved()
  return reserved
end

-- Takes the settings out of the fields of a scenario or of lab.run's overrides; other_fields are
-- those that mean something else. A list of { name, text }; or nil and a message.
function settings.take(fields, other_fields, what)
  for name in pairs(fields) do
    if type(name) ~= "string" then
      return nil, ("%s: expected fields with names, not [%s]"):format(what, tostring(name))
    end
  end
  local list = {}
  for _, name in ipairs(names.of(fields)) do
    if not other_fields[name] then
      if not known[name] then
        local candidates = names.of(known)
        for other in pairs(other_fields) do
          candidates[#candidates + 1] = other
        end
        local hint = names.hint(name, candidates)
        return nil, ("%s: unknown field '%s'%s"):format(what, name, hint)
      end
      local text, message = options.text_of(fields[name])
      local fine = text
      if text then
        fine, message = core.check_setting(known[name], text)
      else
        message = ("%s: %s"):format(name, message)
      end
      if not fine then
        return nil, ("%s: %s"):format(what, message)
      end
      list[#list + 1] = { known[name], text }
    end
  end
  return list
end

return settings
