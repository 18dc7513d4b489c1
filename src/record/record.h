/* record.h -- The facts that travel: run spec, phase, gc cycle, sample, event, last words, summary.
 *
 * Plain structs by value, fixed sizes, no pointers: they cross a socket, a shared page and a
 * process boundary as they are. Whoever reports or stores knows these and never heap.h or cage.h.
 * Bytes and nanoseconds are uint64_t; "at_ns" counts from the start of the run; the fields of
 * ol_memstats keep Go's names and meanings (runtime.MemStats, Go 1.19). */
#ifndef OL_RECORD_RECORD_H
#define OL_RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "record/watchdog.h"

enum {
	OL_NAME_BYTES = 64,         /* Names of phases, scenarios, options; NUL included. */
	OL_TEXT_BYTES = 512,        /* Log lines, kernel lines, titles. */
	OL_PATH_BYTES = 1024,       /* Paths; longer ones are refused. */
	OL_MESSAGE_BYTES = 4096,    /* A script error with its traceback. */
	OL_OPTIONS_MAX = 32,        /* Options a script may declare. */
	OL_PHASES_MAX = 256,        /* Phases a run may have; later ones are counted, not kept. */
	OL_OPTION_VALUE_BYTES = 256 /* A string option's value. */
};

/* The pretend world is the same everywhere: so many processors has its machine. */
enum { OL_PRETEND_PROCESSORS = 2 };

/* No memory limit for the collector: what GOMEMLIMIT=off means, Go's math.MaxInt64. */
#define OL_MEMORY_LIMIT_OFF UINT64_C(0x7fffffffffffffff)
/* GOGC=off. */
#define OL_GOGC_OFF (-1)

/* How a run ended. A verdict rests on evidence (struct ol_evidence), never on an exit code. */
enum ol_outcome {
	OL_OUTCOME_SURVIVED,
	OL_OUTCOME_OOM_KILLED,             /* The kernel killed it at the cage's own limit. */
	OL_OUTCOME_OOM_KILLED_BY_ANCESTOR, /* ... at the limit of a group above, or of the machine. */
	OL_OUTCOME_THROTTLED,              /* memory.high held it: neither survived nor killed. */
	OL_OUTCOME_SHUT_DOWN,              /* It ended itself in good order before the limit. */
	OL_OUTCOME_OUT_OF_MEMORY,          /* An allocation was refused. */
	OL_OUTCOME_TIMED_OUT,
	OL_OUTCOME_KILLED, /* By a signal that was no OOM kill. */
	OL_OUTCOME_SCRIPT_ERROR,
	OL_OUTCOME_LAB_ERROR,
	OL_OUTCOME_COUNT
};

/* "survived", "oom-killed", ...: the stable names. */
const char *ol_outcome_name(enum ol_outcome outcome);
/* 0, or -EINVAL for a name that is none. */
int ol_outcome_parse(const char *name, enum ol_outcome *ret_outcome);

struct ol_memstats {
	uint64_t alloc;         /* Bytes of objects allocated and not yet swept; = heap_alloc. */
	uint64_t mallocs;       /* Objects allocated so far, count. */
	uint64_t frees;         /* Objects swept so far, count. */
	uint64_t heap_alloc;    /* Live and dead-but-unswept object bytes. */
	uint64_t heap_idle;     /* Bytes in unused spans, released ones included. */
	uint64_t heap_objects;  /* mallocs - frees. */
	uint64_t heap_inuse;    /* Bytes in spans that are in use. */
	uint64_t heap_released; /* Of heap_idle: bytes that hold no physical memory. */
	uint64_t heap_sys;      /* heap_inuse + heap_idle. */
	uint64_t last_gc_ns;    /* End of the last cycle, ns since 1970; 0 before the first. */
	uint64_t next_gc;       /* Heap goal of the next cycle, bytes. */
	uint64_t num_gc;        /* Cycles completed, count. */
	uint64_t num_forced_gc; /* Of those: asked for by the program, count. */
	double gc_cpu_fraction; /* Share of the run's CPU time spent collecting, 0 to 1. */
};

/* What tells that a cage runs short of memory. */
enum ol_pressure_kind {
	OL_PRESSURE_THRESHOLD, /* Usage crossed a share of the limit (v1), or memory.high (v2). */
	OL_PRESSURE_STALL      /* Tasks of the cage waited for memory (v2, PSI). */
};

