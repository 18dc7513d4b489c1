-- pacer_spec.lua -- oomlab pacer replay: recorded scenarios in, what the pacer does out.
local lab = require "helper"

local DATA = (os.getenv "OOMLAB_SOURCE" or ".") .. "/tests/data/pacer/"

-- Rows of a CSV text as tables by column.
local function rows_of(text)
  local names, rows = nil, {}
  for line in text:gmatch "[^\n]+" do
    local cells = {}
    for cell in (line .. ","):gmatch "([^,]*)," do
      cells[#cells + 1] = cell
    end
    if names then
      local row = {}
      for index, name in ipairs(names) do
        row[name] = cells[index]
      end
      rows[#rows + 1] = row
    else
      names = cells
    end
  end
  return rows, names
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

describe("oomlab pacer replay", function ()
  for _, name in ipairs { "go1.19_StepAlloc", "go1.19_SteadyMemoryLimit", "go1.21_JitterAlloc" } do
    it("repeats every column of every cycle of " .. name, function ()
      local path = DATA .. name .. ".csv"
      local rules = name:match "^[^_]+"
      local status, out = lab.run(("pacer replay --rules=%s '%s'"):format(rules, path))
      assert.equal(0, status)
      local recorded = rows_of(read(path))
      local rows, names = rows_of(out)
      assert.equal(16, #names)
      assert.equal(#recorded, #rows)
      for index, row in ipairs(rows) do
        for _, column in ipairs(names) do
          assert.equal(tonumber(recorded[index][column]), tonumber(row[column]), column)
        end
      end
    end)
  end

  it("does what Go 1.16 did when asked", function ()
    local _, out = lab.run(("pacer replay --rules=go1.16 '%sgo1.19_Steady.csv'"):format(DATA))
    local rows = rows_of(out)
    -- Its fixed point lies above the 0.25 that later rules reach.
    assert.is_true(tonumber(rows[50].gc_utilization) > 0.3)
  end)

  local HEAD = "gc_percent,memory_limit,globals_bytes,n_cores,in_alloc_rate,in_scan_rate,"
    .. "in_growth_rate,in_scannable_frac,in_stack_bytes\n"
  local GOOD = "100,9223372036854775807,0,8,33,1024,2,1,8192\n"
  for sentence, case in pairs {
    ["lacks a column"] = { HEAD:gsub("n_cores,", ""), ":1: there is no column n_cores" },
    ["is empty"] = { "", "empty" },
    ["holds a word for a number"] = { HEAD .. GOOD .. GOOD:gsub(",33,", ",many,"),
      ":3: column in_alloc_rate: 'many' is not a number" },
    ["holds a fraction for a whole number"] = { HEAD .. GOOD:gsub("8192", "1.5"),
      ":2: column in_stack_bytes: '1.5' is not a whole number" },
    ["holds no number at all"] = { HEAD .. GOOD:gsub(",33,", ",nan,"), ":2: column in_alloc_rate" },
    ["has a short row"] = { HEAD .. "1,2\n", ":2: 2 cells, but the heading has 9 columns" },
  } do
    it("refuses a file that " .. sentence .. " with line and column", function ()
      lab.with_script(case[1], function (path)
        local status, _, err = lab.run(("pacer replay '%s'"):format(path))
        assert.equal(2, status)
        assert.is_truthy(err:find(case[2], 1, true), err)
      end)
    end)
  end

  it("refuses what it cannot find or does not know", function ()
    for _, case in ipairs {
      { "pacer replay /nowhere.csv", "cannot open /nowhere.csv" },
      { "pacer replay --rules=go1.5 x", "expected go1.16, go1.19 or go1.21" },
      { "pacer", "oomlab pacer replay" }, { "pacer play x", "oomlab pacer replay" },
      { "pacer replay", "oomlab pacer replay" },
      { "run --rules=go1.16 --memlimit=90%", "go1.16 has no memory limit" },
    } do
      local status, _, err = lab.run(case[1])
      assert.equal(2, status, case[1])
      assert.is_truthy(err:find(case[2], 1, true), err)
    end
  end)
end)
