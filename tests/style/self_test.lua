-- self_test.lua -- The style checks themselves: each finds what it is there to find.
--
-- Usage: lua5.4 tests/style/self_test.lua ROOT
-- Each sample is a small source tree in a temporary directory, and a checker with what it must say
-- about it; one without `says` must please the checker.
package.path = arg[0]:match("^(.*/)") .. "?.lua;" .. package.path
local tree = require "tree"

local checks = arg[1] .. "/tests/style/"

local function repeated(line, count)
  return (line .. "\n"):rep(count)
end

local FLOORS = "0 base:\n1 heap: base\n1 cage: base\n"
local GOOD_C = "/* a.c -- A sample. */\nint a(void) {\n\treturn 1;\n}\n"
local MACHINE_PATH = "/" .. "home/somebody/x"

local samples = {
  { "a module may include itself and what is below", "layers.lua", {
    ["src/FLOORS"] = FLOORS,
    ["src/heap/a.c"] = '#include "heap/b.h"\n#include "base/c.h"\n#include <stdio.h>\n',
    ["src/cage/cage_libcgroup.c"] = "#include <libcgroup.h>\n",
  } },
  { "an #include that points up is found", "layers.lua", {
    ["src/FLOORS"] = FLOORS, ["src/base/a.c"] = '\n#include "heap/heap.h"\n',
  }, says = "src/base/a.c:2: base may not include heap" },
  { "an #include between neighbours is found", "layers.lua", {
    ["src/FLOORS"] = FLOORS, ["src/cage/a.c"] = '#include "heap/heap.h"\n',
  }, says = "src/cage/a.c:1: cage may not include heap" },
  { "an #include without its module is found", "layers.lua", {
    ["src/FLOORS"] = FLOORS, ["src/base/a.c"] = '#include "b.h"\n',
  }, says = "does not name its module" },
  { "libcgroup outside its one file is found", "layers.lua", {
    ["src/FLOORS"] = FLOORS, ["src/cage/cage.c"] = "#include <libcgroup.h>\n",
  }, says = "src/cage/cage.c:1: <libcgroup.h>" },
  { "a module without a floor is found", "layers.lua", {
    ["src/FLOORS"] = FLOORS, ["src/attic/a.c"] = "",
  }, says = "src/attic has no line" },
  { "a table that allows a higher floor is found", "layers.lua", {
    ["src/FLOORS"] = "0 base: heap\n1 heap: base\n",
  }, says = "base may include heap, which is not lower" },

  { "a good file pleases", "files.lua", {
    ["src/base/a.c"] = GOOD_C, ["lua/a.lua"] = "-- a.lua -- A sample.\n",
    ["lua/meson.build"] = "files('lua/a.lua')\n",
  } },
  { "a long file is found", "files.lua", {
    ["src/base/a.c"] = GOOD_C .. repeated("int x;", 600),
  }, says = "a file of 604 lines" },
  { "a long function is found", "files.lua", {
    ["src/base/a.c"] = "/* a.c -- A sample. */\nstatic int a(int b,\n\tint c) {\n"
      .. repeated("\tb++;", 68) .. "}\n",
  }, says = "src/base/a.c:2: function of 71 lines" },
  { "a function of 70 lines is not", "files.lua", {
    ["src/base/a.c"] = "/* a.c -- A sample. */\nstatic int a(int b,\n\tint c) {\n"
      .. repeated("\tb++;", 67) .. "}\n",
  } },
  { "a long Lua function is found", "files.lua", {
    ["tools/a.lua"] = "-- a.lua -- A sample.\nlocal function a()\n"
      .. repeated("  a()", 70) .. "end\n",
  }, says = "tools/a.lua:2: function of 72 lines" },
  { "a file without its opening line is found", "files.lua", {
    ["src/base/a.c"] = "/* b.c -- Another name. */\n", ["tools/a.lua"] = "local a\n",
    ["tools/a.sh"] = "#!/bin/sh\n# does things\n",
  }, says = "src/base/a.c:1: does not begin.*tools/a.lua:1: .*tools/a.sh:2: " },
  { "spaces in C are found", "files.lua", {
    ["src/base/a.c"] = "/* a.c -- A sample. */\n    int a;\n",
  }, says = "src/base/a.c:2: indented with spaces" },
  { "tabs in Lua are found", "files.lua", {
    ["tools/a.lua"] = "-- a.lua -- A sample.\n\tlocal a\n",
  }, says = "tools/a.lua:2: indented with tabs" },
  { "white space at an end is found", "files.lua", {
    ["src/base/a.c"] = "/* a.c -- A sample. */\nint a; \n",
  }, says = "src/base/a.c:2: ends in white space" },
  { "a wide line is found, tabs being four columns", "files.lua", {
    ["src/base/a.c"] = "/* a.c -- A sample. */\n\t" .. ("x"):rep(97) .. "\n",
  }, says = "src/base/a.c:2: 101 columns" },
  { "a path of one machine is found", "files.lua", {
    ["docs/a.md"] = "see " .. MACHINE_PATH .. "\n",
  }, says = "docs/a.md:1: a path of one machine" },
  { "a script that is not embedded is found", "files.lua", {
    ["scripts/a.lua"] = "-- a.lua -- A sample.\n", ["lua/meson.build"] = "names = []\n",
  }, says = "scripts/a.lua:1: not listed" },

  { "a documented binding pleases", "bindings.lua", {
    ["src/script/a.c"] = "/***\n * Collects.\n * @function heap:collect\n */\n"
      .. "static int heap_collect(lua_State *L) {\n}\n\nstatic int heap_gc(lua_State *L) {\n}\n"
      .. 'static const luaL_Reg methods[] = {\n\t{ "collect", heap_collect },\n'
      .. '\t{ "__gc", heap_gc },\n\t{ NULL, NULL },\n};\n',
  } },
  { "a binding without a doc block is found", "bindings.lua", {
    ["src/script/a.c"] = "/* Collects. */\nstatic int heap_collect(lua_State *L) {\n}\n"
      .. 'static const luaL_Reg methods[] = { { "collect", heap_collect }, { NULL, NULL } };\n',
  }, says = "'collect': its comment is no doc block" },
  { "a binding defined in another file is found documented there", "bindings.lua", {
    ["src/script/a.c"] = 'static const luaL_Reg methods[] = { { "print", ol_print } };\n',
    ["src/script/b.c"] = "/***\n * @function print\n */\nint ol_print(lua_State *L) {\n}\n",
  } },
  { "a binding without any comment is found", "bindings.lua", {
    ["src/script/a.c"] = "static int heap_collect(lua_State *L) {\n}\n"
      .. 'static const luaL_Reg methods[] = { { "collect", heap_collect }, { NULL, NULL } };\n',
  }, says = "'collect': no comment right above" },
  { "a doc block about another name is found", "bindings.lua", {
    ["src/script/a.c"] = "/***\n * @function heap:stats\n */\n"
      .. "static int heap_collect(lua_State *L) {\n}\n"
      .. 'static const luaL_Reg methods[] = { { "collect", heap_collect }, { NULL, NULL } };\n',
  }, says = "'collect': its doc block is about heap:stats" },

  { "a good format pleases", "tools.lua format", { ["src/base/a.c"] = GOOD_C },
    needs = "clang-format" },
  { "a bad format is found", "tools.lua format", { ["src/base/a.c"] = "int  a ;\n" },
    needs = "clang-format", says = "src/base/a.c:1:4: error" },
  { "good Lua pleases luacheck", "tools.lua luacheck", { ["lua/a.lua"] = "return 1\n" },
    needs = "luacheck" },
  { "a forgotten local is found", "tools.lua luacheck", { ["lua/a.lua"] = "forgotten = 1\n" },
    needs = "luacheck", says = "non%-standard global variable 'forgotten'" },
  { "sound C pleases clang-tidy", "tools.lua tidy", { ["src/base/a.c"] = GOOD_C },
    needs = "clang-tidy" },
  { "a null pointer in use is found", "tools.lua tidy", {
    ["src/base/a.c"] = "int a(void) {\n\tint *b = 0;\n\treturn *b;\n}\n",
  }, needs = "clang-tidy", says = "src/base/a.c:3:9: error: Dereference of null pointer" },
}

