-- group_spec.lua -- rss and watch on real processes and, where some can be made, real groups.
local cjson = require "cjson"
local lab = require "helper"

local function shell(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return text
end

-- Starts a command that goes on by itself; returns its pid.
local function start(command)
  return math.tointeger(tonumber(shell(command .. " >/dev/null 2>&1 </dev/null & echo $!")))
end

-- Starts it, calls use with its pid, and ends it whatever came of that.
local function with_process(command, use)
  local pid = start(command)
  local is_good, message = pcall(use, pid)
  os.execute(("kill -KILL %d 2>/dev/null"):format(pid))
  if not is_good then
    error(message, 0)
  end
end

local function rss(arguments)
  local status, stdout, stderr = lab.run("rss --format=json " .. arguments)
  return status == 0 and cjson.decode(stdout), status, stderr
end

-- Where groups can be made: the mount, the names of two files; or nil and why not.
local function find_groups()
  local found = rss("$$")
  local group = found and found.groups[1]
  if not group or group == cjson.null then
    return nil, "this process is in no group that counts memory"
  end
  local mount = group.directory
  if group.path ~= "/" then
    mount = mount:sub(1, #mount - #group.path)
  end
  local directory = ("%s/oomlab-spec-%d"):format(mount, math.random(1 << 30))
  local is_made = os.execute("mkdir " .. directory .. " 2>/dev/null")
  local has_limit = false
  for _, file in ipairs { "memory.limit_in_bytes", "memory.max" } do
    has_limit = has_limit or os.execute(("test -w %s/%s"):format(directory, file))
      and directory .. "/" .. file
  end
  os.execute("rmdir " .. directory .. " 2>/dev/null")
  if not is_made or not has_limit then
    return nil, "no group can be made here"
  end
  return mount, has_limit:match("[^/]+$")
end

local mount, limit_file = find_groups()
local group_it = lab.unless(not mount and limit_file, it, pending)

-- Makes a group limited to 32 MiB, calls use with its path and directory, and removes it.
local function with_group(use)
  local path = ("/oomlab-spec-%d"):format(math.random(1 << 30))
  local directory = mount .. path
  assert(os.execute("mkdir " .. directory))
  assert(os.execute(("echo 33554432 >%s/%s"):format(directory, limit_file)))
  local is_good, message = pcall(use, path, directory)
  os.execute(([[
    for pid in $(cat %s/cgroup.procs 2>/dev/null); do kill -KILL $pid; done
    for i in 1 2 3 4 5 6 7 8 9 10; do rmdir %s 2>/dev/null && break; sleep 0.1; done]]):format(
    directory, directory))
  if not is_good then
    error(message, 0)
  end
end

-- A command that begins in that group.
local function within(directory, command)
  return ("sh -c 'echo $$ >%s/cgroup.procs && exec %s'"):format(directory, command)
end

local function wait_for(is_so)
  for _ = 1, 100 do
    local result = is_so()
    if result then
      return result
    end
    os.execute("sleep 0.05")
  end
  error("waited in vain", 2)
end

local function has_processes(directory)
  return shell(("cat %s/cgroup.procs 2>/dev/null"):format(directory)) ~= ""
end

local function has_ended(pid)
  return not os.execute(("kill -0 %d 2>/dev/null"):format(pid))
end

describe("rss", function ()
  it("tells a process and its group in figures that add up", function ()
    with_process("sleep 60", function (pid)
      local status, stdout, stderr = lab.run("rss " .. pid)
      assert.are.equal(0, status, stderr)
      assert.is_truthy(stdout:match("\n +" .. pid .. "  sleep +[%d.]+ +[%d.-]+ +[%d.]+ +[%d.]+\n"),
        stdout)
      local sum, parts = 0, 0
      for sign, figure in stdout:gmatch("\n            *([ +=-]) +(%d+%.%d+)  ") do
        local steps = math.tointeger(figure:gsub("%.", "") + 0)
        if sign == "=" then
          assert.are.equal(steps, sum, stdout)
          parts = parts + 1
        else
          sum = sum + (sign == "-" and -steps or steps)
        end
      end
      -- The top of the hierarchy is not compared.
      assert.are.equal(stdout:match("the top of the hierarchy") and 0 or 1, parts, stdout)
    end)
  end)

  it("tells the others when a process is not there, status 1", function ()
    with_process("sleep 60", function (pid)
      local status, stdout, stderr = lab.run(("rss 4194304 %d 4194303"):format(pid))
      assert.are.equal(1, status)
      assert.is_truthy(stdout:match("sleep"), stdout)
      assert.are.equal(
        "oomlab: there is no process 4194304\noomlab: there is no process 4194303\n", stderr)
    end)
    local status, stdout = lab.run("rss 4194304 --format=json")
    assert.are.equal(1, status)
    assert.are.equal("there is no process 4194304", cjson.decode(stdout).missing[1].reason)
  end)

  it("tells each process once", function ()
    local found = rss("$$ $$")
    assert.are.equal(1, #found.processes)
  end)

  it("keeps to the kernel's figures in JSON", function ()
    with_process("sleep 60", function (pid)
      local found = rss(pid)
      local process = found.processes[1]
      local status = shell(("cat /proc/%d/status"):format(pid))
      assert.are.equal("oomlab.rss/1", found.schema)
      assert.are.equal(pid, process.pid)
      assert.are.equal("sleep 60", process.command)
      if process.pss_bytes ~= cjson.null then
        local rollup = shell(("cat /proc/%d/smaps_rollup"):format(pid))
        assert.are.equal(1024 * tonumber(rollup:match("Rss:%s+(%d+)")), process.rss_bytes)
        assert.are.equal(1024 * tonumber(rollup:match("Pss_Anon:%s+(%d+)")), process.pss_anon_bytes)
      end
      assert.are.equal(1024 * tonumber(status:match("VmSize:%s+(%d+)")), process.vsz_bytes)
      assert.are.equal(process.rss_bytes,
        process.anon_bytes + process.file_bytes + process.shmem_bytes)
      for _, group in ipairs(found.groups) do
        local sum = 0
        if group.differences ~= cjson.null then
          for _, difference in ipairs(group.differences) do
            sum = sum + difference.bytes
          end
          assert.are.equal(group.usage_bytes - group.processes.rss_bytes, sum)
        end
      end
    end)
  end)

  it("is not fooled by a process's name", function ()
    local directory = shell("mktemp -d"):gsub("\n", "")
    os.execute(("cp \"$(command -v sleep)\" '%s/a) R (b'"):format(directory))
    with_process(("'%s/a) R (b' 60"):format(directory), function (pid)
      local found = wait_for(function ()
        local answer = rss(pid)
        return answer and answer.processes[1].name == "a) R (b" and answer
      end)
      assert.is_true(found.processes[1].rss_bytes > 0)
    end)
    os.execute("rm -r " .. directory)
  end)

  it("says of the kernel's own threads that they have no memory", function ()
    if not shell("cat /proc/2/comm 2>/dev/null"):match("^kthreadd") then
      pending("the kernel's threads are not visible here")
      return
    end
    local status, stdout = lab.run("rss 2")
    assert.are.equal(0, status)
    assert.is_truthy(stdout:match("2 %(kthreadd%) is a thread of the kernel's own"), stdout)
  end)

  it("tells a thousand processes", function ()
    local pids = shell("for i in $(seq 1000); do sleep 60 >/dev/null 2>&1 & echo $!; done")
    local list = pids:gsub("%s+", " ")
    local found, status, stderr = rss(list)
    os.execute("kill -KILL " .. list)
    assert.are.equal(0, status, stderr)
    assert.are.equal(1000, #found.processes)
    assert.are.equal(1000, found.together.process_count)
  end)

  it("tells or misses a process that ends meanwhile, whole either way", function ()
    local told, missed = 0, 0
    for i = 1, 60 do
      local pid = start(("sleep 0.%03d"):format(i % 12))
      local status, stdout = lab.run(("rss %d --format=json"):format(pid))
      local found = cjson.decode(stdout)
      assert.are.equal(1, #found.processes + #found.missing, stdout)
      assert.are.equal(#found.missing, status)
      told, missed = told + #found.processes, missed + #found.missing
      if #found.processes == 1 then
        assert.is_true(found.processes[1].vsz_bytes > 0)
      end
    end
    assert.are.equal(60, told + missed)
  end)

  group_it("finds page cache and memory where they belong", function ()
    with_group(function (path, directory)
      local file = os.tmpname()
      with_process(within(directory, ("sh -c \"dd if=/dev/zero of=%s bs=1M count=6; sleep 60\"")
        :format(file)), function (pid)
        local found = wait_for(function ()
          local answer = rss(pid)
          local group = answer and answer.groups[1]
          return group and group.path == path and group.file_bytes + group.shmem_bytes > 5 << 20
            and answer
        end)
        local group = found.groups[1]
        assert.are.equal(33554432, group.own_limit_bytes)
        assert.are.equal(path, group.limiting_group)
        local status, stdout = lab.run("rss " .. pid)
        assert.are.equal(0, status)
        assert.is_truthy(stdout:match("limit 32%.0 MiB"), stdout)
        assert.is_truthy(stdout:match("%+ +%d%.%d+  page cache: files") or
          stdout:match("%+ +%d%.%d+  shared memory and tmpfs files"), stdout)
      end)
      os.remove(file)
    end)
  end)
end)

-- Starts a watch whose output goes to a file; returns a function that reads it so far.
local function start_watch(arguments)
  local out = os.tmpname()
  local pid = start(("sh -c \"exec '%s' watch %s >%s 2>&1\""):format(
    os.getenv("OOMLAB"), arguments, out))
  return function ()
    return shell("cat " .. out)
  end, pid, out
end

describe("watch", function ()
  it("shows a process and its group at each look", function ()
    local status, stdout, stderr = lab.run("watch --every=10ms --count=3 $$")
    assert.are.equal(0, status, stderr)
    local line = "%d%d:%d%d:%d%d%.%d +[%d.]+ %a+  [^\n]*RSS of %d+ [%d.]+ [KM]iB[^\n]*\n"
    if not stdout:match("no count") then
      assert.is_truthy(stdout:match("^" .. line:rep(3) .. "$"), stdout)
    end
  end)

  it("says when the process has ended, status 0", function ()
    with_process("sleep 0.3", function (pid)
      local status, stdout = lab.run("watch --every=50ms " .. pid)
      assert.are.equal(0, status)
      assert.is_truthy(stdout:match("  process " .. pid .. " has ended\n$"), stdout)
    end)
  end)

  it("ends at an interrupt with 130, and with one JSON object a line", function ()
    local out = os.tmpname()
    local _, _, status = os.execute(
      ("timeout --preserve-status -s INT 0.6 '%s' watch --every=100ms --format=json $$ >%s"):format(
        os.getenv("OOMLAB"), out))
    assert.are.equal(130, status)
    local types = {}
    for line in io.lines(out) do
      local object = cjson.decode(line)
      types[#types + 1] = object.type
      if #types == 1 then
        assert.are.equal("oomlab.watch/1", object.schema)
        assert.are.equal(100000000, object.period_ns)
      elseif object.type == "end" then
        assert.are.equal("interrupted", object.reason)
      else
        assert.is_true(object.rss_bytes > 0)
      end
    end
    os.remove(out)
    assert.is_true(#types >= 4, #types)
    assert.are.equal("end", types[#types])
  end)

  it("says what is not there, status 1", function ()
    local status, stdout, stderr = lab.run("watch oomlab-nosuch")
    assert.are.equal("", stdout)
    if not mount then
      assert.is_true(status == 1 or status == 4)
      return
    end
    assert.are.equal(1, status)
    assert.is_truthy(stderr:match("there is no control group 'oomlab%-nosuch' below /"), stderr)
    status, stdout, stderr = lab.run("watch 4194304")
    assert.are.equal("", stdout)
    assert.are.equal(1, status)
    assert.are.equal("oomlab: watch: there is no process 4194304\n", stderr)
  end)

  it("stops when nobody reads any more", function ()
    local _, _, status = os.execute(
      ("timeout 20 sh -c \"'%s' watch --every=20ms $$ 2>/dev/null | head -n 1 >/dev/null\""):format(
        os.getenv("OOMLAB")))
    assert.are.equal(0, status)
  end)

  group_it("takes a group's path, directory and name", function ()
    with_group(function (path, directory)
      for _, word in ipairs { path, path:sub(2), directory, directory .. "/" } do
        local status, stdout, stderr = lab.run("watch --count=1 --format=json " .. word)
        assert.are.equal(0, status, stderr)
        assert.are.equal(path, cjson.decode(stdout:match("^[^\n]*")).path)
      end
      local _, stdout = lab.run("watch --count=1 " .. path)
      assert.is_truthy(stdout:match("limit 32%.0 MiB\n$"), stdout)
    end)
  end)

  group_it("marks a kill for memory, and says when the group is gone", function ()
    local read, pid, out
    with_group(function (path, directory)
      read, pid, out = start_watch("--every=50ms " .. path)
      wait_for(function ()
        return read():match("limit 32")
      end)
      os.execute(within(directory, "dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null"))
      wait_for(function ()
        return read():match("one OOM kill\n")
      end)
    end)
    wait_for(function ()
      return read():match("the control group /oomlab%-spec%-%d+ is gone: it was removed\n$")
    end)
    wait_for(function ()
      return has_ended(pid)
    end)
    os.remove(out)
  end)

  group_it("follows a process into another group", function ()
    with_group(function (path, directory)
      with_process("sleep 60", function (pid)
        local read, watch_pid, out = start_watch("--every=50ms " .. pid)
        wait_for(function ()
          return read():match("RSS of")
        end)
        assert(os.execute(("echo %d >%s/cgroup.procs"):format(pid, directory)))
        wait_for(function ()
          local text = read()
          return text:match("process %d+ was moved to control group " .. path:gsub("%-", "%%-"))
            and text:match("limit 32%.0 MiB  RSS of " .. pid)
        end)
        os.execute(("kill -KILL %d"):format(watch_pid))
        os.remove(out)
        assert.is_true(has_processes(directory))
      end)
    end)
  end)

  group_it("redraws its line on a terminal", function ()
    if shell("command -v script") == "" then
      pending("script(1) is not installed")
      return
    end
    with_group(function (path)
      local command = ("'%s' watch --every=20ms --count=2 %s"):format(os.getenv("OOMLAB"), path)
      local text =
        shell(('TERM=xterm NO_COLOR=1 script -qec "%s" /dev/null </dev/null'):format(command))
      local bar = "limit 32%.0 MiB  [\xc2\xb7]+   0 %%"
      assert.is_truthy(text:match(bar .. "\27%[K\r?\n\27%[J\27%[1A\r"), text)
      assert.is_nil(text:match("%d%d:%d%d:%d%d"))
    end)
  end)

  group_it("shows every cage that a lab has, by name", function ()
    lab.with_script([[
      local lab = require "lab"
      return lab.scenario { title = "Slow", limit = 256 * lab.MiB, program = function (heap)
        for i = 1, 40000000 do heap:stats() end
      end }]], function (script)
      local command = ("'%s' run -q --timeout=20 %s"):format(os.getenv("OOMLAB"), script)
      with_process(command, function (pid)
        local text = wait_for(function ()
          local _, stdout = lab.run("watch --count=1")
          return stdout:match("oomlab%-" .. pid .. "%-%x+ [^\n]*limit 256%.0 MiB")
        end)
        assert.is_truthy(text)
        os.execute(("kill -TERM %d"):format(pid))
        wait_for(function ()
          return has_ended(pid)
        end)
      end)
    end)
  end)
end)
