-- programs_spec.lua -- The recipe's service in Go, Node.js and Java: asked until it ends.
local cjson = require "cjson"
local lab = require "helper"

local source = assert(os.getenv "OOMLAB_SOURCE")
local LIMIT = 100000000
local PEAK = LIMIT - LIMIT % 4096
-- What the kernel itself charges (page tables, stacks) may pass the limit by some pages.
local PEAK_MAX = PEAK + 64 * 4096
local REQUESTS_MAX = 12

local function has(command)
  return (os.execute(("command -v %s >/dev/null 2>&1"):format(command)))
end

-- A test that needs a cage, curl, and these commands.
local function needing(commands, name, body)
  it(name, function ()
    local reason = lab.reason_to_skip()
    for _, command in ipairs { "curl", table.unpack(commands) } do
      reason = reason or not has(command) and ("no %s here"):format(command)
    end
    if reason then
      pending(reason)
    end
    body()
  end)
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- Asks a service for memory until it ends or has answered REQUESTS_MAX times; then it is told to.
local DRIVER = [[
%s '%s' cage --limit=%d --format=json -- %s >"$out" 2>"$err" &
lab=$!
address= tries=0
while [ -z "$address" ] && [ $tries -lt 600 ] && kill -0 $lab 2>/dev/null; do
  address=$(sed -n 's|^listening on ||p' "$out")
  tries=$((tries + 1))
  sleep 0.05
done
curl -s -m 60 "$address/ping"
requests=0
while [ $requests -lt %d ] &&
    curl -s -m 60 -o /dev/null -w '%%{http_code}\n' "$address/generate-load/memory"; do
  requests=$((requests + 1))
done
[ $requests -lt %d ] || kill -TERM $lab
wait $lab
]]

-- Returns the summary, what else there is to know: exit status of the lab, answers (as one text),
-- standard output of the service, standard error of the lab.
local function serve(command, variables)
  local out, err, answers = os.tmpname(), os.tmpname(), os.tmpname()
  local script = DRIVER:format(variables or "", os.getenv "OOMLAB", LIMIT, command, REQUESTS_MAX,
    REQUESTS_MAX)
  local file = assert(io.open(answers, "w"))
  file:write(("out='%s' err='%s'\n"):format(out, err), script)
  file:close()
  local pipe = assert(io.popen("sh " .. answers))
  local said = { answers = pipe:read "a" }
  local _, _, status = pipe:close()
  said.status, said.stdout = status, read(out)
  said.stderr = read(err):gsub("%s+", " ") -- Wherever its lines were broken.
  os.remove(out)
  os.remove(err)
  os.remove(answers)
  local is_good, summary = pcall(cjson.decode, said.stdout:match "[^\n]*\n?$")
  assert(is_good, said.stdout .. said.stderr)
  assert.is_truthy(said.answers:find('{"message":"pong"}', 1, true), said.answers)
  return summary, said
end

local function count(text, wanted)
  return select(2, text:gsub(wanted, ""))
end

-- The kernel killed the command, which has the name, at its cage's own limit.
local function assert_killed(summary, said, name)
  assert.are.equal("oom-killed", summary.outcome, said.stderr)
  assert.are.equal(128 + 9, said.status)
  assert.is_true(summary.is_command_oom_killed)
  assert.are.equal("own", summary.evidence.limited_by)
  assert.are.equal(1, summary.kill_count)
  assert.is_truthy(summary.kills[1].name:match(name), summary.kills[1].name)
  assert.are.equal(summary.pid, summary.kills[1].pid)
  assert.is_true(summary.cage_peak_bytes >= PEAK and summary.cage_peak_bytes <= PEAK_MAX,
    "peak " .. summary.cage_peak_bytes)
end

local function with_directory(use)
  local path = os.tmpname()
  os.remove(path)
  assert(os.execute("mkdir -m 700 " .. path))
  local is_good, message = pcall(use, path)
  os.execute("rm -r " .. path)
  if not is_good then
    error(message, 0)
  end
end

local function with_go_service(use)
  with_directory(function (directory)
    local program = directory .. "/recipe-go"
    assert(os.execute(("cd '%s/examples/cage/recipe-go' && go build -o %s ."):format(source,
      program)))
    use(program)
  end)
end

