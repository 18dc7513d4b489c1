-- .luacheckrc -- What luacheck holds your scripts to. Copy it beside them, then: luacheck .
--
-- The names are those that the sandbox has (docs/scripting.md).
std = "lua54"
not_globals = {
  "io", "os", "debug", "package", "load", "loadfile", "dofile", "warn", "string.dump",
}
max_line_length = 100
ignore = { "212" } -- A callback need not use all that it is given.
