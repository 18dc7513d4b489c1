-- escapes_spec.lua -- Scripts that try to get out of the sandbox, to go on for ever, or to take all
-- memory: each ends with status 3, one clear line and nothing left behind, in bounded time.
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

local SECONDS_MAX = 40 -- Of which the script has five; all of them share the processors.

local LATE = "the script takes too long outside the cage"
local FULL = "not enough memory for the script itself"

-- What is tried while the script is loaded, and what it is told.
local ATTEMPTS = {
  { "an endless loop", "\nwhile true do end", ":2: " .. LATE .. "; is there an endless loop" },
  { "a loop that swallows errors, in coroutines too", [[
    local function loop() while true do end end
    while true do pcall(coroutine.wrap(function () while true do pcall(loop) end end)) end]],
    LATE },
  { "an endless jump", "::a:: goto a", LATE },
  { "coroutines that each run for a moment", [[
    while true do
      coroutine.wrap(function () for _ = 1, 100 do pcall(coroutine.yield) end end)()
    end]], LATE },
  { "a handler of errors that loops for ever",
    "local function loop() while true do end end xpcall(loop, loop)", LATE },
  { "a handler of errors that raises errors",
    "local function f() error 'x' end while true do xpcall(f, f) end", LATE },
  { "a variable that is closed for ever", [[
    local x <close> = setmetatable({}, { __close = function () while true do end end })
    while true do end]], LATE },
  { "a coroutine that closes a variable for ever", [[
    coroutine.wrap(function ()
      local x <close> = setmetatable({}, { __close = function () while true do end end })
      while true do end
    end)()]], LATE },
  { "an error object that never ends to tell itself",
    "error(setmetatable({}, { __tostring = function () while true do end end }))",
    "error object: a table that cannot be shown" },
  { "a metamethod that never returns",
    "return setmetatable({}, { __index = function () while true do pcall(error) end end }).x",
    LATE },
  { "pairs without an end", [[
    local t = setmetatable({}, { __pairs = function () return function () return 1 end end })
    for _ in pairs(t) do end]], LATE },
  { "a pattern of exponential cost",
    "return ('a'):rep(200):find(('a-'):rep(60) .. 'b')", LATE .. ", in one call of a library" },
  { "a pattern that gsub tries everywhere",
    "return ('x'):rep(1000000):gsub('.-.-.-.-.-b', '')", LATE .. ", in one call" },
  { "a concatenation of nearly endless nothing", [[
    local t = setmetatable({}, { __index = table.concat })
    return table.concat(t, "", 1, math.maxinteger)]], LATE .. ", in one call" },
  { "an insertion into a list of any length",
    "table.insert(setmetatable({}, { __len = function () return 1 << 61 end }), 1, 5)",
    LATE .. ", in one call" },
  { "a comparison that never says yes",
    "table.sort(setmetatable({}, { __len = function () return 1 << 30 end }), rawequal)",
    LATE .. ", in one call" },
  { "memory without end, errors swallowed", [[
    local function fill() local s = "x" while true do s = s .. s end end
    while true do pcall(fill) end]], FULL },
  { "memory without end in strings, errors swallowed", [[
    local function fill()
      local t = {}
      while true do t[#t + 1] = ('x'):rep(1 << 24) .. #t end
    end
    while true do pcall(fill) end]], FULL },
  { "memory without end in coroutines", [[
    local function fill()
      local t = {}
      while true do t[#t + 1] = ('x'):rep(1 << 24) .. #t end
    end
    while true do pcall(coroutine.wrap(fill)) coroutine.resume(coroutine.create(fill)) end]],
    FULL },
  { "memory without end, and a handler that never returns", [[
    local function fill() local s = "x" while true do s = s .. s end end
    xpcall(fill, function () while true do end end)]], FULL },
  { "a string as long as memory", "return ('x'):rep(1 << 29)", FULL },
  { "an endless chain of metatables", [[
    local t = setmetatable({}, {})
    getmetatable(t).__index = t
    return t.x]], "'__index' chain too long" },
  { "a declaration behind the library's back", [[
    local lab, core = require "lab", require "lab.core"
    local declared = { kind = "scenario", title = "", program = print, options = {} }
    declared.settings = { { "trusted", "" } }
    core.declare(declared)
    return declared]], "trusted: no script can set that; its user can: %-%-trusted" },
  { "a setting that is its user's",
    "return require 'lab'.scenario { trusted = true, program = print }",
    ":1: lab.scenario: unknown field 'trusted'" },
}

describe("A script does not get away with", function ()
  local results

  -- Those that go on until their time is up do so at once; the others get the processors alone.
  setup(function ()
    local late, places = {}, {}
    results = {}
    for index, attempt in ipairs(ATTEMPTS) do
      local run = { "run", directory.write(("attempt%d.lua"):format(index), attempt[2]) }
      if attempt[3]:find(LATE, 1, true) or attempt[3]:find "cannot be shown" then
        late[#late + 1] = run
        places[#late] = index
      else
        results[index] = program.run_at_once({ run }, SECONDS_MAX)[1]
      end
    end
    -- An experiment gets no further than a script that is loaded.
    late[#late + 1] = { "run", directory.write("experiment.lua",
      "return require 'lab'.experiment { program = function () while true do end end }") }
    places[#late] = #ATTEMPTS + 1
    for number, result in ipairs(program.run_at_once(late, SECONDS_MAX)) do
      results[places[number]] = result
    end
  end)

  for index, attempt in ipairs(ATTEMPTS) do
    it(attempt[1], function ()
      local result = results[index]
      assert.equal(3, result.status, result.err)
      assert.equal(1, program.complaints(result), result.err)
      local complaint = program.complaint(result)
      assert.matches("attempt" .. index .. ".lua", complaint)
      assert.matches(attempt[3], complaint)
      assert.equal("", result.out)
      assert.equal("", result.left_groups)
    end)
  end

  it("an endless loop in an experiment", function ()
    local result = results[#ATTEMPTS + 1]
    assert.equal(3, result.status, result.err)
    assert.matches("experiment.lua:1: " .. LATE, program.complaint(result))
  end)
end)

local function scenario(body)
  return "local lab = require 'lab'\nreturn lab.scenario { limit = '8M',\n"
    .. "program = function (heap, opt, cage)\n" .. body .. "\nend }\n"
end

describe("A program in the cage", function ()
  caged("cannot swallow that its memory is used up", function ()
    local path = directory.write("script.lua", scenario [[
      local function fill() local t = {} while true do t[#t + 1] = { #t } end end
      while true do pcall(fill) end]])
    local result = program.run { "run", path, "--world=pretend" }
    assert.equal(3, result.status, result.err)
    assert.matches("script.lua:%d: " .. FULL .. ": .* of at most 2.0 MiB",
      program.complaint(result))
  end)

  caged("ends where its instructions do, swallowed or not, in coroutines too", function ()
    for _, body in ipairs { "while true do end", "while true do pcall(error) end",
      "while true do pcall(coroutine.wrap(function () while true do pcall(error) end end)) end",
      "while true do pcall(coroutine.wrap(error)) end" } do
      local path = directory.write("script.lua", scenario(body))
      for _, world in ipairs { "real", "pretend" } do
        local result = program.run { "run", path, "--instruction-limit=50000", "--world=" .. world }
        assert.equal(3, result.status, result.err)
        assert.matches("script.lua:%d: the script has executed the 50000 Lua instructions it may",
          program.complaint(result))
        assert.equal("", result.left_groups)
      end
    end
  end)

  caged("may take fewer instructions than its limit", function ()
    local path = directory.write("script.lua", scenario "for _ = 1, 1000 do end")
    local result = program.run_json { path, "--instruction-limit=50000" }
    assert.equal("survived", result.json.outcome)
  end)
end)

describe("With --trusted a script", function ()
  it("has io, os, debug, load and modules anywhere, and its user is told", function ()
    directory.make "beside"
    directory.make "mine"
    directory.write("beside/steps.lua", "return { five = 5 }")
    local path = directory.write("mine/script.lua", [[
      assert(require "../beside/steps".five == 5)
      assert(io.open(debug.getinfo(1, "S").source:sub(2)):close())
      assert(os.getenv "NO_COLOR" == "1" and load "return 7"() == 7)
      return require "lab".experiment { program = function () print "fine" end }]])
    local result = program.run { "run", path, "--trusted" }
    assert.equal("fine\n", result.out, result.err)
    assert.equal("--trusted: the script may read, write and start whatever you may",
      program.complaint(result))
    assert.equal(3, program.run { "run", path }.status)
  end)

  caged("has them in the cage, too", function ()
    local path = directory.write("script.lua", scenario [[
      print(io.open "/proc/self/cgroup":read "a" ~= nil, os.time() > 0, load "return 7"())]])
    local result = program.run { "run", path, "--trusted" }
    assert.equal(0, result.status, result.err)
    assert.matches("true.true.7", result.out)
    assert.equal(3, program.run { "run", path }.status)
  end)
end)

describe("The same bytes come out, in every process:", function ()
  it("keys in order, and no addresses", function ()
    local path = directory.write("order.lua", [[
      return require "lab".experiment { program = function ()
        local t = { "a", "b", [7] = 1, [-1] = 2, [0.5] = 3, [true] = 4, z = 5, ["\0"] = 6 }
        local words = {}
        for key in pairs(t) do
          words[#words + 1] = ("%q"):format(key)
        end
        print(table.concat(words, " "))
        words = {}
        local key, value = next(t)
        while key ~= nil do -- What is traversed may be cleared.
          t[key], words[#words + 1] = nil, tostring(value)
          key, value = next(t, key)
        end
        print(table.concat(words, " "), next(t))
        local first, second = {}, print
        print(first, second, first, ("%s %p %-4s|"):format(second, first, coroutine.create(print)))
        local own = setmetatable({}, { __pairs = function () return next, { 9 } end })
        for name, what in pairs(own) do
          print(name, what)
        end
      end }]])
    local expected = '1 2 7 -1 0x1p-1 "\\0" "z" true\n'
      .. "a b 1 2 3 6 5 4\tnil\n"
      .. "table: #2\tfunction: #1\ttable: #2\tfunction: #1 #2 thread: #3|\n"
      .. "1\t9\n"
    for _ = 1, 3 do
      local result = program.run { "run", path }
      assert.equal(expected, result.out, result.err)
    end
  end)
end)
