-- options.lua -- What a script lets its user choose: declared with a default, checked, listed.
--
--   options = {
--     gc    = { false, "collect before the second allocation" },
--     count = { 10, "slabs to allocate", min = 1, max = 1000 },
--     block = { "1M", "size of a slab", bytes = true },
--     order = { "fifo", "which goes first", choices = { "fifo", "lifo" } },
--     first = { "80%", "share of the limit for the first slab", share = true },
--     chunk = { false, "size of one request", bytes = true },   -- Not set: false.
--   }
--
-- The functions return nil and a message for what the caller did wrong.
local core = require "lab.core"
local names = require "lab.names"

local options = {}

local OPTIONS_MAX, CHOICES_MAX, NAME_BYTES_MAX, VALUE_BYTES_MAX = 32, 16, 63, 255

local FIELDS = { "min", "max", "choices", "bytes", "share" }
local KNOWN = { min = true, max = true, choices = true, bytes = true, share = true }

local BOOLEANS = {
  ["true"] = true, yes = true, on = true, ["1"] = true,
  ["false"] = false, no = false, off = false, ["0"] = false,
}

local function check_fields(declaration)
  for field in pairs(declaration) do
    if type(field) ~= "string" and field ~= 1 and field ~= 2 then
      return nil, "expected { default, \"what it does\", "
        .. "min =, max =, choices =, bytes =, share = }"
    end
  end
  for _, field in ipairs(names.of(declaration)) do
    if not KNOWN[field] then
      return nil, ("unknown field '%s'%s"):format(field, names.hint(field, FIELDS))
    end
  end
  return true
end

local function type_of(declaration)
  local default = declaration[1]
  for _, field in ipairs { "bytes", "share" } do
    if declaration[field] ~= nil and type(declaration[field]) ~= "boolean" then
      return nil, field .. " must be true or false"
    end
  end
  if declaration.bytes and declaration.share then
    return nil, "it is either a size or a share"
  end
  if declaration.bytes then
    if math.type(default) == "integer" or type(default) == "string" or default == false then
      return "bytes"
    end
    return nil, "the default of a size must be a whole number, a text such as \"1M\", or false"
  end
  if declaration.share then
    if type(default) == "string" or default == false then
      return "share"
    end
    return nil, "the default of a share must be a text such as \"80%\", or false"
  end
  local kind = math.type(default) or type(default)
  if kind == "float" then
    return "number"
  elseif kind == "boolean" or kind == "integer" or kind == "string" then
    return kind
  end
  return nil, "the default must be a boolean, a number or a string, not " .. kind
end

local function check_limits(option, declaration)
  local is_number = option.type == "integer" or option.type == "number" or option.type == "bytes"
  for _, field in ipairs { "min", "max" } do
    local limit = declaration[field]
    if limit ~= nil and (not is_number or type(limit) ~= "number" or limit ~= limit) then
      return nil, ("%s must be a number, for an option that is a number"):format(field)
    end
    option[field] = limit
  end
  if option.min and option.max and option.min > option.max then
    return nil, "min is above max"
  end
  return true
end

local function check_choices(option, declaration)
  local choices = declaration.choices
  if choices == nil then
    return true
  end
  if option.type ~= "string" or type(choices) ~= "table" or #choices == 0 then
    return nil, "choices must be a list of strings, for an option that is a string"
  end
  if #choices > CHOICES_MAX then
    return nil, ("more than %d choices"):format(CHOICES_MAX)
  end
  option.choices = {}
  for index, choice in ipairs(choices) do
    if type(choice) ~= "string" or choice == "" or #choice > NAME_BYTES_MAX then
      return nil, ("every choice must be a string of 1 to %d bytes"):format(NAME_BYTES_MAX)
    end
    option.choices[index] = choice
  end
  return true
end

local function in_range(option, value)
  local is_low = option.min and value < option.min
  local is_high = option.max and value > option.max
  if not is_low and not is_high then
    return value
  end
  if option.min and option.max then
    return nil, ("expected %s to %s"):format(option.min, option.max)
  end
  return nil, is_low and ("expected at least %s"):format(option.min)
    or ("expected at most %s"):format(option.max)
end

local parsers = {}

function parsers.boolean(_, text)
  local value = BOOLEANS[text:lower()]
  if value == nil then
    return nil, "expected true or false"
  end
  return value
end

function parsers.integer(option, text)
  local value = text:match "^[+-]?%d+$" and math.tointeger(tonumber(text))
  if not value then
    return nil, "expected a whole number"
  end
  return in_range(option, value)
end

function parsers.number(option, text)
  local value = text:match "^[+-]?[%d.]" and not text:find "[xX]" and tonumber(text)
  if not value or value ~= value or value == math.huge or value == -math.huge then
    return nil, "expected a number"
  end
  return in_range(option, value + 0.0)
end

function parsers.bytes(option, text)
  local value, expected = core.parse_bytes(text, option.whole)
  if not value then
    return nil, expected
  end
  return in_range(option, value)
end

function parsers.share(_, text)
  local number = text:match "^(%d+%.?%d*)%%$"
  local value = number and tonumber(number) / 100
  if not value or value <= 0 or value > 1 then
    return nil, "expected a share as in 80%, more than 0% and at most 100%"
  end
  return value
