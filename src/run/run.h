/* run.h -- The subject's side: one scenario's world, and what it tells the lab.
 *
 * Ties memory, heap, collector and clock together as the run spec says, keeps the flight recorder
 * true before every dangerous step, and sends frames. Knows no Lua and no cgroup: it was handed an
 * fd to read the cage's usage from, and one that tells of memory pressure. */
#ifndef OL_RUN_RUN_H
#define OL_RUN_RUN_H

#include <signal.h>
#include <stdint.h>

#include "base/error.h"
#include "collector/collector.h"
#include "os/os.h"
#include "record/flight.h"
#include "record/frame.h"
#include "workload/load.h"

struct ol_run; /* Opaque. */

/* What the lab hands over; -1 or NULL where there is none (tests, embedding). Stay the caller's. */
struct ol_run_links {
	int socket_fd;   /* Frames up. */
	int usage_fd;    /* The cage's usage file. */
	int pressure_fd; /* Readable when the cage runs short of memory. */
	int notice_fd;   /* Readable when usage has come to the threshold of spec->watchdog. */
	struct ol_flight *flight;
	struct ol_policy *policy; /* NULL: Go's own rules. Asked from ol_run_create on. */
	/* Children, files, limits; NULL: the system's, through socket and flight; in a pretence: none.
	 */
	struct ol_os *os;
	/* What stands in for the system; NULL: the system itself. */
	const struct ol_run_pretence *pretence;
};

/* A world in which nothing real happens. */
struct ol_run_pretence {
	void *context;
	struct ol_clock *clock; /* Virtual. */
	struct ol_memory *memory;
	unsigned processors; /* Count. */
	/* Frames up, in place of a socket. */
	int (*send)(void *context, const struct ol_frame *frame, struct ol_error *error);
	uint64_t (*usage_bytes)(void *context);         /* Of the cage. */
	uint64_t (*address_space_bytes)(void *context); /* Of the process. */
	/* What the process holds beside the heap's objects. */
	void (*note_beside)(void *context, uint64_t metadata_bytes, uint64_t script_bytes);
	/* Whatever became due is done. 0; or a negative code that ends the run, whatever the script
	 * catches: it was killed, its time is up. */
	int (*poll)(void *context, struct ol_error *error);
	/* How many bytes may be written before something may be due. */
	uint64_t (*quiet_bytes)(void *context);
};

/* Up to the lab, whichever way links have; nowhere where they have none, or are NULL. -EPIPE. */
int ol_run_send(const struct ol_run_links *links, struct ol_frame *frame, struct ol_error *error);

/* Errors: also what ol_run_verdict tells, where the policy's on_start ends the run. */
int ol_run_create(const struct ol_run_spec *spec, const struct ol_run_links *links,
	struct ol_run **ret_run, struct ol_error *error);
void ol_run_destroy(struct ol_run *run); /* NULL is fine. */

/* What is about "the heap" is about the one in use: the first, until another is put to use. */
enum { OL_RUN_HEAPS_MAX = 4 };
struct ol_run_heap; /* Opaque; lives as long as its run. */
struct ol_run_heap *ol_run_first_heap(struct ol_run *run);
struct ol_run_heap *ol_run_used_heap(struct ol_run *run);
void ol_run_use(struct ol_run *run, struct ol_run_heap *heap);
/* One more heap with a collector and a pacer of its own: Go's rules, whatever the policy. -ENOSPC:
 * there are OL_RUN_HEAPS_MAX; -ENOMEM. */
int ol_run_second_heap(struct ol_run *run, int32_t gogc, uint64_t memory_limit_bytes,
	struct ol_run_heap **ret_heap, struct ol_error *error);
struct ol_heap *ol_run_heap(struct ol_run *run);
const struct ol_run_spec *ol_run_spec(const struct ol_run *run);

/* The program is about to start: reads the baseline and tells the lab. */
int ol_run_begin(struct ol_run *run, struct ol_error *error);
/* Ends the last phase and tells the lab how it ended: message and traceback may be NULL. */
void ol_run_end(
	struct ol_run *run, enum ol_outcome outcome, const char *message, const char *traceback);

/* Ends the phase before and begins one. name is cut to OL_NAME_BYTES - 1. */
int ol_run_phase(struct ol_run *run, const char *name, struct ol_error *error);

/* What a slab is filled with: one byte all over, as the original program does, or random bytes,
 * which nothing can merge or compress. */
enum ol_fill { OL_FILL_BYTE, OL_FILL_RANDOM };
/* A slab, held by a new root, every byte written. Errors: see ol_heap_allocate_slab. */
int ol_run_slab(struct ol_run *run, uint64_t bytes, enum ol_fill fill, ol_root *ret_root,
	struct ol_error *error);
/* Writes to all of a slab again, as far as the heap gave it bytes. Errors: see ol_run_verdict. */
int ol_run_write_slab(struct ol_run *run, ol_root root, struct ol_error *error);
/* A node, held by a new root, its payload written. */
int ol_run_node(struct ol_run *run, uint32_t slot_count, uint64_t payload_bytes, ol_root *ret_root,
	struct ol_error *error);

