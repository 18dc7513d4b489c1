-- layers.lua -- Every #include points down: src/FLOORS says which module may include which.
--
-- Usage: lua5.4 tests/style/layers.lua ROOT
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local tree = require "tree"

local root = arg[1]

-- Other people's headers and the only places that may include them.
local HOMES = {
  ["libcgroup.h"] = { "^src/cage/cage_libcgroup%.c$" },
  ["lua.h"] = { "^src/script/" },
  ["lauxlib.h"] = { "^src/script/" },
  ["lualib.h"] = { "^src/script/" },
  ["jansson.h"] = { "^src/report/", "^src/records/", "^src/chart/", "^src/cli/", "^src/http/" },
  ["histedit.h"] = { "^src/repl/" },
  ["microhttpd.h"] = { "^src/http/" },
  ["sqlite3.h"] = { "^src/store/" },
}

local function is_at_home(name, header)
  for _, pattern in ipairs(HOMES[header] or { "" }) do
    if name:match(pattern) then
      return true
    end
  end
  return false
end

-- { module = { floor = 2, may = { base = true, ... } } }, and what is wrong with the table itself.
local function read_floors(text)
  local modules, problems = {}, {}
  local function report(...)
    problems[#problems + 1] = "src/FLOORS: " .. string.format(...)
  end
  local whole = text:gsub("\n\t", " ") -- A line that begins with a tab goes on with the one above.
  for _, line in ipairs(tree.lines(whole)) do
    local floor, name, list = line:match("^(%d+)%s+([%w_]+):(.*)$")
    if floor then
      local module = { floor = tonumber(floor), may = {} }
      for lower in list:gmatch("%S+") do
        module.may[lower] = true
      end
      modules[name] = module
    elseif not line:match("^#") and line:match("%S") then
      report("cannot read: %s", line)
    end
  end
  for name, module in pairs(modules) do
    for lower in pairs(module.may) do
      if not modules[lower] then
        report("%s may include %s, which has no floor", name, lower)
      elseif modules[lower].floor >= module.floor then
        report("%s may include %s, which is not lower", name, lower)
      end
    end
  end
  table.sort(problems)
  return modules, problems
end

local modules, table_problems = read_floors(tree.read(root, "src/FLOORS"))
local include_problems, home_problems = {}, {}
local seen_modules = {}

local function check_include(name, line_number, module_name, header)
  local target = header:match("^([%w_]+)/")
  local where = ("%s:%d"):format(name, line_number)
  if not target then
    include_problems[#include_problems + 1] =
      ('%s: "%s" does not name its module'):format(where, header)
  elseif not modules[target] then
    include_problems[#include_problems + 1] =
      ("%s: %s is no module of src/FLOORS"):format(where, target)
  elseif target ~= module_name and not modules[module_name].may[target] then
    include_problems[#include_problems + 1] =
      ("%s: %s may not include %s"):format(where, module_name, target)
  end
end

for _, name in ipairs(tree.files(root)) do
  local module_name = name:match("^src/([%w_]+)/.*%.[ch]$")
  if module_name and not modules[module_name] then
    if not seen_modules[module_name] then
      table_problems[#table_problems + 1] = ("src/%s has no line in src/FLOORS"):format(module_name)
    end
  elseif module_name then
    for line_number, line in ipairs(tree.lines(tree.read(root, name))) do
      local kind, header = line:match('^%s*#%s*include%s*([<"])([^>"]+)[>"]')
      if kind == '"' then
        check_include(name, line_number, module_name, header)
      elseif kind == "<" and not is_at_home(name, header) then
        home_problems[#home_problems + 1] =
          ("%s:%d: <%s> has no business here"):format(name, line_number, header)
      end
    end
  end
  if module_name then
    seen_modules[module_name] = true
  end
end

local tap = tree.tap()
tap:rule("src/FLOORS names every module, and lower ones only", table_problems)
tap:rule("every #include points down", include_problems)
tap:rule("a library is included where it is wrapped, nowhere else", home_problems)
tap:finish()
