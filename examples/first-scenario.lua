-- first-scenario.lua -- How much garbage can a list leave behind before it is collected?
--
-- Builds a list of blocks, keeps the newest few, and lets go of the rest: a cache that forgets.
-- What is kept is small; what the cage has to hold is not.
--
-- Watch for: the heap grows to about twice what is kept, then a cycle brings it back.
-- Try: --keep=200 (too much for the cage), --gogc=400, --block=64K.
local lab = require "lab"

return lab.scenario {
  title = "A cache that forgets",
  limit = 16 * lab.MiB,
  options = {
    block = { "16K", "size of a block", bytes = true, min = 1, max = lab.MiB },
    keep = { 100, "blocks kept at a time", min = 1, max = 10000 },
    blocks = { 3000, "blocks allocated in all", min = 1, max = 100000 },
  },

  program = function (heap, opt)
    heap:phase "fill"
    -- The slots of one node hold what is kept: the node is the only root.
    local cache <close> = heap:node(opt.keep)
    for number = 1, opt.blocks do
      if number == opt.keep + 1 then
        heap:phase "replace"
      end
      local block <close> = heap:slab(opt.block) -- Released at the end of each round, ...
      cache:set((number - 1) % opt.keep + 1, block) -- ... but not what the cache refers to.
    end
    local stats = heap:stats()
    lab.log("%d blocks of %d bytes: %d cycles, heap alloc %d", opt.blocks, opt.block,
      stats.num_gc, stats.heap_alloc)
  end,

  expect = function (run, opt)
    -- Twice what is kept, the first cycle's 4 MiB, and a quarter for the rest: that fits.
    local most = math.max(2 * opt.keep * opt.block, 4 * lab.MiB)
    if most + most // 4 > run.cage.limit or run.settings.gogc ~= 100 then
      return nil
    end
    return run:survived()
  end,
}