end

function parsers.string(option, text)
  if #text > VALUE_BYTES_MAX or text:find "\0" then
    return nil, ("expected a text of at most %d bytes"):format(VALUE_BYTES_MAX)
  end
  if not option.choices then
    return text
  end
  for _, choice in ipairs(option.choices) do
    if choice == text then
      return text
    end
  end
  local expected = "expected " .. table.concat(option.choices, ", ")
  return nil, expected .. names.hint(text, option.choices)
end

-- A value as the command line would give it, so that there is one way to check it.
function options.text_of(value)
  if math.type(value) == "float" then
    return math.tointeger(value) and ("%d"):format(value) or ("%.17g"):format(value)
  end
  local kind = type(value)
  if kind == "number" or kind == "boolean" or kind == "string" then
    return tostring(value)
  end
  return nil, ("expected a boolean, a number or a string, not %s"):format(kind)
end

local function parse(option, text)
  local value, expected = parsers[option.type](option, text)
  if value == nil then
    return nil, ("%s=%s: %s"):format(option.name, text, expected)
  end
  return value
end

-- Checks one declaration. whole: what a share is of, where "25%" is a size too; nil where it is
-- not.
function options.declare_one(name, declaration, whole)
  if type(declaration) ~= "table" then
    declaration = { declaration }
  end
  local option = { name = name, whole = whole }
  local fine, message = check_fields(declaration)
  if fine then
    fine, message = type_of(declaration)
    option.type = fine
  end
  if fine then
    fine, message = check_limits(option, declaration)
  end
  if fine then
    fine, message = check_choices(option, declaration)
  end
  if fine and declaration[2] ~= nil and type(declaration[2]) ~= "string" then
    fine, message = nil, "its description must be a string"
  end
  if not fine then
    return nil, message
  end
  option.doc = declaration[2] or ""
  if declaration[1] == false and option.type ~= "boolean" then
    option.default = false -- Not set.
    return option
  end
  local value
  value, message = parse(option, options.text_of(declaration[1]))
  if value == nil then
    return nil, "the default does not fit: " .. message
  end
  option.default = value
  return option
end

-- The value that a text gives; or nil and what was expected.
function options.value_of(option, text)
  return parsers[option.type](option, text)
end

--- An option: its default, what it does, and what it may be. Or just the default, whose type is
-- the option's.
-- @table option
-- @tfield boolean|number|string [1]  the default; false for a size or a share without one
-- @tfield[opt] string [2]  what it does
-- @tfield[opt] number min
-- @tfield[opt] number max
-- @tfield[opt] string[] choices
-- @tfield[opt] boolean bytes  it is a size
-- @tfield[opt] boolean share  it is a share: "80%" is 0.8

-- Checks the options field of a scenario, or a route's arguments: a list in order of name.
function options.declare(declarations, reserved, what)
  what = what or "option"
  if declarations == nil then
    return {}
  end
  if type(declarations) ~= "table" then
    return nil, what .. "s must be a table, not " .. type(declarations)
  end
  local list = {}
  for name in pairs(declarations) do
    if type(name) ~= "string" or #name > NAME_BYTES_MAX or not name:match "^%l[%l%d_]*$" then
      return nil, ("%s '%s': expected a name of small letters, digits and _")
        :format(what, tostring(name))
    end
    if reserved and reserved[name] then
      return nil, ("%s '%s': there is a %s of that name"):format(what, name, reserved[name])
    end
  end
  for index, name in ipairs(names.of(declarations)) do
    local option, message = options.declare_one(name, declarations[name])
    if not option then
      return nil, ("%s '%s': %s"):format(what, name, message)
    end
    list[index] = option
  end
  if #list > OPTIONS_MAX then
    return nil, ("more than %d %ss"):format(OPTIONS_MAX, what)
  end
  return list
end

local function find(list, name)
  for _, option in ipairs(list) do
    if option.name == name then
      return option
    end
  end
end

-- Reads name=text; text nil for a flag without a value; "no-gc" is gc=false. Returns the option's
-- name and the value; or nil, a message, and true if there is no such option.
function options.parse(list, given_name, text)
  local name = given_name:gsub("-", "_")
  local option = find(list, name)
  if not option and text == nil and name:sub(1, 3) == "no_" then
    local positive = find(list, name:sub(4))
    if positive and positive.type == "boolean" then
      return positive.name, false
    end
  end
  if not option then
    local known = {}
    for index, other in ipairs(list) do
      known[index] = (other.name:gsub("_", "-"))
    end
    local hint = names.hint(given_name, known)
    return nil, ("the script has no option '%s'%s"):format(given_name, hint), true
  end
  if text == nil then
    if option.type == "boolean" then
      return option.name, true
    end
    return nil, ("%s needs a value: --%s=%s"):format(given_name, given_name, option.type:upper())
  end
  local value, message = parse(option, text)
  if value == nil then
    return nil, message
  end
  return option.name, value
end

-- "demand=32M,gc" -> { demand = "32M", gc = true }: values as lab.run takes them.
function options.read_list(text)
  local values = {}
  for item in text:gmatch "[^,]+" do
    local name, value = item:match "^([^=]+)=(.*)$"
    values[(name or item):gsub("-", "_")] = value or true
  end
  return values
end

return options
