-- watchdog_spec.lua -- Runs that are told to end: when, by whom, what they leave behind; and the
-- scripts about it.
local cjson = require "cjson"
local program = require "program"

local caged = program.caged(it, pending)
local directory = program.directory()
local dumps = directory.path .. "/dumps"
directory.make "dumps"

teardown(directory.remove)

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- The names of what is in a directory.
local function read_directory(path)
  local names = {}
  local pipe = assert(io.popen(("ls '%s'"):format(path)))
  for name in pipe:lines() do
    names[#names + 1] = name
  end
  pipe:close()
  return names
end

local function run(...)
  local result = program.run_json { env = { TMPDIR = dumps }, ... }
  assert.equal("", result.left_groups)
  return result
end

-- A run whose script expects what it came to.
local function expected(...)
  local result = run(...)
  assert.equal(0, result.status, result.err)
  return result.json
end

local function refused(pattern, ...)
  local result = program.run { "run", ... }
  assert.equal(2, result.status, result.err)
  assert.matches(pattern, program.complaint(result))
  assert.equal(1, program.complaints(result))
end

local HEAD = "local lab = require 'lab'\nreturn lab.scenario { limit = '32M', "

local function script(name, settings, body)
  return directory.write(name, HEAD .. settings
    .. " program = function (heap)\n" .. body .. "\nend }\n")
end

describe("A bad watchdog is one line, status 2:", function ()
  it("a misspelt word, a value that is none, a threshold that cannot be", function ()
    refused("watchdog=90%%,evry=1s: there is no 'evry'; did you mean 'every'",
      "--watchdog=90%,evry=1s")
    refused("every: 'soon' is not a time", "--watchdog=90%,every=soon")
    refused("'101%%' is more than the whole", "--watchdog=101%")
    refused("'90' is less than one page of memory; expected a share as in 90%%", "--watchdog=90")
    refused("watchdog=33MiB: '33MiB' is above the limit, 32.0 MiB", "--watchdog=33MiB")
    refused("neither look nor be told", "--watchdog=90%,every=never,notice=off")
    refused("dump=/nowhere: .*a directory that exists", "--dump=/nowhere")
    refused("dump=/dev/null: .*no directory", "--dump=/dev/null")
  end)

  it("a scenario's own, at its line, is status 3", function ()
    local result = program.run { "run", script("bad.lua", "watchdog = '9x',", "") }
    assert.equal(3, result.status)
    assert.matches("bad.lua:2: lab.scenario: watchdog=9x: ", program.complaint(result))
  end)

  it("a dump of an experiment, which leaves none", function ()
    local path = directory.write("experiment.lua", "local lab = require 'lab'\n"
      .. "return lab.experiment { program = function () end }")
    refused("%-%-dump is for a scenario", path, "--dump=" .. dumps)
    path = directory.write("inner.lua", "local lab = require 'lab'\nreturn lab.experiment {"
      .. "program = function () lab.run('spike', { dump = '/tmp' }) end }")
    local result = program.run { "run", path }
    assert.equal(3, result.status)
    assert.matches("inner.lua:2: lab.run: dump=/tmp: ", program.complaint(result))
  end)
end)

describe("apoptosis", function ()
  caged("is told to end on the kernel's notice, and leaves a dump that only its owner may read",
    function ()
      local json = expected "apoptosis"
      assert.equal("shut-down", json.outcome)
      assert.matches("the kernel gave notice", json.error.message)
      local watchdog = json.watchdog
      assert.equal("notice", watchdog.way)
      assert.is_true(watchdog.has_notice)
      assert.equal(30198988, watchdog.threshold_bytes)
      assert.is_true(watchdog.acted_bytes > 25 << 20 and watchdog.acted_bytes <= 32 << 20)
      assert.is_true(watchdog.ended_at_ns >= watchdog.acted_at_ns)
      assert.is_true(watchdog.next_look_ns > 10e9 and watchdog.next_look_ns < 15e9)
      assert.equal(dumps, json.dump:match "^(.*)/oomlab%-apoptosis%-")
      program.shell(("test $(stat -c %%a '%s') = 700"):format(json.dump))
      for _, name in ipairs { "statistics.txt", "phases.json", "record.jsonl", "heap.pb.gz",
        "memory.stat", "smaps_rollup" } do
        program.shell(("test $(stat -c %%a '%s/%s') = 600"):format(json.dump, name))
      end
    end)

  caged("has the end, the phases, the record and the kernel's figures in its dump", function ()
    local json = expected "apoptosis"
    assert.matches("SHUT DOWN in good order by its watchdog.*memstats:",
      read(json.dump .. "/statistics.txt"))
    local phases = cjson.decode(read(json.dump .. "/phases.json"))
    assert.equal("serving requests", phases[1].name)
    local types = {}
    for line in read(json.dump .. "/record.jsonl"):gmatch "[^\n]+" do
      local entry = cjson.decode(line)
      types[#types + 1] = entry.type
    end
    assert.equal("header", types[1])
    assert.equal("summary", types[#types])
    -- Looked at while the program still held it.
    local rss = read(json.dump .. "/smaps_rollup"):match "\nRss: +(%d+) kB"
    assert.is_true(tonumber(rss) > 20 << 10, rss)
    local held = read(json.dump .. "/memory.stat"):match "%f[%w]rss (%d+)"
      or read(json.dump .. "/memory.stat"):match "anon (%d+)"
    assert.is_true(tonumber(held) > 20 << 20, held)
  end)

  caged("has a heap profile that Go's tool reads: the line, by tag", function ()
    local json = expected "apoptosis"
    program.shell(("gzip -t '%s/heap.pb.gz'"):format(json.dump))
    if not os.execute "command -v go >/dev/null 2>&1" then
      return
    end
    local out = directory.path .. "/pprof"
    program.shell(("go tool pprof -lines -top '%s/heap.pb.gz' >'%s' 2>/dev/null")
      :format(json.dump, out))
    assert.matches("program scripts/apoptosis.lua:%d+", read(out))
    program.shell(("go tool pprof -tags '%s/heap.pb.gz' >'%s' 2>/dev/null")
      :format(json.dump, out))
    assert.matches("session", read(out))
  end)

  caged("is killed without its watchdog, and with looks that come too late", function ()
    assert.equal("oom-killed", expected("apoptosis", "--watchdog=off").outcome)
    local json = expected("apoptosis", "--watchdog=90%,notice=off")
    assert.equal("oom-killed", json.outcome)
    assert.equal("none", json.watchdog.way)
    assert.equal(0, json.watchdog.look_count)
    assert.equal(cjson.null, json.dump)
  end)

  caged("leaves nothing where it is told so", function ()
    local json = expected("apoptosis", "--dump=off")
    assert.equal("shut-down", json.outcome)
    assert.equal(cjson.null, json.dump)
  end)

  caged("is told in text what happened, and how to read what is left", function ()
    local result = program.run { "run", "apoptosis", env = { TMPDIR = dumps } }
    assert.equal(0, result.status, result.err)
    assert.matches("watchdog%s+at 28.8 MiB", result.out)
    assert.matches("\n watchdog   acted on the kernel's notice at 2%d.%d MiB", result.out)
    assert.matches("\n dump       " .. dumps:gsub("%p", "%%%0"), result.out)
    assert.matches("go tool pprof %-top heap.pb.gz", result.out)
  end)

  caged("leaves no heap of dumps when it runs many times", function ()
    local before = #read_directory(dumps)
    program.run { "run", "apoptosis", "--repeat=3", env = { TMPDIR = dumps } }
    assert.equal(before, #read_directory(dumps))
  end)
end)

describe("blind-spot", function ()
  caged("is not seen by looks, which tell how much they missed", function ()
    local json = expected "blind-spot"
    assert.equal("survived", json.outcome)
    local watchdog = json.watchdog
    assert.equal("none", watchdog.way)
    assert.equal(2, watchdog.look_count)
    assert.equal(1, watchdog.missed_count)
    assert.is_true(watchdog.seen_bytes_max < 8 << 20, watchdog.seen_bytes_max)
    assert.is_true(watchdog.missed_bytes > 24 << 20, watchdog.missed_bytes)
    assert.is_true(watchdog.missed_ns > 50e6, watchdog.missed_ns)
  end)

  caged("is closed by the kernel's notice, however short the spike", function ()
    for _, more in ipairs { "--length=0.1", "--length=0", "--size=1.1", "--size=4" } do
      local json = expected("blind-spot", "--watchdog=75%", more)
      assert.equal("shut-down", json.outcome)
      assert.equal("notice", json.watchdog.way)
      assert.is_true(json.cage_peak_bytes < 32 << 20)
    end
  end)

  caged("is seen by a look that is quick enough", function ()
    local json = expected("blind-spot", "--watchdog=75%,every=5ms,notice=off")
    assert.equal("shut-down", json.outcome)
    assert.equal("look", json.watchdog.way)
    assert.is_true(json.watchdog.crossed_at_ns <= json.watchdog.acted_at_ns)
    assert.is_true(json.watchdog.below_at_ns < json.watchdog.crossed_at_ns)
  end)

  caged("kills where the spike is larger than the cage and only looks are taken", function ()
    local json = expected("blind-spot", "--size=1.1")
    assert.equal("oom-killed", json.outcome)
    assert.equal(1, json.watchdog.missed_count)
  end)
end)

describe("address-space-cap", function ()
  caged("is refused what it only reserves, with next to nothing resident", function ()
    local json = expected "address-space-cap"
    assert.equal("out-of-memory", json.outcome)
    assert.equal("start", json.last_words.phase)
    assert.equal(512 << 20, json.last_words.request_bytes)
    assert.is_true(json.last_words.resident_bytes < 32 << 20)
    assert.is_true(json.last_words.address_space_bytes < 500e6)
    assert.equal(0, json.evidence.exit_status)
  end)

  caged("lives without the reservation, and with room for it", function ()
    assert.equal("survived", expected("address-space-cap", "--reserve=0").outcome)
    local json = expected("address-space-cap", "--address-space=1G")
    assert.equal("survived", json.outcome)
    assert.equal(512 << 20, json.last_words.reserved_bytes)
    assert.equal("survived", expected("address-space-cap", "--address-space=off").outcome)
  end)

  caged("shows a cap that works as a limit: refused, not killed", function ()
    local json = expected("address-space-cap", "--reserve=0", "--work=300M", "--limit=1G")
    assert.equal("out-of-memory", json.outcome)
    assert.equal("work", json.last_words.phase)
  end)
end)

describe("big-response", function ()
  caged("takes three times its size, and one mebibyte more kills it", function ()
    assert.equal("oom-killed", expected("big-response").outcome)
    local json = expected("big-response", "--size=16M")
    assert.equal("survived", json.outcome)
    assert.is_true(json.cage_peak_bytes > 45 << 20 and json.cage_peak_bytes < 50 << 20)
  end)

  caged("does not matter when it is streamed", function ()
    local json = expected("big-response", "--stream", "--size=200M")
    assert.equal("survived", json.outcome)
    assert.is_true(json.cage_peak_bytes < 16 << 20)
  end)
end)

describe("A program that is told to end", function ()
  caged("cannot catch that", function ()
    local path = script("catch.lua", "watchdog = '75%', dump = 'off',",
      "while true do pcall(function () heap:slab(100000) end) end")
    assert.equal("shut-down", expected(path).outcome)
  end)

  caged("is killed when it does not listen, and the story says who did it", function ()
    local path = script("deaf.lua", "watchdog = '75%',", "heap:slab(30 << 20) while true do end")
    local json = expected(path, "--watchdog=75%,every=500ms,notice=off")
    assert.equal("killed", json.outcome)
    assert.equal(9, json.evidence.signal)
    assert.equal(0, json.evidence.oom_kill_delta)
    local waited_ns = json.watchdog.ended_at_ns - json.watchdog.acted_at_ns
    assert.is_true(waited_ns > 4.9e9 and waited_ns < 8e9, waited_ns)
  end)

  caged("by a policy leaves a dump, too, where one is wanted", function ()
    local path = script("leak.lua", "", "while true do heap:tag('leak'):slab(65536) end")
    local json = expected(path, "--policy=watchdog:75", "--dump=" .. dumps)
    assert.equal("shut-down", json.outcome)
    assert.matches("usage .* has reached the threshold of 24.0 MiB", json.error.message)
    assert.equal(cjson.null, json.watchdog)
    program.shell(("gzip -t '%s/heap.pb.gz'"):format(json.dump))
    refused("watchdog:90/: .*watchdog:90/15", "--policy=watchdog:90/")
  end)

  caged("by a policy is in time though the program allocates as fast as it can", function ()
    local json = expected("spike", "--policy=watchdog:90")
    assert.equal("shut-down", json.outcome)
  end)

  caged("ends in time though its dump cannot be written, and says so", function ()
    local gone = directory.path .. "/gone"
    directory.make "gone"
    local path = script("slow.lua", "watchdog = '75%,every=20ms,notice=off',",
      "heap:wait(0.5) while true do heap:slab(65536) heap:wait(0.001) end")
    os.execute(("(sleep 0.3; rmdir '%s') &"):format(gone))
    local result = run(path, "--dump=" .. gone)
    assert.equal(4, result.status, result.err)
    assert.equal("shut-down", result.json.outcome)
    assert.matches("the dump is not whole: ", program.complaint(result))
  end)
end)

describe("lab.run", function ()
  caged("tells an experiment what a run's watchdog did, and leaves no dump", function ()
    local path = directory.write("experiment.lua", [[
      local lab = require "lab"
      return lab.experiment { program = function ()
        local run = lab.run("blind-spot", { watchdog = "75%,every=500ms" })
        print(run.outcome, run.watchdog.way, run.watchdog.threshold_bytes, run.watchdog.measure)
        print(lab.run("spike").watchdog)
      end }
    ]])
    local before = #read_directory(dumps)
    local result = program.run { "run", path, env = { TMPDIR = dumps } }
    assert.equal("shut-down\tnotice\t25165824\tusage\nfalse\n", result.out, result.err)
    assert.equal(before, #read_directory(dumps))
  end)
end)
