-- repl_spec.lua -- A prompt without a terminal: lines come, values go.
local lab = require "helper"

local it_caged = lab.caged(it, pending)

local function type_in(lines, arguments)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
  local status, out, err =
    lab.run(("repl %s <%s"):format(arguments or "--quiet", path), "GOGC= GOMEMLIMIT=")
  os.remove(path)
  return status, out, err
end

describe("oomlab repl", function ()
  it_caged("shows values, keeps names, and takes lines together that belong together", function ()
    local status, out, err = type_in { "1 + 1", "local x = heap:slab(1 << 20)", "x:bytes()", "_",
      "=x", "function f(a)", "  return a * 2", "end", "f(4), 'a\\27[31mb'", "1 +", "2",
      "for i = 1, 2 do print(i) end", "x:release()", "x" }
    assert.equal("", err)
    assert.equal(0, status)
    assert.equal("2\n1048576\n1048576\nslab 0, 1048576 bytes\n8 \"a\\27[31mb\"\n3\n1\n2\n"
      .. "slab (released)\n", out)
  end)

  it_caged("tells how the heap is after each line", function ()
    local _, out = type_in({ "heap:slab(10 << 20)" }, "--limit=20M")
    assert.matches("heap 10%.0 MiB .* next GC 2%d%.%d MiB .* one cycle .* cage .* 1%d%.%d MiB of "
      .. "20%.0 MiB\n$", out)
  end)

  it_caged("tells why the kernel killed the heap, and goes on with a fresh one", function ()
    local status, out, err = type_in { "x = 1", "heap:slab(100 << 20)",
      "heap:stats().mallocs", "x" }
    assert.matches("OOM%-KILLED by the cage's limit in \"heap:slab%(100 << 20%)\"", out)
    assert.matches("A fresh heap takes its place", out)
    assert.matches("\n0\n$", out)
    assert.equal("error: undefined variable 'x'\n", err)
    assert.equal(3, status)
  end)

  it_caged("tells an error, and goes on", function ()
    local status, out, err = type_in { "error 'mine'", "nope", "heap:slab(0)", "os.exit(1)",
      "load 'return 1'", "x =", "y ) z", "2" }
    assert.equal(3, status)
    assert.equal("2\n", out)
    assert.matches("^error: mine\nerror: undefined variable 'nope'\n"
      .. "error: expected bytes, at least 1, not 0\n"
      .. "error: os is not available to scripts: [^\n]*\n"
      .. "error: load is not available to scripts: [^\n]*\n"
      .. "error: [^\n]*near '%)'\n$", err)
  end)

  it_caged("says that the last line is unfinished", function ()
    local status, out, err = type_in { "if true then" }
    assert.equal(3, status)
    assert.equal("", out)
    assert.equal("oomlab: the last line is unfinished\n", err)
  end)

  it_caged("leaves nothing behind when it is told to end in the middle of a line", function ()
    local pid_path = os.tmpname()
    local status = lab.run("repl --quiet", ("echo 'while true do end' | timeout --preserve-status "
      .. "-s TERM 0.7 sh -c 'echo $$ >%s; exec \"$@\"' sh"):format(pid_path))
    local pid = io.open(pid_path):read "n"
    os.remove(pid_path)
    assert.equal(128 + 15, status)
    local left = io.popen(("find /sys/fs/cgroup -name 'oomlab-%d-*'"):format(pid)):read "a"
    assert.equal("", left)
  end)

  it("takes no script, no pretended world and no dump", function ()
    for words, complaint in pairs {
      ["spike"] = "unexpected argument 'spike'",
      ["--world=pretend"] = "--world=pretend: ",
      ["--dump=/tmp"] = "--dump is for a run",
      ["--limt=3M"] = "did you mean --limit",
    } do
      local status, out, err = lab.run("repl " .. words .. " </dev/null")
      assert.equal(2, status, err)
      assert.equal("", out)
      assert.equal(1, select(2, err:gsub("oomlab: ", "")))
      assert.is_truthy(err:find(complaint, 1, true), err)
    end
  end)
end)
