-- summary_test.lua -- The counter of all tests, tested: a small meson project with every kind of
-- end, and what tools/summary.lua makes of it.
--
-- Usage: lua5.4 tests/style/summary_test.lua ROOT
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local tree = require "tree"

local root = arg[1]
if not tree.has_command("meson") then
  tree.skip_all("meson is not in the path")
end

-- What each test program does, and how much of it is passed, failed and skipped.
local programs = {
  { "good", "echo 1..2; echo ok 1 - a; echo ok 2 - b", 2, 0, 0 },
  { "not-ok", "echo 1..2; echo ok 1 - a; echo 'not ok 2 - <b> & c'; echo '# a reason'", 1, 1, 0 },
  { "not-ok-and-status", "echo 1..1; echo not ok 1 - b; exit 1", 0, 1, 0 },
  { "crash", "echo 1..2; echo ok 1 - a; kill -SEGV $$", 1, 1, 0 },
  { "crash-after-not-ok", "echo 1..2; echo not ok 1 - a; kill -SEGV $$", 0, 2, 0 },
  { "crash-at-the-end", "echo 1..1; echo ok 1 - a; kill -SEGV $$", 1, 1, 0 },
  { "too-few", "echo 1..3; echo ok 1 - a", 1, 1, 0 },
  { "bail-out", "echo 1..2; echo ok 1; echo Bail out! the world ended", 1, 1, 0 },
  { "mute", "true", 0, 1, 0 },
  { "all-skipped", "echo 1..0 '#' SKIP not on mars", 0, 0, 1 },
  { "one-skipped", "echo 1..2; echo ok 1 - a '#' SKIP no tool; echo ok 2", 1, 0, 1 },
  { "too-slow", "echo 1..2; echo ok 1 - a; sleep 60", 1, 1, 0 },
  { "plain", "exit 0", 1, 0, 0, is_plain = true },
  { "plain-bad", "echo what; exit 3", 0, 1, 0, is_plain = true },
  { "plain-skipped", "exit 77", 0, 0, 1, is_plain = true },
}

local function write_project(directory)
  local lines = { "project('sample')", "shell = find_program('sh')" }
  for _, program in ipairs(programs) do
    lines[#lines + 1] = ("test('%s', shell, args: ['-c', '%s'], protocol: '%s', timeout: 1)")
      :format(program[1], program[2]:gsub("'", "\\'"), program.is_plain and "exitcode" or "tap")
  end
  local file = assert(io.open(directory .. "/meson.build", "wb"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
end

local tap = tree.tap()
local directory = tree.run("mktemp -d"):gsub("%s+$", "")
write_project(directory)

local function summary_of(arguments)
  return tree.run(("cd %s && %s %s %s"):format(tree.quote(directory), tree.quote(arg[-1]),
    tree.quote(root .. "/tools/summary.lua"), arguments))
end

-- Runs the named programs only (all, if "") and demands the last line and the status.
local function try(sentence, names, expected_line, expected_good)
  tree.run(("cd %s && meson test -C build %s"):format(tree.quote(directory), names))
  local output, is_good = summary_of("plain=build")
  local last_line = output:match("([^\n]*)\n*$")
  local is_right = last_line == expected_line and is_good == expected_good
  tap:rule(sentence, is_right and {} or { "expected: " .. expected_line, "it said:", output })
  return output
end

local setup_output = tree.run(("cd %s && meson setup build"):format(tree.quote(directory)))

local names, totals = {}, { 0, 0, 0 }
for _, program in ipairs(programs) do
  local passed, failed, skipped = program[3], program[4], program[5]
  names[#names + 1] = program[1]
  totals = { totals[1] + passed, totals[2] + failed, totals[3] + skipped }
end
local output = try("every kind of end is counted for what it is", table.concat(names, " "),
  ("%d passed, %d failed, %d skipped"):format(table.unpack(totals)), false)
for _, program in ipairs(programs) do
  local named_count = 0
  for line in output:gmatch("[^\n]+") do
    local name = line:match("^  %[plain%] ([%w-]+)")
    named_count = named_count + (name == program[1] and 1 or 0)
  end
  local is_right = named_count == program[4] + program[5]
  tap:rule(("%s: named %d times"):format(program[1], program[4] + program[5]),
    is_right and {} or { setup_output, output })
end
local function demand(sentence, text)
  tap:rule(sentence, output:find(text, 1, true) and {} or { output })
end
demand("a failed test's own explanation is shown", "# a reason")
demand("a skipped test's reason is shown", "not on mars")

try("all passed: status 0", "good plain", "3 passed, 0 failed", true)
try("only skipped: nothing ran, which is no success", "all-skipped",
  "0 passed, 0 failed, 1 skipped", false)
local missing, is_good = summary_of("gone=elsewhere")
tap:rule("a build without a log is one failure",
  not is_good and missing:match("\n0 passed, 1 failed\n$") and {} or { missing })
tree.run("rm -rf " .. tree.quote(directory))
tap:finish()
