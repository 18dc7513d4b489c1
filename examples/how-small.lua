-- how-small.lua -- How small may the cage of a table that is swapped be?
--
-- Looks for the smallest limit in which table-swap.lua survives, under several rules of when to
-- collect. A table has 10 MiB and two of them are live at a time: less than 20 MiB is never enough.
--
-- Watch for: how much of the cage is there only for garbage.
local lab = require "lab"

local WAYS = {
  { title = "go", settings = {} },
  { title = "go, --gogc=25", settings = { gogc = 25 } },
  { title = "last-resort", settings = { policy = "last-resort" } },
}

return lab.experiment {
  title = "How small may the cage be?",
  options = {
    scenario = { "examples/table-swap.lua", "a script, by name or path" },
    of = { 3, "runs that have to survive", min = 1, max = 100 },
    precision = { "1%", "how near the answer has to be", share = true },
  },

  program = function (opt)
    local least
    for _, way in ipairs(WAYS) do
      way.settings.of, way.settings.precision = opt.of, opt.precision
      local answer = lab.smallest_limit(opt.scenario, way.settings)
      if not answer.limit_bytes then
        print(("%-20s no limit is enough"):format(way.title))
      else
        least = math.min(least or answer.limit_bytes, answer.limit_bytes)
        print(("%-20s %5.1f MiB (%d runs)"):format(way.title, answer.limit_bytes / lab.MiB,
          answer.runs))
      end
    end
    return least and least >= 20 * lab.MiB
  end,
}