/* Bulk work: a load (workload/load.h) in this run. The run's until it is released. */
struct ol_run_load; /* Opaque. */
/* How far it goes, and how fast. */
struct ol_run_load_plan {
	struct ol_load_goal goal;
	uint64_t ns_max; /* Ends it too; UINT64_MAX for no end. */
	/* At most; 0 for as fast as it goes. A cache's, a queue's and a tree's in operations, the
	 * others' in bytes. */
	double per_second;
};
/* Makes it, its objects random by the run's seed, and goes on as ol_run_load_go_on. On failure
 * there is none: what it has kept is let go of. */
int ol_run_load_create(struct ol_run *run, const struct ol_load_spec *spec,
	const struct ol_run_load_plan *plan, struct ol_run_load **ret_load, struct ol_error *error);
/* Goes on, by slices, between which whoever wants something is heard. Errors: see
 * ol_heap_allocate_slab and ol_run_verdict. */
int ol_run_load_go_on(
	struct ol_run_load *load, const struct ol_run_load_plan *plan, struct ol_error *error);
enum ol_load_kind ol_run_load_kind(const struct ol_run_load *load);
struct ol_load_totals ol_run_load_totals(const struct ol_run_load *load);
/* Lets go of all that it keeps. */
void ol_run_load_release(struct ol_run_load *load);

/* Sleeps; meanwhile whatever the collector, the policy and the lab want is done. Errors: see
 * ol_run_verdict. */
int ol_run_wait(struct ol_run *run, uint64_t ns, struct ol_error *error);
/* Has the cage's limit set; the program stands still until that is done. Errors: see os.h. */
int ol_run_set_limit(struct ol_run *run, uint64_t bytes, struct ol_error *error);
/* The cage's limit now. */
uint64_t ol_run_limit_bytes(const struct ol_run *run);
/* Address space that nothing is kept in: it counts against a limit of address space, and against no
 * other. To the run's end. -ENOMEM: refused; -ENOSPC: too many of them. */
int ol_run_reserve(struct ol_run *run, uint64_t bytes, struct ol_error *error);
/* Who allocated what; NULL where the spec wants none kept. */
struct ol_profile *ol_run_profile(struct ol_run *run);
/* The place in it that whatever is allocated next comes from. */
void ol_run_set_place(struct ol_run *run, uint32_t place);
uint32_t ol_run_place(const struct ol_run *run);
/* The word that it is told under from now on; "" for none. */
void ol_run_tag(struct ol_run *run, const char *tag);
void ol_run_collect(struct ol_run *run);
/* Go's debug.FreeOSMemory: a cycle, then everything free is given back. Returns bytes released. */
uint64_t ol_run_free_os_memory(struct ol_run *run);
/* Go's debug.SetGCPercent and SetMemoryLimit. */
void ol_run_set_limits(struct ol_run *run, int32_t gogc, uint64_t memory_limit_bytes);
/* Of a service: ends the phase and waits for the next request; meanwhile whatever the collector and
 * the policy have to do goes on. 1: there is one; 0: the lab wants no more. Errors: the policy has
 * ended the run; -EPROTO. */
int ol_run_receive(struct ol_run *run, struct ol_request *ret_request, struct ol_error *error);
/* Answers it. A lab that is gone ends this process: that is no error. */
void ol_run_answer(struct ol_run *run, struct ol_answer_frame *frame);
/* What the run's owner may set from a signal handler to have what runs now broken off: from then
 * on ol_run_verdict tells -EINTR. NULL: nobody does. Must outlive the run. */
void ol_run_set_interrupt(struct ol_run *run, const volatile sig_atomic_t *is_interrupted);
/* Whether the policy has ended the run, or the lab wants it to end: see ol_collector_verdict. The
 * functions that allocate return the same; ask after the others that may collect. */
int ol_run_verdict(const struct ol_run *run, struct ol_error *error);
/* Sends one line up; it costs no heap. */
int ol_run_log(struct ol_run *run, const char *text, struct ol_error *error);

struct ol_memstats ol_run_memstats(const struct ol_run *run);
/* The cage's usage now, 0 where there is no cage. */
uint64_t ol_run_cage_bytes(const struct ol_run *run);
/* Nanoseconds since the run's start. */
uint64_t ol_run_elapsed_ns(const struct ol_run *run);
/* Counts garbage now: reachable from no root. UINT64_MAX while a cycle is under way. */
uint64_t ol_run_garbage_bytes(struct ol_run *run);
/* ol_heap_check. */
int ol_run_check(struct ol_run *run, struct ol_error *error);
/* A virtual clock is told that the script has come so far; what became due on it is done. Errors:
 * what ends the run. */
int ol_run_spend_instructions(struct ol_run *run, uint64_t count, struct ol_error *error);
/* What the script's own state holds, for the last words. */
void ol_run_note_script_bytes(struct ol_run *run, uint64_t bytes, uint64_t peak_bytes);

#endif
