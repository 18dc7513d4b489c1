-- usage_spec.lua -- Bad usage: one clear line on stderr, nothing on stdout, exit status 2.
local lab = require "helper"

-- What is typed, and what the line must say.
local BAD = {
  { "run --limit=abc", "%-%-limit=abc: 'abc' is not a size; expected" },
  { "run --limit=-1", "%-%-limit=%-1: '%-1' is not a size" },
  { "run --limit=0", "%-%-limit=0: '0' is less than one page; expected at least" },
  { "run --limit=1000", "less than one page" },
  { "run --limit=9223372036854775808", "out of range" },
  { "run --limit 99999999999999999999999999", "%-%-limit=9+: " },
  { "run --limit=", "%-%-limit=: '' is not a size" },
  { "run -l 12Q", "'12Q' is not a size" },
  { "run -limit abc", "'abc' is not a size" },
  { "run --limit", "%-%-limit wants a value" },
  { "run -l", "%-%-limit wants a value" },
  { "run --gogc=-5", "GOGC" },
  { "run --memlimit=0", "%-%-memlimit=0" },
  { "run --memlimit=101%", "%-%-memlimit=101%%" },
  { "run --timeout=0", "%-%-timeout=0" },
  { "run --timeout=soon", "'soon' is not a time" },
  { "run --seed=1.5", "not a whole number" },
  { "run --policy=jvm", "%-%-policy=jvm: there is no policy 'jvm'; 'oomlab list policies'" },
  { "run --policy=balast", "%-%-policy=balast: there is no policy 'balast'; did you mean" },
  { "run --policy=balast:8M", "%-%-policy=balast:8M: there is no policy 'balast'; did you mean" },
  { "run --policy=nosuch.lua", "there is no policy 'nosuch%.lua'" },
  { "run --policy=.", "%-%-policy=%.: '%.' is no policy; expected NAME or FILE%.lua" },
  { "run --policy=", "'' is no policy" },
  { "run --policy=Go", "'Go' is no policy" },
  { "run --policy=ballast:much", "%-%-policy=ballast:much: its argument: 'much' is not a size" },
  { "run --policy=ballast:101%", "101%%" },
  { "run --policy=percent-of-limit:0", "its argument: expected 1 to 100" },
  { "run --policy=growable:5", "growable takes no argument: '5'" },
  { "run --policy=ballast:" .. ("x"):rep(64), "a policy's argument has at most 63 bytes" },
  { "help balast", "there is no policy 'balast'; did you mean 'ballast'" },
  { "run --lmit=32M", "unknown option '%-%-lmit': did you mean %-%-limit%?" },
  { "run --lmit 32M", "unknown option '%-%-lmit': did you mean %-%-limit%?" },
  { "run -x", "unknown option '%-x'" },
  { "run -qx", "unknown option '%-x' in '%-qx'" },
  { "run --quiet=1", "%-%-quiet takes no value" },
  { "run --gc=perhaps", "%-%-gc" },
  { "run --first=0%", "%-%-first=0%%: expected a share as in 80%%" },
  { "run --second=0.8", "%-%-second=0.8: expected a share as in 80%%" },
  { "run --chunk=none", "%-%-chunk=none: 'none' is not a size" },
  { "run spike --cg", "unknown option '%-%-cg': did you mean %-%-gc%?" },
  { "run spkie", "did you mean" },
  { "run nosuch.lua", "nosuch%.lua" },
  { "run spike spike", "unexpected argument 'spike'" },
  { "run --repeat=0", "expected 1 to 100000" },
  { "run --repeat=100001", "expected 1 to 100000" },
  { "run --repeat=many", "not a whole number" },
  { "run --format=xml", "%-%-format=xml: expected text, json or gctrace" },
  { "run --expect=dead", "expected one of survived, oom%-killed, .*lab%-error" },
  { "run --record=", "expected the name of a file" },
  { "run -interactive", "the interactive mode is a command: oomlab serve" },
  { "-interactive", "the interactive mode is a command: oomlab serve" },
  { "-gc", "oomlab run %-gc" },
  { "rnu", "did you mean run%?" },
  { "frobnicate", "unknown command 'frobnicate'; expected run, serve, compare, [%l, ]*or version" },
  { "list policy", "did you mean policies%?" },
  { "list --all", "unknown option '%-%-all'" },
  { "help nosuch", "nosuch" },
  { "help --frob", "unknown option" },
  { "doctor --format=yaml", "expected text or json" },
  { "doctor now", "unexpected argument 'now'" },
  { "version now", "takes no argument" },
  { "rss", "rss wants the PID of a process" },
  { "rss nobody", "rss: a PID: 'nobody' is not a whole number" },
  { "rss 0", "rss: a PID: '0' is out of range" },
  { "rss 1 -2", "unknown option '%-2'" },
  { "rss 99999999", "out of range; expected 1 to 4194304" },
  { "rss 1 --format=xml", "%-%-format=xml: expected text or json" },
  { "watch 1 2", "watch: unexpected argument '2'" },
  { "watch --every=0", "%-%-every=0: " },
  { "watch --every=0.0001", "%-%-every=0.0001: expected 1ms or more" },
  { "watch --count=0", "%-%-count=0: '0' is out of range" },
  { "watch --format=csv", "%-%-format=csv: expected text or json" },
  { "watch --evry=1", "unknown option '%-%-evry': did you mean %-%-every%?" },
  { "wacth", "did you mean watch%?" },
}

