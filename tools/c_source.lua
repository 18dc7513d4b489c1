-- c_source.lua -- What the scripts that write files into C files have in common.
local c_source = {}

local BYTES_PER_LINE = 24

-- Ends the script that was started with a message in its name.
function c_source.fail(...)
  io.stderr:write(arg[0]:match("[^/]+$"), ": ", string.format(...), "\n")
  os.exit(1)
end

function c_source.read_file(path)
  local file, reason = io.open(path, "rb")
  if not file then
    c_source.fail("%s", reason)
  end
  local text = file:read("a")
  file:close()
  return text
end

-- One array initializer: signed bytes, since char is signed where we build, and a last NUL.
function c_source.append_array(out, text)
  local length = #text
  for first = 1, length, BYTES_PER_LINE do
    local bytes = { text:byte(first, math.min(first + BYTES_PER_LINE - 1, length)) }
    for index, byte in ipairs(bytes) do
      bytes[index] = byte < 128 and byte or byte - 256
    end
    out[#out + 1] = "\t" .. table.concat(bytes, ", ") .. ","
  end
  out[#out + 1] = "\t0,"
end

function c_source.write_lines(path, lines)
  local output, reason = io.open(path, "wb")
  if not output then
    c_source.fail("%s", reason)
  end
  if not output:write(table.concat(lines, "\n"), "\n") or not output:close() then
    c_source.fail("cannot write %s", path)
  end
end

return c_source
