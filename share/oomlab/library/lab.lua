---@meta lab
-- lab.lua -- What scripts of oomlab have, for editors: generated from the doc blocks.

--- A number of bytes, or a text as on the command line: "64K", "32MiB", "90%".
---@alias oomlab.size integer|string

---@alias oomlab.outcome
---| "survived"
---| "oom-killed"
---| "oom-killed-by-ancestor"
---| "throttled"
---| "shut-down"
---| "out-of-memory"
---| "timed-out"
---| "killed"
---| "script-error"
---| "lab-error"

---@class oomlab.scenario

---@class oomlab.experiment

---@class oomlab.policy

---One more way to run a scenario, for oomlab test. Besides these it takes any setting of a run.
---@class oomlab.case: oomlab.settings
---@field name? string what the test is called; else its settings and options
---@field options? {[string]: any} values for the scenario's options
---@field outcome? string how it has to end; expect is asked as well

---What lab.curve is asked; besides these any setting of a run.
---@class oomlab.curve_fields: oomlab.settings
---@field setting? string what is varied ("memlimit")
---@field ratios? number[] its values, in percent where the setting takes shares; or
---@field from? number the first of them (50),
---@field to? number the last (100), and
---@field step? number from one to the next (5)
---@field options? {[string]: any} values for the scenario's options
---@field of? integer runs with each value (3)
---@field expect? string the outcome that counts as survived ("survived")
---@field progress? boolean|fun(line: string) told each value; true: standard error

---Some runs that are alike: a point of lab.curve, a cell of lab.grid.
---@class oomlab.trial
---@field survived integer so many ended as expected
---@field of integer of so many
---@field share number the one by the other
---@field outcomes {[string]: integer} how many ended how
---@field gc_cpu number share of the CPU that collecting took, on average
---@field cycles number on average
---@field peak_bytes integer the highest
---@field pause_max_ns integer the longest
---@field wall_ns integer on average
---@field limit_bytes integer
---@field ratio number of a point: its value
---@field text string of a point: as the setting got it
---@field settings {[string]: any} of a cell: those that were lists
---@field options {[string]: any} of a cell: likewise

---What lab.grid is asked; besides these any setting of a run. A setting or an option may be a
---list of values.
---@class oomlab.grid_fields: oomlab.settings
---@field options? {[string]: any} values for the scenario's options, or lists of them
---@field of? integer runs in each cell (3)
---@field expect? string the outcome that counts as survived ("survived")
---@field progress? boolean|fun(line: string) told each cell; true: standard error

---What an experiment is.
---@class oomlab.experiment_fields
---@field title? string
---@field options? {[string]: oomlab.option}
---@field program fun(opt: table): boolean? runs outside the cage; false: not as expected

---What a handler gets: these, and the route's arguments by name.
---@class oomlab.request
---@field method string "GET" or "POST"
---@field path string
---@field body string up to 64 KiB; "" for a form
---@field [string] any the arguments

---What a handler may answer with: pairs of name and value in order, or a body.
---@class oomlab.answer
---@field [integer]? any { "added", 5 }: a value, told as text or JSON
---@field stats? boolean the heap's statistics go below
---@field status? integer 200 to 599
---@field body? string
---@field type? string of the body: "text/html"

---An option: its default, what it does, and what it may be. Or just the default, whose type is
---the option's.
---@class oomlab.option
---@field [1] boolean|number|string the default; false for a size or a share without one
---@field [2]? string what it does
---@field min? number
---@field max? number
---@field choices? string[]
---@field bytes? boolean it is a size
---@field share? boolean it is a share: "80%" is 0.8

---What a policy is: at least one callback. docs/policies.md tells when each is called.
---@class oomlab.policy_fields
---@field title? string one line
---@field source? string whose rule it is
---@field rule? string the exact rule
---@field argument? oomlab.option what may follow its name and a colon
---@field period? number seconds between two calls of on_tick, 0.0001 to 3600
---@field on_start? fun(cage: oomlab.policy_cage, heap: oomlab.policy_heap) once, before the program
---@field on_gc_end? fun(cycle: oomlab.gc_cycle, heap: oomlab.policy_heap) when a cycle has ended
---@field on_tick? fun(sample: oomlab.policy_stats, heap: oomlab.policy_heap) every period
---@field on_pressure? fun(event: oomlab.pressure, heap: oomlab.policy_heap) memory is short
---@field before_grow? fun(bytes: integer, stats: oomlab.policy_stats, heap: oomlab.policy_heap): string? may return "collect", "scavenge" or "refuse"
---@field goal? fun(stats: oomlab.policy_stats): number? the heap size to aim at; nothing for Go's own

