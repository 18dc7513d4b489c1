-- inside_prompt.lua -- What is typed at a prompt: compiled, shown, completed. In the cage only.
local core = require "lab.core"

local prompt = {}

local ITEMS_MAX, TEXT_BYTES_MAX = 50, 1000

local KEYWORDS = { "and", "break", "do", "else", "elseif", "end", "false", "for", "function",
  "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until",
  "while" }

-- What is assigned at the prompt stays: its globals are this table, not the sandbox's.
function prompt.open(heap, cage)
  prompt.session =
    setmetatable({ heap = heap, cage = cage, lab = require "lab" }, { __index = _G })
end

local function is_unfinished(message)
  return message:sub(-5) == "<eof>"
end

-- An expression shows its value, with or without "=" before it. "local x = 5" is "x = 5": at a
-- prompt whoever names something wants to have it in the next line. A function; nil and a message;
-- nothing where more is to be typed.
function prompt.compile(text)
  local expression = text:match "^%s*=(.*)$"
  local chunk, message = core.compile("return " .. (expression or text), prompt.session)
  if not chunk and is_unfinished(message) then
    return nil
  elseif not chunk and not expression then
    local named = text:match "^%s*local%s+(.*)$"
    chunk = named and core.compile(named, prompt.session)
    if not chunk then
      chunk, message = core.compile(text, prompt.session)
    end
  end
  if chunk then
    return chunk
  elseif is_unfinished(message) then
    return nil
  end
  return nil, message
end

local function quote(text)
  local cut = text
  if #text > TEXT_BYTES_MAX then
    cut = text:sub(1, TEXT_BYTES_MAX) .. "..."
  end
  return (("%q"):format(cut):gsub("\\\n", "\\n"))
end

local function show_value(value, is_inner)
  if type(value) == "string" then
    return quote(value)
  elseif type(value) == "userdata" then
    local fine, bytes = pcall(function () return value:bytes() end)
    return fine and ("%s, %d bytes"):format(value, bytes) or tostring(value):gsub(": 0x.*", "")
  elseif type(value) ~= "table" then
    return (tostring(value):gsub("^(%l+): .*", "%1"))
  elseif is_inner then
    return next(value) == nil and "{}" or "{ ... }"
  end
  return prompt.show_table(value)
end

local function by_kind_and_name(a, b)
  if type(a) ~= type(b) then
    return type(a) < type(b)
  elseif type(a) == "number" or type(a) == "string" then
    return a < b
  end
  return tostring(a) < tostring(b)
end

function prompt.show_table(value)
  local keys = {}
  for key in next, value do
    keys[#keys + 1] = key
  end
  table.sort(keys, by_kind_and_name)
  local lines = {}
  for index, key in ipairs(keys) do
    if index > ITEMS_MAX then
      lines[#lines + 1] = ("  ... and %d more"):format(#keys - ITEMS_MAX)
      break
    end
    local name = type(key) == "string" and key:match "^[%a_][%w_]*$"
      or "[" .. show_value(key, true) .. "]"
    lines[#lines + 1] = ("  %s = %s"):format(name, show_value(rawget(value, key), true))
  end
  return #lines == 0 and "{}" or "{\n" .. table.concat(lines, ",\n") .. "\n}"
end

-- What the prompt answers with; the first value is kept as _, so that it can be released.
function prompt.show(...)
  local count = select("#", ...)
  if count == 0 then
    return ""
  end
  prompt.session._ = (...)
  local texts = {}
  for index = 1, count do
    texts[index] = (show_value((select(index, ...))))
  end
  return table.concat(texts, "\t")
end

-- Own names before inherited ones; nothing is called, so nothing can happen.
local function find(value, name)
  local own, inherited = core.members(value)
  local found = own and rawget(own, name)
  if found == nil and inherited then
    found = rawget(inherited, name)
  end
  return found
end

-- What the names before the last one stand for: "heap:" is the heap. is_method: a colon is last.
local function walk(path)
  local value, is_first = prompt.session, true
  for name in path:gmatch "[%w_]+" do
    value = find(value, name)
    if is_first and value == nil then
      value = rawget(_G, name)
    end
    if value == nil then
      return nil
    end
    is_first = false
  end
  return value, path:sub(-1) == ":"
end

local function add(list, seen, members, prefix, is_method)
  for name, value in next, members or {} do
    if type(name) == "string" and name:sub(1, #prefix) == prefix and name:match "^[%a_][%w_]*$"
      and not seen[name] and (type(value) == "function" or not is_method) then
      seen[name] = true
      list[#list + 1] = name
    end
  end
end

-- Which names may stand at the end of the text: one a line, in order.
function prompt.complete(text)
  local token = text:match "[%w_.:]*$"
  local path, prefix = token:match "^(.*[.:])([%w_]*)$"
  local list, seen = {}, {}
  if not path then
    prefix = token
    add(list, seen, prompt.session, prefix)
    add(list, seen, _G, prefix)
    for _, keyword in ipairs(KEYWORDS) do
      add(list, seen, { [keyword] = keyword }, prefix)
    end
  else
    local value, is_method = walk(path)
    if value ~= nil then
      local own, inherited = core.members(value)
      add(list, seen, own, prefix, is_method)
      add(list, seen, inherited, prefix, is_method)
    end
  end
  table.sort(list)
  return table.concat(list, "\n")
end

return prompt
