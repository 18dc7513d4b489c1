-- random-program.lua -- What would any program do? A different one for each n.
--
-- For the specs: the pretend world has to agree with the real one on programs that nobody has
-- written for it.
local lab = require "lab"

local LARGEST = { 4 * lab.KiB, 64 * lab.KiB, lab.MiB, 4 * lab.MiB, 12 * lab.MiB }

return lab.scenario {
  title   = "A random program",
  limit   = 32 * lab.MiB,
  options = { n = { 1, "which one", min = 1, max = 1000000 } },

  program = function (heap, opt)
    -- Numbers of its own: math.random's are not the same in every Lua.
    local state = opt.n * 7919 + 13
    local function draw(low, high)
      state = (state * 1103515245 + 12345) % (1 << 31)
      return low + (state >> 8) % (high - low + 1)
    end

    local held, largest = {}, nil
    local function hold(object)
      held[#held + 1] = object
    end

    local steps = {
      function () hold(heap:slab(draw(1, largest))) end,
      function () hold(heap:slab(draw(1, largest))) end,
      function () hold(heap:node(draw(1, 100), draw(0, largest))) end,
      function () for _ = 1, draw(1, 200) do hold(heap:slab(draw(1, 40000))) end end,
      function () for _ = 1, draw(1, 500) do heap:slab(draw(1, 20000)):release() end end,
      function ()
        for _ = 1, draw(0, #held) do
          table.remove(held, draw(1, #held)):release()
        end
      end,
      function ()
        local sizes, live = { 16, draw(16, 4096) }, draw(0, lab.MiB)
        heap:churn { bytes = draw(1, 8 * lab.MiB), size = sizes, live = live }:release()
      end,
      function () hold(heap:ramp { bytes = draw(1, largest), size = draw(16, 30000) }) end,
      function () if draw(1, 4) == 1 then heap:collect() end end,
      function () if draw(1, 8) == 1 then heap:free_os_memory() end end,
      function () heap:wait(draw(1, 10) / 1000) end,
      function ()
        local list = {}
        for i = 1, draw(1, 5000) do
          list[i] = { i, list }
        end
        assert(#list > 0)
      end,
    }

    largest = LARGEST[draw(1, #LARGEST)]
    heap:phase "program"
    for _ = 1, draw(5, 60) do
      steps[draw(1, #steps)]()
    end
  end,
}
