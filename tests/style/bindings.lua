-- bindings.lua -- Every name that C gives to Lua has its manual page, right at the C function.
--
-- Usage: lua5.4 tests/style/bindings.lua ROOT
-- Reads the luaL_Reg tables of src/script/. Metamethods ("__gc") are not called by people and need
-- none; an entry without a function only keeps a place.
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local tree = require "tree"

local root = arg[1]
local problems = {}
local checked_count = 0

-- The comment that ends right above the definition of a C function in a file: nil where the
-- function is not defined there, "" where there is no comment.
local function comment_above(lines, c_name)
  for number, line in ipairs(lines) do
    local is_definition = line:match("^static int " .. c_name .. "%(lua_State %*L%) {$")
      or line:match("^int " .. c_name .. "%(lua_State %*L%) {$")
    if is_definition and not (lines[number - 1] or ""):match("%*/$") then
      return ""
    elseif is_definition then
      local first = number - 1
      while first > 1 and not lines[first]:match("^/%*") do
        first = first - 1
      end
      return table.concat(lines, "\n", first, number - 1)
    end
  end
  return nil
end

-- sources: the lines of every C file of src/script/ by name. A function shared between files is
-- looked for in all of them.
local function check_entry(sources, name, lua_name, c_name)
  checked_count = checked_count + 1
  local comment = comment_above(sources[name], c_name)
  for _, lines in pairs(sources) do
    comment = comment or comment_above(lines, c_name)
  end
  local function report(what)
    problems[#problems + 1] = ("%s: '%s': %s"):format(name, lua_name, what)
  end
  if not comment then
    report(c_name .. "() is not defined in src/script/")
  elseif comment == "" then
    report("no comment right above " .. c_name .. "()")
  elseif not comment:match("^/%*%*%*\n") then
    report("its comment is no doc block: it does not begin with /***")
  else
    local documented = comment:match("@function%s+([%w_.:]+)")
    if not documented then
      report("its doc block has no @function")
    elseif documented:match("[%w_]+$") ~= lua_name then
      report("its doc block is about " .. documented)
    end
  end
end

local sources, names = {}, {}
for _, name in ipairs(tree.files(root)) do
  if name:match("^src/script/.*%.c$") then
    sources[name] = tree.lines(tree.read(root, name))
    names[#names + 1] = name
  end
end
for _, name in ipairs(names) do
  local text = table.concat(sources[name], "\n")
  for body in text:gmatch("luaL_Reg%s+[%w_]+%s*%[%s*%]%s*=%s*(%b{})") do
    for lua_name, c_name in body:gmatch('{%s*"([^"]+)"%s*,%s*([%w_]+)%s*}') do
      if not lua_name:match("^__") and c_name ~= "NULL" then
        check_entry(sources, name, lua_name, c_name)
      end
    end
  end
end

if checked_count == 0 and not tree.exists(root .. "/src/script") then
  tree.skip_all("there are no bindings yet")
end
local tap = tree.tap()
tap:rule(("each of %d names registered for Lua has its doc block"):format(checked_count), problems)
tap:finish()
