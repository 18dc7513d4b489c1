-- my-first-service.lua -- A spike at every request: allocate, let go, allocate again.
--
-- Try: oomlab serve examples/my-first-service.lua, then
--   curl 'localhost:1112/spike?bytes=10M'     survives: there is room for both
--   curl 'localhost:1112/spike?bytes=20M'     507: killed, with the first slab's garbage inside
local lab = require "lab"
local http = lab.http

http.get("/spike", { "allocates, lets go, allocates again",
  bytes = { "10M", "of each slab", bytes = true, min = 1 } },
  function (request, heap, cage)
    heap:slab(request.bytes):release()
    local second <close> = heap:slab(request.bytes)
    return {
      { "survived", true }, { "slab", second:bytes() }, { "cage", cage.usage() },
      stats = true,
    }
  end)

http.statistics("/stats", "the heap's statistics")

return lab.scenario { title = "A spike at every request", limit = "32M", program = function () end }