/* What the subject was doing when it last wrote the flight recorder. */
enum ol_activity {
	OL_ACTIVITY_STARTING,   /* Before the scenario's first allocation. */
	OL_ACTIVITY_RUNNING,    /* In the scenario's own code. */
	OL_ACTIVITY_ALLOCATING, /* Serving a request for memory. */
	OL_ACTIVITY_TOUCHING,   /* Writing to newly served memory. */
	OL_ACTIVITY_COLLECTING,
	OL_ACTIVITY_WAITING, /* For a request: a service. */
	OL_ACTIVITY_ENDING,
	OL_ACTIVITY_COUNT
};

const char *ol_activity_name(enum ol_activity activity);

/* How long the program was made to stand still: stops of the world, and allocations that had to
 * mark or wait. From a histogram with steps of 1/16. */
struct ol_pauses {
	uint64_t pauses; /* Count. */
	uint64_t total_ns;
	uint64_t p50_ns;
	uint64_t p99_ns;
	uint64_t max_ns;
};

struct ol_last_words {
	char phase[OL_NAME_BYTES];      /* "" before the first phase. */
	uint32_t activity;              /* enum ol_activity. */
	uint32_t is_torn;               /* 1 if it died while writing this: fields may not agree. */
	uint64_t at_ns;                 /* Of this writing. */
	uint64_t request_bytes;         /* The last request, as asked. */
	uint64_t touched_bytes;         /* Of it, written to so far. */
	uint64_t phase_requested_bytes; /* Sum of the phase's requests, this one included. */
	uint64_t cage_bytes;            /* Usage of the cage; set by the lab from evidence. */
	/* Unreachable object bytes when last counted; UINT64_MAX: not known, a cycle was under way. */
	uint64_t garbage_bytes;
	uint64_t garbage_counted_at_ns;       /* When that was; 0 for never. */
	uint64_t allocated_since_count_bytes; /* Allocated after that count. */
	uint64_t script_bytes; /* Held by the Lua state itself, charged to the cage too. */
	uint64_t script_peak_bytes;
	uint64_t metadata_bytes;         /* The heap's own tables: committed bytes. */
	uint64_t other_heaps_bytes;      /* Objects of the heaps beside the first. */
	uint64_t off_heap_bytes;         /* Memory that the program holds beside its heap. */
	uint64_t beside_requested_bytes; /* Asked for so far, of that and of other heaps. */
	uint64_t stack_bytes;            /* Stacks of the program, which cycles scan. */
	uint64_t file_bytes;             /* Of files that it wrote and did not release. */
	uint64_t child_count;            /* Children that share its pages. */
	uint64_t limit_now_bytes;        /* The cage's limit, which the program may have had changed. */
	uint64_t reserved_bytes;         /* Address space that the program reserved. */
	uint64_t heap_address_bytes;     /* ... that the heap reserved for objects. */
	uint64_t address_space_bytes;    /* ... of the whole process, when it began or ended. */
	uint64_t resident_bytes;         /* Of the process, then. */
	uint32_t is_cycle_active;        /* 1 if something was being marked, in steps or by threads. */
	uint32_t padding;
	struct ol_memstats memstats;
	struct ol_pauses pauses;
};

struct ol_phase {
	char name[OL_NAME_BYTES];
	uint64_t at_ns;              /* When it began. */
	uint64_t end_ns;             /* When it ended, or the run did. */
	uint64_t requested_bytes;    /* Sum of the requests made in it. */
	uint64_t cage_bytes;         /* Usage of the cage at its end. */
	uint64_t garbage_bytes;      /* As in ol_last_words, at its end. */
	struct ol_memstats memstats; /* At its end. */
};

struct ol_gc_cycle {
	uint64_t number;        /* 1 for the first. */
	uint64_t at_ns;         /* When it began. */
	uint64_t pause_ns;      /* The program stood still for: both stops together. */
	uint64_t trigger_bytes; /* heap_live at which it was to start. */
	uint64_t start_bytes;   /* heap_live at which it started. */
	uint64_t end_bytes;     /* heap_live at its end. */
	uint64_t marked_bytes;  /* Of that found reachable. */
	uint64_t goal_bytes;    /* Heap goal of this cycle. */
	uint64_t next_goal_bytes;
	uint64_t scan_work_bytes;
	uint64_t freed_bytes; /* Found dead: freed now, or when it is swept. */
	/* Go's gctrace: clock, then processor time, of the cycle's parts. */
	uint64_t sweep_term_ns; /* First stop: sweeping is finished, roots are taken. */
	uint64_t mark_ns;       /* Marking beside the program; 0 with stop-the-world. */
	uint64_t mark_term_ns;  /* Last stop; the whole marking with stop-the-world. */
	uint64_t assist_ns;     /* Marking done by allocations. */
	uint64_t background_ns; /* By dedicated and fractional markers. */
	uint64_t idle_ns;       /* By markers on processors that had nothing to do. */
	uint64_t roots_bytes;   /* Go's globals. */
	uint64_t stack_bytes;   /* The program's stacks, scanned with them. */
	uint64_t processors;    /* GOMAXPROCS, count. */
	double gc_cpu_fraction; /* Of the run up to this cycle's end. */
	uint32_t is_forced;
	uint32_t padding; /* 0: frames carry no stray bytes. */
};

