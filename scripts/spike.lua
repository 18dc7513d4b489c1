-- spike.lua -- Nine tenths released, one tenth wanted: why does it die?
--
-- Fills nine tenths of the cage with one slab, releases it, and asks for the last tenth. Nearly all
-- of the memory is free, inside the process; yet the kernel kills it.
--
-- Watch for: "next GC" is planned beyond the limit, so the garbage is never reused.
-- Try: --gc (collect in between), --memlimit=90% (what GOMEMLIMIT is to Go), --gogc=50.
local lab = require "lab"

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

return lab.scenario {
  title = "A spike, released, then a little more",
  limit = 32 * lab.MiB,
  options = { gc = { false, "collect before the second allocation" } },

  program = function (heap, opt, cage)
    local reserved = cage.limit // 10
    local fill = cage.limit - heap:stats().heap_alloc - reserved

    local slab = heap:phase("spike"):slab(fill)
    say(heap, "filled:     %d bytes, all but the last tenth of the limit", fill)
    say_plan(heap, cage)

    heap:phase("released")
    slab:release()
    say(heap, "released:   %d bytes, dead but not collected", fill)
    if opt.gc then
      heap:collect()
      say(heap, "collected:  heap alloc is %d bytes", heap:stats().heap_alloc)
    end
    say(heap, "cycles:     %d so far; now asking for %d bytes", heap:stats().num_gc, reserved)

    local rest = heap:phase("a little more"):slab(reserved)
    say(heap, "filled:     %d bytes more", reserved)
    say_plan(heap, cage)
    rest:release()
  end,

  expect = function (run, opt)
    local settings = run.settings
    local reserved = run.cage.limit // 10
    if settings.policy ~= "go" then
      return nil -- Another question: what does that policy make of it?
    end
    if 2 * run.baseline_bytes > reserved or run.last_words.phase == "spike" then
      -- The cage is so small that what the program needs beside its heap competes with the last
      -- tenth: it may die of that, and never come to the question.
      return nil
    end
    if opt.gc or settings.memory_limit_bytes <= run.cage.limit - reserved then
      return run:survived()
    end
    if settings.memory_limit_bytes < run.cage.limit or run.cage.swap > 0
      or settings.gogc >= 0 and settings.gogc < 50 or settings.trigger_test ~= "after" then
      return nil -- On the border: no expectation.
    end
    return run:oom_killed()
  end,
}
