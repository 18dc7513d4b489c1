/* cage.h -- Memory control groups: find, create, limit, attach, read, end, remove.
 *
 * Three worlds behind one face: v1, hybrid and v2 (and the rare layout with memory on a v2
 * hierarchy beside v1 ones). Works on groups of the lab's own name only: "oomlab-...". Knows no
 * heap, starts no process, judges nothing. Only cage_libcgroup.c includes <libcgroup.h>. */
#ifndef OL_CAGE_CAGE_H
#define OL_CAGE_CAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "record/caged.h"
#include "record/record.h"

/* What this machine's control groups are. */
struct ol_cage_system {
	char mode[16];                 /* "v1", "hybrid", "v2", or "none". */
	int memory_version;            /* 1 or 2: who owns memory; 0: nobody. */
	char mount[OL_PATH_BYTES];     /* Of the hierarchy that owns memory. */
	char root[OL_PATH_BYTES];      /* The group that the mount shows at its top; "/": all. */
	char own_group[OL_PATH_BYTES]; /* The lab's own group below it, "/" for its top. */
	bool has_swap_limit;           /* memory.memsw.* or memory.swap.max exists. */
	bool has_peak;                 /* memory.peak or memory.max_usage_in_bytes exists. */
	bool has_pressure;             /* Per-group PSI. */
};

/* Detects by statfs and /proc/self/mountinfo, never by names alone. Succeeds with mode "none" where
 * there is no memory controller; *error then says why (not mounted, cgroup_disable=memory, ...)
 * and what to do about it, and the result is -ENOENT. */
int ol_cage_detect(struct ol_cage_system *ret_system, struct ol_error *error);

struct ol_cage_limits {
	uint64_t limit_bytes;
	uint64_t swap_bytes; /* 0: no swap at all. */
	uint64_t high_bytes; /* UINT64_MAX: none. memory.high; on v1 the weak soft limit. */
	/* The cage stands in a group of its own with this limit; 0: in none. Its swap is limited as the
	 * cage's. */
	uint64_t outer_limit_bytes;
	bool is_unlimited; /* Only watched: limit_bytes and swap_bytes are not looked at. */
	bool is_kept;      /* The group may outlive its lab: see ol_cage_leave(). */
};

struct ol_cage; /* Opaque. Holds a lock on its group's directory for as long as it lives. */

/* Creates a group of a new unique name below parent (NULL: the lab's choice: the highest group it
 * may create in; for a lab that is in a cage itself, the innermost such cage, so that the limits
 * around it hold for what it starts) and sets its limits, reads them back, and fails rather than
 * run unlimited: limits that the kernel did not take are an error. A machine without swap
 * accounting but with swap is refused unless swap is off; without swap it does not matter. On v2
 * enables memory down the chain to the parent and remembers what it enabled. Every refusal says
 * which file, which errno, and the cure. Removes stale groups first. */
int ol_cage_create(const struct ol_cage_system *system, const char *parent,
	const struct ol_cage_limits *limits, struct ol_cage **ret_cage, struct ol_error *error);

/* Sets another limit of memory; swap may be used as before beside it. -EBUSY: version 1 refuses a
 * limit below what is used and cannot be reclaimed; the old one stands. Version 2 takes it,
 * reclaims and then kills in the cage, before this returns. -ERANGE: below one page, or no limit at
 * all. */
int ol_cage_set_limit(struct ol_cage *cage, uint64_t limit_bytes, struct ol_error *error);

/* Ends what still runs in it, removes the group, gives back what create enabled in the chain when
 * no other lab uses it. A group that is gone already is fine. NULL is fine. The cage is freed
 * whatever the result says. */
int ol_cage_destroy(struct ol_cage *cage, struct ol_error *error);

/* Frees the cage, but leaves its group and what runs there, and on v2 what was enabled for it in
 * the chain, as they are. Meant for a cage that was created as kept: such a group is never swept
 * while something runs in it; once it is empty, the next lab removes it. Notices are closed by
 * their owner before. NULL is fine. */
void ol_cage_leave(struct ol_cage *cage);

/* Moves a process of one thread into the cage. Call from outside, between its fork and its exec.
 * Slow: the kernel waits for all processors before it moves somebody else's process, 5 to 10 ms
 * if nothing was moved just before. ol_cage_fork() and ol_cage_enter() take 0.05 ms. */
int ol_cage_attach(struct ol_cage *cage, pid_t pid, struct ol_error *error);

/* Forks a child into the cage: on v2 it is born there; on v1 it goes there by ol_cage_enter(),
 * which it must call first in any case. Returns the child's pid, 0 in the child, or a negative
 * errno value. Until it execs, the child may only make async-signal-safe calls: it may have been
 * made by the bare system call, behind the C library's back. */
pid_t ol_cage_fork(struct ol_cage *cage, struct ol_error *error);

/* In a child of fork() or ol_cage_fork(), between fork and exec: makes sure that it is in the cage.
 * Allocates nothing, async-signal-safe. 0 or a negative errno value; then the child must not go
 * on. */
