-- policy_spec.lua -- Policies as people find them: listed, explained, named wrongly, at fault.
local lab = require "helper"

local source = assert(os.getenv "OOMLAB_SOURCE")

-- What lua/lab/policy/ holds; those in C are beside them.
local BUNDLED = { "adaptive-cgroup", "adaptive-heap", "ballast", "die-fast", "gogctuner",
  "growable", "percent-of-limit", "set-max-heap" }

describe("list policies", function ()
  it("has a line for each: its name and title, in order", function ()
    local status, stdout, stderr = lab.run("list policies")
    assert.are.equal(0, status)
    assert.are.equal("", stderr)
    assert.is_nil(stdout:match("cannot be loaded"), stdout)
    local names = {}
    for line in stdout:gmatch("[^\n]+") do
      local name, title = line:match("^  (%l[%l%d-]*) +(%S.*)$")
      assert.is_truthy(name and #title <= 80, line)
      names[#names + 1], names[name] = name, true
    end
    for _, name in ipairs(BUNDLED) do
      assert.is_true(names[name], name)
    end
    assert.is_true(names["go"])
    local sorted = table.move(names, 1, #names, 1, {})
    table.sort(sorted)
    assert.are.same(sorted, table.move(names, 1, #names, 1, {}))
  end)
end)

describe("help of a policy", function ()
  for _, name in ipairs(BUNDLED) do
    it("tells title, source, rule and usage: " .. name, function ()
      local status, stdout = lab.run("help " .. name)
      assert.are.equal(0, status)
      assert.is_truthy(stdout:find(name .. ": ", 1, true) == 1, stdout)
      assert.is_truthy(stdout:match("\nWatch for: "), stdout)
      assert.is_truthy(stdout:match("\nsource: %S"), stdout)
      assert.is_truthy(stdout:match("\nrule:\n  %S"), stdout)
      assert.is_truthy(stdout:find("\nusage: oomlab run [SCRIPT] --policy=" .. name, 1, true))
      for line in stdout:gmatch("[^\n]+") do
        assert.is_true(utf8.len(line) <= 100, line)
      end
    end)
  end

  it("names its argument, with the default", function ()
    local _, stdout = lab.run("help ballast")
    assert.is_truthy(stdout:find("--policy=ballast[:SIZE]\n  SIZE: ", 1, true), stdout)
    assert.is_truthy(stdout:find("(25%)", 1, true), stdout)
  end)

  it("works for a file", function ()
    local status, stdout = lab.run("help " .. source .. "/examples/my-first-policy.lua")
    assert.are.equal(0, status)
    assert.is_truthy(stdout:match("^my%-first%-policy: Collect rather than"), stdout)
  end)
end)

describe("a policy's file at fault", function ()
  local FAULTS = {
    { "has a syntax error", "return +", ":1: " },
    { "raises an error when loaded", "\nerror 'x'", ":2: x" },
    { "returns nothing", "", ": a policy's file must return lab.policy{...}, not nothing" },
    { "is a scenario", "return require 'lab'.scenario { program = print }",
      ": a policy's file must return lab.policy{...}, not a table" },
    { "has an unknown field", "return require 'lab'.policy {\n on_gcend = print }",
      ":1: lab.policy: unknown field 'on_gcend'; did you mean 'on_gc_end'?" },
    { "has no callback", "return require 'lab'.policy {}",
      ":1: lab.policy: nothing to do: expected at least one of on_start, " },
    { "asks for its argument too early", "require 'lab'.argument()",
      ":1: lab.argument is known in a policy's callbacks" },
    { "never ends", "while true do end", ":1: the script takes too long" },
  }
  for _, fault in ipairs(FAULTS) do
    it("that " .. fault[1] .. " is named, status 3, and no cage was made", function ()
      lab.assert_named_fault("run --policy=", fault[2], fault[3])
    end)
  end

  it("that is no file is bad usage or no permission, in one line", function ()
    local status, _, stderr = lab.run("run --policy=./nosuch")
    assert.are.equal(2, status)
    assert.is_truthy(stderr:match("^oomlab: %-%-policy=./nosuch: [^\n]*\n$"), stderr)
    status, _, stderr = lab.run("run --policy=/")
    assert.are.equal(2, status)
    assert.is_truthy(stderr:match("not a regular file\n$"), stderr)
  end)

  it("is told in place of a script", function ()
    local status, _, stderr = lab.run("run " .. source .. "/examples/my-first-policy.lua")
    assert.are.equal(3, status)
    assert.is_truthy(stderr:match("this is a policy: it decides in a run, see %-%-policy=FILE"))
  end)
end)

describe("a scenario's own policy", function ()
  it("is checked where it is named", function ()
    lab.with_script("local lab = require 'lab'\n"
      .. "return lab.scenario { policy = 'growabel', program = print }", function (path)
        local status, _, stderr = lab.run("run " .. path)
        assert.are.equal(3, status, stderr)
        assert.is_truthy(stderr:find(path .. ":2: lab.scenario: policy=growabel: there is no "
          .. "policy 'growabel'; did you mean 'growable'?", 1, true), stderr)
      end)
  end)

  it("gives way to the command line's", function ()
    lab.with_script("local lab = require 'lab'\n"
      .. "return lab.scenario { policy = 'growable', program = print }", function (path)
        local status, _, stderr = lab.run("run --policy=nosuch " .. path)
        assert.are.equal(2, status)
        assert.is_truthy(stderr:match("there is no policy 'nosuch'"), stderr)
      end)
  end)
end)

describe("an experiment", function ()
  local EXPERIMENT = "local lab = require 'lab'\n"
    .. "return lab.experiment { program = function ()\n"
    .. "  lab.run('spike', { policy = '%s' })\nend }"

  it("is told at its line of a policy that is not there", function ()
    lab.with_script(EXPERIMENT:format "balast", function (path)
      local status, _, stderr = lab.run("run " .. path)
      assert.are.equal(3, status, stderr)
      assert.is_truthy(stderr:find(path .. ":3: lab.run: policy=balast: there is no policy "
        .. "'balast'; did you mean 'ballast'?", 1, true), stderr)
    end)
  end)

  it("is told at its line of a bad argument", function ()
    lab.with_script(EXPERIMENT:format "ballast:x", function (path)
      local status, _, stderr = lab.run("run " .. path)
      assert.are.equal(3, status, stderr)
      assert.is_truthy(stderr:find(":3: lab.run: policy=ballast: its argument: 'x' is not a size",
        1, true), stderr)
    end)
  end)

  it("does not begin with a bad policy on the command line", function ()
    lab.with_script(EXPERIMENT:format "ballast", function (path)
      local status, _, stderr = lab.run("run --policy=nosuch " .. path)
      assert.are.equal(2, status)
      assert.is_truthy(stderr:match("^oomlab: %-%-policy=nosuch: there is no policy"), stderr)
    end)
  end)
end)

describe("OOMLAB_PATH", function ()
  it("adds policies in lua/lab/policy/", function ()
    local directory = os.tmpname()
    os.remove(directory)
    os.execute(("mkdir -p '%s/lua/lab' && cp -r '%s/lua/lab' '%s/lua'"):format(directory, source,
      directory))
    local file = assert(io.open(directory .. "/lua/lab/policy/house-rule.lua", "w"))
    file:write("-- house-rule.lua -- Ours.\nreturn require 'lab'.policy { title = 'The house rule',"
      .. " goal = function () end }")
    file:close()
    local before = ("OOMLAB_PATH='%s'"):format(directory)
    local _, stdout = lab.run("list policies", before)
    local status, help = lab.run("help house-rule", before)
    os.execute(("rm -rf '%s'"):format(directory))
    assert.is_truthy(stdout:match("\n  house%-rule +The house rule\n"), stdout)
    assert.are.equal(0, status)
    assert.is_truthy(help:match("%-%-policy=house%-rule\n"), help)
  end)
end)
