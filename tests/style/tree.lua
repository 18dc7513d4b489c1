-- tree.lua -- The source tree as the style checks see it, and the TAP they print.
local tree = {}

-- Folders that hold sources; build directories and what npm fetches are not among them.
local FOLDERS = "src lua scripts examples tests tools docs web .ci"

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end
tree.quote = quote

-- Runs a shell command; returns its output (stdout and stderr) and whether its status was 0.
function tree.run(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} 2>&1 </dev/null"))
  local output = pipe:read("a")
  return output, pipe:close() == true
end

-- All files of the tree, as sorted names below root.
function tree.files(root)
  local names = {}
  local output = tree.run("cd " .. quote(root) .. " && find " .. FOLDERS ..
    " -name node_modules -prune -o -path web/dist -prune -o -path '*/fuzz/corpus' -prune" ..
    " -o -type f -print 2>/dev/null" ..
    "; find . -maxdepth 1 -type f ! -name .git -print")
  for line in output:gmatch("[^\n]+") do
    names[#names + 1] = (line:gsub("^%./", ""))
  end
  table.sort(names)
  return names
end

function tree.read(root, name)
  local file = assert(io.open(root .. "/" .. name, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

function tree.exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

function tree.has_command(name)
  return select(2, tree.run("command -v " .. quote(name)))
end

-- The lines of a text, without their newlines.
function tree.lines(text)
  local lines = {}
  for line in (text:sub(-1) == "\n" and text or text .. "\n"):gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

-- A TAP printer. rule(sentence, problems) is one test: it fails when there are problems (strings).
local Tap = {}
Tap.__index = Tap

function tree.tap()
  return setmetatable({ count = 0, failed_count = 0 }, Tap)
end

local PROBLEMS_MAX = 40

function Tap:rule(sentence, problems)
  self.count = self.count + 1
  local has_failed = #problems > 0
  if has_failed then
    self.failed_count = self.failed_count + 1
  end
  print(("%sok %d - %s"):format(has_failed and "not " or "", self.count, sentence))
  for index, problem in ipairs(problems) do
    if index > PROBLEMS_MAX then
      print(("# and %d more"):format(#problems - PROBLEMS_MAX))
      break
    end
    print("# " .. problem:gsub("\n", "\n# "))
  end
end

function Tap:skip(sentence, reason)
  self.count = self.count + 1
  print(("ok %d - %s # SKIP %s"):format(self.count, sentence, reason))
end

function Tap:finish()
  print(("1..%d"):format(self.count))
  os.exit(self.failed_count == 0 and 0 or 1)
end

function tree.skip_all(reason)
  print("1..0 # SKIP " .. reason)
  os.exit(0)
end

return tree