local function write_tree(directory, files)
  for name, text in pairs(files) do
    local path = directory .. "/" .. name
    tree.run("mkdir -p " .. tree.quote(path:match("^(.*)/")))
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end
end

-- Returns the problems, as tap:rule wants them.
local function try_sample(sample, directory)
  write_tree(directory, sample[3])
  write_tree(directory, {
    ["compile_commands.json"] = '[{ "file": "src/base/a.c", "command": "cc -c src/base/a.c", '
      .. ('"directory": "%s" }]'):format(directory),
    [".clang-format"] = tree.read(arg[1], ".clang-format"),
    [".clang-tidy"] = tree.read(arg[1], ".clang-tidy"),
    [".luacheckrc"] = tree.read(arg[1], ".luacheckrc"),
  })
  local script, mode = sample[2]:match("^(%S+)%s*(%S*)$")
  local output, is_good = tree.run(table.concat({ tree.quote(arg[-1]), tree.quote(checks .. script),
    tree.quote(directory), mode, tree.quote(directory) }, " "))
  if is_good == (sample.says ~= nil) or not output:find(sample.says or "^ok") then
    return { "it said:", output }
  end
  return {}
end

local tap = tree.tap()
for _, sample in ipairs(samples) do
  if sample.needs and not tree.has_command(sample.needs) then
    tap:skip(sample[1], sample.needs .. " is not installed")
  else
    local directory = tree.run("mktemp -d"):gsub("%s+$", "")
    tap:rule(sample[1], try_sample(sample, directory))
    tree.run("rm -rf " .. tree.quote(directory))
  end
end
tap:finish()
