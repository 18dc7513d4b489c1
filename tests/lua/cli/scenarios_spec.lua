-- scenarios_spec.lua -- The bundled scenarios end as they say: in cages, and in the pretend world
-- under every policy as in cages (tests/data/scenarios).
local program = require "program"

local caged = program.caged(it, pending)
local source = os.getenv "OOMLAB_SOURCE" or "."
local directory = program.directory()

teardown(directory.remove)

-- What their heads say to try, and what comes of it.
local TRIED = [[
big-response --size=16M: survived
big-response --stream: survived
big-response --limit=96M: survived
big-stacks --rules=go1.16: survived
big-stacks --memlimit=90%: survived
big-stacks --gogc=50: survived
big-stacks --stacks=4M: survived
cold-start --stream: survived
cold-start --memlimit=90%: survived
cold-start --gogc=25: survived
cold-start --policy=percent-of-limit: survived
cold-start --policy=growable: oom-killed
cold-start --policy=gogctuner: oom-killed
compaction-burst --memlimit=90%: survived
compaction-burst --policy=growable: survived
compaction-burst --gogc=25: survived
compaction-burst --decoding=0: survived
compaction-burst --policy=watermark: oom-killed
fork-copy-on-write --written=50%: survived
fork-copy-on-write --policy=last-resort: oom-killed
fork-copy-on-write --limit=80M: survived
fragmented-survivors --again=2K: survived
fragmented-survivors --keep=0.01: survived
fragmented-survivors --policy=last-resort: oom-killed
high-stall: throttled
high-stall --high=off: survived
high-stall --memlimit=28M: survived
high-stall --gogc=25: survived
high-stall --policy=pressure: throttled
jitter --seed=2: survived
jitter --seed=3: survived
jitter --seed=4: survived
jitter --largest=8M: survived
jitter --largest=8M --seed=2: survived
jitter --policy=gogctuner: oom-killed
limit-lowered-midway --policy=memory-limit: oom-killed
limit-lowered-midway --policy=last-resort: oom-killed
limit-lowered-midway --memlimit=34M: survived
limit-lowered-midway --gogc=25: survived
limit-lowered-midway --lowered=60M: survived
many-spikes --gc: survived
many-spikes --big=20M: survived
many-spikes --memlimit=90%: survived
many-spikes --policy=watermark: survived
many-spikes --policy=ballast: oom-killed
off-heap-growth --memlimit=90%: oom-killed
off-heap-growth --memlimit=45%: survived
off-heap-growth --gogc=25: survived
off-heap-growth --policy=last-resort: oom-killed
off-heap-growth --off-heap=20M: survived
oscillating --gc: survived
oscillating --wave=23M: survived
oscillating --memlimit=90%: survived
oscillating --policy=growable: survived
oscillating --policy=last-resort: survived
page-cache-filler --policy=watchdog: shut-down
page-cache-filler --policy=last-resort: survived
page-cache-filler --live=30M: oom-killed
parent-tighter --policy=memory-limit: oom-killed-by-ancestor
parent-tighter --memlimit=30M: survived
parent-tighter --gogc=20: survived
parent-tighter --parent-limit=40M: survived
parent-tighter --policy=fixed: out-of-memory
sawtooth --gogc=25: survived
sawtooth --gogc=400: survived
sawtooth --policy=percent-of-limit: survived
sawtooth --policy=growable: survived
sawtooth --policy=never: oom-killed
sawtooth --live=34M: oom-killed
slow-leak --memlimit=90%: oom-killed
slow-leak --policy=die-fast: shut-down
slow-leak --policy=watchdog: shut-down
slow-leak --policy=fixed:80%: out-of-memory
slow-leak --leak=0: survived
steady-web-server --gogc=50: survived
steady-web-server --gogc=200: survived
steady-web-server --policy=membalancer: survived
steady-web-server --policy=percent-of-limit: survived
steady-web-server --policy=fixed:50%: survived
steady-web-server --policy=never: oom-killed
step --peak-load=40M: oom-killed
step --peak-load=40M --memlimit=90%: survived
step --policy=membalancer: survived
step --policy=fixed:70%: survived
step --policy=never: oom-killed
two-heaps-one-cage --memlimit=90%: oom-killed
two-heaps-one-cage --memlimit=50%: survived
two-heaps-one-cage --share=40%: survived
two-heaps-one-cage --second=4M: survived
two-heaps-one-cage --policy=memory-limit: oom-killed
two-heaps-one-cage --policy=last-resort: oom-killed
]]

