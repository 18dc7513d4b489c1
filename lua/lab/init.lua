-- init.lua -- The module lab: what a script needs to describe an experiment.
local core = require "lab.core"
local names = require "lab.names"

-- What is read inside the cage is charged to it: there the least that will do is loaded.
local inside = core.side ~= "lab" and require "lab.inside"

--- Tells the lab a line, as string.format makes it; cut at 511 bytes. print does it plainly.
-- @function lab.log
-- @tparam string format
-- @tparam any ...
local function log(format, ...)
  if type(format) ~= "string" then
    return nil, "lab.log: expected a format as in string.format, not " .. type(format)
  end
  local fine, line = pcall(string.format, format, ...)
  if not fine then
    return nil, "lab.log: " .. line
  end
  core.log(line)
  return true
end

-- What a script does not ask for is not read: each run pays for its start.
local PLACES = {
  scenario = { "lab.scenario", "declare" },
  experiment = { "lab.experiment", "declare" },
  policy = { "lab.policy", "declare" },
  argument = { "lab.policy", "argument" },
  run = { "lab.run", "start" },
  runs = { "lab.run", "start_all" },
  smallest_limit = { "lab.search", "smallest_limit" },
  curve = { "lab.curve", "curve" },
  grid = { "lab.curve", "grid" },
}

-- Those that only note what the lab has read before.
local INSIDE = {
  scenario = "declare", experiment = "declare", policy = "policy", argument = "argument",
  run = "run", runs = "runs", smallest_limit = "run", curve = "run", grid = "run",
}

local found = {}

local lazily = setmetatable({}, {
  __index = function (_, name)
    if name == "http" then
      return require(inside and "lab.inside_http" or "lab.http")
    elseif PLACES[name] and not found[name] then
      found[name] = core.blame(inside and inside[INSIDE[name]]
        or require(PLACES[name][1])[PLACES[name][2]])
    end
    return found[name]
  end,
  __pairs = function ()
    return pairs(PLACES)
  end,
})

return names.close({
  KiB = 1 << 10,
  MiB = 1 << 20,
  GiB = 1 << 30,
  TiB = 1 << 40,

  log = core.blame(log),
}, "lab", lazily)
