-- loads.lua -- How many objects a second does a script of ten lines allocate?
-- Watch for: objects of 64 bytes, none kept; then what keeping some of them costs.
local lab = require "lab"

return lab.scenario {
  title = "Bulk work by a script",
  limit = "256M",
  options = { objects = 20000000 },

  program = function (heap, opt)
    local function measure(name, method, fields)
      local begin_ns = heap:phase(name):elapsed_ns()
      local load <close> = heap[method](heap, fields)
      local ns = heap:elapsed_ns() - begin_ns
      lab.log("load: %-26s %6.1f", name, load:allocated_objects() * 1e3 / ns)
    end
    local n = opt.objects
    measure("64 bytes", "churn", { objects = n, size = 64 })
    measure("64 bytes, 1 MiB kept", "churn", { objects = n, size = 64, live = "1M" })
    measure("16 to 256 bytes", "churn", { objects = n, size = { 16, 256 }, live = "1M" })
    measure("nodes of 48 bytes", "churn", { objects = n, size = 48, kind = "node" })
    measure("a queue of 1000", "queue", { items = n, size = 64, backlog = 1000 })
    measure("a tree, built anew", "tree", { depth = 16, rebuild = n // 8192 })
  end,
}
