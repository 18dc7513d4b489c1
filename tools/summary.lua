-- summary.lua -- Counts what `meson test` did: one plain line for everything.
--
-- Usage: lua5.4 tools/summary.lua LABEL=BUILD_DIRECTORY...
-- Each TAP subtest counts as one test, read from meson's JUnit file. What that file does not tell
-- (a program that crashed after its last subtest, stopped early, timed out or said nothing) is
-- read from meson's JSON log, and counts as one failure more. Skipped and failed tests are named
-- with their reasons. Ends with status 1 when anything failed or nothing ran.

local TAIL_LINES_MAX = 12
local SKIPPED_STATUS = 77

local passed_count = 0
local failed, skipped = {}, {}

local function add(list, title, reason, output)
  list[#list + 1] = { title = title, reason = reason:gsub("%s+$", ""), output = output }
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

local function utf8_of(code)
  -- Halves of surrogate pairs only concern characters that no test name needs.
  return (code >= 0xD800 and code <= 0xDFFF) and "?" or utf8.char(code)
end

local XML_NAMES = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'" }

local function unescape_xml(text)
  text = text:gsub("&#(x?)(%x+);", function (is_hex, digits)
    return utf8_of(tonumber(digits, is_hex == "x" and 16 or 10))
  end)
  return (text:gsub("&(%a+);", XML_NAMES))
end

-- The tests of a JUnit file as { program = {{ name, state, reason }, ...} }. A writer of XML
-- escapes < and > everywhere but in markup, so a scan for tags is enough.
local function read_junit(text)
  local programs = {}
  local cases, case
  for tag, content in text:gmatch("<([^>]+)>([^<]*)") do
    local element = tag:match("^/?[%w_-]+")
    local name = tag:match('%sname="([^"]*)"')
    if element == "testsuite" then
      cases = {}
      -- "project.name"; a suite called "project" holds the programs without subtests.
      programs[unescape_xml(name):match("^[%w_-]+%.(.*)$") or ""] = cases
    elseif element == "testcase" then
      case = { name = unescape_xml(name or "?"), state = "passed", reason = "" }
      cases[#cases + 1] = case
      if tag:sub(-1) == "/" then
        case = nil
      end
    elseif element == "/testcase" then
      case = nil
    elseif case and element == "skipped" then
      case.state = "skipped"
    elseif case and (element == "failure" or element == "error") then
      case.state = "failed"
      case.reason = unescape_xml(content)
    elseif case and element == "system-out" and case.reason == "" then
      case.reason = unescape_xml(content)
    end
  end
  return programs
end

local JSON_ESCAPES = { n = "\n", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

-- The string value of a key of one flat JSON line, or nil. Inside a JSON string quotes are
-- escaped, so the pattern meets real keys only.
local function json_string(line, key)
  local _, last = line:find('"' .. key .. '": "', 1, true)
  if not last then
    return nil
  end
  local out, at = {}, last + 1
  while true do
    local plain, stop = line:match('^([^"\\]*)(["\\])', at)
    if not plain then
      return nil
    end
    out[#out + 1] = plain
    at = at + #plain + 1
    if stop == '"' then
      return table.concat(out)
    end
    local hex = line:match("^u(%x%x%x%x)", at)
    if hex then
      out[#out + 1] = utf8_of(tonumber(hex, 16))
      at = at + 5
    else
      out[#out + 1] = JSON_ESCAPES[line:sub(at, at)] or ""
      at = at + 1
    end
  end
end

local function tail_of(text)
  local lines = {}
  for line in (text or ""):gmatch("[^\n]+") do
    lines[#lines + 1] = "      " .. line
  end
  return table.concat(lines, "\n", math.max(1, #lines - TAIL_LINES_MAX + 1))
end

local function is_bad(result)
  return result ~= "OK" and result ~= "SKIP" and result ~= "EXPECTEDFAIL"
end

-- What a program said on the comment lines below "not ok N", its explanation of the failure.
local function explanation_of(stdout, number)
  local lines, is_inside = {}, false
  for line in stdout:gmatch("[^\n]+") do
    if line:find("^#") and is_inside then
      lines[#lines + 1] = line:find("^#%s*$") and nil or "      " .. line
    else
      is_inside = line:match("^not ok%s+(%d+)") == number
    end
  end
  return table.concat(lines, "\n", 1, math.min(#lines, TAIL_LINES_MAX))
end

-- One program of the JSON log; cases are its subtests from the JUnit file, perhaps none.
local function count_program(label, line, cases)
  local name, result = json_string(line, "name"), json_string(line, "result")
  local stdout = json_string(line, "stdout") or ""
  local status = tonumber(line:match('"returncode": (%-?%d+)')) or -1
  local title = ("[%s] %s"):format(label, name)
  local function fail(what)
    local output = tail_of(stdout .. "\n" .. (json_string(line, "stderr") or ""))
    add(failed, title .. ": " .. what, "", output)
  end

  local has_failed_case = false
  for _, case in ipairs(cases or {}) do
    if case.state == "passed" then
      passed_count = passed_count + 1
    elseif case.state == "skipped" then
      add(skipped, title .. ": " .. case.name, case.reason)
    else
      has_failed_case = true
      local output = explanation_of(stdout, case.name:match("^%d+"))
      add(failed, title .. ": " .. case.name, case.reason, output)
    end
  end

  if is_bad(result) then
    -- A program that saw a test fail says so with its exit status too: one failure, not two.
    if not has_failed_case or (result ~= "FAIL" and (status <= 0 or status > 127)) then
      fail(("%s, exit status %d"):format(result, status))
    end
  elseif cases == nil and result == "SKIP" then
    local reason = stdout:match("1%.%.0[^\n]*#%s*[Ss][Kk][Ii][Pp]%S*%s*([^\n]*)")
    if reason or status == SKIPPED_STATUS then
      add(skipped, title, reason or "")
    else
      fail("ran no test")
    end
  elseif cases == nil then
    passed_count = passed_count + 1
  end
end

local function count_directory(label, directory)
  local logs = directory .. "/meson-logs/testlog"
  local junit, json = read_file(logs .. ".junit.xml"), read_file(logs .. ".json")
  if not junit or not json then
    add(failed, ("[%s] no test log: the build failed"):format(label), "")
    return
  end
  local programs = read_junit(junit)
  for line in json:gmatch("[^\n]+") do
    -- The JUnit file calls the same program "project.name".
    count_program(label, line, programs[json_string(line, "name")])
  end
end

local function print_list(heading, list)
  if #list == 0 then
    return
  end
  print(("%s (%d):"):format(heading, #list))
  for _, entry in ipairs(list) do
    print("  " .. entry.title .. (entry.reason ~= "" and ": " .. entry.reason or ""))
    if entry.output and entry.output ~= "" then
      print(entry.output)
    end
  end
end

for _, argument in ipairs(arg) do
  local label, directory = argument:match("^([^=]+)=(.+)$")
  if not label then
    io.stderr:write("usage: summary.lua LABEL=BUILD_DIRECTORY...\n")
    os.exit(2)
  end
  count_directory(label, directory)
end

print_list("skipped", skipped)
print_list("failed", failed)
if passed_count + #failed == 0 then
  print("no test ran")
end
local line = ("%d passed, %d failed"):format(passed_count, #failed)
if #skipped > 0 then
  line = line .. (", %d skipped"):format(#skipped)
end
print(line)
os.exit((#failed == 0 and passed_count > 0) and 0 or 1)
