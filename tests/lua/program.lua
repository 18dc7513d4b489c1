-- program.lua -- Runs the oomlab program for the specs and tells what came of it.
local cjson = require "cjson"

local program = {}

local path = os.getenv "OOMLAB" or "build/oomlab"

local function read_file(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function write_file(name, text)
  local file = assert(io.open(name, "wb"))
  assert(file:write(text))
  file:close()
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Runs a shell command that must succeed.
function program.shell(command)
  assert(os.execute(command), command)
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

-- A directory of its own for one spec file, removed by remove().
function program.directory()
  local directory = { path = output_of("mktemp -d"):match "^[^\n]+" }
  function directory.write(name, text)
    local full = directory.path .. "/" .. name
    write_file(full, text)
    return full
  end
  function directory.make(name)
    program.shell("mkdir " .. quote(directory.path .. "/" .. name))
  end
  function directory.remove()
    program.shell("rm -rf " .. quote(directory.path))
  end
  return directory
end

-- Groups named after this lab: there must be none when it has ended.
local function groups_of(pid)
  return output_of(("find /sys/fs/cgroup -type d -name 'oomlab-%s-*' 2>/dev/null"):format(pid))
end

-- The shell's words for a run with the arguments in the list, and the files that it writes.
local function prepare(arguments)
  local names = { pid = os.tmpname(), out = os.tmpname(), err = os.tmpname() }
  local words = { ("echo $$ > %s; exec env NO_COLOR=1 OOMLAB_PATH= GOGC= GOMEMLIMIT=")
    :format(quote(names.pid)) }
  for name, value in pairs(arguments.env or {}) do
    words[#words + 1] = name .. "=" .. quote(value)
  end
  words[#words + 1] = quote(path)
  for _, argument in ipairs(arguments) do
    words[#words + 1] = quote(argument)
  end
  words[#words + 1] = ("> %s 2> %s"):format(quote(names.out), quote(names.err))
  return table.concat(words, " "), names
end

local function collect(names, how, status)
  local result = {
    status = how == "exit" and status or nil,
    signal = how ~= "exit" and status or nil,
    out = read_file(names.out),
    err = read_file(names.err),
    left_groups = groups_of(read_file(names.pid):match "%d+"),
  }
  for _, name in pairs(names) do
    os.remove(name)
  end
  return result
end

-- Runs it with the arguments in the list; fields: env. Gives status, signal, out, err, left_groups.
function program.run(arguments)
  local command, names = prepare(arguments)
  local _, how, status = os.execute(command)
  return collect(names, how, status)
end

-- Runs it many times at once, each ended after some seconds: a list of results, with seconds, too.
function program.run_at_once(list, seconds)
  local commands, files = {}, {}
  for index, arguments in ipairs(list) do
    local command, names = prepare(arguments)
    names.status = os.tmpname()
    commands[index] = ("(timeout %d sh -c %s; echo $? > %s) &"):format(seconds, quote(command),
      quote(names.status))
    files[index] = names
  end
  os.execute(table.concat(commands, "\n") .. "\nwait")
  local results = {}
  for index, names in ipairs(files) do
    results[index] = collect(names, "exit", tonumber(read_file(names.status)))
  end
  return results
end

-- Runs a script and gives the JSON object beside the rest.
function program.run_json(arguments)
  local all = { "run", table.unpack(arguments) }
  all[#all + 1] = "--format=json"
  all.env = arguments.env
  local result = program.run(all)
  local fine, object = pcall(cjson.decode, result.out)
  result.json = fine and object or nil
  return result
end

-- The first line on stderr, without the program's name.
function program.complaint(result)
  return result.err:match "^oomlab: ([^\n]*)\n" or ("no complaint: " .. result.err)
end

-- How many lines the program says itself: one, whatever was wrong.
function program.complaints(result)
  local _, count = result.err:gsub("%f[^\n\0]oomlab: ", "")
  return count
end

-- busted's `it` for what needs a cage: where none can be made, `pending` with the reason.
function program.caged(it, pending)
  local result = program.run { "run", "spike", "--limit=8M", "--format=json" }
  local can_cage, reason = result.status ~= 4, program.complaint(result)
  return function (name, body)
    if can_cage then
      it(name, body)
    else
      pending(name .. " (no cage: " .. reason .. ")")
    end
  end
end

return program
