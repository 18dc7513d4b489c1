-- inside_http.lua -- lab.http in the cage: the lab has checked the same routes, so all that is left
-- to do is to note the handlers, in the same order.
local core = require "lab.core"
local names = require "lab.names"

local function declare(path, about, handler)
  local fine, message = core.declare_route { path = path, handler = handler or about }
  if not fine then
    return nil, message
  end
  return true
end

local note = core.blame(declare)

return names.close({ get = note, post = note, statistics = note }, "lab.http")
