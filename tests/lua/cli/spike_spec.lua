-- spike_spec.lua -- The spike as Go 1.19 ran it with the world stopped: same ends, same goals.
--
-- tests/data/spike/go1.19_stw.csv has five repetitions of each configuration. What Go did alike in
-- all of them we must do too. With GOMEMLIMIT below the live heap Go's own small allocations start
-- dozens of cycles, never as many; those counts are not compared.
local cjson = require "cjson"
local program = require "program"

local caged = program.caged(it, pending)
local source = os.getenv "OOMLAB_SOURCE" or "."

local COLUMNS = { "outcome", "num_gc_after_drop", "next_gc_after_slab", "next_gc_after_drop" }

local function split(line)
  local fields = {}
  for field in line:gmatch "([^,]*),?" do
    fields[#fields + 1] = field
  end
  return fields
end

-- The rows of each configuration, under its options in words: { limit, options, rows }.
local function read_matrix(path)
  local file = assert(io.open(path))
  local names, list, by_words = split(file:read "l"), {}, {}
  for line in file:lines() do
    local fields, row = split(line), {}
    for index, name in ipairs(names) do
      row[name] = fields[index]
    end
    local options = { "--limit=" .. row.limit_mib .. "M", "--gogc=" .. row.gogc }
    if row.gomemlimit_frac ~= "0" then
      options[#options + 1] = ("--memlimit=%g%%"):format(100 * tonumber(row.gomemlimit_frac))
    end
    if row.gc == "gc" then
      options[#options + 1] = "--gc"
    end
    local words = table.concat(options, " ")
    if not by_words[words] then
      by_words[words] = { limit_mib = tonumber(row.limit_mib), options = options, rows = {} }
      list[#list + 1] = by_words[words]
    end
    table.insert(by_words[words].rows, row)
  end
  file:close()
  return list
end

-- What all of Go's repetitions agree on; numbers within one in a thousand agree. nil: they do not.
local function agreed(rows, column)
  local first = rows[1][column]
  for _, row in ipairs(rows) do
    local a, b = tonumber(first), tonumber(row[column])
    if not (a and b and math.abs(a - b) <= a / 1000 or first == row[column]) then
      return nil
    end
  end
  return tonumber(first) or first
end

local function run_spike(options)
  local arguments = { "spike", "--collector=stw", table.unpack(options) }
  local result = program.run_json(arguments)
  assert.equal(0, result.status, result.err)
  assert.equal("", result.left_groups)
  return result.json
end

-- A goal that is none is null here and about 2^63 in Go.
local function goal_of(phase)
  local goal = phase.memstats.next_gc
  return goal == cjson.null and 2^63 or goal
end

local function assert_near(expected, found, what)
  local is_near = math.abs(found - expected) <= expected / 100
  assert.is_true(is_near, ("%s: Go has %.0f, we %.0f"):format(what, expected, found))
end

local function compare(configuration)
  local go = {}
  for _, column in ipairs(COLUMNS) do
    go[column] = agreed(configuration.rows, column)
  end
  local run = run_spike(configuration.options)
  assert.equal(go.outcome:gsub("_", "-"), run.outcome)
  local spike, released = run.phases[1], run.phases[2]
  assert.equal("spike", spike.name)
  assert.equal("released", released.name)
  if go.num_gc_after_drop then
    assert.equal(go.num_gc_after_drop, released.memstats.num_gc)
  end
  assert_near(go.next_gc_after_slab, goal_of(spike), "next_gc after the slab")
  -- Where small allocations start cycles, ours have collected the slab when the phase ends.
  local is_settled = go.num_gc_after_drop or configuration.rows[1].gc == "gc"
  if go.next_gc_after_drop and is_settled then
    assert_near(go.next_gc_after_drop, goal_of(released), "next_gc after the drop")
  end
end

describe("The spike does as Go does with", function ()
  local matrix = read_matrix(source .. "/tests/data/spike/go1.19_stw.csv")
  assert(#matrix == 32, "another matrix than was measured")
  for _, configuration in ipairs(matrix) do
    caged(table.concat(configuration.options, " "), function () compare(configuration) end)
  end
end)

-- Ends that real Go 1.19.8 came to 20 times of 20 at both limits with gcstoptheworld=1; those with
-- --gc were not measured.
local SPLITS = {
  { "survived", "--first=80%", "--second=10%" },
  { "survived", "--first=80%", "--second=10%", "--gogc=off" },
  { "oom-killed", "--first=60%", "--second=40%" },
  { "survived", "--first=60%", "--second=40%", "--gc" },
  { "oom-killed", "--first=80%", "--second=20%" },
  { "survived", "--first=80%", "--second=20%", "--gc" },
  { "survived", "--first=20%", "--second=90%", "--gc" },
  { "survived", "--first=80%", "--second=20%", "--memlimit=80%" },
  { "oom-killed", "--chunk=4K" },
  { "oom-killed", "--chunk=64K" },
  { "survived", "--chunk=4K", "--gc" },
  { "survived", "--chunk=64K", "--gc" },
  { "survived", "--chunk=4K", "--memlimit=90%" },
  { "survived", "--chunk=64K", "--memlimit=90%" },
}

-- Other splits under memory limits, 5 runs each; where chance decided in Go nothing is compared.
local function read_splits(path)
  local splits = {}
  for line in io.lines(path) do
    local limit, first, second, memlimit, runs, killed =
      line:match("^(%d+),(%d+),(%d+),(%d+),(%d+),(%d+)$")
    if limit and (killed == "0" or killed == runs) then
      splits[#splits + 1] = {
        outcome = killed == "0" and "survived" or "oom-killed",
        options = {
          ("--limit=%sM"):format(limit), ("--first=%s%%"):format(first),
          ("--second=%s%%"):format(second),
          memlimit == "0" and "--memlimit=off" or ("--memlimit=%s%%"):format(memlimit),
        },
      }
    end
  end
  return splits
end

describe("The spike split as measured ends as in Go with", function ()
  local splits = read_splits(source .. "/tests/data/spike/go1.19_stw_splits.csv")
  assert(#splits == 34, "other splits than were measured")
  for _, measured in ipairs(splits) do
    caged(table.concat(measured.options, " "), function ()
      assert.equal(measured.outcome, run_spike(measured.options).outcome)
    end)
  end
end)

describe("The spike split otherwise", function ()
  for _, split_case in ipairs(SPLITS) do
    local options = { table.unpack(split_case, 2) }
    caged(("is %s with %s"):format(split_case[1], table.concat(options, " ")), function ()
      for _, limit in ipairs { "--limit=32M", "--limit=128M" } do
        assert.equal(split_case[1], run_spike({ limit, table.unpack(options) }).outcome, limit)
      end
    end)
  end

  caged("asks for what its options say", function ()
    local run = run_spike { "--first=50%", "--second=12.5%", "--chunk=64K" }
    assert.equal("survived", run.outcome)
    assert.same({ first = 0.5, second = 0.125, chunk = 65536, gc = false }, run.options)
    -- Each phase's lines are small slabs of their own.
    assert_near(16 << 20, run.phases[1].requested_bytes, "first")
    assert_near(4 << 20, run.phases[3].requested_bytes, "second")
    assert.is_true(run.phases[3].memstats.mallocs - run.phases[2].memstats.mallocs >= 64)
    assert.equal("survived", run_spike({ "--gc", "--chunk=0" }).outcome)
  end)

  caged("is by default nine tenths, then one, all at once", function ()
    local plain = run_spike { "--gc" }
    assert.same({ gc = true }, plain.options)
    local given = run_spike { "--gc", "--second=10%" }
    assert.equal(0.1, given.options.second)
    for index, phase in ipairs(plain.phases) do
      assert.equal(phase.memstats.mallocs, given.phases[index].memstats.mallocs)
    end
    assert_near(0.9 * (32 << 20), plain.phases[1].requested_bytes, "first")
    assert_near(0.1 * (32 << 20), plain.phases[3].requested_bytes, "second")
  end)

  caged("expects nothing where it cannot know", function ()
    run_spike { "--first=60%", "--second=40%", "--memlimit=90%" }
    run_spike { "--first=80%", "--second=18.5%" }
    run_spike { "--first=50%", "--second=50%" }
    run_spike { "--first=95%", "--second=100%" }
    run_spike { "--first=60%", "--second=40%", "--rules=go1.16" }
    run_spike { "--first=1%", "--second=1%" }
  end)
end)
