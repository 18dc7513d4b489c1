-- scripts_spec.lua -- Bad scripts, as people meet them: one clear line, the right exit status,
-- nothing left behind.
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

local function run(text, ...)
  local path = directory.write("script.lua", text)
  return program.run { "run", path, ... }, path
end

local function check(result, status, pattern)
  assert.equal(status, result.status, result.err)
  assert.matches(pattern, program.complaint(result))
  assert.equal(1, program.complaints(result), result.err)
  assert.equal("", result.left_groups)
end

local HEAD = "local lab = require 'lab'\n"

local function scenario(body)
  return HEAD .. "return lab.scenario { limit = 8 * lab.MiB, program = function (heap, opt, cage)\n"
    .. body .. "\nend }\n"
end

describe("A bad script ends with status 3 when it", function ()
  it("has a syntax error", function ()
    check(run "return (", 3, "script.lua:1: unexpected symbol near <eof>")
  end)

  it("returns nonsense", function ()
    check(run "return 5", 3, "script.lua: a script must return lab.scenario{...} or "
      .. "lab.experiment{...}, not a number")
    check(run "", 3, "not nothing")
    check(run(HEAD .. "return lab"), 3, "not a table")
  end)

  it("raises an error, with a traceback", function ()
    local result = run "local function f() error 'on purpose' end\nf()"
    check(result, 3, "script.lua:1: on purpose")
    assert.matches("stack traceback:\n\t.*script.lua:1: in .*'f'.*script.lua:2: in main chunk",
      result.err)
  end)

  it("raises what is no message", function ()
    check(run "error {}", 3, "script.lua:1: error object: table")
    check(run "\nerror(nil)", 3, "script.lua:2: error%(nil%)")
    check(run "error(setmetatable({}, { __tostring = error }))", 3, "script.lua:1: error object")
  end)

  it("allocates without end while it is loaded", function ()
    check(run "local t = {}\nwhile true do t[#t + 1] = {} end", 3,
      "script.lua:2: not enough memory for the script itself")
    check(run "local s = 'x'\nwhile true do s = s .. s end", 3,
      "script.lua:2: not enough memory for the script itself")
  end)

  it("recurses without end", function ()
    check(run "local function f() return 1 + f() end f()", 3,
      "script.lua:1: .*is there an endless recursion")
    check(run [[
      local t = setmetatable({}, {})
      getmetatable(t).__index = function (_, key) return t[key] end
      return t.x
    ]], 3, "script.lua:2: .*C stack overflow")
    check(run("return ('x'):rep(100000):find(('(.-'):rep(300) .. (')'):rep(300))"), 3,
      "script.lua:1: ")
  end)

  it("tries to get out", function ()
    for _, attempt in ipairs {
      "os.execute 'kill -9 $PPID'", "os.exit(0)", "io.popen 'id'", "io.open '/etc/passwd'",
      "debug.getregistry()", "package.loadlib('x', 'y')", "load 'return 1'", "loadstring ''",
      "dofile '/etc/passwd'", "loadfile '/etc/passwd'",
    } do
      check(run("return " .. attempt), 3, "script.lua:1: %a+ is not available to scripts: ")
    end
    for _, name in ipairs { "os", "io", "posix", "ffi", "lab.nothing", "string" } do
      check(run(("return require '%s'"):format(name)), 3, "script.lua:1: module '.*' not found")
    end
    for _, name in ipairs { "../x", "/etc/passwd", "a..b", ".x", "x.", "a/b", "" } do
      check(run(("return require '%s'"):format(name)), 3, "is no name of a module")
    end
  end)

  it("is precompiled", function ()
    check(run(string.dump(function () end)), 3, "attempt to load a binary chunk")
  end)

  it("writes or reads an undefined global", function ()
    check(run "x = 5", 3, "script.lua:1: assignment to undefined variable 'x'")
    check(run "\nprint(y)", 3, "script.lua:2: undefined variable 'y'")
  end)

  caged("fails in its program", function ()
    local result = run(scenario "error 'on purpose'")
    check(result, 3, "script.lua:3: on purpose")
    assert.matches("script.lua:3: in function", result.err)
  end)

  caged("allocates without end in Lua itself", function ()
    check(run(scenario "local t = {} for i = 1, 1 << 40 do t[i] = {} end"), 3,
      "script.lua:3: not enough memory for the script itself: .* of at most 2.0 MiB")
  end)

  caged("forks or kills its parent", function ()
    check(run(scenario "os.execute 'kill -9 $PPID'"), 3, "script.lua:3: os is not available")
  end)

  caged("uses a released handle", function ()
    check(run(scenario "local s = heap:slab(5) s:release()\ns:release()"), 3,
      "script.lua:4: this slab was released")
  end)

  caged("reads an option that was not declared", function ()
    check(run(scenario "print(opt.speed)"), 3,
      "script.lua:3: this script's options: there is no 'speed'")
  end)

  caged("declares a scenario while one runs", function ()
    check(run(scenario "lab.scenario { program = print }"), 3,
      "script.lua:3: .*declared when the script is loaded")
  end)

  caged("raises an error in its expectation", function ()
    check(run(HEAD .. "return lab.scenario { limit = '8M', program = function () end,\n"
      .. "expect = function (run) return run.nonsense end }"), 3,
      "script.lua:3: run: there is no 'nonsense'")
  end)
end)