-- The lines of verdicts.csv, without those that were mixed; and the names of the scenarios.
local function measured()
  local cells, names, seen = {}, {}, {}
  for line in io.lines(source .. "/tests/data/scenarios/verdicts.csv") do
    local name, policy, collector, outcome, _, low, high = line:match(
      "^([^,]+),([^,]+),([^,]+),([^,]+),([^,]*),(%d+),(%d+)$")
    if name and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
    if name and outcome ~= "mixed" then
      cells[#cells + 1] = { name = name, policy = policy, collector = collector,
        outcome = outcome, low = tonumber(low), high = tonumber(high) }
    end
  end
  return cells, names
end

-- An experiment of all these cells in the pretend world, and what it printed: a list of
-- { outcome, peak bytes }.
local function pretend(cells)
  local lines = {}
  for i, cell in ipairs(cells) do
    lines[i] = ("{ %q, { policy = %q, collector = %q, world = 'pretend' } },"):format(
      cell.name, cell.policy, cell.collector)
  end
  local path = directory.write("cells.lua", "local lab = require 'lab'\nlocal CELLS = {\n"
    .. table.concat(lines, "\n") .. "\n}\nreturn lab.experiment { program = function ()\n"
    .. "  for first = 1, #CELLS, 36 do\n"
    .. "    local some = table.move(CELLS, first, math.min(first + 35, #CELLS), 1, {})\n"
    .. "    for _, run in ipairs(lab.runs(some)) do\n"
    .. "      print(run.outcome, run.cage_peak_bytes)\n    end\n  end\nend }\n")
  local result = program.run { "run", path }
  assert.equal(0, result.status, result.err)
  local answers = {}
  for outcome, peak in result.out:gmatch "(%S+)%s+(%d+)\n" do
    answers[#answers + 1] = { outcome = outcome, peak = tonumber(peak) }
  end
  assert.equal(#cells, #answers, result.out)
  return answers
end

-- Scenarios by the group, for as many runs at a time.
local function tested(names, ...)
  local command = { "test" }
  for _, word in ipairs { ... } do
    command[#command + 1] = word
  end
  table.move(names, 1, #names, #command + 1, command)
  return program.run(command)
end

describe("Each bundled scenario", function ()
  local _, names = measured()

  caged("ends in a cage as it expects", function ()
    local result = tested(names)
    assert.equal(0, result.status, result.out .. result.err)
    assert.equal("", result.left_groups)
  end)

  it("ends in the pretend world as it expects", function ()
    for _, collector in ipairs { "stw", "incremental" } do
      local result = tested(names, "--world=pretend", "--collector=" .. collector)
      assert.equal(0, result.status, result.out .. result.err)
    end
  end)

  it("comes to what its head says of each thing to try", function ()
    for line, outcome in TRIED:gmatch "([^\n]+): (%S+)\n" do
      local arguments = { "--world=pretend", "--expect=" .. outcome }
      for word in line:gmatch "%S+" do
        table.insert(arguments, 1, word)
      end
      arguments[1], arguments[#arguments - 2] = arguments[#arguments - 2], arguments[1]
      local result = program.run { "run", "-q", table.unpack(arguments) }
      assert.equal(0, result.status, line .. ": " .. result.out .. result.err)
    end
  end)
end)

describe("The pretend world", function ()
  it("ends 99 of 100 cells of scenario, policy and collector as real cages do", function ()
    local cells = measured()
    local answers, differing, different_peaks = pretend(cells), {}, {}
    for i, cell in ipairs(cells) do
      local answer = answers[i]
      local what = ("%s, %s, %s: %s"):format(cell.name, cell.policy, cell.collector,
        answer.outcome)
      if answer.outcome ~= cell.outcome then
        differing[#differing + 1] = what
      elseif answer.peak < 0.97 * cell.low or answer.peak > 1.03 * cell.high then
        different_peaks[#different_peaks + 1] = ("%s at %d bytes"):format(what, answer.peak)
      end
      assert.is_false(cell.policy == "go" and answer.outcome ~= cell.outcome, what)
    end
    assert.is_true(#differing <= #cells // 100, table.concat(differing, "\n"))
    assert.is_true(#different_peaks <= #cells // 100, table.concat(different_peaks, "\n"))
  end)
end)
