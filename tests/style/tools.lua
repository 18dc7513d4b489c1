-- tools.lua -- Other people's checkers, one TAP test a folder: clang-format, clang-tidy, luacheck.
--
-- Usage: lua5.4 tests/style/tools.lua ROOT format|luacheck
--        lua5.4 tests/style/tools.lua ROOT tidy BUILD_DIRECTORY
-- clang's analyser looks into calls of calls where OOMLAB_ANALYSIS is deep, as make soak has it:
-- that takes five times as long.
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local tree = require "tree"

local root, which, build_directory = arg[1], arg[2], arg[3]

-- Names that match, by folder: src/heap for C, the top folder for Lua.
local function by_folder(pattern, folder_pattern)
  local folders, order = {}, {}
  for _, name in ipairs(tree.files(root)) do
    if name:match(pattern) then
      local folder = name:match(folder_pattern) or "."
      if not folders[folder] then
        folders[folder] = {}
        order[#order + 1] = folder
      end
      table.insert(folders[folder], tree.quote(name))
    end
  end
  return folders, order
end

-- A checker's output without clang's count of the warnings that it did not show.
local function problems_of(output)
  local problems = {}
  for _, line in ipairs(tree.lines(output)) do
    if not line:match("^%d+ warnings? .*generated%.$") then
      problems[#problems + 1] = line
    end
  end
  return problems
end

-- Runs command with each folder's files behind it; what it prints on failure is the problem.
-- command: a text, or a function of the folder that gives it.
local function check_folders(sentence, command, folders, order)
  local tap = tree.tap()
  for _, folder in ipairs(order) do
    local files = table.concat(folders[folder], " ")
    local text = type(command) == "function" and command(folder) or command
    local output, is_good =
      tree.run(("cd %s && %s"):format(tree.quote(root), text:gsub("FILES", function ()
        return files
      end)))
    tap:rule(sentence:format(folder), is_good and {} or problems_of(output))
  end
  tap:finish()
end

local function demand(command)
  if not tree.has_command(command) then
    tree.skip_all(command .. " is not installed")
  end
end

if which == "format" then
  demand("clang-format")
  local folders, order = by_folder("%.[ch]$", "^%w+/[%w_]+")
  check_folders("%s is formatted as .clang-format says", "clang-format --dry-run -Werror FILES",
    folders, order)
elseif which == "luacheck" then
  demand("luacheck")
  local folders, order = by_folder("%.lua$", "^[%w_]+")
  -- What authors are given to check their scripts by has to fit ours.
  local configurations = {}
  for _, folder in ipairs { "examples", "scripts" } do
    local as_theirs = folder .. " as authors check theirs"
    if folders[folder] then
      folders[as_theirs], order[#order + 1] = folders[folder], as_theirs
      configurations[as_theirs] = "--config examples/.luacheckrc "
    end
  end
  check_folders("luacheck has nothing to say about %s", function (folder)
    return "luacheck --no-color --codes --formatter plain --no-cache "
      .. (configurations[folder] or "") .. "FILES"
  end, folders, order)
elseif which == "tidy" then
  demand("clang-tidy")
  if not tree.exists(build_directory .. "/compile_commands.json") then
    tree.skip_all("there is no compile_commands.json")
  end
  local folders, order = by_folder("^src/.*%.c$", "^src/[%w_]+")
  -- One file a process, as many at a time as there are processors; error.c cannot be told about
  -- itself.
  local more = ""
  if tree.exists(root .. "/tests/style/analyzer.h") then
    more = ("--extra-arg=-include --extra-arg=%s/tests/style/analyzer.h"):format(root)
  end
  if os.getenv "OOMLAB_ANALYSIS" ~= "deep" then
    more = more .. " --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang"
      .. " --extra-arg=mode=shallow"
  end
  local script = ("case $1 in */base/error.c) ;; *) set -- \"$1\" %s ;; esac; "
    .. "exec clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p %s \"$@\"")
    :format(more, build_directory)
  check_folders("clang-tidy has nothing to say about %s", "printf '%s\\n' FILES | "
    .. "xargs -P $(nproc) -I{} sh -c " .. tree.quote(script) .. " sh {}", folders, order)
else
  io.stderr:write("usage: tools.lua ROOT format|luacheck|tidy [BUILD_DIRECTORY]\n")
  os.exit(2)
end
