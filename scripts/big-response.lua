-- big-response.lua -- An answer of 17 MiB in a cage of 64 MiB: where does all the memory go?
--
-- The answer is built in a buffer that doubles whenever it is full: the new one has to be there
-- before the old one can go. Then it is copied into what is sent. So 16 MiB take three times as
-- much; and one MiB more needs a buffer of 32, with 16 dead behind it, and is killed.
--
-- Watch for: "asked", in all, against the size of the answer.
-- Try: --size=16M (lives, and peaks at 47 MiB), --stream (chunks are sent as they come: the size
-- does not matter any more), --limit=96M.
local lab = require "lab"

local CHUNK = 64 * lab.KiB

local function capacity_for(size)
  local capacity = CHUNK
  while capacity < size do
    capacity = 2 * capacity
  end
  return capacity
end

-- As bytes.Buffer and its kin grow; what counts is what they ask the heap for.
local function build(heap, size)
  local capacity = CHUNK
  local buffer = heap:tag("buffer"):slab(capacity)
  while capacity < capacity_for(size) do
    capacity = 2 * capacity
    local larger = heap:slab(capacity)
    buffer:release()
    buffer = larger
  end
  return buffer
end

return lab.scenario {
  title   = "One big answer, built in a buffer that doubles",
  limit   = 64 * lab.MiB,
  options = {
    size   = { "17M", "of the answer", bytes = true, min = 1 },
    stream = { false, "send chunks as they come" },
  },

  program = function (heap, opt)
    if opt.stream then
      heap:phase("stream"):tag "chunk"
      for _ = 1, opt.size, CHUNK do
        heap:slab(CHUNK):release()
      end
      return
    end
    local buffer = build(heap:phase "build", opt.size)
    local answer = heap:phase("answer"):tag("answer"):slab(opt.size)
    buffer:release()
    answer:release()
  end,

  expect = function (run, opt)
    local limit, settings = run.cage.limit, run.settings
    local capacity = capacity_for(opt.size)
    if opt.stream then
      return limit < 8 * lab.MiB or run:survived()
    elseif 2 * capacity + opt.size + 2 * run.baseline_bytes < limit then
      return run:survived() -- All of it together fits.
    elseif capacity + opt.size > limit then
      return run:oom_killed() -- Nothing helps.
    elseif 1.5 * capacity + opt.size > limit and settings.policy == "go"
      and settings.memory_limit_bytes > limit and settings.collector == "stw" then
      return run:oom_killed() -- What the last growth left behind is not collected in time.
    end
    return nil
  end,
}
