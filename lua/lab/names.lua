-- names.lua -- Misspelt names: which one was meant?
local names = {}

local LENGTH_MAX = 40

-- How many letters must be added, left out, changed or swapped with their neighbour.
local function distance(a, b)
  local before, previous, current = {}, {}, {}
  for j = 0, #b do
    previous[j] = j
  end
  for i = 1, #a do
    current[0] = i
    for j = 1, #b do
      local change = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      current[j] = best
    end
    before, previous, current = previous, current, before
  end
  return previous[#b]
end

-- The nearest of a list of names, or nil if none is near.
function names.nearest(misspelt, candidates)
  if type(misspelt) ~= "string" or #misspelt > LENGTH_MAX then
    return nil
  end
  local nearest
  local least = 1 + #misspelt // 3
  for _, candidate in ipairs(candidates) do
    local steps = distance(misspelt:lower(), candidate:lower())
    if steps < least or steps == least and not nearest then
      nearest, least = candidate, steps
    end
  end
  return nearest
end

-- "; did you mean 'limit'?", or "".
function names.hint(misspelt, candidates)
  local nearest = names.nearest(misspelt, candidates)
  return nearest and ("; did you mean '%s'?"):format(nearest) or ""
end

-- The string keys of a table in order.
function names.of(table_with_names)
  local list = {}
  for name in pairs(table_with_names) do
    if type(name) == "string" then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- Makes reading or writing what is not in the table an error that blames the line that did it.
-- what: "lab", "this scenario's options"; inherited: names found beside the table's own.
function names.close(closed, what, inherited)
  return setmetatable(closed, {
    __index = function (_, name)
      local value = inherited and inherited[name]
      if value ~= nil then
        return value
      end
      local known = names.of(closed)
      for other in pairs(inherited or {}) do
        known[#known + 1] = other
      end
      local hint = names.hint(name, known)
      error(("%s: there is no '%s'%s"):format(what, tostring(name), hint), 2)
    end,
    __newindex = function (_, name)
      error(("%s: '%s' cannot be set"):format(what, tostring(name)), 2)
    end,
    __metatable = what,
  })
end

return names
