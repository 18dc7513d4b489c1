/* watchdog.h -- The facts of a watchdog ("apoptosis"): what it was to watch, and what it saw.
 *
 * It ends a program in good order before the kernel would kill it. Looking every so often misses
 * what comes and goes between two looks; the kernel's own notice does not. Both are counted. */
#ifndef OL_RECORD_WATCHDOG_H
#define OL_RECORD_WATCHDOG_H

#include <stdint.h>

enum ol_watchdog_measure {
	OL_WATCHDOG_USAGE, /* Of the cage: what the kernel holds against the limit. */
	OL_WATCHDOG_RSS,   /* Of the program: what the article's author reads. */
	OL_WATCHDOG_MEASURE_COUNT
};
/* "usage", "rss". */
const char *ol_watchdog_measure_name(enum ol_watchdog_measure measure);

/* What made it act. */
enum ol_watchdog_way {
	OL_WATCHDOG_NOT,    /* It did not. */
	OL_WATCHDOG_LOOK,   /* One of its own looks. */
	OL_WATCHDOG_NOTICE, /* The kernel told. */
	OL_WATCHDOG_WAY_COUNT
};
/* "none", "look", "notice". */
const char *ol_watchdog_way_name(enum ol_watchdog_way way);

struct ol_watchdog_spec {
	uint32_t is_on;
	uint32_t measure;         /* enum ol_watchdog_measure. */
	uint32_t wants_notice;    /* 1: the kernel is asked to tell. */
	uint32_t padding;         /* 0. */
	uint64_t threshold_bytes; /* Acts at this and above. */
	uint64_t every_ns;        /* Between two looks; 0: never looks by itself. */
};

struct ol_watchdog_facts {
	uint32_t way;            /* enum ol_watchdog_way: what made it act. */
	uint32_t has_notice;     /* 1: the kernel could be asked. */
	uint64_t look_count;     /* Its own looks, the one that made it act included. */
	uint64_t notice_count;   /* Words from the kernel. */
	uint64_t below_at_ns;    /* The last time that it was measured below, before that; 0: never. */
	uint64_t crossed_at_ns;  /* The first time at the threshold or above; UINT64_MAX: never seen. */
	uint64_t acted_at_ns;    /* UINT64_MAX: never. */
	uint64_t acted_bytes;    /* What was measured then. */
	uint64_t next_look_ns;   /* From acting by notice to the look that would have come next. */
	uint64_t ended_at_ns;    /* The program's end, after it was told; UINT64_MAX: it was not. */
	uint64_t seen_bytes_max; /* The most that a look saw. */
	uint64_t peak_bytes;     /* The most there was, by the kernel's counter or the samples. */
	uint64_t missed_count;   /* Spikes at the threshold or above that no look saw. */
	uint64_t missed_bytes;   /* The highest of them, above what the look before it saw. */
	uint64_t missed_ns;      /* How long that one lasted, as far as samples tell. */
};

#endif
