-- recipe.lua -- A web service that keeps 20 MiB a request for ever, in a cage of 100000000 bytes.
--
-- oomlab serve recipe, then:
--   curl localhost:8080/ping                      {"message":"pong"}
--   curl localhost:8080/generate-load/memory      20 MiB of random bytes, kept for ever
--
-- Watch for: the fifth load meets the limit, and the kernel kills the service. Nothing here is
-- garbage, so no policy helps: what is leaked is leaked. The rest of the machine does not notice.
local lab = require "lab"
local http = lab.http

http.get("/ping", { "says pong", json = true }, function ()
  return { { "message", "pong" } }
end)

http.get("/generate-load/memory", "allocates 20 MiB of random bytes, and keeps them",
  function (_, heap)
    heap:slab(20 * lab.MiB, "random")
  end)

return lab.scenario {
  title  = "A service that leaks 20 MiB a request",
  limit  = 100000000,
  listen = "127.0.0.1:8080",
  program = function ()
    -- The requests are the program.
  end,
}
