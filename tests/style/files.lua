-- files.lua -- The shape of files: length, headers, indentation, columns, no machine's own paths.
--
-- Usage: lua5.4 tests/style/files.lua ROOT
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local tree = require "tree"

local root = arg[1]
local FILE_LINES_MAX = 600
local FUNCTION_LINES_MAX = 70
local COLUMNS_MAX = 100
local TAB_COLUMNS = 4

-- Places of one machine, written so that this file does not hold them itself.
local MACHINE_PATHS = {}
for _, place in ipairs { "home/", "root/", "work/", "farm/", "Users/", "tmp/[%w_-]+/" } do
  MACHINE_PATHS[#MACHINE_PATHS + 1] = "%f[/%w]/" .. place
end

-- What is not held to columns and white space, by the ends of the names.
local PROSE = { md = true, html = true, css = true, csv = true, go = true, json = true }

local problems = {
  lines = {}, functions = {}, header = {}, indent = {}, columns = {}, paths = {}, embedded = {},
}

local function report(rule, name, line_number, what)
  table.insert(problems[rule], ("%s:%d: %s"):format(name, line_number, what))
end

local function columns_of(line)
  local columns = 0
  for _, code in utf8.codes(line, true) do
    columns = code == 9 and columns + TAB_COLUMNS - columns % TAB_COLUMNS or columns + 1
  end
  return columns
end

local function check_header(name, lines)
  local base = name:match("[^/]+$"):gsub("%p", "%%%0")
  local first = lines[1] or ""
  if name:match("%.[ch]$") then
    if not first:match("^/%* " .. base .. " %-%- %S") then
      report("header", name, 1, "does not begin with '/* NAME -- Sentence'")
    end
  elseif name:match("%.lua$") then
    if not first:match("^%-%- " .. base .. " %-%- %S") then
      report("header", name, 1, "does not begin with '-- NAME -- Sentence'")
    end
  elseif name:match("%.m?js$") then
    if not first:match("^// " .. base .. " %-%- %S") then
      report("header", name, 1, "does not begin with '// NAME -- Sentence'")
    end
  elseif first:match("^#!.*sh$") and not (lines[2] or ""):match("^# " .. base .. " %-%- %S") then
    report("header", name, 2, "does not begin with '# NAME -- Sentence' below the first line")
  end
end

-- A function begins on a line at column 0 and ends at the first line that is only its closing word.
local function check_functions(name, lines)
  local is_c = name:match("%.[ch]$")
  local start, is_inside
  for number, line in ipairs(lines) do
    if is_inside then
      if line == "}" or (not is_c and line:match("^end")) then
        if number - start + 1 > FUNCTION_LINES_MAX then
          report("functions", name, start, ("function of %d lines"):format(number - start + 1))
        end
        is_inside, start = false, nil
      end
    elseif is_c then
      if line:match("^[%a_]") and not line:match(";%s*$") then
        start = start or number
      end
      if start and line:match("%)%s*{$") then
        is_inside = true
      elseif line:match("[;}]%s*$") or line == "" or line:match("^#") then
        start = nil
      end
    elseif line:match("^local function ") or line:match("^function ") then
      is_inside, start = not line:match("%f[%w]end$"), number
    end
  end
end

local function check_lines(name, lines)
  local has_tabs = name:match("%.[ch]$") or name:match("%.sh$") or name:match("meson%.build$")
  local is_lua = name:match("%.lua$")
  local is_prose = name:match("^LICENSE") or name == "meson_options.txt"
    or PROSE[name:match("%.(%w+)$")]
  for number, line in ipairs(lines) do
    if has_tabs and line:match("^ +[^ *]") then
      report("indent", name, number, "indented with spaces")
    elseif is_lua and line:match("^%s*\t") then
      report("indent", name, number, "indented with tabs")
    elseif not is_prose and line:match("%s$") then
      report("indent", name, number, "ends in white space")
    end
    if not is_prose and columns_of(line) > COLUMNS_MAX then
      report("columns", name, number, ("%d columns"):format(columns_of(line)))
    end
    for _, pattern in ipairs(MACHINE_PATHS) do
      if line:match(pattern) then
        report("paths", name, number, "a path of one machine: " .. line:match(pattern))
      end
    end
  end
end

local is_embedded = {}
if tree.exists(root .. "/lua/meson.build") then
  for name in tree.read(root, "lua/meson.build"):gmatch("'([%w_/.-]+%.lua)'") do
    is_embedded[name] = true
  end
end

for _, name in ipairs(tree.files(root)) do
  local text = tree.read(root, name)
  if not text:find("\0", 1, true) then
    local lines = tree.lines(text)
    local is_code = name:match("%.[ch]$") or name:match("%.lua$")
    if is_code and #lines >= FILE_LINES_MAX then
      report("lines", name, #lines, ("a file of %d lines"):format(#lines))
    end
    if is_code then
      check_functions(name, lines)
    end
    check_header(name, lines)
    check_lines(name, lines)
  end
  if (name:match("^lua/.*%.lua$") or name:match("^scripts/.*%.lua$")) and not is_embedded[name] then
    report("embedded", name, 1, "not listed in lua/meson.build")
  end
end

local tap = tree.tap()
tap:rule("a file is shorter than 600 lines", problems.lines)
tap:rule("a function fits on a screen of 70 lines", problems.functions)
tap:rule("a file opens with its name and one sentence", problems.header)
tap:rule("C is indented with tabs, Lua with spaces, and no line ends in either", problems.indent)
tap:rule("a line keeps within 100 columns", problems.columns)
tap:rule("no file names a place of one machine", problems.paths)
tap:rule("every Lua library file and script is listed for embedding", problems.embedded)
tap:finish()