---What a policy sees; the fields of memstats are beside these.
---@class oomlab.policy_stats: oomlab.memstats
---@field at_ns integer since the run's start
---@field marked_bytes integer live after the last cycle: Go's heapMarked
---@field heap_live_bytes integer that and what was allocated since
---@field goal_bytes integer the goal as planned now
---@field mapped_ready_bytes integer mapped and not released
---@field free_bytes integer free and resident
---@field unswept_bytes integer in spans that await sweeping
---@field cage_bytes integer what the kernel charges; 0 where unknown
---@field gc_ns integer processor time spent collecting so far
---@field allocated_total_bytes integer since the start
---@field memory_limit_bytes integer 2^63 - 1: off
---@field gogc integer -1: off
---@field is_collecting boolean a cycle is under way

---The cage as a policy is told of it.
---@class oomlab.policy_cage
---@field limit integer bytes
---@field swap integer bytes
---@field high integer bytes
---@field processors integer count

---Word of memory pressure.
---@class oomlab.pressure
---@field kind string "threshold" or "stall"
---@field at_ns integer
---@field cage_bytes integer

---What became of a run: in expect, and from lab.run.
---@class oomlab.run
---@field outcome oomlab.outcome
---@field scenario string
---@field error_message string of a script error: file, line, what
---@field error_traceback string
---@field baseline_bytes integer charged before the first allocation
---@field cage_peak_bytes integer the most that was charged
---@field garbage_bytes integer at the end
---@field wall_ns integer from start to end
---@field memstats oomlab.memstats as heap:stats(), at the end
---@field pauses oomlab.pauses how long the program was made to stand still
---@field phases oomlab.phase[]
---@field last_words oomlab.last_words what it was doing last
---@field evidence oomlab.evidence what the verdict rests on
---@field cage oomlab.cage_facts
---@field settings oomlab.settings_facts
---@field watchdog oomlab.watchdog_facts|false false where there was none

---What a verdict rests on.
---@class oomlab.evidence
---@field exit_status integer -1: it did not exit
---@field signal integer 0: none
---@field oom_kill_delta integer
---@field high_delta integer times memory.high was exceeded
---@field swap_peak_bytes integer
---@field limited_by string "none", "own", "ancestor", "system", "inner"
---@field limiting_group string
---@field kernel_line string

---The cage a run was in. A size without an end is 2^63 - 1.
---@class oomlab.cage_facts
---@field limit integer bytes
---@field swap integer bytes
---@field address_space integer bytes
---@field mode string "v1", "hybrid", "v2"
---@field path string

---What a run was made with.
---@class oomlab.settings_facts
---@field gogc integer -1: off
---@field memory_limit_bytes integer
---@field high_bytes integer
---@field policy string
---@field rules string
---@field collector string
---@field world string
---@field trigger_test string
---@field is_stress boolean collected at every allocation
---@field seed integer

---What a run is to have beside what its scenario says: any setting, over all others.
---@class oomlab.run_settings: oomlab.settings
---@field options? {[string]: any} values for the scenario's options

---What a scenario is: a question, a world, a program, what is expected. Besides these it takes
---any setting of a run.
---@class oomlab.scenario_fields: oomlab.settings
---@field title? string one line, up to 200 bytes
---@field options? {[string]: oomlab.option} what may be given as --NAME on the command line
---@field program fun(heap: oomlab.heap, opt: table, cage: oomlab.cage) runs in the cage
---@field expect? fun(run: oomlab.run, opt: table): boolean? whether the run showed what it should; nil for no expectation here
---@field cases? oomlab.case[] more ways to run it, for oomlab test
---@field listen? string where its service listens: "127.0.0.1:8080"

---What lab.smallest_limit is asked; besides these any setting of a run but limit.
---@class oomlab.limit_search: oomlab.settings
---@field options? {[string]: any} values for the scenario's options
---@field of? integer runs in each limit, all of which must end as expected (3)
---@field expect? string the outcome that is looked for ("survived")
---@field from? integer|string no limit below this is tried
---@field to? integer|string none above this; else 1024 times the first, and what is there
---@field precision? string how far the answer may be off ("1%")
---@field checks? boolean whether limits on both sides of the answer are tried (true)
---@field progress? boolean|fun(line: string) told each limit; true: standard error