describe("Bad usage ends with status 2 when", function ()
  it("there is no such script", function ()
    check(program.run { "run", "spiek" }, 2, "there is no script 'spiek'; did you mean 'spike'")
    check(program.run { "run", "./nowhere.lua" }, 2, "there is no script './nowhere.lua'")
  end)

  it("the script is no regular file", function ()
    check(program.run { "run", directory.path .. "/" }, 2, "not a regular file")
    program.shell("mkfifo " .. directory.path .. "/fifo.lua")
    check(program.run { "run", directory.path .. "/fifo.lua" }, 2, "not a regular file")
    check(program.run { "run", "/dev/zero" }, 2, "not a regular file")
  end)

  it("an option of the script is unknown or bad", function ()
    check(program.run { "run", "spike", "--cg" }, 2, "cg.*did you mean .*gc")
    check(program.run { "run", "spike", "--gc=maybe" }, 2, "gc=maybe: expected true or false")
  end)
end)

describe("A run", function ()
  caged("is timed out when its program loops for ever, errors swallowed or not", function ()
    for _, body in ipairs { "while true do end", "while true do pcall(error) end" } do
      local path = directory.write("script.lua", scenario(body))
      local result = program.run_json { path, "--timeout=1" }
      assert.equal(0, result.status, result.err)
      assert.equal("timed-out", result.json.outcome)
      assert.equal("", result.left_groups)
    end
  end)

  caged("may allocate and release for as long as it likes", function ()
    local path = directory.write("script.lua", scenario [[
      for _ = 1, 300000 do heap:slab(100):release() end
    ]])
    local json = program.run_json({ path }).json
    assert.equal("survived", json.outcome)
    assert.is_true(json.script_peak_bytes < 1 << 18, json.script_peak_bytes)
    -- A scenario that names no phases has one.
    assert.equal(1, json.phase_count)
    assert.equal(300000 * 100, json.phases[1].requested_bytes)
  end)

  it("has no limit that the machine cannot back", function ()
    local path = directory.write("script.lua", scenario "heap:slab(1000)")
    for limit, told in pairs { ["64T"] = "64.0 TiB", ["9223372036854775807"] = "8.0 EiB" } do
      local result = program.run { "run", path, "--limit=" .. limit }
      check(result, 4, "^limit=" .. told .. ": this machine has [%d.]+ %aiB available, free swap "
        .. "included; ask for less, or try %-%-world=pretend")
      assert.equal("", result.out)
    end
  end)

  caged("survives an error that the program catches", function ()
    local path = directory.write("script.lua", scenario [[
      assert(not pcall(heap.slab, heap, 1 << 46))
      assert(not pcall(error, "x"))
    ]])
    assert.equal("survived", program.run_json({ path }).json.outcome)
  end)

  caged("is out of memory when an allocation is refused and nobody catches that", function ()
    local path = directory.write("script.lua", scenario "heap:slab(1 << 46)")
    local result = program.run_json { path }
    assert.equal("out-of-memory", result.json.outcome)
    assert.equal(0, result.status)
  end)

  caged("says with status 1 that the script's expectation was not met", function ()
    local path = directory.write("script.lua", HEAD
      .. "return lab.scenario { limit = '8M', program = function () end,\n"
      .. "expect = function (run) return run:oom_killed() end }")
    local result = program.run { "run", path }
    assert.equal(1, result.status)
  end)
end)
