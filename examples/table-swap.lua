-- table-swap.lua -- A table is built anew beside the old one, then swapped: what does that cost?
--
-- A service keeps a table of records and rebuilds it from time to time. While it does, the old
-- table is live as well; after the swap it is garbage, until a cycle comes.
--
-- Watch for: "next gc" is planned beyond the limit as soon as two tables are live at a cycle.
-- Try: --memlimit=90% (survives), --table=17M (two of them are more than the cage).
local lab = require "lab"

return lab.scenario {
  title = "Rebuild a table, then swap",
  limit = "32M",
  options = {
    table = { "10M", "size of the table", bytes = true, min = lab.MiB },
    rebuilds = { 5, "times that it is rebuilt", min = 1, max = 100 },
  },

  cases = {
    { memlimit = "90%", outcome = "survived" },
    { options = { table = "17M" }, outcome = "oom-killed" },
    { name = "ten GiB", world = "pretend", limit = "10G", options = { table = "6G" } },
  },

  program = function (heap, opt)
    heap:phase "build"
    local current = heap:ramp { bytes = opt.table, size = "4K" }
    for number = 1, opt.rebuilds do
      heap:phase("rebuild " .. number)
      local new = heap:ramp { bytes = opt.table, size = "4K" }
      current:release()
      current = new
    end
  end,

  expect = function (run, opt)
    local has_memory_limit = run.settings.memory_limit_bytes < run.cage.limit
    if 2 * opt.table > run.cage.limit then
      return run:oom_killed() -- Two of them are live for a moment.
    elseif has_memory_limit and 2.5 * opt.table < run.cage.limit then
      return run:survived()
    end -- Otherwise it depends on where the cycles fall: better no expectation than a guess.
  end,
}