struct ol_sample {
	uint64_t at_ns;
	uint64_t cage_bytes; /* Usage of the cage; coarse: the kernel charges in batches. */
	uint64_t rss_bytes;  /* Resident memory of the subject; 0 where it cannot be read. */
	uint64_t touched_bytes;
	struct ol_memstats memstats;
};

struct ol_event {
	uint64_t at_ns;
	char kind[16];            /* "log" from the script; the lab's own kinds beside it. */
	char text[OL_TEXT_BYTES]; /* One line, cut to what fits. */
};

enum ol_option_type {
	OL_OPTION_BOOLEAN,
	OL_OPTION_INTEGER,
	OL_OPTION_NUMBER,
	OL_OPTION_STRING,
	OL_OPTION_BYTES,
	OL_OPTION_SHARE, /* Of something that only the run knows, its limit mostly: 0 to 1. */
	OL_OPTION_TYPE_COUNT
};

/* A script's option with its checked value. */
struct ol_option_value {
	char name[OL_NAME_BYTES];
	uint32_t type; /* enum ol_option_type. */
	uint32_t boolean;
	int64_t integer; /* OL_OPTION_INTEGER and OL_OPTION_BYTES. */
	double number;   /* OL_OPTION_NUMBER and OL_OPTION_SHARE. */
	char string[OL_OPTION_VALUE_BYTES];
	uint32_t is_unset; /* 1: has no default and was not given; false in Lua, not told. */
};

/* Everything that decides a run. The lab fills it, the subject obeys it. */
struct ol_run_spec {
	uint32_t spec_bytes;                   /* sizeof(struct ol_run_spec): both sides must agree. */
	uint32_t scenario_index;               /* Which lab.scenario of the script, 0 for the first. */
	char scenario[OL_NAME_BYTES];          /* "spike": how people name it. */
	char script_path[OL_PATH_BYTES];       /* How errors name it: "scripts/spike.lua". */
	char script_directory[OL_PATH_BYTES];  /* Where require looks first; "" for bundled scripts. */
	char library_directory[OL_PATH_BYTES]; /* Overrides the embedded lua/; "" for none. */
	char title[OL_TEXT_BYTES];
	char policy[OL_NAME_BYTES];          /* "watermark", or the name of a file without ".lua". */
	char policy_argument[OL_NAME_BYTES]; /* What followed the name and a colon; "". */
	char policy_path[OL_PATH_BYTES]; /* Of a policy in Lua, as errors name it; "": it is in C. */
	char rules[OL_NAME_BYTES];       /* "go1.19". */
	char collector[OL_NAME_BYTES];   /* "stw", "incremental", "concurrent". */
	char world[OL_NAME_BYTES];       /* "real". */
	uint64_t script_bytes;           /* Of the script's text in the orders; the policy's follows. */
	uint64_t policy_bytes;           /* 0 where the policy is in C, or embedded. */
	uint64_t limit_bytes;
	uint64_t swap_bytes;              /* 0: none may be used. */
	uint64_t high_bytes;              /* UINT64_MAX: not set. */
	uint64_t parent_limit_bytes;      /* Of a group that the cage stands in; UINT64_MAX: none. */
	uint64_t address_space_bytes;     /* RLIMIT_AS; UINT64_MAX: not set. */
	uint64_t memory_limit_bytes;      /* What GOMEMLIMIT is to Go; OL_MEMORY_LIMIT_OFF. */
	uint64_t script_memory_bytes_max; /* Cap of the Lua state. */
	uint64_t seed;
	uint64_t timeout_ns;                /* 0: none. */
	uint64_t sample_period_ns;          /* 0: no samples. */
	int32_t gogc;                       /* OL_GOGC_OFF, or 0 and up. */
	uint32_t has_huge_pages;            /* 1: ask for transparent huge pages. */
	uint32_t is_stress;                 /* 1: collect at every allocation. */
	uint32_t is_service;                /* 1: after its program it answers requests. */
	uint32_t is_uncaged;                /* 1: no control group; only RLIMIT_DATA limits it. */
	uint32_t is_trigger_before_mapping; /* 1: test the trigger before serving, not after. */
	uint32_t wants_pressure;            /* 1: the policy wants word of memory pressure. */
	uint32_t pressure_kind;             /* enum ol_pressure_kind; set when the cage stands. */
	uint32_t fail_memory_request;       /* N > 0: the Nth request for pages is refused. */
	uint32_t option_count;
	struct ol_option_value options[OL_OPTIONS_MAX];
	char parent_group[OL_PATH_BYTES]; /* --group; "" for the lab's own choice. */
	struct ol_watchdog_spec watchdog;
	char dump_parent[OL_PATH_BYTES]; /* Where a run that is told to end leaves a dump; "": none. */
	uint32_t wants_profile;    /* 1: who allocated what is kept, and told before such an end. */
	uint32_t is_prompt;        /* 1: a service whose requests may be Lua that was typed. */
	uint64_t instructions_max; /* Of Lua, in its program; 0: no end. */
	uint32_t is_trusted;       /* 1: the script may use io, os, debug and load. */
	uint32_t padding;
};

