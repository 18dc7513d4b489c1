-- cage_faults_spec.lua -- What can go wrong around a caged command: the lab is killed, a disk is
-- full, nobody listens.
local cjson = require "cjson"
local lab = require "helper"

local oomlab = os.getenv("OOMLAB")
local caged = lab.caged(it, pending)
-- For disks of our own. A changed root is no mount that could be made private.
local mounted = lab.unless(
  not os.execute "unshare -m true 2>/dev/null" and "no mount namespace here", caged, pending)
local PATIENCE_S = 10

local function output_of(command)
  local pipe = io.popen(command)
  local text = pipe:read "a"
  pipe:close()
  return text
end

local function groups_of(lab_pid)
  return output_of(("find /sys/fs/cgroup -type d -name 'oomlab-*%d-*' 2>/dev/null"):format(lab_pid))
end

local function wait_until(what, is_so)
  for _ = 1, PATIENCE_S * 20 do
    if is_so() then
      return
    end
    os.execute "sleep 0.05"
  end
  error("it never came to be: " .. what)
end

local function is_running(pid)
  return os.execute(("kill -0 %d 2>/dev/null"):format(pid)) == true
end

-- Starts a lab in the background; its command writes its own number to a file. Returns the numbers
-- of lab and command.
local function start(options, command)
  local file = os.tmpname()
  local text = ("'%s' cage -q %s -- sh -c 'echo $$ >%s; %s' >/dev/null 2>&1 & echo $!"):format(
    oomlab, options, file, command)
  local lab_pid = tonumber(output_of(text))
  local pid
  wait_until("the command runs", function ()
    local stream = io.open(file)
    pid = tonumber(stream:read "a")
    stream:close()
    return pid
  end)
  os.remove(file)
  return lab_pid, pid
end

local function kill(pid)
  os.execute(("kill -KILL %d 2>/dev/null"):format(pid))
end

describe("cage: a lab that is killed", function ()
  caged("takes command, children and group with it", function ()
    local lab_pid, pid = start("", "sleep 4321 & sleep 4321 & wait")
    assert.are_not.equal("", groups_of(lab_pid))
    kill(lab_pid)
    wait_until("the command is gone", function () return not is_running(pid) end)
    wait_until("the group is gone", function () return groups_of(lab_pid) == "" end)
    assert.are.equal("", output_of "pgrep -f '[s]leep 4321'")
  end)

  caged("does so though its guardian is killed with it", function ()
    local lab_pid, pid = start("", "sleep 4322 & wait")
    local guardian = tonumber(output_of(("pgrep -P %d oomlab-guard"):format(lab_pid)))
    os.execute(("kill -KILL %d %d"):format(guardian, lab_pid))
    -- The kernel ends the command itself; its children and the group wait for the next lab.
    wait_until("the command is gone", function () return not is_running(pid) end)
    lab.run "cage -q -- true"
    assert.are.equal("", groups_of(lab_pid))
    assert.are.equal("", output_of "pgrep -f '[s]leep 4322'")
  end)

  caged("leaves both with --keep, and other labs leave them too", function ()
    local lab_pid, pid = start("--keep", "sleep 4323")
    kill(lab_pid)
    wait_until("the lab is gone", function () return not is_running(lab_pid) end)
    lab.run "cage -q -- true"
    assert.is_true(is_running(pid))
    assert.are_not.equal("", groups_of(lab_pid))
    os.execute "pkill -KILL -f '[s]leep 4323'"
    kill(pid)
    wait_until("the command is gone", function () return not is_running(pid) end)
    lab.run "cage -q -- true"
    assert.are.equal("", groups_of(lab_pid))
  end)

  caged("lets go of a process that it had only caged", function ()
    local pid = tonumber(output_of "sleep 4324 >/dev/null 2>&1 & echo $!")
    local before = output_of(("cat /proc/%d/cgroup"):format(pid))
    local lab_pid = tonumber(output_of(("'%s' cage -q --pid=%d >/dev/null 2>&1 & echo $!"):format(
      oomlab, pid)))
    wait_until("it is caged", function ()
      return output_of(("cat /proc/%d/cgroup"):format(pid)) ~= before
    end)
    kill(lab_pid)
    wait_until("it is where it was", function ()
      return output_of(("cat /proc/%d/cgroup"):format(pid)) == before
    end)
    assert.is_true(is_running(pid))
    kill(pid)
    wait_until("the group is gone", function () return groups_of(lab_pid) == "" end)
  end)
end)