describe("bad usage", function ()
  for _, case in ipairs(BAD) do
    it("is one line and status 2: oomlab " .. case[1]:gsub("#", ""), function ()
      local status, stdout, stderr = lab.run(case[1])
      assert.are.equal(2, status)
      assert.are.equal("", stdout)
      assert.is_truthy(stderr:match("^oomlab: [^\n]*\n$"), stderr)
      assert.is_truthy(stderr:match(case[2]), stderr)
    end)
  end

  it("in the environment is named as such", function ()
    local status, _, stderr = lab.run("run", "GOGC=abc")
    assert.are.equal(2, status)
    assert.is_truthy(stderr:match("^oomlab: GOGC in the environment: [^\n]*\n$"), stderr)
    status, _, stderr = lab.run("run", "GOMEMLIMIT=90%")
    assert.are.equal(2, status)
    assert.is_truthy(stderr:match("^oomlab: GOMEMLIMIT in the environment: [^\n]*\n$"), stderr)
  end)

  it("cannot send control characters to the terminal", function ()
    local _, _, stderr = lab.run("run \"$(printf '\\033[2J\\a')\"")
    assert.is_nil(stderr:match("[%z\1-\9\11-\31\127]"))
  end)
end)

describe("a script at fault", function ()
  local FAULTS = {
    { "has a syntax error", "return +", ":1: " },
    { "returns nonsense", "return 7", "" },
    { "returns nothing", "local x = 1", "" },
    { "raises an error when loaded", "local x\nx.y = 1", ":2: " },
  }
  for _, fault in ipairs(FAULTS) do
    it("that " .. fault[1] .. " is named by file, status 3", function ()
      lab.assert_named_fault("run ", fault[2], fault[3])
    end)
  end
end)

