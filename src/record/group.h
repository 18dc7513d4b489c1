/* group.h -- The facts of a control group, whoever made it, and of the processes in it.
 *
 * Side by side, because they differ: a group is charged for what its tasks touched first, a process
 * counts what it maps now. UINT64_MAX: not known, unless it says otherwise. */
#ifndef OL_RECORD_GROUP_H
#define OL_RECORD_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/caged.h"

#define OL_NOT_KNOWN UINT64_MAX
#define OL_UNLIMITED UINT64_MAX

struct ol_process_memory {
	uint64_t rss_bytes;        /* Resident: anonymous, file and shared memory together. */
	uint64_t rss_peak_bytes;   /* VmHWM. */
	uint64_t anon_bytes;       /* Of it; RssAnon. */
	uint64_t file_bytes;       /* Of it; RssFile. */
	uint64_t shmem_bytes;      /* Of it; RssShmem. */
	uint64_t swap_bytes;       /* VmSwap. */
	uint64_t vsz_bytes;        /* VmSize: address space. */
	uint64_t vsz_peak_bytes;   /* VmPeak. */
	uint64_t page_table_bytes; /* VmPTE: charged to its group, part of no RSS. */
	uint64_t thread_count;
	bool is_kernel_thread;   /* Of the kernel's own: it has no memory, all is 0. */
	bool has_pss;            /* smaps_rollup could be read: what follows is known. */
	uint64_t pss_bytes;      /* Shared pages divided by those who share them. */
	uint64_t pss_anon_bytes; /* UINT64_MAX before Linux 5.14. */
	uint64_t swap_pss_bytes;
	uint64_t private_bytes;   /* Private_Clean + Private_Dirty. */
	uint64_t huge_page_bytes; /* AnonHugePages. */
};

struct ol_process_facts {
	int32_t pid;
	char name[OL_PROCESS_NAME_BYTES];
	char command[OL_COMMAND_BYTES];
	char group[OL_PATH_BYTES]; /* "": not known. */
	struct ol_process_memory memory;
};

/* The processes of a group and of those below it, together. */
struct ol_process_sum {
	uint64_t process_count; /* That were looked at; the kernel's own threads are not counted. */
	uint64_t unseen_count;  /* Of another pid namespace, or not ours to look at. */
	uint64_t rss_bytes;
	uint64_t anon_bytes;
	uint64_t file_bytes;
	uint64_t shmem_bytes;
	uint64_t swap_bytes;
	uint64_t page_table_bytes;
	uint64_t pss_bytes; /* UINT64_MAX where one of them has none, as the next. */
	uint64_t pss_anon_bytes;
};
void ol_process_sum_add(struct ol_process_sum *sum, const struct ol_process_memory *memory);

/* What changes from one look to the next. */
struct ol_group_look {
	uint64_t usage_bytes; /* Groups below included, as everywhere. */
	uint64_t peak_bytes;
	uint64_t limit_bytes; /* The tightest: its own, or that of a group above. UINT64_MAX: none. */
	uint64_t swap_bytes;
	uint64_t oom_kill_count; /* Since the group was made. */
	uint64_t stall_ns;       /* PSI "some": tasks waited for memory, in all. */
	double stall_percent;    /* The same of the last ten seconds; NAN: not known. */
};

struct ol_group_facts {
	char path[OL_PATH_BYTES];      /* Below our mount; "/" is its top. */
	char directory[OL_PATH_BYTES]; /* Absolute. */
	uint32_t memory_version;       /* 1 or 2. */
	uint32_t is_root;              /* The whole machine: nothing limits it. */
	struct ol_group_look look;
	uint64_t own_limit_bytes; /* UINT64_MAX: none, as the next two. */
	uint64_t high_bytes;      /* memory.high; the weak soft limit on version 1. */
	uint64_t swap_limit_bytes;
	char limiting_group[OL_PATH_BYTES]; /* Whose look.limit_bytes it is; "": not visible here. */
	uint64_t process_count;             /* Here. */
	uint64_t below_process_count;       /* In groups below. */
	uint64_t below_group_count;
	uint64_t anon_bytes; /* Memory that programs made, without shared memory. */
	uint64_t file_bytes; /* Page cache of files. */
	uint64_t shmem_bytes;
	uint64_t mapped_bytes; /* Of page cache and shared memory: mapped by some process. */
	uint64_t kernel_bytes; /* All that the kernel needs for it and counts in its usage. */
	uint64_t page_table_bytes;
	uint64_t kernel_stack_bytes;
	uint64_t slab_bytes;
	uint64_t socket_bytes; /* Counted in its usage beside kernel_bytes. */
};

/* What rss tells: processes, and each group that they are charged to with all that is in it. */
struct ol_rss_group {
	struct ol_group_facts facts;
	struct ol_process_sum sum; /* Of all processes in it and below. */
};
struct ol_rss_missing {
	int32_t pid;
	char reason[OL_TEXT_BYTES];
};
struct ol_rss {
	struct ol_process_facts *processes;
	size_t process_count;
	struct ol_rss_group *groups;
	size_t group_count;
	struct ol_rss_missing *missing;
	size_t missing_count;
	uint64_t cpus;
	uint64_t page_bytes;
};

/* Whose a cage is: a living lab's; nobody's, to be swept by the next lab; or its program's, which
 * outlives the lab by its wish. */
enum ol_cage_state { OL_CAGE_LIVING, OL_CAGE_STALE, OL_CAGE_KEPT };

/* What watch tells of one group at one look. */
struct ol_watch_row {
	char path[OL_PATH_BYTES];
	int32_t pid;           /* Whose group it is; 0: of no process. */
	uint32_t is_kept;      /* 1: a cage that outlives its lab. */
	uint64_t rss_bytes;    /* Of that process. */
	uint64_t at_ns;        /* Since watching began. */
	uint64_t time_ns;      /* Since 1970. */
	uint64_t killed_count; /* OOM kills since watching began. */
	struct ol_group_look look;
};

#endif
