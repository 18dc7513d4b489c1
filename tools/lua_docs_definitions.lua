-- lua_docs_definitions.lua -- Definitions for the Lua language server, from doc blocks.
local definitions = {}

local BUILTIN = {}
for name in ("any nil boolean string number integer table function true false"):gmatch "%S+" do
  BUILTIN[name] = true
end

-- What the doc blocks take for granted.
local INHERITED = { scenario_fields = "settings", run_settings = "settings", case = "settings",
  limit_search = "settings", curve_fields = "settings", grid_fields = "settings",
  policy_stats = "memstats" }
local FIELD_TYPES = { size = "size|size[]", rate = "size", bytes = "size", live = "size",
  payload = "size", seconds = "number", hits = "number", keep = "number",
  kind = '"slab"|"node"', replace = '"random"|"oldest"' }
-- What a function takes beside the fields that its C code lists at once.
local MORE_FIELDS = { ["load:run"] = { "seconds", "requests", "items", "rebuild" } }
local OUTCOMES = { "survived", "oom-killed", "oom-killed-by-ancestor", "throttled", "shut-down",
  "out-of-memory", "timed-out", "killed", "script-error", "lab-error" }

local known = {}

-- "slab|node|nil" -> "oomlab.slab|oomlab.node|nil"; also within fun(...), {...} and arrays.
local function type_of(text)
  if text:match '^"' then
    return text
  end
  local names = text:gsub("(%.?)([%a_][%w_]*)(%:?)", function (dot, name, colon)
    if dot == "" and colon == "" and known[name] and not BUILTIN[name] then
      return "oomlab." .. name
    end
  end)
  return (names:gsub(":", ": "):gsub(",", ", "))
end

