-- .luacheckrc -- What luacheck holds the project's Lua to.
std = "lua54"
max_line_length = 100
files["tests/lua"] = { std = "lua54+busted" }
-- For editors, generated: tests/style/definitions.lua holds it to the bindings.
exclude_files = { "share" }
