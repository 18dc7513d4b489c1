-- fragmented-survivors.lua -- 28 of 38 MiB were freed. Why is there no room for 34?
--
-- Objects of 2 KiB lie four in a span of 8 KiB. When all but every fourth have died, each span
-- still holds one, and none can be given back: the heap is full of holes of 2 KiB. What fits the
-- holes may have them; anything larger is new memory.
--
-- Watch for: heap and cage after "given back", collected and scavenged: 9.5 MiB, and 39.
-- Try: --again=2K (the same 34 MiB in objects that fit the holes: lives in 45 MiB), --keep=0.01
-- (one in a hundred holds far fewer spans: lives), --policy=last-resort (no policy helps: nothing
-- is left to collect).
local lab = require "lab"

return lab.scenario {
  title   = "Few survivors, one in every span",
  limit   = 64 * lab.MiB,
  options = {
    bytes  = { "38M", "allocated first", bytes = true, min = lab.MiB },
    keep   = { 0.25, "of them survive", min = 0.0001, max = 1.0 },
    wanted = { "34M", "allocated then", bytes = true, min = 1 },
    again  = { "1M", "size of these objects", bytes = true, min = 16 },
  },

  program = function (heap, opt)
    heap:phase("many small ones"):survivors { bytes = opt.bytes, size = "2K", keep = opt.keep }
    heap:phase "given back"
    heap:free_os_memory()
    heap:phase("others"):ramp { bytes = opt.wanted, size = opt.again, rate = "256M" }
  end,

  expect = function (run, opt)
    local limit, swap = run.cage.limit, run.cage.swap
    local live, all = opt.bytes * opt.keep + opt.wanted, opt.bytes + opt.wanted
    if opt.keep == 0.25 and opt.again > 8 * lab.KiB and all > 1.05 * (limit + swap) then
      return not run:survived()
    elseif not run:is_plain_go() or opt.bytes > 0.8 * limit or live + 8 * lab.MiB > limit then
      return nil
    elseif opt.keep <= 0.01 or opt.keep <= 0.25 and opt.again == 2 * lab.KiB then
      return run:survived()
    end
    return nil
  end,
}