local function wrap(out, prefix, text)
  local line = prefix
  for word in text:gmatch "%S+" do
    if #line + #word + 1 > 98 and line ~= prefix then
      out[#out + 1] = line
      line = prefix
    end
    line = line .. (line == prefix and "" or " ") .. word
  end
  if line ~= prefix then
    out[#out + 1] = line
  end
end

local function field_line(field)
  return ("---@field %s%s %s%s"):format(field.name, field.is_optional and "?" or "",
    type_of(field.type), field.text and field.text ~= "" and " " .. field.text or "")
end

local function add_table(out, block)
  local parent = INHERITED[block.name]
  wrap(out, "---", block.text)
  out[#out + 1] =
    ("---@class oomlab.%s%s"):format(block.name, parent and ": oomlab." .. parent or "")
  for _, field in ipairs(block.fields) do
    out[#out + 1] = field_line(field)
  end
  if block.name == "phase" then
    out[#out + 1] = "---@field memstats oomlab.memstats"
  end
  out[#out + 1] = ""
end

-- The fields that a function takes in one table, by the names that its C code looks for.
local function add_field_class(out, block, class)
  out[#out + 1] = "---@class " .. class
  local names = table.move(block.field_names, 1, #block.field_names, 1, {})
  local more = MORE_FIELDS[block.name] or {}
  table.move(more, 1, #more, #names + 1, names)
  for _, name in ipairs(names) do
    out[#out + 1] = ("---@field %s? %s"):format(name, type_of(FIELD_TYPES[name] or "integer"))
  end
  out[#out + 1] = ""
end

local function class_variable(class)
  return class == "lab" and "lab" or class == "lab.http" and "http" or class
end

local function return_types(block)
  local groups = {}
  for _, result in ipairs(block.returns) do
    local last = groups[#groups]
    if last and result.group == 2 and not last.is_failure then
      groups[#groups + 1] = { is_failure = true, result }
    elseif last and result.group == 2 then
      last[#last + 1] = result
    elseif last then
      last[#last + 1] = result
    else
      groups[1] = { result }
    end
  end
  return groups
end

local function add_function(out, block)
  local class, separator, name = block.name:match "^(.*)([.:])([%w_]+)$"
  local field_class = block.field_names and
    ("oomlab.%s_%s_fields"):format(class, name)
  if field_class then
    add_field_class(out, block, field_class)
  end
  wrap(out, "---", block.text)
  local names = {}
  for _, parameter in ipairs(block.parameters) do
    local type = field_class and parameter.type == "table" and field_class
      or type_of(parameter.type)
    names[#names + 1] = parameter.name
    out[#out + 1] = ("---@param %s%s %s%s"):format(parameter.name,
      parameter.is_optional and "?" or "", type,
      parameter.text ~= "" and " " .. parameter.text or "")
  end
  local groups = return_types(block)
  for index, result in ipairs(groups[1] or {}) do
    local is_fallible = groups[2] and index == 1
    local failed = groups[2] and groups[2][index]
    local type = type_of(result.type)
    if is_fallible and not type:match "nil" then
      type = type .. "|nil"
    end
    out[#out + 1] = ("---@return %s%s"):format(type,
      result.text ~= "" and " # " .. result.text or failed and " # " .. failed.text or "")
  end
  for index = #(groups[1] or {}) + 1, #(groups[2] or {}) do
    local result = groups[2][index]
    out[#out + 1] = ("---@return %s? # %s"):format(type_of(result.type), result.text)
  end
  out[#out + 1] = ("function %s%s%s(%s) end"):format(class_variable(class), separator, name,
    table.concat(names, ", "))
  out[#out + 1] = ""
end

-- The classes of functions in the order in which they first appear.
local function by_class(blocks)
  local classes, order = {}, {}
  for _, block in ipairs(blocks) do
    if block.kind == "function" then
      local class = block.name:match "^(.*)[.:]"
      if not classes[class] then
        classes[class] = {}
        order[#order + 1] = class
      end
      table.insert(classes[class], block)
    end
  end
  return classes, order
end
definitions.by_class = by_class

local function add_class(out, class, functions)
  if class == "lab" then
    out[#out + 1] = "---@class oomlab.lab"
    for _, unit in ipairs { "KiB", "MiB", "GiB", "TiB" } do
      out[#out + 1] = ("---@field %s integer"):format(unit)
    end
    out[#out + 1] = "---@field http oomlab.http"
    out[#out + 1] = "local lab = {}"
  elseif class == "lab.http" then
    out[#out + 1] = "---@class oomlab.http"
    out[#out + 1] = "local http = {}"
  else
    out[#out + 1] = "---@class oomlab." .. class
    if class == "cage" then
      out[#out + 1] = "---@field limit integer bytes, when the run began"
      out[#out + 1] = "---@field swap integer bytes"
      out[#out + 1] = "---@field high integer bytes; 2^63 - 1: none"
    elseif class == "policy_heap" then
      out[#out + 1] = "--- Takes the orders of a policy."
    end
    out[#out + 1] = ("local %s = {}"):format(class)
  end
  out[#out + 1] = ""
  for _, block in ipairs(functions) do
    add_function(out, block)
  end
end

local function add_run_questions(out)
  out[#out + 1] = "---@class oomlab.run"
  for _, outcome in ipairs(OUTCOMES) do
    out[#out + 1] =
      ("---@field %s fun(self: oomlab.run): boolean"):format((outcome:gsub("-", "_")))
  end
  out[#out + 1] = ""
end

function definitions.write(blocks)
  local classes, order = by_class(blocks)
  for _, name in ipairs { "size", "outcome", "scenario", "experiment", "policy", "lab", "http" } do
    known[name] = true
  end
  for _, block in ipairs(blocks) do
    known[block.kind == "table" and block.name or ""] = true
  end
  for _, class in ipairs(order) do
    known[class] = true
  end
  local out = { "---@meta lab",
    "-- lab.lua -- What scripts of oomlab have, for editors: generated from the doc blocks.", "",
    '--- A number of bytes, or a text as on the command line: "64K", "32MiB", "90%".',
    "---@alias oomlab.size integer|string", "", "---@alias oomlab.outcome" }
  for _, outcome in ipairs(OUTCOMES) do
    out[#out + 1] = ('---| "%s"'):format(outcome)
  end
  for _, class in ipairs { "scenario", "experiment", "policy" } do
    table.move({ "", "---@class oomlab." .. class }, 1, 2, #out + 1, out)
  end
  out[#out + 1] = ""
  for _, block in ipairs(blocks) do
    if block.kind == "table" then
      add_table(out, block)
    end
  end
  add_run_questions(out)
  table.sort(order)
  for _, class in ipairs(order) do
    add_class(out, class, classes[class])
  end
  out[#out + 1] = "return lab"
  return table.concat(out, "\n") .. "\n"
end

return definitions
