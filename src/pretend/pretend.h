/* pretend.h -- A pretend kernel with one cage in it: charges pages, reclaims, throttles, kills.
 *
 * It keeps the account that a kernel would keep of a program's memory, and needs neither privileges
 * nor that much memory: a slab's pages are counted and never written. What the heap itself writes
 * (its tables, the slots of its nodes) is real, because it is read again. Charges by the batch, as
 * Linux does. Knows no heap, no script and no lab; time passes on the clock that it is given. */
#ifndef OL_PRETEND_PRETEND_H
#define OL_PRETEND_PRETEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "clock/clock.h"
#include "memory/memory.h"
#include "os/os.h"
#include "record/record.h"

#define OL_PRETEND_PAGE_BYTES UINT64_C(4096)

struct ol_pretend; /* Opaque. */

struct ol_pretend_config {
	uint64_t limit_bytes;         /* Of the cage; whole pages count. */
	uint64_t swap_bytes;          /* Beside it: the pretend machine has as much. */
	uint64_t high_bytes;          /* Throttles above; UINT64_MAX: never. */
	uint64_t parent_limit_bytes;  /* Of the group around the cage; UINT64_MAX: none. */
	uint64_t address_space_bytes; /* RLIMIT_AS; UINT64_MAX: none. */
	uint64_t real_bytes_max;      /* What this process may really hold. */
	struct ol_clock *clock;       /* Virtual. */
	/* The program is killed, once: everything is still as it was at that moment. */
	void *context;
	void (*on_kill)(void *context);
};

int ol_pretend_create(const struct ol_pretend_config *config, struct ol_pretend **ret_pretend,
	struct ol_error *error);
void ol_pretend_destroy(struct ol_pretend *pretend); /* NULL is fine. */

/* Where the program's heap gets its pages. After the kill nothing is charged any more. */
struct ol_memory *ol_pretend_memory(struct ol_pretend *pretend);
/* What else it asks of a system. A limit below what is used is met at once, as version 2 does it:
 * what can be reclaimed is; for the rest the program is killed. */
struct ol_os *ol_pretend_os(struct ol_pretend *pretend);

/* The process holds so much beside what it touches through its memory: itself, its tables, its
 * script. Only ever more. */
void ol_pretend_note_beside(struct ol_pretend *pretend, uint64_t bytes);

/* An fd that becomes readable whenever usage rises to threshold_bytes. Stays ours; two at most.
 * -ENOSPC. */
int ol_pretend_watch(
	struct ol_pretend *pretend, uint64_t threshold_bytes, int *ret_fd, struct ol_error *error);

/* What the cage's files would say. */
struct ol_pretend_facts {
	uint64_t usage_bytes;
	uint64_t peak_bytes;
	uint64_t resident_bytes; /* Of the process. */
	uint64_t address_space_bytes;
	uint64_t swap_peak_bytes;
	uint64_t high_count;  /* Times that memory.high was exceeded. */
	uint64_t stall_ns;    /* Waited for it. */
	uint64_t limit_bytes; /* Now. */
	bool is_killed;
	enum ol_limited_by limited_by; /* Whose limit killed it. */
};
struct ol_pretend_facts ol_pretend_facts(const struct ol_pretend *pretend);
bool ol_pretend_is_killed(const struct ol_pretend *pretend);
uint64_t ol_pretend_usage_bytes(const struct ol_pretend *pretend);

/* 0; -ENOMEM: what it has to keep for real is more than real_bytes_max, or refused. To be asked now
 * and then; it looks once in a while. */
int ol_pretend_check(struct ol_pretend *pretend, struct ol_error *error);

#endif