/* Whether its world is the pretend one: takes the name, as rows of reports have it alone. */
bool ol_world_name_is_pretend(const char *world);

enum ol_limited_by {
	OL_LIMITED_BY_NONE,
	OL_LIMITED_BY_OWN,
	OL_LIMITED_BY_ANCESTOR,
	OL_LIMITED_BY_SYSTEM,
	OL_LIMITED_BY_INNER /* A group that was made inside the cage. */
};
const char *ol_limited_by_name(enum ol_limited_by limited_by);

/* What the verdict rests on. */
struct ol_evidence {
	int32_t exit_status;                /* -1 if it did not exit. */
	int32_t signal;                     /* 0 if it was not killed by one. */
	uint64_t oom_kill_delta;            /* Read before the group was removed. */
	uint64_t high_delta;                /* Times memory.high was exceeded (v2). */
	uint32_t limited_by;                /* enum ol_limited_by. */
	uint32_t has_frame_end;             /* 1 if the subject said itself how it ended. */
	uint64_t swap_peak_bytes;           /* As far as seen; 0 where the kernel does not say. */
	char limiting_group[OL_PATH_BYTES]; /* Whose limit it was, where known. */
	char kernel_line[OL_TEXT_BYTES];    /* The kernel's own OOM line; "" where it cannot be read. */
};

struct ol_cage_facts {
	char mode[16];            /* "v1", "hybrid", "v2". */
	uint32_t memory_version;  /* 1 or 2: which hierarchy owns the memory controller. */
	uint32_t has_swap_limit;  /* 0: the kernel does not account swap. */
	char path[OL_PATH_BYTES]; /* Of the group, as the kernel mounts it. */
};

struct ol_system_facts {
	char kernel[OL_NAME_BYTES];
	char thp[OL_NAME_BYTES];    /* "always", "madvise", "never". */
	char oomlab[OL_NAME_BYTES]; /* Version. */
	uint64_t cpus;
	uint64_t page_bytes;
};

struct ol_run_summary {
	struct ol_run_spec spec;
	struct ol_cage_facts cage;
	struct ol_system_facts system;
	enum ol_outcome outcome;
	struct ol_evidence evidence;
	struct ol_last_words last_words;
	uint64_t baseline_bytes; /* Charged to the cage before the scenario's first allocation. */
	uint64_t cage_peak_bytes;
	struct ol_watchdog_facts watchdog; /* Where spec.watchdog is on. */
	uint32_t is_overdue; /* 1: told to end by its watchdog it did not, and the lab killed it. */
	uint32_t padding;
	char dump_directory[OL_PATH_BYTES];     /* What it left behind; "". */
	uint64_t wall_ns;                       /* From the fork to the reaping of the subject. */
	char error_message[OL_MESSAGE_BYTES];   /* Script or lab error, one line. */
	char error_traceback[OL_MESSAGE_BYTES]; /* Lua's, "" where none. */
	uint64_t phase_count; /* May exceed OL_PHASES_MAX; then only the first are kept. */
	struct ol_phase phases[OL_PHASES_MAX];
};

#endif
