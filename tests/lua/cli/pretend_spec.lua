-- pretend_spec.lua -- The pretend world: the same run without a cage, of any size, to the byte.
local cjson = require "cjson"
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

-- A scenario with the statements as its program.
local function write(statements, fields)
  return directory.write("pretend.lua", [[
    local lab = require "lab"
    return lab.scenario {
      title = "Pretend", limit = "32M", world = "pretend", ]] .. (fields or "") .. [[
      program = function (heap, opt, cage) ]] .. statements .. [[ end,
    }]])
end

local function run(statements, ...)
  local result = program.run_json { write(statements), ... }
  assert(result.json, result.err)
  assert.equal("", result.left_groups)
  return result.json, result
end

-- A pipe's worth of what /usr/bin/time would tell: the largest memory of the program, in KiB.
local function peak_kib(...)
  local words = { "spike", "--world=pretend", "--quiet", ... }
  local out = os.tmpname()
  program.shell(("python3 - %s %s > %s <<'END'\n"):format(
    os.getenv "OOMLAB", table.concat(words, " "), out) .. [[
import resource, subprocess, sys, time
begin = time.monotonic()
subprocess.run([sys.argv[1], "run"] + sys.argv[2:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, time.monotonic() - begin)
END]])
  local file = assert(io.open(out))
  local kib, seconds = file:read("n", "n")
  file:close()
  os.remove(out)
  return kib, seconds
end

describe("The pretend world", function ()
  it("ends a spike as the kernel does, and tells the same story", function ()
    local result = program.run { "run", "--world=pretend" }
    assert.equal(0, result.status, result.err)
    assert.truthy(result.out:find("OOM-KILLED by the cage's limit in \"a little more\"", 1, true))
    assert.truthy(result.out:find("cgroup pretend", 1, true))
    assert.truthy(result.out:find("the next collection was", 1, true))
    for _, option in ipairs { "--gc", "--memlimit=90%", "--policy=last-resort" } do
      local json = program.run_json({ "spike", "--world=pretend", option }).json
      assert.equal("survived", json.outcome, option)
    end
  end)

  it("gives the same bytes for the same seed", function ()
    local texts = {}
    for i = 1, 2 do
      local record = directory.path .. "/record" .. i
      local result = program.run { "run", "spike", "--world=pretend", "--format=json",
        "--record=" .. record, "--policy=watermark", "--collector=incremental" }
      assert.equal(0, result.status, result.err)
      local file = assert(io.open(record))
      texts[i] = result.out .. file:read "a"
      file:close()
    end
    assert.equal(texts[1], texts[2])
    assert.truthy(#texts[1] > 5000)
  end)

  it("asks the machine nothing: with one processor it is the same", function ()
    local texts = {}
    local policy = directory.write("asks.lua", [[
      local lab = require "lab"
      return lab.policy {
        title = "Tells the processors",
        on_start = function (cage) print("processors " .. cage.processors) end,
      }]])
    for i, prefix in ipairs { "", "taskset -c 0 " } do
      local out = directory.path .. "/asked" .. i
      program.shell(("%s%s run spike --world=pretend --policy=%s --quiet --record=%s > %s.txt")
        :format(prefix, os.getenv "OOMLAB", policy, out, out))
      local file = assert(io.open(out))
      texts[i] = file:read "a"
      file:close()
    end
    assert.truthy(texts[1]:find("processors 2", 1, true))
    assert.equal(texts[1], texts[2])
  end)

  it("holds a heap of a tebibyte in a few megabytes and a moment", function ()
    local kib, seconds = peak_kib "--limit=1TiB"
    assert.truthy(kib < 64 * 1024, kib)
    assert.truthy(seconds < 60, seconds)
    kib = peak_kib("--limit=1TiB", "--gc")
    assert.truthy(kib < 64 * 1024, kib)
  end)

  it("lets virtual time pass: an hour takes no time", function ()
    local json = run "heap:slab(1); heap:wait(3600); heap:slab(1)"
    assert.equal("survived", json.outcome)
    assert.truthy(json.wall_ns >= 3600 * 10 ^ 9)
    assert.truthy(json.wall_ns < 3601 * 10 ^ 9)
  end)

  it("ends an endless loop by its own clock", function ()
    local json = run("while true do end", "--timeout=0.2")
    assert.equal("timed-out", json.outcome)
    json = run("local loop = coroutine.wrap(function () while true do pcall(error) end end) loop()",
      "--timeout=0.2")
    assert.equal("timed-out", json.outcome)
  end)

  it("can be interrupted in a library call that never returns", function ()
    local path = write "string.find((\"a\"):rep(50000), (\".-\"):rep(30) .. \"b\")"
    local out = directory.path .. "/status"
    program.shell(("timeout -k 30 -s TERM 0.5 %s run %s --quiet > /dev/null 2>&1; echo $? > %s")
      :format(os.getenv "OOMLAB", path, out))
    local file = assert(io.open(out))
    -- timeout's own word where what it ran has ended.
    assert.equal(124, file:read "n")
    file:close()
  end)

  it("kills for good: nothing is caught, done or said afterwards", function ()
    local json, result = run [[
      heap:phase "filling"
      for i = 1, 10 do
        local fine = pcall(function () return heap:slab(20 * lab.MiB) end)
        if i > 2 then lab.log("slab %d: %s", i, tostring(fine)) heap:phase "after" end
      end ]]
    assert.equal("oom-killed", json.outcome)
    assert.equal("filling", json.last_words.phase)
    assert.equal(32 << 20, json.cage_peak_bytes)
    assert.equal(1, #json.phases)
    assert.equal(40 << 20, json.phases[1].requested_bytes)
    assert.is_nil(json.error)
    assert.falsy(result.err:find("slab", 1, true))
  end)

  it("tells what the cage held when the program ended, not when its heap was gone", function ()
    local json = run "local slab = heap:slab(20 * lab.MiB)"
    assert.truthy(json.last_words.cage_bytes > 20 << 20, json.last_words.cage_bytes)
    json = run("local slab = heap:slab(20 * lab.MiB) while true do end", "--timeout=0.1")
    assert.truthy(json.last_words.cage_bytes > 20 << 20, json.last_words.cage_bytes)
  end)

  it("takes samples by its own clock, at the times they are due", function ()
    local record = directory.path .. "/samples"
    local path = write "heap:slab(16 * lab.MiB) heap:wait(0.1)"
    program.run { "run", path, "--record=" .. record, "--quiet", "--sample-period=1ms" }
    local last, count = 0, 0
    for line in io.lines(record) do
      local object = cjson.decode(line)
      if object.type == "sample" then
        assert.truthy(object.at_ns > last)
        last, count = object.at_ns, count + 1
      end
    end
    assert.truthy(count >= 15 and count < 120, count)
    assert.truthy(last > 100 * 10 ^ 6)
  end)

  it("wakes its policies' ticks, their word of pressure and its watchdog", function ()
    local path = write "for i = 1, 40 do heap:slab(4 * lab.MiB):release() heap:wait(0.05) end"
    local json = program.run_json({ path, "--gogc=off", "--policy=pressure" }).json
    assert.equal("survived", json.outcome)
    assert.truthy(json.memstats.num_gc > 2)
    json = program.run_json({ path, "--gogc=off", "--policy=watchdog:80" }).json
    assert.equal("shut-down", json.outcome)
    json = program.run_json({ path, "--gogc=off", "--watchdog=80%,notice=on" }).json
    assert.equal("shut-down", json.outcome)
    assert.equal("notice", json.watchdog.way)
    json = program.run_json({ path, "--gogc=off", "--watchdog=20%,notice=off,every=1ms" }).json
    assert.equal("look", json.watchdog.way)
  end)

  it("counts objects that hold nothing but references", function ()
    local json = run [[
      local before = cage:usage()
      local tree = heap:tree { depth = 16, payload = 0 }
      assert(cage:usage() - before >= tree:bytes(), cage:usage() - before) ]]
    assert.equal("survived", json.outcome)
  end)

  caged("tells policies the same of an incremental cycle as a real cage", function ()
    local policy = directory.write("told.lua", [[
      local lab = require "lab"
      return lab.policy {
        title = "Tells what it is told",
        on_gc_end = function (cycle, heap)
          print(cycle.pause_ns, cycle.assist_ns, cycle.mark_ns, heap:stats().gc_ns)
        end,
      }]])
    local path, told = write("heap:churn { bytes = 64 * lab.MiB, size = 4096, live = \"4M\" }"), {}
    for i, world in ipairs { "real", "pretend" } do
      local record = directory.path .. "/told" .. i
      program.run { "run", path, "--world=" .. world, "--collector=incremental", "--quiet",
        "--policy=" .. policy, "--record=" .. record }
      told[i] = ""
      for line in io.lines(record) do
        local object = cjson.decode(line)
        told[i] = told[i] .. (object.type == "event" and object.text .. "\n" or "")
      end
    end
    assert.truthy(#told[1] > 100)
    assert.equal(told[1], told[2])
  end)

  it("says what it cannot be asked for", function ()
    for option, word in pairs { ["--collector=concurrent"] = "threads", ["--huge-pages"] = "none",
      ["--group=mine"] = "no control groups", ["--dump=/tmp"] = "no process" } do
      local result = program.run { "run", "spike", "--world=pretend", option }
      assert.equal(2, result.status, option)
      assert.equal(1, program.complaints(result))
      assert.truthy(result.err:find(word, 1, true), result.err)
    end
    local result = program.run { "serve", "--world=pretend" }
    assert.equal(2, result.status)
  end)

  caged("has memory.high where a machine with version 1 refuses it", function ()
    local about = program.run { "run", "spike" }.out
    local is_version_1 = about:find("memory on v1", 1, true) or about:find("cgroup v1", 1, true)
    local result = program.run { "run", "high-stall" }
    assert.equal(is_version_1 and 4 or 0, result.status, result.err)
    assert.equal(is_version_1 and 1 or 0, program.complaints(result))
    local json = program.run_json({ "high-stall", "--world=pretend" }).json
    assert.equal("throttled", json.outcome)
    assert.equal(5 * 10 ^ 9, json.wall_ns)
  end)

  it("has children, files and limits that change, too", function ()
    local json = run [[
      local slab = heap:phase "alone":slab(10 * lab.MiB)
      local before = cage:usage()
      local child = heap:phase "two":fork()
      slab:write()
      assert(cage:usage() - before >= 10 * lab.MiB)
      child:release()
      assert(cage:usage() - before < lab.MiB)
      local file = heap:file(100 * lab.MiB)
      file:read()
      file:release()
      assert(cage:set_limit(16 * lab.MiB) == true)
      heap:phase "less":slab(10 * lab.MiB) ]]
    assert.equal("oom-killed", json.outcome)
    assert.equal("less", json.last_words.phase)
    assert.equal(16 << 20, json.last_words.cage_bytes)
    json = run("heap:slab(20 * lab.MiB)", "--parent-limit=16M")
    assert.equal("oom-killed-by-ancestor", json.outcome)
  end)
end)
