-- beside_spec.lua -- What a program does beside its heap: memory, children, files, and limits that
-- change or stand above.
local cjson = require "cjson"
local program = require "program"

local directory = program.directory()
local caged = program.caged(it, pending)

teardown(directory.remove)

-- Runs a scenario of limit 32M with the statements as its program.
local function run(statements, ...)
  local path = directory.write("beside.lua", [[
    local lab = require "lab"
    return lab.scenario {
      title = "Beside the heap", limit = "32M",
      program = function (heap, opt, cage) ]] .. statements .. [[ end,
    }]])
  local result = program.run_json { path, ... }
  assert(result.json, result.err)
  assert.equal("", result.left_groups)
  return result.json, result
end

describe("Memory beside the heap", function ()
  caged("fills the cage, and no collector minds", function ()
    local json = run [[
      local before = cage:usage()
      do
        local memory <close> = heap:phase("beside"):off_heap(16 * lab.MiB)
        memory:write()
        assert(memory:bytes() == 16 * lab.MiB and heap:stats().heap_alloc == 0)
        assert(cage:usage() - before >= 16 * lab.MiB - 1024 * 1024)
        heap:collect()
      end
      assert(cage:usage() - before < lab.MiB)
      heap:phase("too much"):off_heap(40 * lab.MiB)
    ]]
    assert.equal("oom-killed", json.outcome)
    assert.equal("too much", json.last_words.phase)
    assert.equal(40 << 20, json.last_words.off_heap_bytes)
    assert.equal(56 << 20, json.last_words.beside_requested_bytes)
  end)

  caged("is named by the report among what filled the cage", function ()
    local path = directory.write("named.lua", [[
      local lab = require "lab"
      return lab.scenario { title = "Both", limit = "32M", program = function (heap)
        local memory = heap:phase("all"):off_heap(20 * lab.MiB)
        local slab = heap:slab(20 * lab.MiB)
      end }]])
    local result = program.run { "run", path }
    local text = result.out:gsub("%s+", " ")
    assert.truthy(text:find("a heap of 20.0 MiB, 20.0 MiB beside it and a baseline", 1, true), text)
  end)

  caged("is refused where addresses are short, and the run says so", function ()
    local json = run("heap:off_heap(lab.GiB)", "--address-space=256M")
    assert.equal("out-of-memory", json.outcome)
  end)
end)

describe("Stacks", function ()
  caged("fill the cage, and the goal counts them", function ()
    local json = run [[
      local slab = heap:slab(4 * lab.MiB)
      heap:collect()
      local goal, usage = heap:stats().next_gc, cage:usage()
      local stack <close> = heap:stack(12 * lab.MiB)
      heap:collect()
      assert(cage:usage() - usage > 11 * lab.MiB and stack:bytes() == 12 * lab.MiB)
      assert(heap:stats().next_gc == goal + 12 * lab.MiB, heap:stats().next_gc)
    ]]
    assert.equal("survived", json.outcome, json.error and json.error.message)
  end)
end)

describe("A group around the cage", function ()
  caged("strikes first where it is tighter, and the verdict names it", function ()
    local json = run("heap:slab(28 * lab.MiB)", "--parent-limit=24M")
    assert.equal("oom-killed-by-ancestor", json.outcome)
    assert.equal(24 << 20, json.parent_limit_bytes)
    assert.equal("ancestor", json.evidence.limited_by)
    assert.truthy(json.cgroup.path:find(json.evidence.limiting_group .. "/oomlab-", 1, true))
  end)

  caged("changes nothing where it is wide enough", function ()
    assert.equal("survived", run("heap:slab(12 * lab.MiB)", "--parent-limit=50%").outcome)
    assert.equal("oom-killed", run("heap:slab(40 * lab.MiB)", "--parent-limit=64M").outcome)
  end)
end)

