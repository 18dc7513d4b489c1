-- chart.lua -- Figures for a terminal: sizes in words, bars of plain characters.
local chart = {}

local UNITS = { { 1 << 40, "TiB" }, { 1 << 30, "GiB" }, { 1 << 20, "MiB" }, { 1 << 10, "KiB" } }

-- 31.25 MiB; fine enough to tell limits apart that differ by a thousandth.
function chart.bytes(bytes)
  for _, unit in ipairs(UNITS) do
    if bytes >= unit[1] then
      return ("%.2f %s"):format(bytes / unit[1], unit[2])
    end
  end
  return ("%d B"):format(bytes)
end

-- "###......": share from 0 to 1, width characters in all.
function chart.bar(share, width)
  local filled = math.floor(math.max(0, math.min(1, share)) * width + 0.5)
  return ("#"):rep(filled) .. ("."):rep(width - filled)
end

return chart
