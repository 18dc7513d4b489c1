-- interactive.lua -- A heap to play with over HTTP: add, release, collect, look, start again.
--
-- oomlab serve, then open http://127.0.0.1:1112/ or:
--   curl 'localhost:1112/add?bytes=20M'     a slab of so many bytes, all of them written to
--   curl 'localhost:1112/rel?bytes=20M'     lets go of so many, from the oldest slab on
--   curl localhost:1112/gc                  collects
--   curl localhost:1112/stats               looks
--   curl localhost:1112/reset               lets go of everything, and collects
--
-- Watch for: add 28M, release 28M, add 4M. The kernel kills it with 28 MiB of garbage inside; with
-- /gc before the second add it lives. The server stays, says what killed the heap, and the next
-- request meets a fresh one.
local lab = require "lab"
local http = lab.http

-- What is held, from the oldest to the newest: { slab, bytes as asked for }.
local held, oldest, newest = {}, 1, 0

local SIZE = { false, "a size: 20971520, 20M, 0.5GiB", bytes = true, min = 0 }

local function drop_oldest()
  held[oldest].slab:release()
  held[oldest] = nil
  oldest = oldest + 1
end

http.get("/add", { "adds a slab of so many bytes, and writes to all of them", bytes = SIZE },
  function (request, heap)
    local bytes = request.bytes
    if bytes > 0 then
      local slab = heap:slab(bytes)
      newest = newest + 1
      held[newest] = { slab = slab, bytes = bytes }
    end
    return { { "added", bytes }, stats = true }
  end)

-- A slab that is larger than what is left to release becomes a smaller copy, which is an
-- allocation itself: releasing can kill.
http.get("/rel", { "releases so many bytes, from the oldest slab on", bytes = SIZE },
  function (request, heap)
    local left = request.bytes
    while left > 0 and oldest <= newest do
      local entry = held[oldest]
      if entry.bytes <= left then
        left = left - entry.bytes
        drop_oldest()
      else
        local smaller = heap:slab(entry.bytes - left)
        entry.slab:release()
        held[oldest] = { slab = smaller, bytes = entry.bytes - left }
        left = 0
      end
    end
    return { { "released", request.bytes - left }, { "not released", left }, stats = true }
  end)

http.get("/gc", "collects", function (_, heap)
  heap:collect()
  return { stats = true }
end)

http.statistics("/stats", "the heap's statistics, however busy it is")

http.get("/reset", "releases every slab, and collects", function (_, heap)
  while oldest <= newest do
    drop_oldest()
  end
  heap:collect()
  return { stats = true }
end)

return lab.scenario {
  title = "A heap to play with",
  program = function ()
    -- The requests are the program.
  end,
}
