-- authors_spec.lua -- What authors are given: definitions for their editor, the heap for their C.
local cjson = require "cjson"
local lab = require "helper"

local source = os.getenv "OOMLAB_SOURCE"
local build = os.getenv("OOMLAB"):match "^(.*)/"

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read "a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function with_directory(use)
  local pipe = assert(io.popen "mktemp -d")
  local path = pipe:read "l"
  pipe:close()
  local fine, message = pcall(use, path)
  os.execute("rm -r '" .. path .. "'")
  if not fine then
    error(message, 0)
  end
end

describe("oomlab definitions", function ()
  it("writes the definitions, and the settings that name them", function ()
    with_directory(function (path)
      local status, out, err = lab.run("definitions " .. path)
      assert.equal(0, status, err)
      assert.equal(("wrote %s/.oomlab/lab.lua\nwrote %s/.luarc.json\n"):format(path, path), out)
      assert.equal(read(source .. "/share/oomlab/library/lab.lua"),
        read(path .. "/.oomlab/lab.lua"))
      local settings = cjson.decode(read(path .. "/.luarc.json"))
      assert.same({ ".oomlab" }, settings["workspace.library"])
      assert.equal("Lua 5.4", settings["runtime.version"])
      -- What the sandbox has not.
      assert.same({ io = "disable", os = "disable", debug = "disable", package = "disable" },
        settings["runtime.builtin"])
      status, out = lab.run("definitions " .. path)
      assert.equal(0, status)
      assert.equal(("wrote %s/.oomlab/lab.lua\n"):format(path), out)
    end)
  end)

  it("leaves settings of the author's own alone, and says what they need", function ()
    with_directory(function (path)
      write(path .. "/.luarc.json", "{}\n")
      local status, out = lab.run("definitions " .. path)
      assert.equal(0, status)
      assert.equal("{}\n", read(path .. "/.luarc.json"))
      assert.matches("is yours and stays as it is", out)
      assert.is_truthy(out:find('"workspace.library": [".oomlab"]', 1, true))
    end)
  end)

  it("says where it cannot write", function ()
    local status, out, err = lab.run "definitions /nowhere/at/all"
    assert.equal(4, status)
    assert.equal("", out)
    assert.equal("oomlab: /nowhere/at/all/.oomlab: No such file or directory\n", err)
  end)
end)

describe("The heap in a program in C", function ()
  it("is built by the line in its README, and keeps to its policy", function ()
    with_directory(function (path)
      local text = read(source .. "/examples/embedding/README.md")
      local line = text:match "\n(cc [^\n]+ %-o) heap_in_c\n"
      line = line:gsub("build/", function () return build .. "/" end)
      if os.getenv "OOMLAB_IS_SANITIZED" then
        line = line:gsub("^cc", "cc -fsanitize=address,undefined")
      end
      local program = path .. "/heap_in_c"
      assert.is_true(os.execute(("cd '%s' && %s '%s'"):format(source, line, program)))
      local pipe = assert(io.popen(program))
      local out = pipe:read "a"
      assert.is_true(pipe:close())
      local most = out:match "^16384 blocks, 100 kept: %d+ cycles, at most ([%d.]+) MiB\n$"
      -- What is kept is 1.6 MiB; without the policy the heap would grow to 4.
      assert.is_true(most and 1.6 < tonumber(most) and tonumber(most) < 3, out)
    end)
  end)
end)