describe("A child that shares all pages", function ()
  caged("costs what is written to after the fork, and the kernel kills its parent", function ()
    local json = run [[
      local slab = heap:slab(12 * lab.MiB)
      local before = cage:usage()
      local child = heap:phase("fork"):fork()
      assert(cage:usage() - before < lab.MiB and child:bytes() == 0)
      slab:write()
      assert(cage:usage() - before >= 11 * lab.MiB)
      child:release()
      assert(cage:usage() - before < lab.MiB)
      child = heap:fork()
      local second <close> = heap:fork()
      slab:write()
      heap:phase("more"):slab(24 * lab.MiB)
    ]]
    assert.equal("oom-killed", json.outcome)
    assert.equal("more", json.last_words.phase)
    assert.equal(2, json.last_words.child_count)
    assert.equal(1, json.evidence.oom_kill_delta)
  end)

  caged("is spared where it holds more than its parent", function ()
    local json = run [[
      local slab = heap:slab(18 * lab.MiB)
      local child = heap:fork()
      slab:release()
      heap:free_os_memory()
      heap:phase("less"):off_heap(20 * lab.MiB)
    ]]
    assert.equal("oom-killed", json.outcome)
    assert.is_true(json.last_words.touched_bytes < 16 << 20)
  end)

  caged("does not outlive a program that ends, is told to end or errs", function ()
    assert.equal("survived", run("heap:fork()").outcome)
    assert.equal("script-error", run("heap:fork() error 'on purpose'").outcome)
    assert.equal("timed-out", run("heap:fork() heap:wait(60)", "--timeout=0.2").outcome)
  end)

  caged("goes with a lab that is killed, and the next lab removes both groups", function ()
    local path = directory.write("orphan.lua", [[
      local lab = require "lab"
      return lab.scenario { title = "Sleeps", parent_limit = "24M", program = function (heap)
        heap:fork()
        heap:wait(60)
      end }]])
    local commands = directory.write("orphan.sh", [[
      children() { cat /proc/$1/task/$1/children 2>/dev/null; }
      lives() { grep -q '^State:[^XZ]*$' /proc/$1/status 2>/dev/null; }
      "$OOMLAB" run "$1" >/dev/null 2>&1 &
      lab=$!
      until [ -n "$child" ]; do subject=$(children $lab); child=$(children ${subject:-0}); done
      kill -9 $lab
      wait $lab
      for try in $(seq 100); do
        lives $subject || lives $child || break
        sleep 0.05
      done
      "$OOMLAB" run spike --gc --quiet >/dev/null
      echo "tries left: $((100 - try)), groups: $(find /sys/fs/cgroup -name "oomlab-$lab-*")"
    ]])
    local pipe = assert(io.popen(("sh %s %s 2>/dev/null"):format(commands, path)))
    local text = pipe:read "a"
    pipe:close()
    assert.truthy(text:match "^tries left: %d+, groups: \n$", text)
    assert.falsy(text:match "tries left: 0", text)
  end)

  caged("is refused to a collector with threads, and the error says what to do", function ()
    local json = run("heap:fork()", "--collector=concurrent")
    assert.equal("script-error", json.outcome)
    assert.truthy(json.error.message:find("--collector=stw", 1, true))
  end)
end)

