-- die-fast.lua -- A leak meets a soft limit: better a quick end than hours in the collector.
--
-- With a memory limit a heap that leaks is not killed at once: it is collected again and again, for
-- less and less. This policy sets such a limit where there is none, and ends the run in good order
-- once collecting does not help any more.
--
-- Watch for: the outcome is shut-down, and the reason says what was live.
local lab = require "lab"

local CYCLES = 5   -- In a row, as with the JVM's UseGCOverheadLimit.
local SHARE = 0.5  -- Of the time between two cycles' ends.

local limit, last_end_ns
local slow_cycles = 0

local function percent(part, whole)
  return part * 100 // math.max(whole, 1)
end

-- How much of the time since the last cycle's end the program lost to this one.
local function lost_share(cycle, now_ns)
  local elapsed_ns = now_ns - (last_end_ns or 0)
  last_end_ns = now_ns
  return (cycle.pause_ns + cycle.assist_ns) / math.max(elapsed_ns, 1)
end

return lab.policy {
  title = "Ends the run in good order when collecting helps no more",
  source = "GOMEMLIMIT's death spiral; compare the JVM's UseGCOverheadLimit",
  rule = [[
A memory limit of 90 % of the cage's, where none is set. The run ends when a cycle leaves more
than N % of the cage's limit live, or when five cycles in a row each took over half of the time
since the one before.]],
  argument = { 90, "of the limit may be live, in percent", min = 1, max = 100 },

  on_start = function (cage, heap)
    limit = cage.limit
    if heap:stats().memory_limit_bytes == math.maxinteger then
      heap:memory_limit(limit * 0.9)
    end
  end,

  on_gc_end = function (cycle, heap)
    local share = lost_share(cycle, heap:stats().at_ns)
    slow_cycles = share > SHARE and slow_cycles + 1 or 0
    if cycle.marked_bytes > limit / 100 * lab.argument() then
      heap:stop(("%d bytes are live after cycle %d, %d %% of the limit"):format(
        cycle.marked_bytes, cycle.number, percent(cycle.marked_bytes, limit)))
    elseif slow_cycles >= CYCLES then
      heap:stop(("%d cycles in a row took over half of the time; %d bytes are live, %d %% of the "
        .. "limit"):format(slow_cycles, cycle.marked_bytes, percent(cycle.marked_bytes, limit)))
    end
  end,
}
