-- definitions.lua -- What editors and people are told of the API is what there is.
--
-- Usage: lua5.4 tests/style/definitions.lua ROOT
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local tree = require "tree"

local root = arg[1]
local NAME = "share/oomlab/library/lab.lua"
local tap = tree.tap()

local output, is_fresh = tree.run(("%s %s %s check"):format(
  tree.quote(arg[-1]), tree.quote(root .. "/tools/lua_docs.lua"), tree.quote(root)))
tap:rule("the definitions and the reference are those of the doc blocks",
  is_fresh and {} or tree.lines(output))

local text = tree.read(root, NAME)
local chunk, message = load(text, "@" .. NAME, "t")
tap:rule("the definitions are Lua", chunk and {} or { message })

local problems, defined, functions = {}, {}, {}
for class in text:gmatch "%-%-%-@class oomlab%.([%w_]+)" do
  defined[class] = true
end
for alias in text:gmatch "%-%-%-@alias oomlab%.([%w_]+)" do
  defined[alias] = true
end
for class in text:gmatch "oomlab%.([%w_]+)" do
  if not defined[class] then
    problems[#problems + 1] = class .. " is no class"
    defined[class] = true
  end
end
tap:rule("the definitions name no class that they do not define", problems)

-- What an author of a script calls must be there for the editor.
problems = {}
for class, name in text:gmatch "function ([%w_]+)[.:]([%w_]+)%(" do
  functions[class .. "." .. name] = true
end
for _, unit in ipairs { "KiB", "MiB", "GiB", "TiB", "http" } do
  functions["lab." .. unit] = true
end
for _, name in ipairs(tree.files(root)) do
  if name:match "^scripts/.*%.lua$" or name:match "^examples/.*%.lua$" then
    for _, line in ipairs(tree.lines(tree.read(root, name))) do
      local code = line:gsub("%-%-.*", ""):gsub('"[^"]*"', "")
      for class, called in code:gmatch "%f[%w_]([%w_]+)[.:]([%w_]+)" do
        if (class == "heap" or class == "lab" or class == "http" and name:match "service")
          and not functions[class .. "." .. called]
          and not functions["policy_" .. class .. "." .. called] then
          problems[#problems + 1] = ("%s: %s.%s is not defined"):format(name, class, called)
        end
      end
    end
  end
end
tap:rule("the definitions have all that the scripts and examples call", problems)
tap:finish()
