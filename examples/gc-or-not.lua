-- gc-or-not.lua -- What does a collection in between change, and what does a memory limit?
--
-- Runs the bundled spike in cages of several sizes, each time as it is, with a collection between
-- its two allocations, and with a memory limit for the collector; prints who survived.
--
-- Watch for: the columns do not depend on the size of the cage.
local lab = require "lab"

local WAYS = {
  { title = "as it is", overrides = {} },
  { title = "--gc", overrides = { options = { gc = true } } },
  { title = "--memlimit=90%", overrides = { memlimit = "90%" } },
}

local function overrides_of(way, limit)
  local overrides = { limit = limit }
  for name, value in pairs(way.overrides) do
    overrides[name] = value
  end
  return overrides
end

return lab.experiment {
  title = "The spike: collect, or not?",
  options = { most = { "64M", "size of the largest cage", bytes = true, min = 16 * lab.MiB } },

  program = function (opt)
    local cells = { ("%-10s"):format "limit" }
    for _, way in ipairs(WAYS) do
      cells[#cells + 1] = ("%-18s"):format(way.title)
    end
    print(table.concat(cells))

    local is_expected = true
    local limit = 16 * lab.MiB
    while limit <= opt.most do
      cells = { ("%-10s"):format(limit // lab.MiB .. " MiB") }
      for index, way in ipairs(WAYS) do
        local run = lab.run("spike", overrides_of(way, limit))
        cells[#cells + 1] = ("%-18s"):format(run.outcome)
        is_expected = is_expected and run:survived() == (index > 1)
      end
      print(table.concat(cells))
      limit = limit * 2
    end
    return is_expected
  end,
}