---One limit that lab.smallest_limit has tried.
---@class oomlab.limit_trial
---@field limit_bytes integer
---@field is_good boolean all runs ended as expected
---@field survived integer so many did
---@field of integer of so many: the first that does not ends the trial
---@field outcome string of that one
---@field peak_bytes integer

---What lab.smallest_limit has found.
---@class oomlab.limit_found
---@field limit_bytes integer|false the smallest; false: none that was tried is enough
---@field killed_at integer|false the largest below it that is too little
---@field monotone boolean false: larger ones are too little as well, see exceptions
---@field exceptions oomlab.limit_trial[] larger limits that are too little
---@field scales boolean no limit is enough, for the program asks for more in a larger one
---@field tried oomlab.limit_trial[] all, from the smallest limit on
---@field survived integer
---@field of integer
---@field runs integer so many in all
---@field peak_bytes integer|false in limit_bytes
---@field precision number
---@field expect string

---The heap's statistics, by the names of Go's MemStats.
---@class oomlab.memstats
---@field alloc integer Objects allocated and not yet swept; the same as heap_alloc (bytes)
---@field mallocs integer Objects allocated so far
---@field frees integer Objects swept so far
---@field heap_alloc integer Live and dead-but-unswept objects (bytes)
---@field heap_idle integer Unused spans, released ones included (bytes)
---@field heap_objects integer mallocs - frees
---@field heap_inuse integer Spans in use (bytes)
---@field heap_released integer Of heap_idle: without physical memory (bytes)
---@field heap_sys integer heap_inuse + heap_idle (bytes)
---@field last_gc_ns integer End of the last cycle since 1970; 0 before the first
---@field next_gc integer Heap goal of the next cycle (bytes)
---@field num_gc integer Cycles completed
---@field num_forced_gc integer Of those: asked for by the program
---@field gc_cpu_fraction number Share of the run's CPU time spent collecting

---One cycle of the collector.
---@class oomlab.gc_cycle
---@field number integer Of the cycle, 1 for the first
---@field at_ns integer When it began
---@field pause_ns integer The program stood still for
---@field trigger_bytes integer heap_live at which it was to start (bytes)
---@field start_bytes integer heap_live at which it started (bytes)
---@field end_bytes integer heap_live at its end (bytes)
---@field marked_bytes integer Of that found reachable (bytes)
---@field goal_bytes integer Heap goal of this cycle (bytes)
---@field next_goal_bytes integer Heap goal of the next (bytes)
---@field scan_work_bytes integer Scanned for references (bytes)
---@field freed_bytes integer Found dead; free when it is swept (bytes)
---@field sweep_term_ns integer First stop: roots are taken
---@field mark_ns integer Marking beside the program
---@field mark_term_ns integer Last stop; all of the marking with stop-the-world
---@field assist_ns integer Processor time of marking done by allocations
---@field background_ns integer Processor time of dedicated and fractional markers
---@field idle_ns integer Processor time of markers on idle processors
---@field roots_bytes integer Roots: Go's globals (bytes)
---@field stack_bytes integer The program's stacks, scanned as roots (bytes)
---@field processors integer As many as the collector counts on: Go's GOMAXPROCS
---@field gc_cpu_fraction number memstats.gc_cpu_fraction at its end
---@field is_forced boolean The program asked for it

---How long the program was made to stand still.
---@class oomlab.pauses
---@field pauses integer Times the program was made to stand still
---@field total_ns integer Sum of them
---@field p50_ns integer Median, to a sixteenth
---@field p99_ns integer 99th percentile, to a sixteenth
---@field max_ns integer Longest

