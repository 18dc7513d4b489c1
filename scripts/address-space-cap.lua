-- address-space-cap.lua -- May a cap on address space (ulimit -v) stand for a limit of memory?
--
-- It once did: a program that is refused addresses fails in its own allocation, and can say so,
-- where a cage would have it killed. Since Go 1.14 the runtime reserves over 500 MB of addresses at
-- its start and touches next to none of them. So does this program; then it allocates 8 MiB.
--
-- Watch for: "addresses" tells what was mapped, and how little of it was resident.
-- Try: --reserve=0 (the same cap lets it live), --reserve=0 --work=300M --limit=1G (and works as a
-- limit again: refused, not killed), --address-space=1G (room for the reservation: whoever needs
-- 8 MiB is allowed 1 GiB), --address-space=off.
local lab = require "lab"

return lab.scenario {
  title         = "A cap on address space, against what is resident",
  limit         = 64 * lab.MiB,
  address_space = "500MB",
  options = {
    reserve = { "512MiB", "address space to reserve at the start", bytes = true, min = 0 },
    work    = { "8MiB", "memory to allocate then", bytes = true, min = 1 },
  },

  program = function (heap, opt)
    heap:phase("start"):reserve(opt.reserve)
    heap:phase("work"):slab(opt.work)
  end,

  expect = function (run, opt)
    local cap = run.cage.address_space
    -- The heap reserves half of the cap for itself, or 4 GiB.
    local heap_bytes = run.last_words.heap_address_bytes
    if opt.reserve >= cap or opt.work > heap_bytes then
      return run:out_of_memory()
    elseif opt.reserve + heap_bytes + 64 * lab.MiB < cap and opt.work <= run.cage.limit // 2 then
      return run:survived()
    end
    return nil
  end,
}
