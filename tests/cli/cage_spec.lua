-- cage_spec.lua -- oomlab cage as people type it: what passes through, is told, is refused.
local cjson = require "cjson"
local lab = require "helper"

local caged = lab.caged(it, pending)

-- Runs "oomlab cage --format=json ..." and returns the summary, exit status, and stderr.
local function summary_of(arguments, before)
  local status, stdout, stderr = lab.run("cage --format=json " .. arguments, before)
  local is_good, summary = pcall(cjson.decode, stdout)
  assert(is_good, stdout .. stderr)
  return summary, status, stderr
end

local HOG = [[-- sh -c 'x=$(head -c 30000000 /dev/zero | tr "\0" x); echo ${#x}']]

describe("cage: what passes through", function ()
  caged("standard output is the command's alone", function ()
    local status, stdout, stderr = lab.run("cage -- echo hello")
    assert.are.equal("hello\n", stdout)
    assert.are.equal(0, status)
    assert.is_truthy(stderr:find("SURVIVED", 1, true), stderr)
  end)

  caged("standard input is", function ()
    local _, stdout = lab.run("cage -q -- cat", "echo through |")
    assert.are.equal("through\n", stdout)
  end)

  caged("the exit status is", function ()
    assert.are.equal(7, (lab.run "cage -q -- sh -c 'exit 7'"))
  end)

  caged("a signal is told as a shell tells it", function ()
    local summary, status = summary_of "-- sh -c 'kill -SEGV $$'"
    assert.are.equal(128 + 11, status)
    assert.are.equal("killed", summary.outcome)
    assert.are.equal(11, summary.evidence.signal)
  end)

  caged("the options of the command are the command's", function ()
    local _, stdout = lab.run "cage -q echo --limit=nonsense -q --help"
    assert.are.equal("--limit=nonsense -q --help\n", stdout)
  end)

  caged("the environment and the working directory are", function ()
    local _, stdout = lab.run("cage -q -- sh -c 'echo $MINE; pwd'", "cd / && MINE=yes")
    assert.are.equal("yes\n/\n", stdout)
  end)

  caged("a signal to the lab goes on to the command", function ()
    local summary, status = summary_of([[-- sh -c 'trap "exit 9" TERM; (kill -TERM '$$') & ]]
      .. [[sleep 5 & wait']], "exec")
    assert.are.equal(9, status)
    assert.are.equal("survived", summary.outcome)
  end)

  caged("no descriptor of the lab's is left in the command", function ()
    local look = "sh -c 'echo /proc/self/fd/*'"
    local plain = io.popen(look)
    local expected = plain:read "a"
    plain:close()
    local _, stdout = lab.run("cage -q -- " .. look)
    assert.are.equal(#expected, #stdout, expected .. stdout)
  end)

  caged("no signal is blocked or ignored in the command", function ()
    local look = "grep -E 'Sig(Blk|Ign)' /proc/self/status"
    local plain = io.popen(look)
    local expected = plain:read "a"
    plain:close()
    local _, stdout = lab.run("cage -q -- " .. look)
    assert.are.equal(expected, stdout)
  end)
end)

describe("cage: what became of it", function ()
  caged("the kernel's kill names the process and whose limit it was", function ()
    local summary, status = summary_of("--limit=20000000 " .. HOG)
    assert.are.equal("oom-killed", summary.outcome)
    assert.are.equal("own", summary.evidence.limited_by)
    assert.are.equal(1, summary.evidence.oom_kill_delta)
    assert.are.equal("sh", summary.kills[1].name)
    -- A counter of whole pages.
    assert.are.equal(20000000 - 20000000 % 4096, summary.cage_peak_bytes)
    assert.are.not_equal(0, status)
  end)

  caged("exit status 137 is no kill", function ()
    local summary, status = summary_of "-- sh -c 'exit 137'"
    assert.are.equal("survived", summary.outcome)
    assert.are.equal(137, status)
  end)

  caged("a command that takes too long is ended", function ()
    local summary, status = summary_of "--timeout=0.2 -- sleep 30"
    assert.are.equal("timed-out", summary.outcome)
    assert.are.equal(128 + 15, status)
  end)

  caged("one that does not listen is killed after its grace", function ()
    local summary, status = summary_of(
      [[--timeout=1 --grace=0.2 -- sh -c 'trap "" TERM; sleep 30']])
    assert.are.equal("timed-out", summary.outcome)
    assert.are.equal(128 + 9, status)
  end)

  caged("what it leaves running is ended, and counted", function ()
    local summary = summary_of "-- sh -c 'sleep 97531 & sleep 97531 &'"
    assert.are.equal(2, summary.processes_left)
    assert.is_falsy(os.execute "pgrep -f 'sleep 9753[1]' >/dev/null")
  end)

  caged("and its processor time too", function ()
    local summary = summary_of "-- sh -c '(while :; do :; done) & sleep 0.5'"
    assert.are.equal(1, summary.processes_left)
    assert.is_true(summary.user_ns + summary.system_ns > 100e6)
  end)

  caged("processor time, faults and samples are counted", function ()
    local summary = summary_of "-- sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'"
    assert.is_true(summary.user_ns > 10000000)
    assert.is_true(#summary.usage.bytes > 2)
    assert.is_true(summary.rss_peak_bytes > 100000)
  end)

  caged("refused address space is out of memory, not a kill", function ()
    local summary, status = summary_of(
      "--limit=64M --address-space=300M -- python3 -c 'bytearray(1 << 30)'")
    if status == 127 then
      pending "no python3 here"
    end
    assert.are.equal("out-of-memory", summary.outcome)
    assert.are.equal(1, status)
    assert.is_true(summary.refused_count >= 1)
    assert.are.equal(0, summary.evidence.oom_kill_delta)
  end)

  caged("--expect decides the exit status", function ()
    assert.are.equal(0, (lab.run("cage -q --expect=oom-killed --limit=20M " .. HOG)))
    local status, _, stderr = lab.run "cage -q --expect=oom-killed -- true"
    assert.are.equal(1, status)
    assert.is_truthy(stderr:find("expected oom-killed, but it ended survived", 1, true), stderr)
  end)

  caged("nothing is left of a cage", function ()
    local path = summary_of "-- true".cgroup.path
    assert.is_truthy(path:find("/oomlab-", 1, true), path)
    assert.is_nil(io.open(path .. "/cgroup.procs"))
  end)
end)

describe("cage: the watchdog", function ()
  local LEAK = [[-- sh -c 'x=; while :; do x=$x$(printf %01000000d 0); done']]

  caged("tells the command to end in time, and says what looks alone would have seen", function ()
    local summary, status = summary_of("--limit=48M --dump=off --watchdog=50% " .. LEAK)
    assert.are.equal("shut-down", summary.outcome)
    assert.are.equal(128 + 15, status)
    assert.are.equal("notice", summary.watchdog.way)
    assert.is_true(summary.watchdog.next_look_ns > 10e9)
  end)

  caged("--on-limit's command runs outside of the cage, and knows the process", function ()
    local seen = os.tmpname()
    local summary = summary_of(("--limit=48M --dump=off --watchdog=50%% --on-limit='grep -c "
      .. "oomlab- /proc/self/cgroup >%s; kill -KILL $OOMLAB_PID' %s"):format(seen, LEAK))
    local file = io.open(seen)
    local count = file:read "a"
    file:close()
    os.remove(seen)
    assert.are.equal("shut-down", summary.outcome)
    assert.are.equal("0\n", count)
  end)

  caged("a command that does not listen is killed after its grace", function ()
    local summary = summary_of([[--limit=200M --dump=off --grace=0.3 --watchdog=10% -- sh -c ]]
      .. [['trap "" TERM; x=$(printf %030000000d 0); sleep 30']])
    assert.are.equal("killed", summary.outcome)
    assert.is_true(summary.evidence.oom_kill_delta == 0)
  end)

  caged("leaves behind what it knows, for its owner alone", function ()
    local parent = os.tmpname()
    os.remove(parent)
    os.execute("mkdir " .. parent)
    local summary = summary_of(("--limit=48M --dump=%s --watchdog=50%% %s"):format(parent, LEAK))
    local list = io.popen(("stat -c %%a %s; ls %s"):format(summary.dump, summary.dump))
    local text = list:read "a"
    list:close()
    os.execute("rm -rf " .. parent)
    assert.is_truthy(text:find "^700\n", text)
    for _, name in ipairs { "cage.json", "memory.stat", "samples.csv", "smaps_rollup" } do
      assert.is_truthy(text:find(name, 1, true), name .. " is not among " .. text)
    end
  end)
end)

describe("cage: a process that runs already", function ()
  caged("is caged by its number, and let go of in the end", function ()
    local status, stdout, stderr = lab.run("cage --format=json --timeout=0.3 --pid=$pid",
      "sleep 100 & pid=$!; before=$(cat /proc/$pid/cgroup);")
    local summary = cjson.decode(stdout)
    local alive = os.execute(("kill %d"):format(summary.pid))
    assert.is_true(alive, stderr)
    assert.are.equal(0, status)
    assert.are.equal("survived", summary.outcome)
    assert.is_true(summary.adopted)
  end)

  caged("one that is not there is refused by name", function ()
    local status, _, stderr = lab.run "cage --pid=4194304"
    assert.are.equal(4, status)
    assert.is_truthy(stderr:find("4194304", 1, true), stderr)
  end)
end)

describe("cage: bad usage", function ()
  local function refused(arguments, ...)
    local status, stdout, stderr = lab.run("cage " .. arguments)
    assert.are.equal(2, status, stderr)
    assert.are.equal("", stdout)
    assert.are.equal(1, select(2, stderr:gsub("\n", "")), stderr)
    for _, word in ipairs { ... } do
      assert.is_truthy(stderr:find(word, 1, true), stderr)
    end
  end

  it("every one is a line that says what was expected", function ()
    refused("", "which command")
    refused("--limit=lots -- true", "limit=lots")
    refused("--limt=1M -- true", "--limt", "did you mean --limit")
    refused("--watchdog=120% -- true", "watchdog=120%")
    refused("--watchdog=90%,evry=1s -- true", "evry", "every")
    refused("--on-limit=true -- true", "--watchdog")
    refused("--dump=/tmp -- true", "--watchdog")
    refused("--watchdog=90% --dump=/no/such -- true", "/no/such")
    refused("--pid=1 -- true", "one or the other")
    refused("--pid=x", "pid=x")
    refused("--grace=soon --watchdog=90% -- true", "grace=soon")
    refused("--format=xml -- true", "text or json")
    refused("--expect=dead -- true", "oom-killed")
  end)

  caged("a command that is not there is 127, one that cannot be executed 126", function ()
    local status, _, stderr = lab.run "cage -- no-such-command"
    assert.are.equal(127, status)
    assert.is_truthy(stderr:find("no-such-command", 1, true), stderr)
    assert.are.equal(126, (lab.run "cage -- /etc/passwd"))
  end)
end)