describe("A file beside the heap", function ()
  caged("is charged to the cage, and gives way to memory", function ()
    local json = run [[
      local before = cage:usage()
      local file = heap:phase("file"):file(20 * lab.MiB)
      assert(cage:usage() - before >= 19 * lab.MiB, cage:usage() - before)
      local slab = heap:slab(24 * lab.MiB)
      slab:release()
      heap:free_os_memory()
      local left = cage:usage() - before
      assert(left < 12 * lab.MiB, left)
      file:read()
      assert(cage:usage() - before >= 19 * lab.MiB, cage:usage() - before)
      file:release()
      assert(cage:usage() - before < lab.MiB, cage:usage() - before)
      heap:file(40 * lab.MiB)
    ]]
    assert.equal("survived", json.outcome, json.error and json.error.message)
    assert.equal(40 << 20, json.last_words.file_bytes)
  end)

  caged("is refused where the disk has no room, or is none", function ()
    assert.truthy(run("heap:file(1 << 60)").error.message:find("does not fit into /", 1, true))
    local path = directory.write("one.lua", [[
      local lab = require "lab"
      return lab.scenario { title = "A file", program = function (heap) heap:file(8192) end }]])
    local result = program.run_json { path, env = { TMPDIR = "/dev/shm" } }
    assert.equal("survived", result.json.outcome)
  end)

  caged("that may grow no further is an error, not an end", function ()
    local path = directory.write("two.lua", [[
      local lab = require "lab"
      return lab.scenario { title = "A file", program = function (heap)
        local fine, why = pcall(heap.file, heap, 4 * lab.MiB)
        assert(not fine and why:find "File too large", why)
        heap:file(lab.MiB // 2)
      end }]])
    local pipe = assert(io.popen(("ulimit -f 1024; '%s' run --format=json %s")
      :format(os.getenv "OOMLAB", path)))
    local json = cjson.decode(pipe:read "a")
    pipe:close()
    assert.equal("survived", json.outcome, json.error and json.error.message)
    assert.equal(1 << 19, json.last_words.file_bytes)
  end)
end)

describe("A limit that the program has changed", function ()
  caged("holds from then on, and the record tells the last one", function ()
    local json = run [[
      assert(cage:set_limit(20 * lab.MiB) and cage:limit_now() == 20 * lab.MiB)
      assert(cage.limit == 32 * lab.MiB)
      assert(cage:set_limit(64 * lab.MiB))
      local slab = heap:phase("wide"):slab(40 * lab.MiB)
      assert(cage:set_limit(44 * lab.MiB))
      heap:phase("tight"):slab(8 * lab.MiB)
    ]]
    assert.equal("oom-killed", json.outcome, json.error and json.error.message)
    assert.equal("tight", json.last_words.phase)
    assert.equal(32 << 20, json.limit_bytes)
    assert.equal(44 << 20, json.last_words.limit_now_bytes)
  end)

  caged("below what is used is refused, or kills: the kernel's choice", function ()
    local json = run [[
      local slab = heap:slab(24 * lab.MiB)
      local fine, why = cage:set_limit(16 * lab.MiB)
      assert(fine == nil and why:find("refused", 1, true) and cage:limit_now() == cage.limit)
    ]]
    local expected = json.cgroup.memory_version == 1 and "survived" or "oom-killed"
    assert.equal(expected, json.outcome, json.error and json.error.message)
  end)

  caged("is refused below a page", function ()
    local json = run [[
      local fine, why = cage:set_limit(100)
      assert(fine == nil and why:find("below one page", 1, true), why)
      assert(not pcall(cage.set_limit, cage, -1))
    ]]
    assert.equal("survived", json.outcome, json.error and json.error.message)
  end)
end)

describe("A second heap", function ()
  local body = [[
    local other = heap:second { gogc = 50 }
    local mine, its = heap:slab(10 * lab.MiB), other:slab(10 * lab.MiB)
    heap:collect()
    other:collect()
    assert(heap:stats().next_gc // lab.MiB == 20 and other:stats().next_gc // lab.MiB == 15)
    local node, its_node = heap:node(1), other:node(1)
    for _, store in ipairs {
      function () node:set(1, its) end,
      function () its_node:set(1, node) end,
      function () heap:root(its) end,
      function () other:root():set(mine) end,
    } do
      local fine, why = pcall(store)
      assert(not fine and why:find("of another heap", 1, true), why)
    end
    its_node:set(1, its)
    its:release()
    assert(other:garbage() == 0 and its_node:get(1):bytes() == 10 * lab.MiB)
    its_node:release()
    local load = other:churn { bytes = "30M", size = 1024, live = lab.MiB }
    load:run { bytes = "10M" }
    assert(other:stats().num_gc > 4 and heap:stats().num_gc <= 2)
    heap:check()
    other:check()
    heap:phase("last")
    other:slab(80 * lab.MiB)
  ]]

  for _, world in ipairs { "real", "pretend" } do
    caged("has its own goal and its own objects (" .. world .. ")", function ()
      local json = run(body, "--limit=64M", "--world=" .. world)
      assert.equal("oom-killed", json.outcome, json.error and json.error.message)
      assert.equal("last", json.last_words.phase)
      assert.is_true(json.last_words.other_heaps_bytes >= 80 << 20)
      assert.equal(2, json.memstats.num_gc)
    end)
  end

  caged("takes no field that it does not know", function ()
    local json = run "heap:second { gogg = 1 }"
    assert.truthy(json.error.message:find("did you mean 'gogc'", 1, true), json.error.message)
  end)
end)
