-- helper.lua -- Runs the built program and catches all that it says; loaded by busted before specs.
local expect = require "luassert"

local oomlab = assert(os.getenv("OOMLAB"), "OOMLAB must name the built program")

local lab = {}

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

-- Runs "oomlab ARGUMENTS" through the shell; before stands in front of it (variables). Returns
-- exit status, stdout, stderr.
function lab.run(arguments, before)
  local out, err = os.tmpname(), os.tmpname()
  local command = ("%s '%s' %s >%s 2>%s"):format(before or "", oomlab, arguments, out, err)
  local _, _, status = os.execute(command)
  local stdout, stderr = read(out), read(err)
  os.remove(out)
  os.remove(err)
  return status, stdout, stderr
end

-- The same with stdout going elsewhere. Returns exit status, stderr.
function lab.run_into(path, arguments)
  local err = os.tmpname()
  local _, _, status = os.execute(("'%s' %s >%s 2>%s"):format(oomlab, arguments, path, err))
  local stderr = read(err)
  os.remove(err)
  return status, stderr
end

-- Writes a script into a file of its own and calls use with the path.
function lab.with_script(text, use)
  local path = os.tmpname()
  os.rename(path, path .. ".lua")
  path = path .. ".lua"
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local is_good, message = pcall(use, path)
  os.remove(path)
  if not is_good then
    error(message, 0)
  end
end

-- A script with text, its path put after command: status 3, nothing on stdout, and one complaint
-- that begins with the path and fault (a line number, what is wrong).
function lab.assert_named_fault(command, text, fault)
  lab.with_script(text, function (path)
    local status, stdout, stderr = lab.run(command .. path)
    expect.are.equal(3, status, stderr)
    expect.are.equal("", stdout)
    expect.are.equal(1, (stderr:find("oomlab: " .. path .. fault, 1, true)), stderr)
  end)
end

-- Whether runs work on this machine: nil, or why not.
function lab.reason_to_skip()
  local status, stdout = lab.run("doctor")
  if status ~= 0 then
    return "no cage here: " .. (stdout:match("cure: ([^\n]*)") or "see oomlab doctor")
  end
end

-- A way to declare tests that are pending where there is a reason: it(sentence, body), so to say.
function lab.unless(reason, it, pending)
  return function (sentence, body)
    if reason then
      pending(sentence .. " (" .. reason .. ")")
    else
      it(sentence, body)
    end
  end
end

-- The same for tests that need a cage.
function lab.caged(it, pending)
  return lab.unless(lab.reason_to_skip(), it, pending)
end

package.loaded["helper"] = lab
return lab
