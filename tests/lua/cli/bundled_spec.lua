-- bundled_spec.lua -- The scripts we ship do what they say, and the examples too.
local program = require "program"

local caged = program.caged(it, pending)
local source = os.getenv "OOMLAB_SOURCE" or "."

local function spike(...)
  local result = program.run_json { "spike", ... }
  assert.equal(0, result.status, result.err)
  assert.equal("", result.left_groups)
  return result.json
end

describe("spike.lua", function ()
  caged("is killed in its second allocation", function ()
    local run = spike()
    assert.equal("oom-killed", run.outcome)
    assert.equal("a little more", run.last_words.phase)
    assert.equal(3355443, run.last_words.request_bytes)
    assert.equal("spike", run.phases[1].name)
    local next_gc = run.phases[1].memstats.next_gc
    assert.is_true(60.0e6 <= next_gc and next_gc <= 61.5e6, "next_gc is " .. next_gc)
  end)

  for _, mebibytes in ipairs { 8, 16, 64, 128, 256 } do
    local limit = ("--limit=%dM"):format(mebibytes)
    caged(("dies, and survives with --gc or --memlimit=90%%, at %d MiB"):format(mebibytes),
      function ()
        assert.equal("oom-killed", spike(limit).outcome)
        assert.equal("survived", spike(limit, "--gc").outcome)
        assert.equal("survived", spike(limit, "--memlimit=90%").outcome)
      end)
  end

  for _, gogc in ipairs { "50", "200", "off" } do
    caged("does the same with GOGC " .. gogc, function ()
      local setting = "--gogc=" .. gogc
      assert.equal("oom-killed", spike(setting).outcome)
      assert.equal("survived", spike(setting, "--gc").outcome)
      assert.equal("survived", spike(setting, "--memlimit=90%").outcome)
    end)
  end

  caged("expects nothing where it cannot know", function ()
    for _, limit in ipairs { "--limit=1M", "--limit=2M", "--limit=3M", "--limit=4M" } do
      spike(limit)
      spike(limit, "--gc")
      spike(limit, "--memlimit=90%")
    end
    spike "--gogc=0"
    spike "--memlimit=97%"
  end)
end)

describe("smallest-limit.lua", function ()
  -- What the two parts need together, or the larger of them, and a process beside it.
  for setting, needed in pairs { ["--policy=go"] = 32.0, ["--policy=last-resort"] = 28.8 } do
    caged("knows what the spike needs under " .. setting, function ()
      local result = program.run { "run", "smallest-limit", setting, "--checks=no" }
      assert.equal(0, result.status, result.err)
      local mebibytes = tonumber(result.out:match "survives 3 of 3 is ([%d.]+) MiB")
      assert.is_true(mebibytes > needed and mebibytes < needed + 1, result.out)
      assert.matches("32.00 MiB +%w", result.err)
      assert.equal("", result.left_groups)
    end)
  end

  caged("says that no limit is enough for a share of the limit", function ()
    local result = program.run { "run", "smallest-limit", "--limit=8M", "--options=first=90%" }
    assert.matches("No limit up to 64.00 MiB is enough for spike. It asks for more", result.out)
  end)
end)

describe("headroom-curve.lua", function ()
  caged("tells survival and cost of each share, of a scenario by its path", function ()
    local result = program.run { "run", "headroom-curve", "--scenario=" .. source
      .. "/scripts/spike.lua", "--from=80", "--step=10", "--of=1", "--limit=16M" }
    assert.equal(0, result.status, result.err)
    assert.matches("80%% +1 of 1", result.out)
    assert.matches("spike.lua survives every time with memlimit=100%%", result.out)
    assert.equal("", result.left_groups)
  end)
end)

describe("Each example", function ()
  for _, name in ipairs { "first-scenario", "gc-or-not", "table-swap" } do
    caged(("meets what it expects: %s"):format(name), function ()
      local result = program.run { "run", ("%s/examples/%s.lua"):format(source, name) }
      assert.equal(0, result.status, result.out .. result.err)
      assert.equal("", result.left_groups)
    end)
  end

  it("finds what its head says: how-small, in the pretend world", function ()
    local result = program.run { "run", source .. "/examples/how-small.lua", "--world=pretend",
      "--of=1", "--precision=10%", "--scenario=" .. source .. "/examples/table-swap.lua" }
    assert.equal(0, result.status, result.err)
    local go, often, last_resort =
      result.out:match "^go +([%d.]+) MiB .-\n.- +([%d.]+) MiB .-\n.- +([%d.]+) MiB [^\n]*\n$"
    assert.is_true(tonumber(go) > 36 and tonumber(often) < 30, result.out)
    assert.is_true(tonumber(last_resort) < 24, result.out)
  end)

  caged("shows what its head says: table-swap is killed, and survives with a limit", function ()
    local path = source .. "/examples/table-swap.lua"
    assert.equal("oom-killed", program.run_json({ path }).json.outcome)
    assert.equal("survived", program.run_json({ path, "--memlimit=90%" }).json.outcome)
    assert.equal("oom-killed", program.run_json({ path, "--table=17M" }).json.outcome)
  end)

  caged("shows what its head says: first-scenario --keep=2000 is killed", function ()
    local result = program.run_json { source .. "/examples/first-scenario.lua", "--keep=2000" }
    assert.equal("oom-killed", result.json.outcome)
  end)
end)
