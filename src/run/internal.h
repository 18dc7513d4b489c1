/* internal.h -- What the files of run/ share. */
#ifndef OL_RUN_INTERNAL_H
#define OL_RUN_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "memory/memory.h"
#include "run/holding.h"
#include "run/run.h"

enum { OL_RUN_RESERVATIONS_MAX = 64 }; /* That a program makes. */

struct ol_reservation {
	void *address;
	uint64_t bytes;
};

struct ol_run_heap {
	struct ol_run *run;
	struct ol_heap *heap;
	struct ol_collector *collector;
	uint64_t stack_bytes; /* That its cycles scan. */
};

struct ol_run {
	struct ol_run_spec spec;
	struct ol_run_links links;
	struct ol_clock *clock;
	struct ol_clock real_clock;
	struct ol_memory_mmap memory_mmap;
	struct ol_memory_failing memory_failing;
	struct ol_memory *memory;
	struct ol_os_real os_real;
	struct ol_os *os;
	struct ol_heap *heap; /* The first. */
	struct ol_collector *collector;
	struct ol_collector_config config; /* Of that. */
	unsigned heap_count;
	struct ol_run_heap heaps[OL_RUN_HEAPS_MAX]; /* Beginning with the first. */
	struct ol_run_heap *used;
	struct ol_profile *profile; /* NULL: none is wanted. */
	uint64_t unheard_bytes;     /* Asked for or written since the kernel was heard. */
	uint32_t place;             /* In it, of what is allocated next. */
	uint64_t start_ns;
	struct ol_random random;    /* Of what slabs are filled with. */
	uint64_t counting_ns;       /* Spent counting garbage. */
	struct ol_last_words words; /* What the flight recorder holds. */
	struct ol_phase phase;      /* The present one; name "" before the first. */
	bool has_phase;
	struct ol_run_load *loads;                   /* That are not released: a list. */
	uint64_t load_count;                         /* Made so far. */
	const volatile sig_atomic_t *is_interrupted; /* NULL: nobody interrupts it. */
	unsigned reservation_count;
	struct ol_reservation reservations[OL_RUN_RESERVATIONS_MAX];
	struct ol_run_holding *holdings; /* The latest first. */
	unsigned holding_count;
	struct ol_frame frame; /* Large: kept off the stack. */
};

/* What the program does now, and how its heap is, into the flight recorder. */
void ol_run_write_flight(struct ol_run *run, enum ol_activity activity);
/* Before so much is written to, or asked for beside the heap and then written to: the last words
 * must be true if it is what kills. A scenario that names no phases has one. */
void ol_run_begin_writing(struct ol_run *run, uint64_t bytes);
void ol_run_begin_beside(struct ol_run *run, uint64_t bytes);
/* Writes to all of it, unless the run is told to end before that is done. */
void ol_run_touch(struct ol_run *run, char *address, uint64_t bytes, enum ol_fill fill);
/* For the collector of a heap: reads all of its stacks, where they are real. */
void ol_run_scan_stacks(struct ol_run *run, const struct ol_run_heap *heap);
void ol_run_destroy_other_heaps(struct ol_run *run);
/* Into the last words; by the program's thread. */
void ol_run_note_other_heaps(struct ol_run *run);
/* Tables of all heaps. */
uint64_t ol_run_metadata_bytes(const struct ol_run *run);
/* ol_collector_poll, _leave and _enter, of all heaps. */
void ol_run_poll_collectors(struct ol_run *run);
void ol_run_leave(struct ol_run *run);
void ol_run_enter(struct ol_run *run);
/* The end of all that the program still holds beside its heap. */
void ol_run_release_holdings(struct ol_run *run);
/* The present phase, if there is one, is over, and told. */
int ol_run_end_phase(struct ol_run *run, struct ol_error *error);

/* Before so many bytes of the heap are asked for: whoever wants something is heard, and the last
 * words are true if it is what kills. */
void ol_run_begin_request(struct ol_run *run, uint64_t bytes);
/* How much may be written to at once before anybody wants to be heard again. */
uint64_t ol_run_piece_bytes(const struct ol_run *run);
/* Lets go of the loads that are left. */
void ol_run_end_loads(struct ol_run *run);

/* A point at which whoever wants something of the program is heard: the policy, the lab, the
 * kernel. bytes: asked for or written since the last one. */
void ol_run_poll(struct ol_run *run, uint64_t bytes);
/* A virtual clock is told what the allocation of so many small objects took. */
void ol_run_spend_allocation(struct ol_run *run, uint64_t object_count, uint64_t bytes);

/* Where there is one. */
void ol_run_hear_pretence(struct ol_run *run);

/* The program has ended in good order and has said so; it holds what it has until the lab has
 * looked at that. */
void ol_run_await_witness(const struct ol_run *run);

#endif
