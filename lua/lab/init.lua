-- init.lua -- The module lab: what a script needs to describe an experiment.
local core = require "lab.core"
local names = require "lab.names"

-- What is read inside the cage is charged to it: there the least that will do is loaded.
local declare_scenario, declare_experiment, declare_policy, argument, run, runs
if core.side == "lab" then
  declare_scenario = require "lab.scenario".declare
  declare_experiment = require "lab.experiment".declare
  declare_policy = require "lab.policy".declare
  argument = require "lab.policy".argument
  run = require "lab.run".start
  runs = require "lab.run".start_all
else
  local inside = require "lab.inside"
  declare_scenario, declare_experiment = inside.declare, inside.declare
  run, runs = inside.run, inside.runs
  declare_policy, argument = inside.policy, inside.argument
end

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

-- What few scripts use is read when it is asked for: experiments that make many runs, ...
local SEARCHES = {
  smallest_limit = "lab.search", curve = "lab.curve", grid = "lab.curve",
}

-- ... and routes.
local lazily = setmetatable({}, {
  __index = function (_, name)
    if name == "http" then
      return require(core.side == "lab" and "lab.http" or "lab.inside_http")
    elseif SEARCHES[name] then
      return core.side == "lab" and core.blame(require(SEARCHES[name])[name]) or core.blame(run)
    end
  end,
})

return names.close({
  KiB = 1 << 10,
  MiB = 1 << 20,
  GiB = 1 << 30,
  TiB = 1 << 40,

  scenario = core.blame(declare_scenario),
  experiment = core.blame(declare_experiment),
  policy = core.blame(declare_policy),
  argument = core.blame(argument),
  run = core.blame(run),
  runs = core.blame(runs),
  log = core.blame(log),
}, "lab", lazily)
