-- options_spec.lua -- Options: what may be declared, what may be given.

-- Half of lab.core, in Lua.
package.preload["lab.core"] = package.preload["lab.core"] or function ()
  return {
    side = "lab",
    setting_names = { "limit", "gogc", "address-space" },
    outcome_names = { "survived", "oom-killed" },
    parse_bytes = function (text)
      local number, unit = text:match "^(%d+)([KM]?)$"
      if not number then
        return nil, ("'%s' is not a size"):format(text)
      end
      return math.tointeger(tonumber(number)) * ({ K = 1 << 10, M = 1 << 20 })[unit] or 1
    end,
    check_setting = function (name, text)
      if text == "bad" then
        return nil, name .. "=bad: no"
      end
      return true
    end,
    declare = function () return 0 end,
    blame = function (f) return f end,
    log = function () end,
  }
end

local options = require "lab.options"

local function declare(declarations)
  local list, message = options.declare(declarations, { limit = "setting" })
  assert.is_nil(message)
  return list
end

local function refusal(declarations)
  local list, message = options.declare(declarations, { limit = "setting" })
  assert.is_nil(list)
  return message
end

describe("Declared options", function ()
  it("are listed in order of name, with their types", function ()
    local list = declare {
      zeal = { 0.5 },
      count = { 10, "how many", min = 1, max = 20 },
      gc = { false, "collect" },
      block = { "4K", bytes = true },
      order = { "fifo", choices = { "fifo", "lifo" } },
    }
    local seen = {}
    for index, option in ipairs(list) do
      seen[index] = option.name .. ":" .. option.type
    end
    assert.same({ "block:bytes", "count:integer", "gc:boolean", "order:string", "zeal:number" },
      seen)
    assert.equal(4096, list[1].default)
    assert.equal("how many", list[2].doc)
  end)

  it("may be a bare default", function ()
    assert.equal(5, declare { count = 5 }[1].default)
  end)

  it("may have no default where they are sizes or shares: false", function ()
    local list = declare { chunk = { false, bytes = true }, first = { false, share = true } }
    assert.same({ "bytes", false }, { list[1].type, list[1].default })
    assert.same({ "share", false }, { list[2].type, list[2].default })
    local _, value = options.parse(list, "chunk", "4K")
    assert.equal(4096, value)
    _, value = options.parse(list, "first", "80%")
    assert.equal(0.8, value)
    assert.is_nil(options.parse(list, "chunk", "false"))
  end)

  it("that are shares go from more than 0% to 100%", function ()
    local list = declare { first = { "12.5%", share = true } }
    assert.equal(0.125, list[1].default)
    for text, expected in pairs { ["100%"] = 1, ["0.5%"] = 0.005, ["33%"] = 0.33 } do
      local _, value = options.parse(list, "first", text)
      assert.equal(expected, value)
      assert.equal("float", math.type(value))
    end
    for _, text in ipairs { "0%", "100.1%", "80", "0.8", "-5%", "80 %", "%", "1e1%", "", "80%%" } do
      local name, message = options.parse(list, "first", text)
      assert.is_nil(name, text)
      assert.matches("expected a share as in 80%%, more than 0%% and at most 100%%", message)
    end
  end)

  it("must have a default of a known type", function ()
    assert.matches("the default must be a boolean, a number or a string, not nil",
      refusal { x = {} })
    assert.matches("not table", refusal { x = { {} } })
    assert.matches("not function", refusal { x = print })
    assert.matches("a size must be a whole number", refusal { x = { true, bytes = true } })
    assert.matches("a share must be a text", refusal { x = { 0.5, share = true } })
  end)

  it("must have defaults that fit", function ()
    assert.matches("the default does not fit: x=5: expected at least 6",
      refusal { x = { 5, min = 6 } })
    assert.matches("expected a, b", refusal { x = { "c", choices = { "a", "b" } } })
    assert.matches("'big' is not a size", refusal { x = { "big", bytes = true } })
  end)

  it("must make sense", function ()
    assert.matches("unknown field 'mni'; did you mean 'min'", refusal { x = { 5, mni = 1 } })
    assert.matches("min must be a number", refusal { x = { "a", min = 1 } })
    assert.matches("min must be a number", refusal { x = { "5%", min = 0.1, share = true } })
    assert.matches("either a size or a share", refusal { x = { "5%", bytes = true, share = true } })
    assert.matches("share must be true or false", refusal { x = { "5%", share = 1 } })
    assert.matches("min is above max", refusal { x = { 5, min = 9, max = 1 } })
    assert.matches("choices must be a list", refusal { x = { "a", choices = {} } })
    assert.matches("every choice", refusal { x = { "a", choices = { "a", 5 } } })
    assert.matches("description must be a string", refusal { x = { 5, 6 } })
    assert.matches("options must be a table", refusal(5))
  end)

  it("must have names that can stand on a command line and in Lua", function ()
    for _, name in ipairs { "Big", "a-b", "1st", "", "a b", ("x"):rep(64) } do
      assert.matches("expected a name of small letters", refusal { [name] = { 5 } })
    end
    assert.matches("expected a name of small letters", refusal { { 5 } })
  end)

  it("are called what they are for", function ()
    local list, message = options.declare({ path = { 5 } }, { path = "field" }, "argument")
    assert.is_nil(list)
    assert.equal("argument 'path': there is a field of that name", message)
  end)

  it("may not take the name of a setting", function ()
    assert.matches("there is a setting of that name", refusal { limit = { 5 } })
  end)

  it("are at most 32", function ()
    local many = {}
    for index = 1, 33 do
      many["x" .. index] = { index }
    end
    assert.matches("more than 32 options", refusal(many))
  end)
end)

