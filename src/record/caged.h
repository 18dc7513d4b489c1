/* caged.h -- The facts of anybody's program in a cage: what was asked, what was seen, how it ended.
 *
 * "The command" is the process that was started (or adopted); the group's other processes are its
 * children, or whatever it left behind. Plain structs, as in record.h; "at_ns" counts from the
 * start of the command. */
#ifndef OL_RECORD_CAGED_H
#define OL_RECORD_CAGED_H

#include <stdint.h>

#include "record/record.h"
#include "record/watchdog.h"

enum {
	OL_COMMAND_BYTES = 1024,    /* A command line as people read it; cut. */
	OL_PROCESS_NAME_BYTES = 16, /* As the kernel keeps it (comm). */
	OL_KILLS_MAX = 32,          /* Kills that are told one by one; all are counted. */
	OL_USAGE_POINTS_MAX = 512,  /* Of the curve that a summary carries. */
	OL_LEVELS = 3
};

/* Shares of the limit that time is counted above, in percent: 50, 75, 90. */
extern const unsigned ol_level_percents[OL_LEVELS];

/* UINT64_MAX: not set, unless it says otherwise. */
struct ol_caged_spec {
	uint64_t limit_bytes; /* UINT64_MAX: only watched. */
	uint64_t swap_bytes;  /* 0: none may be used. */
	uint64_t high_bytes;
	uint64_t address_space_bytes; /* RLIMIT_AS of each process. */
	uint64_t timeout_ns;          /* 0: none. */
	uint64_t sample_period_ns;
	uint64_t grace_ns; /* From telling it to end to SIGKILL. */
	struct ol_watchdog_spec watchdog;
	uint32_t is_kept;             /* 1: program and group outlive the lab. */
	int32_t adopted_pid;          /* 0: the command is started. */
	char on_limit[OL_TEXT_BYTES]; /* Shell command that tells it to end; "": SIGTERM. */
	char command[OL_COMMAND_BYTES];
	char parent_group[OL_PATH_BYTES]; /* "" for the lab's own choice. */
};

/* One kill by the kernel for want of memory, as its log tells. */
struct ol_oom_kill {
	uint64_t at_ns; /* When the lab read of it. */
	int32_t pid;    /* As the kernel numbers it. */
	uint32_t is_command;
	uint32_t limited_by; /* enum ol_limited_by. */
	uint32_t padding;
	uint64_t anon_bytes; /* What it held of its own. */
	char name[OL_PROCESS_NAME_BYTES];
	char limiting_group[OL_PATH_BYTES];
	char kernel_line[OL_TEXT_BYTES];
};

struct ol_caged_sample {
	uint64_t at_ns;
	uint64_t cage_bytes; /* Usage of the cage; coarse: the kernel charges in batches. */
	uint64_t rss_bytes;  /* Resident memory of the command; 0 where it cannot be read. */
};

struct ol_caged_summary {
	struct ol_caged_spec spec;
	struct ol_cage_facts cage;
	struct ol_system_facts system;
	enum ol_outcome outcome;
	struct ol_evidence evidence;    /* exit_status and signal: the command's; both -1: not known. */
	int32_t pid;                    /* Of the command. */
	uint32_t is_command_oom_killed; /* 1: the kernel's kill took the command itself. */
	uint32_t is_ended_by_lab;       /* 1: the lab's SIGKILL ended it (timeout, grace, Ctrl-C). */
	uint32_t is_refused_known;      /* 1: refused requests could be counted. */
	uint64_t refused_count;         /* mmap, brk, mremap that were answered ENOMEM. */
	uint64_t address_space_peak_bytes; /* Largest VmPeak seen; 0: not looked at. */
	uint64_t kill_count;               /* Kernel's kills in the cage, whoever's limit it was. */
	uint32_t kill_told_count;          /* Of them in kills[]. */
	uint32_t left_count;               /* Processes that ran on when the command had ended. */
	struct ol_oom_kill kills[OL_KILLS_MAX];
	uint64_t peak_bytes;     /* Of the cage. */
	uint64_t end_bytes;      /* Usage when the command had ended. */
	uint64_t rss_peak_bytes; /* Of the largest process. */
	uint64_t wall_ns;
	uint64_t user_ns; /* Processor time of command and children. */
	uint64_t system_ns;
	uint64_t major_faults; /* Pages that had to be read in. */
	uint64_t minor_faults;
	uint64_t has_stall;           /* 1: stall_ns is known (v2 with PSI). */
	uint64_t stall_ns;            /* PSI "some": its tasks waited for memory. */
	uint64_t level_ns[OL_LEVELS]; /* Time at these shares of the limit and above. */
	uint64_t sample_count;
	uint64_t usage_step_ns; /* Between two points of the curve. */
	uint32_t usage_count;
	uint32_t was_let_go; /* 1: an adopted process that went back before its end. */
	uint64_t usage_bytes[OL_USAGE_POINTS_MAX]; /* The most in each step, from the start on. */
	struct ol_watchdog_facts watchdog;
	char dump_directory[OL_PATH_BYTES];   /* What the watchdog left behind; "". */
	char error_message[OL_MESSAGE_BYTES]; /* lab-error: why. */
};

#endif
