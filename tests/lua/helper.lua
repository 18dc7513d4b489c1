-- helper.lua -- Where the specs find the library and each other; run by busted before them.
local source = os.getenv "OOMLAB_SOURCE" or "."

package.path = table.concat({
  source .. "/tests/lua/?.lua",
  source .. "/lua/?.lua",
  source .. "/lua/?/init.lua",
  package.path,
}, ";")
