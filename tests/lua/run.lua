-- run.lua -- Runs busted with the project's own Lua: the busted command may start another one.
--
-- Where busted or cjson is missing it says so in TAP and skips.
for _, name in ipairs { "busted.runner", "cjson" } do
  local found, reason = pcall(require, name)
  if not found then
    print(("1..0 # SKIP %s"):format(reason:match "[^\n]+"))
    os.exit(0)
  end
end

require "busted.runner" { standalone = false }