describe("cage: a process that was caged while it ran", function ()
  caged("goes back when the lab is interrupted, with what it has started", function ()
    local pid = tonumber(output_of "sh -c 'sleep 1; sleep 4325 & wait' >/dev/null 2>&1 & echo $!")
    local before = output_of(("cat /proc/%d/cgroup"):format(pid))
    local lab_pid = tonumber(output_of(("'%s' cage -q --pid=%d >/dev/null 2>&1 & echo $!"):format(
      oomlab, pid)))
    local child
    wait_until("it has started a child", function ()
      child = tonumber(output_of(("pgrep -P %d -f '^sleep 4325'"):format(pid)))
      return child
    end)
    assert.are_not.equal(before, output_of(("cat /proc/%d/cgroup"):format(child)))
    os.execute(("kill -TERM %d"):format(lab_pid))
    wait_until("the lab is gone", function () return not is_running(lab_pid) end)
    assert.are.equal(before, output_of(("cat /proc/%d/cgroup"):format(pid)))
    assert.are.equal(before, output_of(("cat /proc/%d/cgroup"):format(child)))
    kill(pid)
    kill(child)
    assert.are.equal("", groups_of(lab_pid))
  end)

  caged("is told to end at once where it is above its watchdog's threshold", function ()
    local pid = tonumber(output_of("sh -c 'x=$(printf %020000000d 0); echo; sleep 4328; echo $x' "
      .. ">/dev/null 2>&1 & echo $!"))
    os.execute "sleep 1"
    local _, stdout = lab.run(("cage --format=json --watchdog=10M,of=rss --dump=off --limit=64M "
      .. "--pid=%d"):format(pid))
    local summary = cjson.decode(stdout)
    kill(pid)
    os.execute "pkill -KILL -f '^[s]leep 4328'"
    assert.are.equal("shut-down", summary.outcome)
    assert.is_true(summary.wall_ns < 2e9)
  end)

  caged("ends by itself, and its end is seen", function ()
    local pid = tonumber(output_of "sleep 0.5 >/dev/null 2>&1 & echo $!")
    local status, stdout = lab.run(("cage --format=json --pid=%d"):format(pid))
    assert.are.equal(0, status)
    assert.are.equal("survived", cjson.decode(stdout).outcome)
  end)
end)

describe("cage: a shutdown happens in time though", function ()
  local LEAK = [[sh -c 'x=; while :; do x=$x$(printf %01000000d 0); done']]
  local OPTIONS = "--format=json --limit=48M --watchdog=50% --grace=3"

  -- Runs it with a dump directory made by set_up in a mount namespace of its own.
  local function shut_down(set_up)
    local status, stdout, stderr = lab.run(("cage %s --dump=/mnt -- %s"):format(OPTIONS, LEAK),
      ("exec unshare -m sh -c '%s; exec \"$@\"' sh"):format(set_up))
    assert.are.equal(128 + 15, status, stderr)
    local summary = cjson.decode(stdout)
    assert.are.equal("shut-down", summary.outcome)
    assert.is_true(summary.wall_ns < 20e9)
    assert.is_true(summary.watchdog.ended_at_ns - summary.watchdog.acted_at_ns < 2e9)
    return summary, stderr
  end

  mounted("the disk is full", function ()
    local _, stderr = shut_down "mount -t tmpfs -o size=8k none /mnt"
    assert.is_truthy(stderr:find "No%s+space%s+left%s+on%s+device", stderr)
  end)

  mounted("the directory may not be written to", function ()
    local _, stderr = shut_down "mount -t tmpfs -o ro none /mnt"
    assert.is_truthy(stderr:find "Read%-only%s+file%s+system", stderr)
  end)

  caged("--on-limit's command fails", function ()
    local _, stdout, stderr = lab.run(("cage %s --dump=off --grace=0.5 --on-limit='exit 3' -- %s")
      :format(OPTIONS, LEAK))
    local outcome = cjson.decode(stdout).outcome
    -- Nobody has told it: it leaks on, until its grace is over or the cage is full.
    assert.is_true(outcome == "killed" or outcome == "oom-killed", stderr)
  end)

  caged("--on-limit's command hangs", function ()
    local _, stdout, stderr = lab.run(("cage %s --dump=off --grace=0.5 -- %s"):format(
      OPTIONS .. " --on-limit='kill $OOMLAB_PID; sleep 4326'", LEAK))
    assert.are.equal("shut-down", cjson.decode(stdout).outcome)
    assert.is_truthy(stderr:find "did%s+not%s+end,%s+and%s+was%s+killed", stderr)
    assert.are.equal("", output_of "pgrep -f '[s]leep 4326'")
  end)

  caged("the command was stopped", function ()
    local _, stdout = lab.run("cage --format=json --limit=200M --watchdog=10%,every=never "
      .. "--dump=off --grace=0.5 -- sh -c 'x=$(printf %030000000d 0); kill -STOP $$'")
    local outcome = cjson.decode(stdout).outcome
    assert.is_true(outcome == "shut-down" or outcome == "killed", outcome)
  end)
end)

describe("cage: a group that is removed or emptied from outside", function ()
  caged("is told, and the command does not run on without a limit", function ()
    local lab_pid, pid = start("", "sleep 4327")
    local group = groups_of(lab_pid):match "[^\n]+"
    -- Into the group above.
    os.execute(("for p in $(cat %s/cgroup.procs); do echo $p >%s/cgroup.procs; done"):format(
      group, group:match "^(.*)/"))
    wait_until("the lab has noticed", function () return not is_running(lab_pid) end)
    wait_until("the command is gone", function () return not is_running(pid) end)
    os.execute "pkill -KILL -f '[s]leep 4327'"
  end)
end)
