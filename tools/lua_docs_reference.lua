-- lua_docs_reference.lua -- The reference as Markdown, from doc blocks: a row a name.
local by_class = require "lua_docs_definitions".by_class

local reference = {}

-- In this order: first what every script meets. What is not named here follows.
local CLASSES = {
  { "lab", "The module: `local lab = require \"lab\"`. Besides: `lab.KiB`, `lab.MiB`, `lab.GiB`, "
    .. "`lab.TiB`, powers of 1024." },
  { "heap", "The heap under test, in a scenario's program." },
  { "load", "What `heap:churn` and its kin return." },
  { "slab", "Plain bytes." },
  { "node", "An object that refers to others. Slots count from 1." },
  { "root", "A variable of the program, so to say." },
  { "off_heap", "Memory beside the heap." },
  { "stack", "Stacks." },
  { "child", "A forked child." },
  { "file", "A file, in the page cache." },
  { "cage", "The cage. Besides: `cage.limit`, `cage.swap`, `cage.high`, in bytes, as they were "
    .. "when the run began." },
  { "lab.http", "Routes, for `oomlab serve`." },
  { "policy_heap", "In a policy's callbacks: what it may order. Called `heap` there." },
}
local TABLES = { "scenario_fields", "option", "settings", "experiment_fields", "run_settings",
  "run", "limit_search", "limit_found", "curve_fields", "grid_fields", "trial", "policy_fields" }

local function cell(text)
  return (text:gsub("|", "\\|"):gsub("%s+$", ""))
end

local function type_cell(text)
  return "`" .. text:gsub(":", ": "):gsub(",", ", "):gsub("|", "\\|") .. "`"
end

local function signature(block)
  local names = {}
  for _, parameter in ipairs(block.parameters) do
    names[#names + 1] = parameter.is_optional and ("[%s]"):format(parameter.name) or parameter.name
  end
  local name = block.name:gsub("^policy_heap:", "heap:")
  local result = block.returns[1]
  local text = ("`%s(%s)`"):format(name, table.concat(names, ", "))
  return result and ("%s → %s"):format(text, type_cell(result.type)) or text
end

local function about(block)
  local parts = { block.text }
  for _, parameter in ipairs(block.parameters) do
    if parameter.text ~= "" then
      parts[#parts + 1] = ("`%s`: %s."):format(parameter.name, (parameter.text:gsub("%.$", "")))
    end
  end
  for _, result in ipairs(block.returns) do
    if result.text ~= "" then
      parts[#parts + 1] = ("Result: %s."):format((result.text:gsub("%.$", "")))
    end
  end
  return table.concat(parts, " ")
end

local function add_functions(out, class, note, functions)
  table.move({ "", "## " .. (class == "policy_heap" and "heap, in a policy" or class), "" }, 1, 3,
    #out + 1, out)
  if note then
    table.move({ note, "" }, 1, 2, #out + 1, out)
  end
  out[#out + 1] = "| | |"
  out[#out + 1] = "|---|---|"
  for _, block in ipairs(functions) do
    out[#out + 1] = ("| %s | %s |"):format(signature(block), cell(about(block)))
  end
end

local function add_fields(out, block)
  table.move({ "", ("### %s"):format(block.name), "", block.text, "", "| | | |", "|---|---|---|" },
    1, 7, #out + 1, out)
  for _, field in ipairs(block.fields) do
    out[#out + 1] = ("| `%s`%s | %s | %s |"):format(field.name, field.is_optional and " ?" or "",
      type_cell(field.type), cell(field.text or ""))
  end
end

function reference.write(blocks)
  local classes = by_class(blocks)
  local tables, rest = {}, {}
  local out = { "# The API of scripts", "",
    "Generated from the doc blocks of the bindings by `tools/lua_docs.lua`: edit those. The guide "
      .. "is [scripting.md](scripting.md). A size is a number of bytes or a text as on the command "
      .. "line: `\"64K\"`, `\"32MiB\"`, `\"90%\"`. Every handle has `<close>`, and is of no use "
      .. "once released. `?`: may be left out." }
  for _, entry in ipairs(CLASSES) do
    if classes[entry[1]] then
      add_functions(out, entry[1], entry[2], classes[entry[1]])
      classes[entry[1]] = nil
    end
  end
  for class in pairs(classes) do
    rest[#rest + 1] = class
  end
  table.sort(rest)
  for _, class in ipairs(rest) do
    add_functions(out, class, nil, classes[class])
  end
  rest = {}
  for _, block in ipairs(blocks) do
    if block.kind == "table" then
      tables[block.name] = block
      rest[#rest + 1] = block.name
    end
  end
  table.move({ "", "## Tables" }, 1, 2, #out + 1, out)
  table.sort(rest)
  for _, list in ipairs { TABLES, rest } do
    for _, name in ipairs(list) do
      if tables[name] then
        add_fields(out, tables[name])
        tables[name] = nil
      end
    end
  end
  return table.concat(out, "\n") .. "\n"
end

return reference
