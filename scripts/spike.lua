-- spike.lua -- Nine tenths released, one tenth wanted: why does it die?
--
-- Fills nine tenths of the cage with one slab, releases it, and asks for the last tenth. Nearly all
-- of the memory is free, inside the process; yet the kernel kills it.
--
-- Watch for: "next GC" is planned beyond the limit, so the garbage is never reused.
-- Try: --gc (collect in between), --memlimit=90% (what GOMEMLIMIT is to Go), --gogc=50;
-- other splits: --first=80% (there is room, no cycle is needed), --first=60% --second=40%; and the
-- second part as many small requests: --chunk=64K; a demand that does not grow with the limit:
-- --demand=32M --limit=36M (see smallest-limit).
local lab = require "lab"

-- The kernel charges a cage by the batch (of 64 pages): so coarse is the baseline.
local CHARGE_BATCH = 256 * lab.KiB

-- Tells a line. A Go program allocates a small string for each line it prints, and so do we, in
-- the heap: with a memory limit below the live heap it is these small allocations that start the
-- cycles which free the dead slab before the second one is asked for.
local function say(heap, format, ...)
  local line = format:format(...)
  heap:slab(#line):release()
  lab.log("%s", line)
end

local function say_plan(heap, cage)
  local stats = heap:stats()
  say(heap, "heap alloc: %d bytes", stats.heap_alloc)
  local beyond = stats.next_gc - cage.limit
  if beyond > 0 then
    say(heap, "next GC:    at %d bytes, %d beyond the limit", stats.next_gc, beyond)
  else
    say(heap, "next GC:    at %d bytes, %d below the limit", stats.next_gc, -beyond)
  end
end

-- What the two parts ask for: shares of the limit, or of what is demanded whatever the limit is.
local function parts(limit, opt)
  local whole = opt.demand or limit
  local second = opt.second and math.floor(whole * opt.second) or whole // 10
  local first = opt.first and math.floor(whole * opt.first) or whole - second
  return first, second
end

-- Which of the limit the first part is, in words.
local function share_of_first(opt, second)
  local whole = opt.demand and "demand" or "limit"
  if opt.first then
    return ("%g %% of the %s"):format(100 * opt.first, whole)
  elseif opt.second then
    return ("all but the last %d bytes of the %s"):format(second, whole)
  end
  return ("all but the last tenth of the %s"):format(whole)
end

-- A slab, or as many of chunk bytes as it takes.
local function allocate(heap, bytes, chunk)
  local slabs = {}
  repeat
    local asked = chunk and chunk > 0 and math.min(chunk, bytes) or bytes
    slabs[#slabs + 1] = heap:slab(asked)
    bytes = bytes - asked
  until bytes == 0
  return slabs
end

-- Whether the goal lies so far off that no cycle starts before both parts are full.
local function is_never_triggered(settings, first, second)
  if settings.gogc < 0 then
    return true
  end
  -- A cycle starts no earlier than with so much of the way to the goal behind it.
  local least = settings.rules == "go1.16" and 0.6 or 0.7
  return settings.gogc >= 50 and first * settings.gogc / 100 * least > second
end

return lab.scenario {
  title = "A spike, released, then a little more",
  limit = 32 * lab.MiB,
  options = {
    gc = { false, "collect before the second allocation" },
    first = { false, "share of the limit for the first; else all but the second", share = true },
    second = { false, "share of the limit for the second; else 10%", share = true },
    demand = { false, "what the shares are of, instead of the limit", bytes = true, min = 10 },
    chunk = { false, "size of one request of the second; else all at once", bytes = true },
  },

  program = function (heap, opt, cage)
    local fill, reserved = parts(cage.limit, opt)
    if not opt.first then
      fill = fill - heap:stats().heap_alloc
    end

    local slab = heap:phase("spike"):slab(fill)
    say(heap, "filled:     %d bytes, %s", fill, share_of_first(opt, reserved))
    say_plan(heap, cage)

    heap:phase("released")
    slab:release()
    say(heap, "released:   %d bytes, dead but not collected", fill)
    if opt.gc then
      heap:collect()
      say(heap, "collected:  heap alloc is %d bytes", heap:stats().heap_alloc)
    end
    say(heap, "cycles:     %d so far; now asking for %d bytes", heap:stats().num_gc, reserved)

    local rest = allocate(heap:phase "a little more", reserved, opt.chunk)
    say(heap, "filled:     %d bytes more", reserved)
    say_plan(heap, cage)
    for _, part in ipairs(rest) do
      part:release()
    end
  end,

  expect = function (run, opt)
    local settings, limit, baseline = run.settings, run.cage.limit, run.baseline_bytes
    local first, second = parts(limit, opt)
    if settings.policy ~= "go" or opt.demand then
      return nil -- Another question: what does that policy make of it?
    end
    if 2 * baseline > second or run.last_words.phase == "spike" then
      -- The cage is so small that what the program needs beside its heap competes with the last
      -- part: it may die of that, and never come to the question.
      return nil
    end
    -- Small requests are rounded up to their size classes.
    if first + (opt.chunk and second * 5 // 4 or second) + 2 * baseline <= limit then
      return run:survived()
    end
    if opt.gc then
      return run:survived()
    end
    if settings.memory_limit_bytes <= limit - second and settings.collector == "stw" then
      return run:survived()
    end
    if settings.memory_limit_bytes < limit or run.cage.swap > 0
      or first + second + baseline <= limit + CHARGE_BATCH
      or not is_never_triggered(settings, first, second) or settings.trigger_test ~= "after" then
      return nil -- On the border: no expectation.
    end
    return run:oom_killed()
  end,
}
