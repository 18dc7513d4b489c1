-- agreement_spec.lua -- The pretend world against real cages, on programs nobody has seen.
--
-- OOMLAB_PROGRAMS says how many (48); make soak takes a thousand.
local program = require "program"

local caged = program.caged(it, pending)
local COUNT = tonumber(os.getenv "OOMLAB_PROGRAMS") or 48
local SCRIPT = os.getenv "OOMLAB_SOURCE" .. "/tests/lua/scripts/random-program.lua"

local POLICIES = { "adaptive-cgroup", "adaptive-heap", "ballast", "die-fast", "fixed", "go",
  "gogctuner", "growable", "last-resort", "membalancer", "memory-limit", "never",
  "percent-of-limit", "pressure", "set-max-heap", "target", "watchdog", "watermark" }
local LIMITS = { "8M", "16M", "32M", "48M", "64M" }
local GOGC = { "100", "100", "100", "50", "200", "off" }

-- Below this a batch of the kernel's is more than the share that peaks may differ by.
local PEAK_BYTES_MIN = 16 << 20

local function run(n, world)
  local function pick(list, step)
    return list[n * step % #list + 1]
  end
  local result = program.run_json { SCRIPT, "--n=" .. n, "--policy=" .. pick(POLICIES, 7),
    "--collector=" .. pick({ "stw", "incremental" }, 1), "--limit=" .. pick(LIMITS, 3),
    "--gogc=" .. pick(GOGC, 5), "--timeout=60", "--world=" .. world }
  assert(result.json, result.err)
  return result.json
end

describe("The pretend world and real cages", function ()
  caged("agree on how random programs end, and on their peaks", function ()
    local differing, peaks, looked = {}, {}, 0
    for n = 1, COUNT do
      local real, pretend = run(n, "real"), run(n, "pretend")
      local peak = pretend.cage_peak_bytes / real.cage_peak_bytes
      if real.outcome ~= pretend.outcome then
        differing[#differing + 1] = ("%d: %s, pretend %s"):format(n, real.outcome, pretend.outcome)
      elseif real.cage_peak_bytes >= PEAK_BYTES_MIN then
        looked = looked + 1
        if math.abs(peak - 1) > 0.03 then
          peaks[#peaks + 1] = ("%d: %.1f %%"):format(n, 100 * (peak - 1))
        end
      end
    end
    -- Policies that go by time end some of these one way or the other in real cages, too.
    local some = math.max(2, COUNT * 2 // 100)
    local told = table.concat(differing, "; ") .. " | peaks " .. table.concat(peaks, "; ")
    assert.truthy(#differing <= some, told)
    assert.truthy(#peaks <= math.max(2, looked * 4 // 100), told)
    if os.getenv "OOMLAB_PROGRAMS" then
      print(("# %d programs: %d ended otherwise; of %d peaks %d differ. %s"):format(COUNT,
        #differing, looked, #peaks, told))
    end
  end)
end)
