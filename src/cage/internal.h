/* internal.h -- What the files of cage/ share. Nobody outside cage/ includes it.
 *
 * A glossary. Hierarchy: a mounted tree of control groups. Path: a group's name within its
 * hierarchy's mount, "/" for the top. Chain: the groups from the top down to the parent, both
 * included. Leaf: a group "oomlab-lab-PID" that the lab moves itself into, where it was alone in
 * the group that is to become the parent (v2 lets no group have both processes and limited
 * children). */
#ifndef OL_CAGE_INTERNAL_H
#define OL_CAGE_INTERNAL_H

#include <sys/types.h>

#include "base/cleanup.h"
#include "cage/cage.h"

#define OL_CAGE_PREFIX      "oomlab-"
#define OL_CAGE_KEPT_PREFIX "oomlab-kept-"
#define OL_CAGE_LEAF_PREFIX "oomlab-lab-"

enum {
	OL_CAGE_DEPTH_MAX = 32,      /* Levels of a chain, and of groups that a subject nests. */
	OL_CAGE_NAME_BYTES = 64,     /* Of a group's own name; ours need far fewer. */
	OL_CAGE_ATTEMPTS_MAX = 16,   /* Names tried before creation gives up. */
	OL_CAGE_ENTRIES_MAX = 65536, /* Directory entries looked at when searching for stale groups. */
	OL_CAGE_EVENTS_BYTES = 1024, /* More than memory.events or cgroup.events ever holds. */
	OL_CAGE_LIST_BYTES = 4096,   /* More than cgroup.controllers ever holds. */
	OL_CAGE_REASON_BYTES = 4096, /* Of the log's line that says whose limit it was. */
	OL_CAGE_HOLDS_MAX = 8,       /* Notices of a cage that set memory.high. */
	OL_CAGE_MEMBERS_MAX = 4096,  /* Processes in a cage that are known by number. */
	OL_CAGE_MEMBERSHIP_BYTES = 16384 /* Of /proc/PID/cgroup: a path for each hierarchy. */
};

/* The waiting that the kernel's races need is bounded by this. */
#define OL_CAGE_PATIENCE_NS UINT64_C(2000000000)

struct ol_cage_chain {
	int memory_version;
	char mount[OL_PATH_BYTES];
	char root[OL_PATH_BYTES]; /* The group that the mount shows at its top. */
	char path[OL_PATH_BYTES]; /* Of the parent. */
	int count;
	int fds[OL_CAGE_DEPTH_MAX];             /* From the top; the last one is the parent. */
	int lock_fds[OL_CAGE_DEPTH_MAX];        /* Locked in place of those; or -1. */
	uint64_t oom_counts[OL_CAGE_DEPTH_MAX]; /* v2: each one's own oom count at creation. */
};

/* One kill as the kernel's log tells it; groups as the kernel names them: from the real top, which
 * in a container is above what we see. */
struct ol_kernel_kill {
	pid_t pid; /* As the kernel numbers it. */
	uint64_t anon_bytes;
	bool has_place;                     /* The groups are known. */
	bool is_by_group;                   /* Goes with the rest of its group (memory.oom.group). */
	bool is_system;                     /* No group's limit. */
	char name[OL_PROCESS_NAME_BYTES];   /* Any bytes. */
	char limiting_group[OL_PATH_BYTES]; /* "" where not known, or none. */
	char victim_group[OL_PATH_BYTES];
	char line[OL_TEXT_BYTES];
};

/* Puts kills together from lines. Begins as zeroes with an fd. */
struct ol_kernel_log {
	int fd;                            /* -1 where it may not be read. */
	char reason[OL_CAGE_REASON_BYTES]; /* The last "oom-kill:" line without its kill. */
	char tasks[OL_PATH_BYTES + 128];   /* The last "Tasks in" line. */
	pid_t first_pid;                   /* Of the last event. */
	uint64_t last_at_us;               /* The last kill. */
	bool last_is_system;
	char last_limiting_group[OL_PATH_BYTES];
};

/* What the kernel's log has told about a cage. */
struct ol_cage_kills {
	struct ol_kernel_log log;
	uint64_t count;       /* All that were told. */
	uint64_t taken_count; /* Of them by ol_cage_take_kills(). */
	struct ol_oom_kill untaken[OL_KILLS_MAX];
	bool has_witness;
	struct ol_oom_kill witness; /* The one that counts as evidence. */
	bool is_numbered_alike;     /* The kernel's pids are ours. */
	/* Kills that the kernel told without their place, of processes that nobody noted. */
	uint64_t stray_count;
	struct ol_oom_kill strays[OL_KILLS_MAX];
	int member_count;
	pid_t members[OL_CAGE_MEMBERS_MAX];
};