---What a program was doing when it last said so.
---@class oomlab.last_words
---@field phase string The phase it was in
---@field activity string What it was doing
---@field is_torn boolean It died while writing this
---@field at_ns integer Of this writing
---@field request_bytes integer The last request, as asked (bytes)
---@field touched_bytes integer Of it, written to so far (bytes)
---@field phase_requested_bytes integer Sum of the phase's requests, this one included (bytes)
---@field cage_bytes integer Usage of the cage at the end (bytes)
---@field garbage_bytes integer Unreachable objects when last counted (bytes)
---@field garbage_counted_at_ns integer When that was; 0 for never
---@field allocated_since_count_bytes integer Allocated after that count (bytes)
---@field script_bytes integer Held by the Lua state, charged to the cage too (bytes)
---@field script_peak_bytes integer The most the Lua state held (bytes)
---@field metadata_bytes integer The heap's own tables (bytes)
---@field other_heaps_bytes integer Objects of the heaps beside the first (bytes)
---@field off_heap_bytes integer Memory that the program held beside its heap (bytes)
---@field beside_requested_bytes integer What it asked for beside its first heap, in all (bytes)
---@field stack_bytes integer Stacks of the program, which cycles scan (bytes)
---@field file_bytes integer Files that it wrote and did not release (bytes)
---@field child_count integer Children that shared its pages
---@field limit_now_bytes integer The cage's limit then: the program may have changed it (bytes)
---@field reserved_bytes integer Address space that the program reserved (bytes)
---@field heap_address_bytes integer Address space that the heap reserved for objects (bytes)
---@field address_space_bytes integer Address space in all, when it began or ended (bytes)
---@field resident_bytes integer Resident memory, then (bytes)
---@field is_cycle_active boolean A cycle was marking, by steps or in threads

---One phase of a run; its memstats are of its end.
---@class oomlab.phase
---@field name string As the script calls it
---@field at_ns integer When it began
---@field end_ns integer When it ended, or the run did
---@field requested_bytes integer Sum of the requests made in it (bytes)
---@field cage_bytes integer Usage of the cage at its end (bytes)
---@field garbage_bytes integer Unreachable objects at its end (bytes)
---@field memstats oomlab.memstats

---What the watchdog of a run saw and did.
---@class oomlab.watchdog_facts
---@field look_count integer Its own looks
---@field notice_count integer Words from the kernel
---@field has_notice boolean The kernel could be asked
---@field below_at_ns integer Last seen below the threshold before that; 0: never
---@field crossed_at_ns integer First seen at the threshold or above; null: never
---@field acted_at_ns integer When it acted; null: never
---@field acted_bytes integer What it measured then (bytes)
---@field next_look_ns integer From acting by notice to the next look
---@field ended_at_ns integer End of the program, once it was told; null: not told
---@field seen_bytes_max integer The most that a look saw (bytes)
---@field peak_bytes integer The most there was (bytes)
---@field missed_count integer Spikes to the threshold that no look saw
---@field missed_bytes integer The highest of them, above what the look before saw (bytes)
---@field missed_ns integer How long that one lasted, as far as samples tell