describe("Given options", function ()
  local list = declare { gc = { true }, max_count = { 5, max = 9 }, order = { "fifo" } }

  it("are found with dashes for underscores", function ()
    local name, value = options.parse(list, "max-count", "7")
    assert.equal("max_count", name)
    assert.equal(7, value)
  end)

  it("are flags where they are booleans", function ()
    assert.same({ "gc", true }, { options.parse(list, "gc", nil) })
    assert.same({ "gc", false }, { options.parse(list, "no-gc", nil) })
    for text, value in pairs { yes = true, ON = true, ["1"] = true, no = false, off = false } do
      assert.same({ "gc", value }, { options.parse(list, "gc", text) })
    end
  end)

  it("need a value where they are not", function ()
    local name, message, is_unknown = options.parse(list, "order", nil)
    assert.is_nil(name)
    assert.matches("order needs a value", message)
    assert.is_falsy(is_unknown)
  end)

  it("are unknown where nobody declared them", function ()
    local name, message, is_unknown = options.parse(list, "max-cuont", "7")
    assert.is_nil(name)
    assert.matches("no option 'max%-cuont'; did you mean 'max%-count'", message)
    assert.is_true(is_unknown)
  end)

  it("keep what a float is", function ()
    local numbers = declare { share = { 0.25 } }
    local _, value = options.parse(numbers, "share", options.text_of(1 / 3))
    assert.equal(1 / 3, value)
    assert.equal("float", math.type(value))
  end)
end)

describe("Settings", function ()
  local settings = require "lab.settings"

  it("are taken out of the other fields, in order, with underscores for dashes", function ()
    local list = settings.take(
      { limit = 5, gogc = "off", address_space = 1.5, title = "x" }, { title = true }, "lab.run")
    assert.same({ { "address-space", "1.5" }, { "gogc", "off" }, { "limit", "5" } }, list)
  end)

  it("are refused with a suggestion where they are unknown", function ()
    local list, message = settings.take({ limt = 5 }, {}, "lab.run")
    assert.is_nil(list)
    assert.equal("lab.run: unknown field 'limt'; did you mean 'limit'?", message)
  end)

  it("are refused with the reason where their value is bad", function ()
    local _, message = settings.take({ limit = "bad" }, {}, "lab.run")
    assert.equal("lab.run: limit=bad: no", message)
    _, message = settings.take({ limit = {} }, {}, "lab.run")
    assert.matches("lab.run: limit: expected a boolean, a number or a string, not table", message)
    _, message = settings.take({ 5 }, {}, "lab.run")
    assert.matches("expected fields with names", message)
  end)
end)
