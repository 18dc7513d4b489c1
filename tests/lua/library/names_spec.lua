-- names_spec.lua -- Suggestions and closed tables.
local names = require "lab.names"

describe("lab.names", function ()
  it("finds the nearest of the known names", function ()
    assert.equal("limit", names.nearest("limt", { "gogc", "limit", "high" }))
    assert.equal("limit", names.nearest("lmiit", { "gogc", "limit", "high" }))
    assert.equal("MiB", names.nearest("mib", { "KiB", "MiB", "GiB" }))
    assert.equal("title", names.nearest("titel", { "options", "title" }))
  end)

  it("suggests nothing where nothing is near", function ()
    assert.is_nil(names.nearest("colour", { "gogc", "limit", "high" }))
    assert.is_nil(names.nearest(("x"):rep(1000), { "limit" }))
    assert.is_nil(names.nearest(5, { "limit" }))
    assert.equal("", names.hint("colour", { "limit" }))
  end)

  it("makes unknown names errors at the line that used them", function ()
    local closed = names.close({ limit = 5 }, "cage")
    assert.equal(5, closed.limit)
    local _, message = pcall(function () return closed.limt end)
    assert.matches("names_spec.lua:%d+: cage: there is no 'limt'; did you mean 'limit'%?", message)
    _, message = pcall(function () closed.swap = 1 end)
    assert.matches("names_spec.lua:%d+: cage: 'swap' cannot be set", message)
  end)

  it("finds inherited names in a closed table", function ()
    local closed = names.close({}, "run", { survived = print })
    assert.equal(print, closed.survived)
    local _, message = pcall(function () return closed.survive end)
    assert.matches("did you mean 'survived'", message)
  end)

  it("does not let a script take the lock off", function ()
    assert.has_error(function () setmetatable(names.close({}, "x"), nil) end)
  end)
end)