---The settings of a run, as fields of a scenario or of lab.run.
---@class oomlab.settings
---@field limit? oomlab.size memory the cage may use (32MiB)
---@field swap? oomlab.size swap it may use beside (0: none)
---@field high? oomlab.size throttle above this: memory.high (off)
---@field parent_limit? oomlab.size of a group that the cage stands in (off)
---@field address_space? oomlab.size address space it may map: RLIMIT_AS (off)
---@field gogc? number|string percent the heap may grow before it is collected (100)
---@field memlimit? oomlab.size the collector's own limit, as GOMEMLIMIT (off)
---@field rules? "go1.16"|"go1.19"|"go1.21" whose pacer: go1.16, go1.19 or go1.21 (go1.19)
---@field policy? number|string who decides when to collect; NAME:ARGUMENT (go)
---@field collector? "stw"|"incremental"|"concurrent" how it collects: stw, incremental or concurrent (stw)
---@field trigger_test? string after an allocation was served, as Go, or before (after)
---@field world? "real"|"pretend" real: the kernel's own kill; pretend: any size (real)
---@field huge_pages? boolean ask for transparent huge pages
---@field stress? boolean collect at every allocation
---@field seed? number|string of everything random in the run (1)
---@field watchdog? oomlab.size end it in good order there: 90%,every=15s (off)
---@field dump? string what it leaves behind then (off; with a watchdog TMPDIR)
---@field timeout? number|string end the run after this time (none)
---@field sample_period? number|string between two samples of the record (10ms)
---@field group? number|string control group to nest the cage in (the lab's choice)
---@field script_memory? oomlab.size what the script itself may hold (a quarter of the limit)
---@field instruction_limit? number|string Lua instructions the program may take (0: no end)
---@field fail_memory_request? number|string refuse the Nth request for memory, to see the end (0: none)

---@class oomlab.run
---@field survived fun(self: oomlab.run): boolean
---@field oom_killed fun(self: oomlab.run): boolean
---@field oom_killed_by_ancestor fun(self: oomlab.run): boolean
---@field throttled fun(self: oomlab.run): boolean
---@field shut_down fun(self: oomlab.run): boolean
---@field out_of_memory fun(self: oomlab.run): boolean
---@field timed_out fun(self: oomlab.run): boolean
---@field killed fun(self: oomlab.run): boolean
---@field script_error fun(self: oomlab.run): boolean
---@field lab_error fun(self: oomlab.run): boolean

---@class oomlab.cage
---@field limit integer bytes, when the run began
---@field swap integer bytes
---@field high integer bytes; 2^63 - 1: none
local cage = {}

---What the kernel has charged the cage for by now. The kernel charges in batches: it is coarse.
---@return integer # bytes; 0 where there is no cage
function cage:usage() end

---Has the cage's limit set to another one. Where more is used than that a version 1 kernel
---reclaims what it can and otherwise refuses; version 2 kills.
---@param bytes integer a page and up
---@return boolean|nil # true; nil where it was refused
---@return string # why
function cage:set_limit(bytes) end

---The cage's limit now: cage.limit is the one that the run began with.
---@return integer # bytes
function cage:limit_now() end

---@class oomlab.child
local child = {}

---0: all that a child has it shares with the program.
---@return integer
function child:bytes() end

---Ends the child: what was copied for it is free.
function child:release() end

---@class oomlab.file
local file = {}

---Reads all of the file again: what the kernel has reclaimed comes back from the disk.
function file:read() end

---As much as was written.
---@return integer
function file:bytes() end

---Ends the file: it leaves the disk, and its pages the page cache.
function file:release() end

---@class oomlab.heap
local heap = {}

---Begins a phase: what the report tells apart. Ends the one before.
---@param name string
---@return oomlab.heap # itself, so that heap:phase("spike"):slab(n) reads well
function heap:phase(name) end

---Says in a word what is allocated from now on, until another word or none is given: the heap
---profile of a run that is told to end tells by it.
---@param tag? string up to 63 bytes; nothing for none
---@return oomlab.heap # itself, so that heap:tag("cache"):slab(n) reads well
function heap:tag(tag) end

---Allocates a slab of bytes and writes to all of it. A cycle of the collector may run.
---@param bytes integer 1 to the heap's address space
---@param fill? string "random" for bytes that nothing can merge or compress
---@return oomlab.slab # to be released by slab:release() or `<close>`
function heap:slab(bytes, fill) end

---Allocates a node: slots that refer to other objects, all empty, and bytes of payload.
---@param slots integer 0 to 16777216
---@param payload_bytes? integer
---@return oomlab.node # to be released by node:release() or `<close>`
function heap:node(slots, payload_bytes) end

---Does nothing for so long. Meanwhile whatever the collector, the policy and the lab want is
---done.
---@param seconds number 0 to 3600
function heap:wait(seconds) end

---Reserves address space and touches none of it, as Go's runtime does at its start: it counts
---against --address-space, and against no other limit. It stays to the end of the run.
---@param bytes integer 0 for none; rounded up to whole pages
---@return oomlab.heap # itself
function heap:reserve(bytes) end

---Makes one more root: a variable of the program, so to say.
---@param object oomlab.slab|oomlab.node|oomlab.root|nil what it refers to at first
---@return oomlab.root
function heap:root(object) end

---Runs a full cycle of the collector, as Go's runtime.GC(). Free memory stays the heap's.
function heap:collect() end

---Runs a full cycle and gives everything free back to the system, as Go's debug.FreeOSMemory().
---@return integer # bytes given back
function heap:free_os_memory() end

---The heap's statistics, by the names of Go's MemStats: alloc, mallocs, frees, heap_alloc,
---heap_idle, heap_objects, heap_inuse, heap_released, heap_sys, last_gc_ns, next_gc, num_gc,
---num_forced_gc, gc_cpu_fraction.
---@return oomlab.memstats
function heap:stats() end

---Counts the garbage: bytes of objects that no root reaches. Collects nothing.
---@return integer|nil # bytes; nil while a cycle is under way (incremental, concurrent)
function heap:garbage() end

---Walks the whole heap and raises at the first rule it finds broken.
function heap:check() end

---Nanoseconds since the run began.
---@return integer
function heap:elapsed_ns() end

---@class oomlab.heap_second_fields
---@field gogc? integer
---@field memlimit? integer

---One more heap in the same process, with a collector and a pacer of its own: another runtime in
---the same cage. It has the methods of a heap. Go's rules hold in it, whatever the run's policy;
---what the report tells of collections, garbage and memory statistics is about the first. It
---stays to the end of the run; a program has four heaps at most. Objects of one heap cannot refer
---to those of another. Fields: `gogc` (percent or "off"; the run's), `memlimit` (a size or "off";
---the run's).
---@param fields? oomlab.heap_second_fields
---@return oomlab.heap
function heap:second(fields) end

---Maps memory beside the heap and writes to all of it, as a library in C does: the collector
---knows nothing of it, the cage does.
---@param bytes integer 1 and up
---@return oomlab.off_heap # to be released by off_heap:release() or `<close>`
function heap:off_heap(bytes) end

---Maps the stacks of goroutines or threads, so many bytes in all, and writes to all of them. Each
---cycle scans them as roots, which takes time; a memory limit counts them, and by the rules of
---go1.19 and later a goal does, once a cycle has seen them.
---@param bytes integer 1 and up
---@return oomlab.stack # to be released by stack:release() or `<close>`
function heap:stack(bytes) end

---Forks: a child that shares all pages of now, copy on write, and sleeps until it is released.
---Whatever either writes to afterwards costs a new page. Where the cage overflows the kernel
---kills the program, not the child. Not with the concurrent collector, which has threads.
---@return oomlab.child # to be ended by child:release() or `<close>`
function heap:fork() end

---Writes a file of so many bytes, without a name, on a disk: in TMPDIR, /var/tmp or /tmp,
---whichever is on one. Its pages are in the page cache: charged to the cage, and the kernel may
---reclaim them when the cage is full.
---@param bytes integer 1 and up; the disk must keep 1 GiB free
---@return oomlab.file # to be released by file:release() or `<close>`
function heap:file(bytes) end

---@class oomlab.heap_churn_fields
---@field size? oomlab.size|oomlab.size[]
---@field bytes? oomlab.size
---@field objects? integer
---@field seconds? number
---@field live? oomlab.size
---@field rate? oomlab.size
---@field kind? "slab"|"node"

---Allocates objects; each is dropped when enough younger ones are there. Written to, all of it.
---Fields: `bytes`, `objects` or `seconds` (where to stop, whichever comes first), `size` of each
---object (one, or { from, to }, drawn evenly), `live` (bytes kept; 0), `rate` (bytes a second; as
---fast as it goes), `kind` ("slab", or "node": two empty slots, which are scanned, and payload).
---@param fields oomlab.heap_churn_fields
---@return oomlab.load
function heap:churn(fields) end

---@class oomlab.heap_ramp_fields
---@field size? oomlab.size|oomlab.size[]
---@field bytes? oomlab.size
---@field objects? integer
---@field seconds? number
---@field rate? oomlab.size

---Allocates objects and keeps them all. Fields: `bytes`, `objects` or `seconds` (where to stop),
---`size` (one, or { from, to }), `rate` (bytes a second).
---@param fields oomlab.heap_ramp_fields
---@return oomlab.load
function heap:ramp(fields) end

---@class oomlab.heap_cache_fields
---@field entries? integer
---@field size? oomlab.size|oomlab.size[]
---@field requests? integer
---@field hits? number
---@field replace? "random"|"oldest"
---@field seconds? number
---@field rate? oomlab.size

---Fills a table of `entries` of `size` each, then answers `requests` (none; or for so many
---`seconds`): a share of `hits` (0.8) finds its entry and reads it, the others replace one:
---`replace` = "random" or "oldest". `rate`: requests a second.
---@param fields oomlab.heap_cache_fields
---@return oomlab.load
function heap:cache(fields) end

---@class oomlab.heap_queue_fields
---@field items? integer
---@field size? oomlab.size|oomlab.size[]
---@field backlog? integer
---@field burst? integer
---@field seconds? number
---@field rate? oomlab.size

---Queues `items` of `size` (header and slot of 16 bytes included), each a node that refers to the
---next: first in, first out. `backlog` (0) of them stay; they come in bursts of `burst` (1), and
---the oldest leave after each. `rate`: items a second. `seconds` may say where to stop.
---@param fields oomlab.heap_queue_fields
---@return oomlab.load
function heap:queue(fields) end

---@class oomlab.heap_tree_fields
---@field depth? integer
---@field payload? oomlab.size
---@field rebuild? integer
---@field seconds? number
---@field rate? oomlab.size

---Builds a binary tree of nodes, `depth` levels (2^depth - 1 nodes), each with `payload` bytes
---(0). Then drops a part and builds it anew, `rebuild` times (0; or for so many `seconds`): on a
---random level, the whole among them, at a random place. `rate`: parts a second.
---@param fields oomlab.heap_tree_fields
---@return oomlab.load
function heap:tree(fields) end

---@class oomlab.heap_survivors_fields
---@field size? oomlab.size|oomlab.size[]
---@field bytes? oomlab.size
---@field objects? integer
---@field keep? number
---@field rate? oomlab.size

---Allocates `bytes` or `objects` of `size` (one, or { from, to }), then drops all but a share of
---`keep` (0.1) of them, spread evenly: what is freed lies in holes. `rate`: bytes a second.
---@param fields oomlab.heap_survivors_fields
---@return oomlab.load
function heap:survivors(fields) end

---@class oomlab.lab
---@field KiB integer
---@field MiB integer
---@field GiB integer
---@field TiB integer
---@field http oomlab.http
local lab = {}

---Survival and cost over one setting: a point for each value, in order. In an experiment.
---@param scenario oomlab.scenario|string
---@param fields? oomlab.curve_fields
---@return oomlab.trial[]
function lab.curve(scenario, fields) end

---Each value of each list with each of the others: a cell a combination. In an experiment.
---@param scenario oomlab.scenario|string
---@param fields? oomlab.grid_fields
---@return oomlab.trial[]
function lab.grid(scenario, fields) end

---Declares an experiment: its program makes runs, and compares them.
---@param fields oomlab.experiment_fields
---@return oomlab.experiment
function lab.experiment(fields) end

---Tells the lab a line, as string.format makes it; cut at 511 bytes. print does it plainly.
---@param format string
---@param ... any
function lab.log(format, ...) end

---Declares a policy: who decides when to collect. Its file returns it.
---@param fields oomlab.policy_fields
---@return oomlab.policy
function lab.policy(fields) end

---The value of a policy's argument, in its callbacks.
---@return number|string|boolean
function lab.argument() end

---Runs a scenario of this script, or a script by name or path, and waits. In an experiment.
---@param scenario oomlab.scenario|string
---@param settings? oomlab.run_settings
---@return oomlab.run
function lab.run(scenario, settings) end

---Several runs at a time, as many as there are processors and memory for. In an experiment.
---@param list table[] of { scenario, settings }
---@return oomlab.run[] # in the order of the list
function lab.runs(list) end

---Declares a scenario. A script returns it, or hands it to lab.run.
---@param fields oomlab.scenario_fields
---@return oomlab.scenario
function lab.scenario(fields) end

---Searches the smallest limit in which all of some runs survive. In an experiment.
---@param scenario oomlab.scenario|string
---@param fields? oomlab.limit_search
---@return oomlab.limit_found
function lab.smallest_limit(scenario, fields) end

---@class oomlab.http
local http = {}

---A route for GET, and for POST as well. When it is loaded, a script that registers routes is a
---service, for oomlab serve.
---@param path string "/add"
---@param about string|table a line, or a table of it and of the arguments
---@param handler fun(request: oomlab.request, heap: oomlab.heap, cage: oomlab.cage): oomlab.answer|string|nil
function http.get(path, about, handler) end

---A route for POST alone.
---@param path string
---@param about string|table
---@param handler fun(request: oomlab.request, heap: oomlab.heap, cage: oomlab.cage): oomlab.answer|string|nil
function http.post(path, about, handler) end

---The heap's statistics, answered by the lab from the flight recorder: however busy the heap is.
---@param path string
---@param about? string|table
function http.statistics(path, about) end

---@class oomlab.load
local load = {}

---@class oomlab.load_run_fields
---@field objects? integer
---@field bytes? oomlab.size
---@field rate? oomlab.size
---@field seconds? number
---@field requests? integer
---@field items? integer
---@field rebuild? integer

---Goes on with what is there, in the same way. Fields: `objects`, `bytes`, `seconds`, and for a
---cache `requests`, for a queue `items`, for a tree `rebuild`: so much more, whichever comes
---first; `rate`.
---@param fields oomlab.load_run_fields
---@return oomlab.load # itself
function load:run(fields) end

---Bytes that the load keeps alive now, as they are rounded up in the heap. What it keeps them by,
---about 8 bytes an object, is not among them.
---@return integer
function load:bytes() end

---How many objects the load keeps alive now.
---@return integer
function load:objects() end

---Bytes that the load has allocated so far, as they are rounded up in the heap.
---@return integer
function load:allocated_bytes() end

---How many objects the load has allocated so far.
---@return integer
function load:allocated_objects() end

---Lets go of all that the load keeps: it is garbage now. The handle is of no use any more.
function load:release() end

---@class oomlab.node
local node = {}

---Lets go of the node; what it refers to goes with it, unless something else reaches that.
function node:release() end

---The bytes the node takes in the heap, slots and payload, rounded up.
---@return integer
function node:bytes() end

---How many slots the node has.
---@return integer
function node:slots() end

---Makes a slot refer to an object, or to nothing.
---@param slot integer 1 to node:slots()
---@param object oomlab.slab|oomlab.node|oomlab.root|nil
function node:set(slot, object) end

---What a slot refers to, held by a new handle that has to be released too.
---@param slot integer 1 to node:slots()
---@return oomlab.slab|oomlab.node|nil
function node:get(slot) end

---@class oomlab.off_heap
local off_heap = {}

---Writes to all of the memory again: after a fork that costs new pages.
function off_heap:write() end

---As much as was asked for.
---@return integer
function off_heap:bytes() end

---Gives the memory back to the system, at once.
function off_heap:release() end

---@class oomlab.policy_heap
--- Takes the orders of a policy.
local policy_heap = {}

---The heap in figures, as they were when the callback was called: docs/policies.md lists them.
---@return oomlab.policy_stats
function policy_heap:stats() end

---Sets GOGC, as Go's debug.SetGCPercent.
---@param percent number|string rounded down; or "off"
function policy_heap:gogc(percent) end

---Sets the collector's memory limit, as Go's debug.SetMemoryLimit.
---@param bytes number|string rounded down; or "off"
function policy_heap:memory_limit(bytes) end

---Orders a full cycle; everything is swept after it.
function policy_heap:collect() end

---Orders that free pages are given back to the system.
---@param bytes? number at least so much, if there is as much; all where nothing is given
function policy_heap:scavenge(bytes) end

---Allocates a slab that is held to the end and never touched: it counts as live, and costs no
---memory. In on_start only.
---@param bytes number
function policy_heap:ballast(bytes) end

---Refuses the allocation that would make the heap grow: the program gets an error, which it may
---catch. In before_grow only.
---@param reason string
function policy_heap:refuse(reason) end

---Ends the program in good order: the outcome is shut-down.
---@param reason string
function policy_heap:stop(reason) end

---@class oomlab.root
local root = {}

---What the root refers to, held by a new handle that has to be released too.
---@return oomlab.slab|oomlab.node|nil
function root:get() end

---Makes the root refer to another object, or to nothing.
---@param object oomlab.slab|oomlab.node|oomlab.root|nil
function root:set(object) end

---Ends the root.
function root:release() end

---@class oomlab.run
local run = {}

---Whether Go's rules alone planned it, with nothing set that changes a plan: GOGC 100, no memory
---limit, no swap, no stress, and no race with threads. Most expectations are about such runs.
---@return boolean
function run:is_plain_go() end

---@class oomlab.slab
local slab = {}

---Lets go of the object: unless something else reaches it, it is garbage now. The handle is of no
---use any more.
function slab:release() end

---The bytes the object takes in the heap: what was asked for, rounded up to its size class or to
---whole pages.
---@return integer
function slab:bytes() end

---Writes to the whole slab again: after a fork that costs new pages.
function slab:write() end

---@class oomlab.stack
local stack = {}

---As much as was asked for.
---@return integer
function stack:bytes() end

---Gives the stacks back to the system: their goroutines have ended.
function stack:release() end

return lab
