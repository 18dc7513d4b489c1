-- policy.lua -- lab.policy: who decides when to collect, how far the heap may grow, when to stop.
--
-- Here it is only checked and described: its callbacks are called in the cage.
local core = require "lab.core"
local names = require "lab.names"
local options = require "lab.options"

local policy = {}

local CALLBACKS =
  { "on_start", "on_gc_end", "on_tick", "on_pressure", "before_grow", "goal" }

local FIELDS = { title = "string", source = "string", rule = "string", period = "number" }
for _, name in ipairs(CALLBACKS) do
  FIELDS[name] = "function"
end
-- Of any type: checked as an option is.
local ARGUMENT = "argument"

local TITLE_BYTES_MAX, SOURCE_BYTES_MAX, RULE_BYTES_MAX = 200, 500, 4000
local PERIOD_MIN, PERIOD_MAX = 0.0001, 3600

-- While nobody knows the limit yet, a share is of this.
local ANY_WHOLE = 1 << 40

-- How the command line shows it.
local WORDS = { bytes = "SIZE", integer = "N", number = "NUMBER", string = "TEXT",
  boolean = "on|off" }

local function check_names(fields)
  for name in pairs(fields) do
    if type(name) ~= "string" then
      return nil, ("expected fields with names, not [%s]"):format(tostring(name))
    end
  end
  local known = names.of(FIELDS)
  known[#known + 1] = ARGUMENT
  for _, name in ipairs(names.of(fields)) do
    if not FIELDS[name] and name ~= ARGUMENT then
      return nil, ("unknown field '%s'%s"):format(name, names.hint(name, known))
    end
  end
  return true
end

local function check_types(fields)
  for _, name in ipairs(names.of(FIELDS)) do
    local value = fields[name]
    if value ~= nil and type(value) ~= FIELDS[name] then
      return nil, ("%s must be a %s, not %s"):format(name, FIELDS[name], type(value))
    end
  end
  for _, name in ipairs(CALLBACKS) do
    if fields[name] then
      return true
    end
  end
  return nil, "nothing to do: expected at least one of " .. table.concat(CALLBACKS, ", ")
end

local function check_texts(fields)
  if fields.title and (#fields.title > TITLE_BYTES_MAX or fields.title:find "%c") then
    return nil, ("title must be one line of at most %d bytes"):format(TITLE_BYTES_MAX)
  end
  if fields.source and (#fields.source > SOURCE_BYTES_MAX or fields.source:find "%c") then
    return nil, ("source must be one line of at most %d bytes"):format(SOURCE_BYTES_MAX)
  end
  if fields.rule and (#fields.rule > RULE_BYTES_MAX or fields.rule:find "[%z\1-\9\11-\31\127]") then
    return nil, ("rule must be text of at most %d bytes"):format(RULE_BYTES_MAX)
  end
  return true
end

local function check_period(fields)
  local period = fields.period
  if not fields.on_tick then
    return period == nil or nil, "period is how often on_tick is called, and there is no on_tick"
  end
  if not period then
    return nil, "on_tick needs period, in seconds"
  end
  if not (period >= PERIOD_MIN and period <= PERIOD_MAX) then
    return nil, ("period must be %s to %d seconds"):format(PERIOD_MIN, PERIOD_MAX)
  end
  return true
end

-- "size of the ballast (25%)"
local function describe(option, default)
  if option.doc == "" then
    return ("(%s)"):format(default)
  end
  local range = ""
  if option.min and option.max then
    range = ("; %s to %s"):format(option.min, option.max)
  elseif option.choices then
    range = "; one of " .. table.concat(option.choices, ", ")
  end
  return ("%s (%s%s)"):format(option.doc, default, range)
end

local function declare_argument(declaration)
  local is_size = type(declaration) == "table" and declaration.bytes
  local option, message =
    options.declare_one(ARGUMENT, declaration, is_size and ANY_WHOLE or nil)
  if not option then
    return nil, "argument: " .. message
  end
  local default = type(declaration) == "table" and declaration[1] or declaration
  option.default_text = options.text_of(default)
  return option
end

--- What a policy is: at least one callback. docs/policies.md tells when each is called.
-- @table policy_fields
-- @tfield[opt] string title  one line
-- @tfield[opt] string source  whose rule it is
-- @tfield[opt] string rule  the exact rule
-- @tfield[opt] option argument  what may follow its name and a colon
-- @tfield[opt] number period  seconds between two calls of on_tick, 0.0001 to 3600
-- @tfield[opt] fun(cage:policy_cage,heap:policy_heap) on_start  once, before the program
-- @tfield[opt] fun(cycle:gc_cycle,heap:policy_heap) on_gc_end  when a cycle has ended
-- @tfield[opt] fun(sample:policy_stats,heap:policy_heap) on_tick  every period
-- @tfield[opt] fun(event:pressure,heap:policy_heap) on_pressure  memory is short
-- @tfield[opt] fun(bytes:integer,stats:policy_stats,heap:policy_heap):string? before_grow  may
-- return "collect", "scavenge" or "refuse"
-- @tfield[opt] fun(stats:policy_stats):number? goal  the heap size to aim at; nothing for Go's own

--- What a policy sees; the fields of memstats are beside these.
-- @table policy_stats
-- @tfield integer at_ns  since the run's start
-- @tfield integer marked_bytes  live after the last cycle: Go's heapMarked
-- @tfield integer heap_live_bytes  that and what was allocated since
-- @tfield integer goal_bytes  the goal as planned now
-- @tfield integer mapped_ready_bytes  mapped and not released
-- @tfield integer free_bytes  free and resident
-- @tfield integer unswept_bytes  in spans that await sweeping
-- @tfield integer cage_bytes  what the kernel charges; 0 where unknown
-- @tfield integer gc_ns  processor time spent collecting so far
-- @tfield integer allocated_total_bytes  since the start
-- @tfield integer memory_limit_bytes  2^63 - 1: off
-- @tfield integer gogc  -1: off
-- @tfield boolean is_collecting  a cycle is under way

--- The cage as a policy is told of it.
-- @table policy_cage
-- @tfield integer limit  bytes
-- @tfield integer swap  bytes
-- @tfield integer high  bytes
-- @tfield integer processors  count

--- Word of memory pressure.
-- @table pressure
-- @tfield string kind  "threshold" or "stall"
-- @tfield integer at_ns
-- @tfield integer cage_bytes

--- Declares a policy: who decides when to collect. Its file returns it.
-- @function lab.policy
-- @tparam policy_fields fields
-- @treturn policy
function policy.declare(fields)
  local what = "lab.policy"
  if type(fields) ~= "table" then
    return nil, ("%s: expected a table of fields, not %s"):format(what, type(fields))
  end
  for _, check in ipairs { check_names, check_types, check_texts, check_period } do
    local fine, message = check(fields)
    if not fine then
      return nil, ("%s: %s"):format(what, message)
    end
  end
  local declaration = {
    kind = "policy",
    title = fields.title or "",
    source = fields.source or "",
    rule = fields.rule or "",
    pressure = fields.on_pressure and "wanted" or "",
    argument_name = "",
    argument_doc = "",
    argument = false,
  }
  if fields.argument ~= nil then
    local option, message = declare_argument(fields.argument)
    if not option then
      return nil, ("%s: %s"):format(what, message)
    end
    declaration.argument = option
    declaration.argument_name = WORDS[option.type]
    declaration.argument_doc = describe(option, option.default_text)
  end
  return core.declare_policy(names.close(declaration, what))
end

-- For C: true if the text ("": the default) fits the argument of a policy in a cage of that limit;
-- else nil and what was expected.
function policy.check_argument(declaration, text, limit)
  local option = declaration.argument
  if not option then
    return true
  end
  option.whole = option.whole and limit
  local value, expected = options.value_of(option, text == "" and option.default_text or text)
  if value == nil then
    return nil, "its argument: " .. expected
  end
  return true
end

--- The value of a policy's argument, in its callbacks.
-- @function lab.argument
-- @treturn number|string|boolean
function policy.argument()
  return nil, "lab.argument is known in a policy's callbacks, not while its file is read"
end

return policy