describe("an option of a script", function ()
  local SCRIPT = [[
local lab = require "lab"
return lab.scenario {
  options = { is_kept = { true, "or not" }, max_count = { 5, "at most" } },
  program = function (_, opt) print(opt.is_kept, opt.max_count) end,
}]]

  it("may be written with dashes, and a boolean with no- before it", function ()
    lab.with_script(SCRIPT, function (path)
      for words, told in pairs { [""] = "true 5", ["--no-is-kept"] = "false 5",
        ["--no-is_kept --max-count 7"] = "false 7", ["--is-kept=off --max_count=7"] = "false 7" } do
        local _, stdout, stderr = lab.run(("run --world=pretend %s %s"):format(words, path))
        assert.is_truthy(stdout:find(told, 1, true), words .. ": " .. stdout .. stderr)
      end
      for words, complaint in pairs { ["--no-max-count"] = "unknown option '--no-max-count'",
        ["--no-is-kept=1"] = "--no-is-kept=1: the script has no option 'no-is-kept'" } do
        local status, _, stderr = lab.run(("run --world=pretend %s %s"):format(words, path))
        assert.are.equal(2, status)
        assert.is_truthy(stderr:find(complaint, 1, true), stderr)
      end
    end)
  end)

  it("that is switched off before the script is named leaves the name a name", function ()
    local status, stdout = lab.run("run --no-gc spike --world=pretend --quiet")
    assert.are.equal(0, status)
    assert.is_truthy(stdout:find("OOM-KILLED", 1, true))
  end)
end)

describe("help", function ()
  it("goes to stdout with status 0, also as an option of each command", function ()
    for _, words in ipairs { "help", "--help", "-h", "help run", "help spike", "run --help",
      "list --help", "doctor --help", "rss --help", "watch --help", "help help", "version --help",
      "run spike --help" } do
      local status, stdout, stderr = lab.run(words)
      assert.are.equal(0, status, words)
      assert.are.equal("", stderr)
      assert.is_truthy(stdout:match("usage: oomlab"), words)
    end
  end)

  it("is short, on stderr, with status 2 where no command is given", function ()
    local status, stdout, stderr = lab.run("")
    assert.are.equal(2, status)
    assert.are.equal("", stdout)
    assert.is_truthy(stderr:match("^usage: oomlab COMMAND"))
  end)

  it("of run names the script's own options with their defaults", function ()
    local _, stdout = lab.run("run --help")
    assert.is_truthy(stdout:match("%-l, %-%-limit=SIZE"))
    assert.is_truthy(stdout:match("%-%-gc +[%w ]+%(false%)"))
  end)

  it("fits into 80 columns where it is ours, and names every command", function ()
    local _, overview = lab.run("help")
    local commands = { "help" }
    for name in overview:gmatch("\n  ([%l]+) +%l") do
      commands[#commands + 1] = "help " .. name
    end
    assert.are.equal(16, #commands, "one, and one for each command")
    for _, words in ipairs(commands) do
      local _, stdout = lab.run(words)
      for line in stdout:gmatch("[^\n]+") do
        assert.is_true(utf8.len(line) <= 80, line)
      end
    end
  end)
end)

describe("list", function ()
  it("names scenarios, services and policies, a line each", function ()
    local status, stdout = lab.run("list")
    assert.are.equal(0, status)
    assert.is_truthy(stdout:match("\n  spike +%S"))
    assert.is_truthy(stdout:match("\n  go +%S"))
    local _, scenarios = lab.run("list scenarios")
    assert.is_truthy(scenarios:match("^  %S+ +%S"))
    assert.is_nil(scenarios:match("interactive"))
    local _, services = lab.run("list services")
    assert.is_truthy(services:match("^  interactive +%S"))
    assert.is_nil(services:match("spike"))
    local _, policies = lab.run("list policies")
    assert.is_truthy(policies:match("^  %S+ +%S"))
    assert.is_truthy(policies:match("\n  go +%S"))
    for line in policies:gmatch("[^\n]+") do
      assert.is_true(utf8.len(line) <= 80, line)
    end
  end)
end)

describe("stdout", function ()
  it("that takes no more is told in a line, with status 4", function ()
    for _, words in ipairs { "help", "list", "version", "help run" } do
      local status, stderr = lab.run_into("/dev/full", words)
      assert.are.equal(4, status, words)
      assert.is_truthy(stderr:match("^oomlab: cannot write to standard output[^\n]*\n$"), stderr)
    end
  end)
end)
