-- search_spec.lua -- lab.smallest_limit, lab.curve and lab.grid over runs that never took place.

local world -- (limit, settings, options) -> outcome, bytes of the last request
local calls

local function supervise(settings, options)
  local given, opt = {}, {}
  for _, pair in ipairs(settings) do
    given[pair[1]] = pair[2]
  end
  for _, pair in ipairs(options) do
    opt[pair[1]] = pair[2]
  end
  calls[#calls + 1] = { settings = given, options = opt }
  local limit = math.tointeger(tonumber(given.limit)) or 32 << 20
  local outcome, request, message = world(limit, given, opt)
  return {
    outcome = outcome, error_message = message or "", error_traceback = "", wall_ns = 5,
    cage_peak_bytes = limit // 2, phases = { { name = "a", requested_bytes = 1, memstats = {} } },
    phase_count = 1, baseline_bytes = 0, memstats = { num_gc = 4, gc_cpu_fraction = 0.25 },
    pauses = { max_ns = 7 }, evidence = {}, last_words = { request_bytes = request or 1 },
    cage = { limit = limit }, watchdog = false,
    settings = { seed = tonumber(given.seed) or 1, world = "real" },
  }
end

local core = {
  side = "lab", setting_names = { "limit", "gogc", "memlimit", "seed" },
  outcome_names = { "survived", "oom-killed", "script-error" },
  check_setting = function () return true end,
  parse_bytes = function (text)
    local number = text:match "^(%d+)M$"
    if not number then
      return nil, ("'%s' is not a size"):format(text)
    end
    return math.tointeger(tonumber(number)) << 20
  end,
  memory_available = function () return 1 << 34 end,
  run_all = function (wanted)
    local summaries = {}
    for index, entry in ipairs(wanted) do
      summaries[index] = supervise(entry[2], entry[3])
    end
    return summaries
  end,
}

local search, curve

setup(function ()
  for _, name in ipairs { "names", "options", "settings", "run", "trials", "search", "curve" } do
    package.loaded["lab." .. name] = nil
  end
  package.loaded["lab.core"] = core
  search, curve = require "lab.search", require "lab.curve"
end)

before_each(function () calls = {} end)

local function smallest(of_world, fields)
  world, calls = of_world, {}
  local answer, message = search.smallest_limit("x", fields)
  assert.is_nil(message)
  return answer
end

local function from(threshold)
  return function (limit) return limit >= threshold and "survived" or "oom-killed" end
end

describe("lab.smallest_limit", function ()
  it("is within the precision of the threshold, wherever that is", function ()
    for _, threshold in ipairs { 300001, 1 << 20, 31 << 20, 32 << 20, (32 << 20) + 1, 3 << 32 } do
      for text, share in pairs { ["1%"] = 0.01, ["0.1%"] = 0.001 } do
        local answer = smallest(from(threshold), { precision = text })
        assert.is_true(answer.limit_bytes >= threshold)
        assert.is_true(answer.killed_at < threshold)
        assert.is_true(answer.limit_bytes - answer.killed_at
          <= math.max(4096, share * answer.killed_at))
        assert.equal(0, answer.limit_bytes % 4096)
        assert.is_true(answer.monotone)
        assert.equal(#calls, answer.runs)
      end
    end
  end)

  it("wants N of N, and takes one kill for a no", function ()
    local kills = 0
    local answer = smallest(function (limit)
      if limit < 20 << 20 then
        kills = kills + 1
        return "oom-killed"
      end
      return "survived"
    end, { of = 5, checks = false })
    local bad, good = 0, 0
    for _, trial in ipairs(answer.tried) do
      bad, good = bad + (trial.is_good and 0 or 1), good + (trial.is_good and 1 or 0)
      assert.equal(trial.is_good and 5 or 1, trial.of)
    end
    assert.equal(kills, bad)
    assert.equal(bad + 5 * good, answer.runs)
    assert.equal(5, answer.survived)
  end)

  it("takes a limit that kills now and then for a bad one", function ()
    local count = 0
    local answer = smallest(function (limit)
      count = count + 1
      if limit < 40 << 20 then
        return limit >= 36 << 20 and count % 3 ~= 0 and "survived" or "oom-killed"
      end
      return "survived"
    end)
    assert.is_true(answer.limit_bytes >= 40 << 20 and answer.limit_bytes <= 41 << 20)
  end)

  it("gives each of the N runs another seed, and the same ones each time", function ()
    smallest(from(1), { of = 3, from = 64 << 20, to = 64 << 20, seed = 7 })
    assert.equal("7", calls[1].settings.seed)
    assert.equal("8", calls[2].settings.seed)
    assert.equal("9", calls[3].settings.seed)
  end)

  it("says that no limit is enough for a demand that grows with it", function ()
    local answer = smallest(function (limit) return "oom-killed", limit * 9 // 10 end)
    assert.is_false(answer.limit_bytes)
    assert.is_true(answer.scales)
    assert.equal(256 << 20, answer.killed_at)
  end)

  it("goes on to the machine's memory where the demand does not grow", function ()
    local answer = smallest(function () return "oom-killed", 4096 * 7 end)
    assert.is_false(answer.limit_bytes)
    assert.is_false(answer.scales)
    assert.equal(1 << 34, answer.killed_at)
  end)

  it("tells of larger limits that kill", function ()
    local answer = smallest(function (limit)
      local is_gap = limit > 35 << 20 and limit < 42 << 20
      return limit >= 30 << 20 and not is_gap and "survived" or "oom-killed"
    end)
    assert.is_true(answer.limit_bytes >= 30 << 20 and answer.limit_bytes <= 31 << 20)
    assert.is_false(answer.monotone)
    for _, trial in ipairs(answer.exceptions) do
      assert.is_true(trial.limit_bytes > 35 << 20 and trial.limit_bytes < 42 << 20)
    end
    assert.is_true(#answer.exceptions > 0)
  end)

  it("looks on below a smaller limit that turns out to be good", function ()
    local answer = smallest(function (limit)
      local is_island = limit >= 12 << 20 and limit < 15 << 20
      return (is_island or limit >= 27 << 20) and "survived" or "oom-killed"
    end)
    assert.is_true(answer.limit_bytes >= 12 << 20 and answer.limit_bytes <= 13 << 20)
    assert.is_false(answer.monotone)
  end)

  it("stays within from and to", function ()
    local answer = smallest(from(1 << 20), { from = "8M", to = "16M" })
    assert.equal(8 << 20, answer.limit_bytes)
    assert.is_false(answer.killed_at)
    answer = smallest(from(1 << 30), { from = "8M", to = "16M" })
    assert.is_false(answer.limit_bytes)
    assert.equal(16 << 20, answer.killed_at)
  end)

  it("can look for another outcome", function ()
    local answer = smallest(function (limit)
      return limit > 9 << 20 and "oom-killed" or "survived"
    end, { expect = "oom-killed" })
    assert.is_true(answer.limit_bytes > 9 << 20 and answer.limit_bytes < 10 << 20)
  end)

  it("tells how far it has come", function ()
    local lines = {}
    smallest(from(20 << 20), { progress = function (line) lines[#lines + 1] = line end })
    assert.matches("32.00 MiB  3 of 3 survived", lines[1])
    assert.matches("16.00 MiB  oom%-killed in run 1", lines[2])
  end)

  it("refuses what makes no sense", function ()
    world = from(1)
    for pattern, fields in pairs {
      ["the limit is what is looked for"] = { limit = 5 },
      ["of must be a whole number of runs from 1"] = { of = 0 },
      ["unknown field 'form'; did you mean 'from'"] = { form = 5 },
      ["expect: expected one of .*, not surived; did you mean 'survived'"] = { expect = "surived" },
      ["precision must be a share"] = { precision = "0%" },
      ["from is above to"] = { from = "8M", to = "4M" },
      ["from: 'x' is not a size"] = { from = "x" },
      ["progress must be true or a function"] = { progress = 5 },
    } do
      local answer, message = search.smallest_limit("x", fields)
      assert.is_nil(answer)
      assert.matches(pattern, message)
    end
    assert.matches("expected a scenario or the name of a script",
      select(2, search.smallest_limit(5)))
    assert.equal(0, #calls)
  end)

  it("ends with the first error of the script", function ()
    world = function () return "script-error", 1, "x.lua:3: on purpose" end
    local answer, message = search.smallest_limit("x")
    assert.is_nil(answer)
    assert.equal("lab.smallest_limit: a run failed: x.lua:3: on purpose", message)
    assert.equal(1, #calls)
  end)
end)

describe("lab.curve", function ()
  it("has a point for each ratio, with shares, costs and the worst peak", function ()
    world = function (_, settings)
      return tonumber(settings.memlimit:match "^(.*)%%$") < 95 and "survived" or "oom-killed"
    end
    local points = assert(curve.curve("x", { from = 80, of = 2 }))
    assert.equal(5, #points)
    assert.equal(10, #calls)
    assert.equal("80%", points[1].text)
    assert.equal(1, points[3].share)
    assert.equal(0, points[4].share)
    assert.equal(2, points[4].outcomes["oom-killed"])
    assert.equal(0.25, points[1].gc_cpu)
    assert.equal(4, points[1].cycles)
    assert.equal(16 << 20, points[1].peak_bytes)
  end)

  it("takes ratios as a list, and other settings as they are", function ()
    world = from(1)
    local points = assert(curve.curve("x", { setting = "gogc", ratios = { 25, 400 }, of = 1 }))
    assert.equal("25", calls[1].settings.gogc)
    assert.equal("400", points[2].text)
  end)

  it("refuses ratios that are none", function ()
    for _, fields in ipairs { { ratios = {} }, { ratios = { "x" } }, { from = 5, to = 4 },
      { step = 0 }, { step = 0.001, from = 0 } } do
      local points, message = curve.curve("x", fields)
      assert.is_nil(points)
      assert.matches("^lab.curve: ", message)
    end
  end)
end)

describe("lab.grid", function ()
  it("has a cell for each combination, the last name fastest", function ()
    world = from(16 << 20)
    local cells = assert(curve.grid("x", {
      limit = { 8 << 20, 32 << 20 }, gogc = { 50, 100 }, options = { gc = { true, false }, n = 3 },
      of = 1,
    }))
    assert.equal(8, #cells)
    assert.same({ gogc = 50, limit = 8 << 20 }, cells[1].settings)
    assert.same({ gc = false }, cells[2].options)
    assert.equal(0, cells[1].share)
    assert.equal(1, cells[3].share)
    assert.equal("3", calls[8].options.n)
    assert.equal("100", calls[8].settings.gogc)
  end)

  it("with no list is one cell", function ()
    world = from(1)
    assert.equal(1, #assert(curve.grid("x", { of = 1 })))
  end)

  it("refuses an empty list", function ()
    local cells, message = curve.grid("x", { limit = {} })
    assert.is_nil(cells)
    assert.equal("lab.grid: limit: the list of values is empty", message)
  end)
end)