int ol_cage_enter(const struct ol_cage *cage);

/* Moves a running process with all its threads into the cage. What it holds already stays charged
 * to where it was; children that it started before stay there, too. ret_from gets its former
 * group's path, for ol_cage_give_back(). pid_fd is a pidfd of it: if that process has ended by the
 * end of the move, the result is -ESRCH, and a stranger who got its number meanwhile is put where
 * the process came from. Refused: pid 1, the lab itself, kernel threads, what has ended, what
 * is in another lab's cage. Not for a child between fork and exec. */
int ol_cage_adopt(struct ol_cage *cage, pid_t pid, int pid_fd, char ret_from[OL_PATH_BYTES],
	struct ol_error *error);
/* Moves all processes in the cage and in groups below it to the group from; where that is gone, or
 * may hold no processes, to v1: the cage's parent, v2: the nearest group above from that may. */
int ol_cage_give_back(struct ol_cage *cage, const char *from, struct ol_error *error);

/* SIGKILLs everything in it and waits, at most about two seconds, until it is empty. */
int ol_cage_kill(struct ol_cage *cage, struct ol_error *error);

/* The group's directory, absolute; its path within the hierarchy, "/oomlab-...". */
const char *ol_cage_directory(const struct ol_cage *cage);
const char *ol_cage_path(const struct ol_cage *cage);
struct ol_cage_facts ol_cage_facts(const struct ol_cage *cage);

/* An fd on the usage file, kept by the cage, for pread; text, decimal. For those who sample. */
int ol_cage_usage_fd(const struct ol_cage *cage);
/* Usage now; one pread, no allocation. -ENOENT when the group is gone. */
int ol_cage_read_usage(const struct ol_cage *cage, uint64_t *ret_bytes);

/* Has the kernel tell when the cage runs short of memory. The fd is the cage's, which closes it
 * when destroyed, never blocks, and may be handed to a process inside. It polls as readable
 * (POLLIN) when there is something to tell, whatever the kind; a read of 64 bytes or more then
 * takes it, and may fail: with OL_PRESSURE_STALL the poll itself has taken it.
 *
 * v1: at every crossing of percent (1 to 100) of the limit, upwards and downwards, and when the
 * group is removed. The kernel compares every 128 pages that a CPU charges, so it comes late by up
 * to 512 KiB a CPU. v2: when tasks of the cage waited for memory for 5 % of a window of 1 s (of 2 s
 * for users without CAP_SYS_RESOURCE), at most once a window. They wait where memory.high holds
 * them or there is something to reclaim; a cage without either is at its limit before it stalls so
 * long. v2 without PSI: OL_PRESSURE_THRESHOLD when usage goes above memory.high; -EOPNOTSUPP where
 * that is not set. Once a cage. */
struct ol_cage_pressure {
	int fd;
	enum ol_pressure_kind kind;
};
int ol_cage_watch_pressure(struct ol_cage *cage, unsigned percent,
	struct ol_cage_pressure *ret_pressure, struct ol_error *error);
/* That fd; -1 where nobody watches. */
int ol_cage_pressure_fd(const struct ol_cage *cage);

/* Has the kernel tell a watchdog that usage comes to a threshold: any number a cage, beside the
 * above. A notice says "look now", no more: the watchdog looks at the usage itself, also right
 * after opening it, since only a crossing is told, not that usage is there already. fd polls as
 * readable (POLLIN), and is ol_cage_notice_take()'s to read.
 *
 * v1: at every crossing of the threshold, upwards and downwards; late by up to 512 KiB a CPU.
 * v2 has no such threshold. With may_hold memory.high is set to it, rounded down to a page, where
 * the cage has no lower one: the kernel tells when usage is above, and from then on makes the
 * cage's tasks wait, the longer the further above (up to 2 s each time), so that the watchdog has
 * time; is_holding says that it is so. Otherwise only stalls are told (PSI, in the shortest window
 * that the kernel lets this user have), and a cage that has nothing to reclaim is at its limit
 * before it stalls. -EOPNOTSUPP where the kernel tells nothing. */
struct ol_cage_notice {
	int fd;
	enum ol_pressure_kind kind;
	bool is_holding; /* memory.high is this notice's doing. */
	/* The rest is cage/'s own. */
	int event_fd;   /* v2: what fd, an epoll set, looks at: memory.events; or -1. */
	int trigger_fd; /* v2: likewise for stalls; or -1. */
	int hold_index; /* v2: which of the cage's holds; or -1. */
};
int ol_cage_notice_open(struct ol_cage *cage, uint64_t threshold_bytes, bool may_hold,
	struct ol_cage_notice *ret_notice, struct ol_error *error);
/* Takes what fd tells. Never blocks; nothing to take is fine. */
void ol_cage_notice_take(struct ol_cage_notice *notice);
/* Sets memory.high back to what it would be without this notice, so that an orderly end is not held
 * up. A task that waits already goes on waiting, up to 2 s. Nothing held is fine. */
int ol_cage_notice_let_go(struct ol_cage *cage, struct ol_cage_notice *notice);
/* Lets go and closes; before the cage's end. */
void ol_cage_notice_close(struct ol_cage *cage, struct ol_cage_notice *notice);