local function collections(said)
  local sum = 0
  for number in said.stdout:gmatch "with (%d+) collections" do
    sum = sum + tonumber(number)
  end
  return sum
end

describe("a service in Go", function ()
  needing({ "go" }, "is killed at the fifth request, and the report names it", function ()
    with_go_service(function (program)
      local summary, said = serve(program .. " -port 0", "GOMEMLIMIT=1GiB")
      assert_killed(summary, said, "^recipe%-go$")
      assert.are.equal(4, count(said.answers, "200\n"), said.answers)
      assert.is_truthy(said.stderr:find("GOMEMLIMIT=1GiB", 1, true), said.stderr)
      assert.is_truthy(said.stderr:find("GOMEMLIMIT=85MiB fits", 1, true), said.stderr)
    end)
  end)

  needing({ "go" }, "collects ever more near its own limit, and is killed all the same",
    function ()
      with_go_service(function (program)
        local freely, freely_said = serve(program .. " -port 0 -small")
        local limited, limited_said = serve(program .. " -port 0 -small", "GOMEMLIMIT=64MiB")
        assert_killed(freely, freely_said, "^recipe%-go$")
        assert_killed(limited, limited_said, "^recipe%-go$")
        assert.is_true(collections(limited_said) > collections(freely_said),
          freely_said.stdout .. limited_said.stdout)
        assert.is_nil(limited_said.stderr:find("GOMEMLIMIT", 1, true))
      end)
    end)
end)

describe("a service in Node.js", function ()
  local service = ("'%s/examples/cage/recipe-node.mjs' --port=0"):format(source)

  needing({ "node" }, "is killed, and a heap limit that does not fit is explained", function ()
    local summary, said = serve("node --max-old-space-size=1024 " .. service)
    -- Later versions name their first thread themselves.
    assert_killed(summary, said, "^node")
    assert.is_true(count(said.answers, "200\n") >= 2, said.answers)
    assert.is_truthy(said.stderr:find("allows V8 a heap of 1.0 GiB", 1, true), said.stderr)
    assert.is_truthy(said.stderr:find("--max-old-space-size=60 fits", 1, true), said.stderr)
  end)

  needing({ "node" }, "gives up by itself at its own limit, which is no kill", function ()
    local summary, said = serve("node --max-old-space-size=48 " .. service .. " --heap")
    assert.are.equal("killed", summary.outcome, said.stderr)
    assert.are.equal(6, summary.evidence.signal)
    assert.are.equal(0, summary.evidence.oom_kill_delta)
    assert.is_true(summary.cage_peak_bytes < PEAK)
    assert.is_truthy(said.stderr:find("JavaScript heap out of memory", 1, true), said.stderr)
    assert.is_nil(said.stderr:find(" fits", 1, true), said.stderr)
  end)
end)

describe("a service in Java", function ()
  local function with_classes(use)
    with_directory(function (directory)
      assert(os.execute(("javac -d %s '%s/examples/cage/Recipe.java'"):format(directory, source)))
      use(directory)
    end)
  end

  needing({ "java", "javac" }, "is killed, and a heap that does not fit is explained", function ()
    with_classes(function (classes)
      local summary, said = serve(("java -Xmx1g -cp %s Recipe 0"):format(classes))
      assert_killed(summary, said, "^java$")
      assert.is_true(count(said.answers, "200\n") >= 2, said.answers)
      assert.is_truthy(said.stderr:find("-Xmx1g", 1, true), said.stderr)
      assert.is_truthy(said.stderr:find("-Xmx47m fits", 1, true), said.stderr)
    end)
  end)

  needing({ "java", "javac" }, "refuses what its own heap has no room for, and lives", function ()
    with_classes(function (classes)
      local summary, said = serve(("java -Xmx48m -cp %s Recipe 0"):format(classes))
      assert.are.equal("survived", summary.outcome, said.stderr)
      assert.are.equal(0, summary.evidence.oom_kill_delta)
      assert.are.equal(1, count(said.answers, "200\n"), said.answers)
      assert.are.equal(REQUESTS_MAX - 1, count(said.answers, "503\n"), said.answers)
      assert.is_truthy(said.stdout:find("refused: Java heap space", 1, true))
      assert.is_nil(said.stderr:find(" fits", 1, true), said.stderr)
    end)
  end)
end)