struct ol_cage {
	struct ol_cage *outer; /* A group that was made for this one to stand in; NULL. */
	char mode[16];
	bool has_swap_limit;
	bool is_kept;
	char name[OL_CAGE_NAME_BYTES];
	char path[OL_PATH_BYTES];
	char directory[OL_PATH_BYTES];
	struct ol_cage_chain chain;
	int directory_fd; /* Carries the lock that says that this lab lives. */
	int usage_fd;
	int enter_fd;         /* For writing: "tasks" on v1, "cgroup.procs" on v2. */
	int pressure_fd;      /* -1 where nobody watches. */
	int trigger_fd;       /* v2: the PSI trigger that pressure_fd looks at; or -1. */
	uint64_t limit_bytes; /* Now. */
	uint64_t swap_bytes;
	uint64_t high_bytes;               /* What it was made with; UINT64_MAX: none. */
	uint64_t holds[OL_CAGE_HOLDS_MAX]; /* What notices want memory.high to be; UINT64_MAX: none. */
	pid_t attached_pid;                /* The last one; 0 before the first. */
	bool is_inside;                    /* In a child of ol_cage_fork() that was born in the cage. */
	struct ol_cage_kills kills;
};

/* error: "FORMAT: text of -code; cure". The cure is chosen by code; mount names the file system. */
int ol_cage_fail(struct ol_error *error, int code, const char *mount, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* files.c: small kernel files, with the whole path in the error. */
int ol_cage_write(int directory_fd, const struct ol_cage_chain *chain, const char *path,
	const char *name, const char *text, struct ol_error *error);
bool ol_cage_has_word(const char *text, const char *word);
bool ol_cage_lists_memory(int directory_fd, const char *name);
/* Processes listed in cgroup.procs. Calls each (NULL is fine) with every pid; 0 stands for one of
 * another pid namespace. Returns how many, or a negative errno value. */
int ol_cage_each_process(int directory_fd, void (*each)(pid_t pid, void *context), void *context);
/* Sleeps a little, longer each time; false once OL_CAGE_PATIENCE_NS have passed. Begin with 0. */
struct ol_cage_patience {
	uint64_t begin_ns;
	uint64_t step_ns;
};
bool ol_cage_wait(struct ol_cage_patience *patience);
/* "a//b/" -> "/a/b"; ".." is refused. */
int ol_cage_normalize_path(const char *path, char ret_path[OL_PATH_BYTES], struct ol_error *error);
int ol_cage_join_path(
	char ret_path[OL_PATH_BYTES], const char *first, const char *second, struct ol_error *error);

/* place.c: opens the chain down to the parent that was asked for, or chooses one. */
int ol_cage_place(const struct ol_cage_system *system, const char *parent,
	struct ol_cage_chain *ret_chain, struct ol_error *error);

/* How much of a path names the innermost cage in it; 0: there is none. */
size_t ol_cage_find_innermost(const char *path);

/* chain.c: hold: locks the chain, so that no other lab takes the memory controller from it;
 * enable: has the memory controller handed down to the parent's children; release: gives back what
 * labs enabled and none uses any more, unlocks and closes. On v1 there is nothing to enable. */
int ol_cage_chain_hold(struct ol_cage_chain *chain, struct ol_error *error);
int ol_cage_chain_enable(struct ol_cage_chain *chain, struct ol_error *error);
void ol_cage_chain_release(struct ol_cage_chain *chain);
void ol_cage_chain_close(struct ol_cage_chain *chain); /* Gives nothing back. */
static inline int ol_cage_parent_fd(const struct ol_cage_chain *chain) {
	return chain->fds[chain->count - 1];
}

/* leaf.c: moves the lab into a leaf below one level of the chain, if it is alone there. */
int ol_cage_leaf_enter(const struct ol_cage_chain *chain, int level, struct ol_error *error);
void ol_cage_leaf_leave(const struct ol_cage_chain *chain, int level);
/* The path of one level: the chain's path cut short. */
void ol_cage_level_path(const struct ol_cage_chain *chain, int level, char ret_path[OL_PATH_BYTES]);

/* walk.c: each_group visits the groups directly below and returns the sum of what the visits
 * return; begin with depth 0. each_process_below is each_process, here and in groups below. */
typedef int (*ol_cage_visit_group)(int parent_fd, const char *name, int depth, void *context);
int ol_cage_open_group(int parent_fd, const char *name);
int ol_cage_each_group(int directory_fd, int depth, ol_cage_visit_group visit, void *context);
int ol_cage_each_process_below(
	int directory_fd, void (*each)(pid_t pid, void *context), void *context);

/* tree.c: calls visit with each group of the hierarchy and its path, from the top down, until it
 * says that this was enough (true). -errno where the top cannot be opened. */
typedef bool (*ol_cage_visit_path)(int fd, const char *path, void *context);
int ol_cage_each_path(const struct ol_cage_system *system, ol_cage_visit_path visit, void *context,
	struct ol_error *error);

/* membership.c: the group that a text of /proc/PID/cgroup names in the hierarchy of memory: false
 * where there is none. Translates such a path into one below a mount that shows the group root at
 * its top: false where it is not below, or cannot be told. */
bool ol_cage_find_membership(const char *groups, int version, char ret_path[OL_PATH_BYTES]);
bool ol_cage_is_deleted(const char *path); /* As the kernel marks a group that was removed. */
bool ol_cage_path_below(const char *root, const char *path, char ret_path[OL_PATH_BYTES]);
/* The group of a process, as seen from a mount that shows root at its top; "" where it is not below
 * that. 0, -ESRCH where there is no such process, or another negative errno value. */
int ol_cage_group_of(pid_t pid, int memory_version, const char *root, char ret_path[OL_PATH_BYTES]);

/* end.c: ends what runs in a group and in groups below it; removes it with these. */
int ol_cage_end_processes(int directory_fd, const char *directory, struct ol_error *error);
int ol_cage_remove_tree(
	int parent_fd, const char *name, const char *directory, struct ol_error *error);
/* Removes a group, and those below it, in which nothing runs; whether it is gone. */
bool ol_cage_remove_empty_tree(int parent_fd, const char *name);
/* stale.c */
bool ol_cage_is_name(const char *name, size_t length); /* Of a cage, kept or not. */
int ol_cage_sweep(int parent_fd);
bool ol_cage_is_kept_name(const char *name);
bool ol_cage_has_cages(int parent_fd);

/* limits.c */
int ol_cage_check_limits(const struct ol_cage_limits *limits, struct ol_error *error);
int ol_cage_set_limits(
	struct ol_cage *cage, const struct ol_cage_limits *limits, struct ol_error *error);
int ol_cage_set_high(const struct ol_cage *cage, uint64_t bytes, struct ol_error *error);
/* Names the active swap devices in ret_names, cut to what fits; returns whether there are any. */
bool ol_cage_has_swap(char ret_names[OL_NAME_BYTES]);

/* counters.c */
int ol_cage_read_number(int directory_fd, const char *name, uint64_t *ret_number);
/* kills.c: how many kills the counters know of beyond those that were told. Where the log has as
 * many that nobody claims, these are they. */
void ol_cage_claim_strays(struct ol_cage *cage, uint64_t missing_count);
/* evidence.c: kills that version 1 has counted in groups below, and nowhere else. */
uint64_t ol_cage_kills_below(int directory_fd);
void ol_cage_snapshot_ancestors(struct ol_cage_chain *chain);

/* pressure.c: what can tell, each an fd or a negative errno value. Threshold: version 1, an eventfd
 * that is raised when usage crosses it. Trigger: a PSI trigger, the first of triggers (which ends
 * with NULL) that the kernel takes: it tells, by POLLPRI, once a window when tasks of the group
 * waited for memory so long. Events: inotify on memory.events, which changes when usage goes above
 * memory.high. */
int ol_cage_open_threshold(
	const struct ol_cage *cage, uint64_t threshold_bytes, struct ol_error *error);
int ol_cage_open_trigger(const struct ol_cage *cage, const char *const *triggers);
int ol_cage_open_events(const struct ol_cage *cage);
/* code: why there is no trigger. */
int ol_cage_fail_to_tell(const struct ol_cage *cage, int code, struct ol_error *error);
/* Closes what tells of pressure. */
void ol_cage_unwatch_pressure(struct ol_cage *cage);

/* notice.c: finish sets memory.high back to what it was. */
void ol_cage_holds_init(struct ol_cage *cage);
void ol_cage_holds_finish(struct ol_cage *cage);

/* kernel_log.c */
int ol_kernel_log_open(void); /* At its end; a negative errno value where it may not be read. */
/* Takes one record as /dev/kmsg hands it out, and changes it. Whether it completes a kill. */
bool ol_kernel_log_feed(struct ol_kernel_log *log, char *bytes, struct ol_kernel_kill *ret_kill);
/* The next kill in what the log has by now. */
bool ol_kernel_log_next(struct ol_kernel_log *log, struct ol_kernel_kill *ret_kill);

/* kills.c */
void ol_cage_kills_init(struct ol_cage *cage);
void ol_cage_read_log(struct ol_cage *cage); /* Into cage->kills. */
void ol_cage_note_attached(struct ol_cage *cage, pid_t pid);

/* cage_libcgroup.c: 0, or -1: then the caller does it by a plain system call, which either works
 * or says why not. libcgroup loses most errno values and refuses some things that are allowed. */
int ol_libcgroup_attach(const struct ol_cage_chain *chain, const char *path, pid_t pid);
/* Says in ret_text what it is and where it finds memory; 0, or -1 where it did not start. */
int ol_libcgroup_describe(char ret_text[OL_TEXT_BYTES]);

#endif