/* What the group's counters say. Values that the kernel does not offer are 0; a group that was
 * removed from outside is -ENOENT. */
struct ol_cage_counters {
	uint64_t usage_bytes;
	uint64_t peak_bytes;
	uint64_t swap_peak_bytes;
	uint64_t oom_kill_count;
	uint64_t high_count;    /* memory.events high; 0 on v1. */
	uint64_t stall_ns;      /* PSI "some" total of the group; 0 where not offered. */
	uint64_t process_count; /* Left in it, and in groups below it. */
};
int ol_cage_read_counters(
	const struct ol_cage *cage, struct ol_cage_counters *ret_counters, struct ol_error *error);
/* Whether usage is at so many bytes or above, or ever was, as far as the kernel keeps a peak. */
bool ol_cage_has_reached(const struct ol_cage *cage, uint64_t bytes);
/* Processes in it and in groups below it; 0 where it is gone. Costs a fifth of all counters. */
uint64_t ol_cage_count_processes(const struct ol_cage *cage);

/* Whether that process is in it or in a group below it. */
bool ol_cage_has_process(const struct ol_cage *cage, pid_t pid);

/* Whose limit it was, if something in the cage was OOM-killed. Rests on the counters of the cage
 * and its ancestors (v2: memory.events.local before and after; v1: peaks against limits) and on
 * the kernel's log, read since the cage's creation, where it may be read. Of several kills the
 * attached process's own testifies, or else the last one. ret_evidence gets oom_kill_delta,
 * high_delta, limited_by, limiting_group, swap_peak_bytes and kernel_line; its other fields stay as
 * they are. Call before destroy. ret_counters (NULL is fine) gets the counters that it rests on.
 *
 * oom_kill_delta counts kills in the cage and in groups below it. On v1, where each group counts
 * its own only, it is what the groups that are still there have counted, or what the log tells, if
 * that is more: a kill in a group that is gone, where the log may not be read, is not counted. */
int ol_cage_read_evidence(struct ol_cage *cage, struct ol_cage_counters *ret_counters,
	struct ol_evidence *ret_evidence, struct ol_error *error);

/* The kills of processes in the cage, or in groups below it, that the kernel's log tells of since
 * the last call (or the cage's creation). Returns how many; the first of them, at most capacity and
 * OL_KILLS_MAX, are in ret_kills, with at_ns and is_command 0. The log is read once: what was taken
 * here still counts as evidence. 0 where the log may not be read. Never blocks.
 *
 * name has "?" for each byte that is no printable ASCII; kernel_line is the kernel's, with such
 * bytes escaped. limiting_group is as seen from our mount, or the kernel's name of it where it is
 * above.
 *
 * Of many kills in a short time the kernel leaves out where they were. Such a kill is the cage's if
 * its process was noted as a member, or, once ol_cage_read_evidence() was called, if there are as
 * many such kills that nobody claims as the counters miss; limited_by is then OL_LIMITED_BY_NONE
 * and limiting_group "", which means: not known. Others are not told, though the counters have
 * them. In a pid namespace of its own the lab cannot match numbers. */
int ol_cage_take_kills(struct ol_cage *cage, struct ol_oom_kill *ret_kills, size_t capacity);
/* Whether these numbers are ours: the log may be read, and the lab is in the first pid namespace.
 */
bool ol_cage_knows_victims(const struct ol_cage *cage);
/* Notes who is in the cage and below it now, in place of who was; ol_cage_take_kills() does so too,
 * at its end. Members by ol_cage_fork(), ol_cage_attach() and ol_cage_adopt() are always noted.
 * Worth a call with every sample where processes come and go. */
void ol_cage_note_members(struct ol_cage *cage);
/* Polls as readable when the kernel's log has something new, about whomever; -1 where it may not be
 * read. It is the cage's: only to be polled. */
int ol_cage_kernel_log_fd(const struct ol_cage *cage);

/* Removes groups of dead labs below parent (NULL: where create would go): those of our name whose
 * lock nobody holds. What still runs in them is killed first, but never in a kept one: that goes
 * when it is empty. Returns how many. Never touches a living lab's. */
int ol_cage_remove_stale(
	const struct ol_cage_system *system, const char *parent, struct ol_error *error);

/* One line of the doctor. */
enum ol_check_state { OL_CHECK_GOOD, OL_CHECK_WEAK, OL_CHECK_BAD };
struct ol_check {
	enum ol_check_state state;
	char subject[OL_NAME_BYTES]; /* "memory controller", "swap accounting", ... */
	char finding[OL_TEXT_BYTES];
	char cure[OL_TEXT_BYTES]; /* The exact command or kernel option; "" when good. */
};
enum { OL_CHECKS_MAX = 16 };
/* Looks at everything a cage needs, and really makes and removes one. Returns the number of
 * checks. A BAD one means that runs will be refused. */
int ol_cage_examine(struct ol_check ret_checks[OL_CHECKS_MAX]);

#endif
