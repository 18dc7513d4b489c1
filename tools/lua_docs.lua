-- lua_docs.lua -- The API of scripts as their doc blocks have it: for editors, and as a reference.
--
-- Usage: lua5.4 tools/lua_docs.lua ROOT [check]
-- Reads the LDoc blocks of src/script/*.c and lua/lab/*.lua, the tables of fields that records have
-- and the settings of a run, and writes share/oomlab/library/lab.lua (definitions for LuaLS) and
-- docs/reference.md. With check it writes nothing, and ends with status 1 where they are stale.
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local definitions = require "lua_docs_definitions"
local reference = require "lua_docs_reference"

local root, is_check = arg[1], arg[2] == "check"

local function read(name)
  local file = assert(io.open(root .. "/" .. name, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function list(folder, pattern)
  local names = {}
  local pipe = assert(io.popen(("cd '%s' && ls %s"):format(root, folder)))
  for name in pipe:lines() do
    if name:match(pattern) then
      names[#names + 1] = folder .. "/" .. name
    end
  end
  pipe:close()
  table.sort(names)
  return names
end

-- What scripts do not get, or get as Lua has it.
local function is_private(name)
  return name:match "^core%." or not name:match "[.:]"
end

-- A type may hold spaces nowhere but between braces and parentheses.
local function take_word(text)
  local depth, position = 0, 1
  while position <= #text do
    local character = text:sub(position, position)
    if character:match "[({%[]" then
      depth = depth + 1
    elseif character:match "[)}%]]" then
      depth = depth - 1
    elseif character == " " and depth == 0 then
      break
    end
    position = position + 1
  end
  return text:sub(1, position - 1), (text:sub(position):gsub("^%s+", ""))
end

local function add_tag(block, tag, text)
  local name, modifier = tag:match "^(%l+)(.*)$"
  local entry = { is_optional = modifier:match "^%[opt" ~= nil }
  if name == "function" or name == "table" then
    block.kind, block.name = name, text:match "^%S+"
  elseif name == "tparam" or name == "tfield" or name == "param" then
    if name == "param" then
      entry.type = "any"
    else
      entry.type, text = take_word(text)
    end
    entry.name, entry.text = text:match "^(%S+)%s*(.*)$"
    local owner = name == "tfield" and block.fields or block.parameters
    owner[#owner + 1] = entry
  elseif name == "treturn" or name == "return" then
    entry.group = tonumber(modifier:match "%[(%d)%]") or 1
    if name == "return" then
      entry.type = "any"
    else
      entry.type, text = take_word(text)
    end
    entry.text = text
    block.returns[#block.returns + 1] = entry
  else
    error(("unknown tag @%s in the block on %s"):format(tag, block.name or block.text))
  end
  return entry
end

-- A block of comment lines, without what they begin with.
local function parse(lines, file)
  local block = { file = file, text = "", parameters = {}, fields = {}, returns = {} }
  local last
  for _, line in ipairs(lines) do
    local tag, text = line:match "^@(%S+)%s*(.*)$"
    if tag then
      last = add_tag(block, tag, text)
    elseif last then
      last.text = (last.text .. " " .. line):gsub("^%s+", "")
    else
      block.text = (block.text .. " " .. line):gsub("^%s+", "")
    end
  end
  return block
end

-- Every block of a file; behind one in C stand the names of the fields that its function takes.
local function read_blocks(name, into)
  local text = read(name)
  if name:match "%.c$" then
    for body, code in text:gmatch "/%*%*%*\n(.-)%*/(.-)\n}\n" do
      local lines = {}
      for line in body:gmatch "[^\n]+" do
        lines[#lines + 1] = line:match "^%s%*%s?(.*)$"
      end
      local block = parse(lines, name)
      for names in code:gmatch "names%[[%w_]*%] = (%b{})" do
        block.field_names = block.field_names or {}
        for field in names:gmatch '"([%w_]+)"' do
          table.insert(block.field_names, field)
        end
      end
      into[#into + 1] = block
    end
    return
  end
  local lines
  for line in text:gmatch "([^\n]*)\n" do
    local first = line:match "^%-%-%- (.*)$"
    if first then
      lines = { first }
    elseif lines and line:match "^%-%- ?" then
      lines[#lines + 1] = line:match "^%-%- ?(.*)$"
    elseif lines then
      into[#into + 1] = parse(lines, name)
      lines = nil
    end
  end
end

local TYPES = { BYTES = "integer", NS = "integer", NUMBER_OF = "integer",
  OL_FIELD_UINT64 = "integer", OL_FIELD_NUMBER = "number", OL_FIELD_BOOLEAN = "boolean" }

-- The fields of a record's table in C, as a block that describes a Lua table of the same names.
local function read_fields(text, c_name, name, about)
  local block = { kind = "table", name = name, text = about, fields = {} }
  local body = assert(text:match("ol_field " .. c_name .. "_fields%[%] = (%b{})"), c_name)
  for macro, field, rest, doc in body:gmatch '([%u_]+)%([%w_]+,%s*([%w_]+),([^()]-)"([^"]*)"%)' do
    local kind = TYPES[macro] or TYPES[rest:match "OL_FIELD_%u+%d*"] or "string"
    local unit = macro == "BYTES" and " (bytes)" or ""
    table.insert(block.fields, { name = field, type = kind, text = doc .. unit })
  end
  assert(#block.fields > 0, c_name)
  return block
end

local CHOICES = { "stw|incremental|concurrent", "real|pretend", "go1.16|go1.19|go1.21" }

local function setting_type(argument, doc)
  for _, choices in ipairs(CHOICES) do
    local first, last = choices:match "^[^|]+", choices:match "[^|]+$"
    if doc:find(first, 1, true) and doc:find(last, 1, true) then
      return '"' .. choices:gsub("|", '"|"') .. '"'
    end
  end
  if not argument then
    return "boolean"
  elseif argument:match "SIZE" then
    return "size"
  elseif argument:match "^N" or argument:match "SECONDS" then
    return "number|string"
  end
  return "string"
end

-- The settings of a run, from the table that the command line is read by.
local function read_settings()
  local text = read "src/supervisor/plan.c"
  local block = { kind = "table", name = "settings", fields = {},
    text = "The settings of a run, as fields of a scenario or of lab.run." }
  local body = assert(text:match "ol_setting ol_settings%[%] = (%b{})")
  for name, argument, doc in body:gmatch '{ "([%w-]+)", [^,]+, ([^,]+),%s*"([^"]+)" }' do
    if name ~= "trusted" then -- No script can set it.
      table.insert(block.fields, { name = name:gsub("-", "_"), is_optional = true, text = doc,
        type = setting_type(argument:match '"(.*)"', doc) })
    end
  end
  assert(#block.fields > 10)
  return block
end

local function collect()
  local blocks = {}
  for _, name in ipairs(list("lua/lab", "%.lua$")) do
    read_blocks(name, blocks)
  end
  for _, name in ipairs(list("src/script", "%.c$")) do
    read_blocks(name, blocks)
  end
  local public = {}
  for _, block in ipairs(blocks) do
    assert(block.name, "a block on nothing in " .. block.file .. ": " .. block.text)
    if block.kind == "table" or not is_private(block.name) then
      if block.file:match "policy_heap%.c$" then
        block.name = block.name:gsub("^heap:", "policy_heap:")
      end
      public[#public + 1] = block
    end
  end
  local fields = read "src/record/fields.c"
  for _, record in ipairs {
    { "memstats", "memstats", "The heap's statistics, by the names of Go's MemStats." },
    { "gc_cycle", "gc_cycle", "One cycle of the collector." },
    { "pauses", "pauses", "How long the program was made to stand still." },
    { "last_words", "last_words", "What a program was doing when it last said so." },
    { "phase", "phase", "One phase of a run; its memstats are of its end." },
    { "watchdog_facts", "watchdog_facts", "What the watchdog of a run saw and did." },
  } do
    public[#public + 1] = read_fields(fields, record[1], record[2], record[3])
  end
  public[#public + 1] = read_settings()
  return public
end

local blocks = collect()
local is_stale = false
for name, text in pairs {
  ["share/oomlab/library/lab.lua"] = definitions.write(blocks),
  ["docs/reference.md"] = reference.write(blocks),
} do
  if not is_check then
    local file = assert(io.open(root .. "/" .. name, "wb"))
    assert(file:write(text))
    file:close()
  elseif read(name) ~= text then
    is_stale = true
    print(name .. " is stale: lua5.4 tools/lua_docs.lua .")
  end
end
os.exit(not is_stale)
