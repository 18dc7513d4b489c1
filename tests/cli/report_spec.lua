-- report_spec.lua -- oomlab report, and --report of a run: every form, and what it refuses.
local lab = require "helper"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder))

local function at(name)
  return folder .. "/" .. name
end

local function read(name)
  local file = assert(io.open(at(name), "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function write(name, text)
  local file = assert(io.open(at(name), "wb"))
  file:write(text)
  file:close()
  return at(name)
end

local function run(arguments)
  local status, stdout, stderr = lab.run(arguments)
  assert.are.equal(0, status, stdout .. stderr)
  return stdout, stderr
end

local function fails(status_expected, arguments, complaint)
  local status, stdout, stderr = lab.run(arguments)
  assert.are.equal("", stdout)
  assert.is_truthy(stderr:find(complaint, 1, true), stderr)
  assert.are.equal(status_expected, status)
end

describe("report", function ()
  local killed, saved = at "killed.jsonl", at "saved.jsonl"

  setup(function ()
    run("run -q --world=pretend --record=" .. killed)
    run("run -q --world=pretend --policy=last-resort --record=" .. saved)
  end)

  teardown(function ()
    os.execute("rm -r " .. folder)
  end)

  it("shows a run in the terminal, with verdict and reason", function ()
    local text = run("report " .. killed)
    for _, part in ipairs { "spike: A spike", "✗ limit", "next GC", "▲", "OOM-KILLED", "why " } do
      assert.is_truthy(text:find(part, 1, true), part .. "\n" .. text)
    end
    assert.is_falsy(text:find("\27", 1, true))
  end)

  it("lays several runs over each other and tells what differs", function ()
    local text = run("report " .. killed .. " " .. saved)
    assert.is_truthy(text:find("in 2 runs", 1, true), text)
    assert.is_truthy(text:find("run     policy       outcome", 1, true), text)
    assert.is_truthy(text:find("✗ killed  go           oom-killed", 1, true), text)
    assert.is_truthy(text:find("✓ saved   last-resort  survived", 1, true), text)
  end)

  it("is plain ASCII where the locale is no Unicode", function ()
    local status, text = lab.run("report " .. killed .. " " .. saved, "LC_ALL=C")
    assert.are.equal(0, status)
    assert.is_falsy(text:find "[\128-\255]")
    assert.is_truthy(text:find("X killed", 1, true))
  end)

  it("reads standard input", function ()
    local status, text = lab.run("report - <" .. killed)
    assert.are.equal(0, status)
    assert.is_truthy(text:find("OOM-KILLED", 1, true))
  end)

  it("takes the form from the ending of the file", function ()
    run("report " .. killed .. " -o " .. at "a.html")
    run("report " .. killed .. " -o " .. at "a.svg")
    run("report " .. killed .. " --output=" .. at "a.txt")
    assert.is_truthy(read "a.html":find "^<!doctype html>")
    assert.is_truthy(read "a.svg":find "^<svg ")
    assert.is_truthy(read "a.txt":find "OOM%-KILLED")
    assert.are.equal(read "a.svg", (run("report --format=svg " .. killed)))
  end)

  it("gives the same bytes for the same record", function ()
    assert.are.equal(run("report --format=html " .. killed), run("report --format=html " .. killed))
  end)

  it("draws a picture as large as it was asked for", function ()
    if not os.execute "command -v rsvg-convert >/dev/null" then
      pending "rsvg-convert is not installed"
      return
    end
    run("report " .. killed .. " --width=400 --height=320 --scale=2 -o " .. at "a.png")
    local width, height = string.unpack(">I4I4", read "a.png", 17)
    assert.are.same({ 800, 640 }, { width, height })
  end)

  it("says what is missing where no program draws a picture", function ()
    local status, _, stderr = lab.run("report " .. killed .. " -o " .. at "b.png", "PATH=/nowhere")
    assert.are.equal(4, status)
    assert.is_truthy(stderr:find("librsvg2-bin", 1, true), stderr)
    assert.is_nil(io.open(at "b.png"))
  end)

  it("tells of a record that was cut off, and shows it", function ()
    local path = write("cut.jsonl", read "killed.jsonl":sub(1, -50))
    local text, stderr = run("report " .. path)
    assert.is_truthy(text:find("NO END", 1, true), text)
    assert.is_truthy(stderr:find("its lab was killed", 1, true), stderr)
  end)

  it("tells file and line of what is no record", function ()
    local path = write("bad.jsonl", read "killed.jsonl":match "^[^\n]*\n" .. "{}\n")
    fails(2, "report " .. path, path .. ", line 2: no 'type'")
    fails(2, "report " .. write("empty.jsonl", ""), "is empty")
    fails(2, "report " .. at "nothing.jsonl", "No such file")
    fails(2, "report " .. folder, "cannot read")
  end)

  it("refuses bad usage", function ()
    fails(2, "report", "wants a record")
    fails(2, "report --format=pdf x", "--format=pdf: expected html, svg, png or text")
    fails(2, "report x -o a.pdf", "let it end in .html")
    fails(2, "report --width=400 x", "--width is for pictures")
    fails(2, "report --format=svg --scale=2 x", "--scale is for a PNG")
    fails(2, "report --format=svg --width=0 x", "--width")
    fails(2, "report --fromat=svg x", "--format")
  end)

  it("leaves what was there where nothing can be written", function ()
    fails(4, "report " .. killed .. " -o " .. at "none/a.svg", "cannot write")
  end)

  it("can be made of a run at once, of each of a series, and beside its record", function ()
    run("run -q --world=pretend --report=" .. at "run.svg")
    run("report " .. killed .. " -o " .. at "record.svg")
    assert.are.equal(read "record.svg", read "run.svg")
    run("run -q --world=pretend --repeat=3 --record=" .. at "three.jsonl" .. " --report="
      .. at "three.txt")
    assert.is_truthy(read "three.txt":find("run #3", 1, true))
    run("report " .. at "three.jsonl")
  end)

  it("of a run is refused before the run where it cannot be", function ()
    fails(2, "run --world=pretend --report=a.pdf", "--report: 'a.pdf'")
    fails(4, "run --world=pretend --report=" .. at "none/a.svg", "cannot write")
  end)
end)
