/* detect.c -- Which hierarchy owns memory, where it is mounted, and where in it the lab is.
 *
 * Asks the mount table, and then each mount itself: a mount may be hidden below another one, and a
 * version 2 mount may or may not have memory. Creates nothing. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "cage/internal.h"

enum { MOUNTS_MAX = 65536 };

/* One cgroup mount that is really there. */
struct mount {
	int version;
	bool has_memory;
	char *root; /* Which group of the hierarchy it shows at its top. */
	char *point;
};

struct search {
	bool has_v1;
	bool has_v2;
	int rank; /* Of the best mount so far; 0: none. */
	int version;
	char root[OL_PATH_BYTES]; /* Of that mount. */
	char mount[OL_PATH_BYTES];
	char v2_mount[OL_PATH_BYTES]; /* A version 2 mount without memory, for the explanation. */
	char groups[OL_CAGE_MEMBERSHIP_BYTES]; /* /proc/self/cgroup. */
};

/* The mount table writes blanks and backslashes as \040. */
static void unescape(char *text) {
	char *to = text;
	for (const char *from = text; *from != '\0'; from++) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* Whether what is visible at mount->point is this very mount, and not one on top of it. */
static bool is_visible(const struct mount *mount, const char *id, const char *device) {
	struct statx status;
	struct statfs file_system;
	char expected[32];
	if (statx(AT_FDCWD, mount->point, 0, STATX_MNT_ID, &status) < 0 ||
		statfs(mount->point, &file_system) < 0)
		return false;
	snprintf(expected, sizeof expected, "%u:%u", status.stx_dev_major, status.stx_dev_minor);
	long magic = mount->version == 1 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC;
	if (file_system.f_type != magic || strcmp(expected, device) != 0)
		return false;
	/* Kernels before 5.8 do not tell which mount it is. */
	return (status.stx_mask & STATX_MNT_ID) == 0 || strtoull(id, NULL, 10) == status.stx_mnt_id;
}

/* "36 31 0:33 /root /point rw shared:1 - cgroup cgroup rw,memory". A second version 1 mount without
 * memory tells nothing new, and is not looked at. */
static bool parse_mount(char *line, bool has_v1, struct mount *ret_mount) {
	char *tail = strstr(line, " - ");
	if (tail == NULL || strncmp(tail + 3, "cgroup", 6) != 0)
		return false;
	*tail = '\0';
	tail += 3;
	char *fields[5] = { NULL };
	for (size_t i = 0; i < 5; i++) {
		fields[i] = strsep(&line, " ");
		if (fields[i] == NULL)
			return false;
	}
	const char *type = strsep(&tail, " ");
	(void)strsep(&tail, " ");
	if (tail == NULL)
		return false;
	struct mount mount = { .root = fields[3], .point = fields[4] };
	mount.version = strcmp(type, "cgroup") == 0 ? 1 : strcmp(type, "cgroup2") == 0 ? 2 : 0;
	unescape(mount.root);
	unescape(mount.point);
	mount.has_memory = mount.version == 1 && ol_cage_has_word(tail, "memory");
	if (mount.version == 0 || (mount.version == 1 && has_v1 && !mount.has_memory) ||
		!is_visible(&mount, fields[0], fields[2]))
		return false;
	if (mount.version == 2) {
		OL_AUTO_CLOSE int fd = open(mount.point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		mount.has_memory = fd >= 0 && ol_cage_lists_memory(fd, "cgroup.controllers");
	}
	*ret_mount = mount;
	return true;
}

/* Version 1 wins where both seem to have memory; then the mount that shows most. */
static int rank_mount(const struct search *search, const struct mount *mount) {
	char path[OL_PATH_BYTES];
	char below[OL_PATH_BYTES];
	if (!mount->has_memory)
		return 0;
	int rank = mount->version == 1 ? 10 : 1;
	if (strcmp(mount->root, "/") == 0)
		return rank + 2;
	return rank + (ol_cage_find_membership(search->groups, mount->version, path) &&
					  ol_cage_path_below(mount->root, path, below));
}

static void consider(struct search *search, const struct mount *mount) {
	search->has_v1 |= mount->version == 1;
	search->has_v2 |= mount->version == 2;
	if (mount->version == 2 && !mount->has_memory && *search->v2_mount == '\0')
		snprintf(search->v2_mount, sizeof search->v2_mount, "%s", mount->point);
	int rank = rank_mount(search, mount);
	if (rank <= search->rank || strlen(mount->point) >= sizeof search->mount ||
		strlen(mount->root) >= sizeof search->root)
		return;
	search->rank = rank;
	search->version = mount->version;
	snprintf(search->root, sizeof search->root, "%s", mount->root);
	snprintf(search->mount, sizeof search->mount, "%s", mount->point);
}

static int read_mounts(struct search *search, struct ol_error *error) {
	OL_AUTO_FCLOSE FILE *table = fopen("/proc/self/mountinfo", "re");
	if (table == NULL)
		return ol_error_set_errno(error, -ENOENT,
			"cannot read /proc/self/mountinfo, so the control groups cannot be found; mount it: "
			"mount -t proc proc /proc");
	OL_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	for (int i = 0; i < MOUNTS_MAX && getline(&line, &capacity, table) > 0; i++) {
		line[strcspn(line, "\n")] = '\0';
		struct mount mount;
		if (parse_mount(line, search->has_v1, &mount))
			consider(search, &mount);
	}
	return 0;
}

/* Says why nobody has memory, and what to do about it. */
static int explain_absence(const struct search *search, struct ol_error *error) {
	char command_line[OL_CAGE_LIST_BYTES] = "";
	char table[OL_CAGE_LIST_BYTES] = "";
	(void)ol_file_read("/proc/cmdline", command_line, sizeof command_line, NULL);
	(void)ol_file_read("/proc/cgroups", table, sizeof table, NULL);
	int hierarchy = 0;
	int enabled = 1;
	const char *line = strstr(table, "\nmemory\t");
	if (line != NULL)
		(void)sscanf(line, "\nmemory %d %*d %d", &hierarchy, &enabled);
	if (enabled == 0 || strstr(command_line, "cgroup_disable=memory") != NULL)
		return ol_error_set(error, -ENOENT,
			"the kernel's memory controller is switched off (cgroup_disable=memory); remove that "
			"from the kernel's command line, or add cgroup_enable=memory, and boot again");
	if (hierarchy != 0)
		return ol_error_set(error, -ENOENT,
			"the memory controller belongs to a version 1 hierarchy that is not mounted here; "
			"mount it: mkdir -p /sys/fs/cgroup/memory && mount -t cgroup -o memory cgroup "
			"/sys/fs/cgroup/memory");
	if (*search->v2_mount != '\0')
		return ol_error_set(error, -ENOENT,
			"%.256s/cgroup.controllers does not list memory; have the group above hand it down: "
			"write +memory to its cgroup.subtree_control, or let systemd do it (Delegate=memory)",
			search->v2_mount);
	if (line == NULL && access("/proc/self/cgroup", F_OK) < 0)
		return ol_error_set(error, -ENOENT,
			"this kernel has no control groups; use one with CONFIG_CGROUPS and CONFIG_MEMCG");
	return ol_error_set(error, -ENOENT,
		"no control group file system with memory is mounted; mount it: "
		"mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup");
}

/* Version 2 shows a group's files only below the top: finds one group that has them. */
static int open_specimen(const struct ol_cage_system *system) {
	OL_AUTO_CLOSE int mount_fd = open(system->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd < 0)
		return -1;
	const char *const candidates[] = { system->own_group, "/", "system.slice", "user.slice",
		"init.scope" };
	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
		const char *name = candidates[i] + strspn(candidates[i], "/");
		OL_AUTO_CLOSE int fd =
			openat(mount_fd, *name != '\0' ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && faccessat(fd, "memory.max", F_OK, 0) == 0)
			return ol_steal_fd(&fd);
	}
	return -1;
}

static void find_features(struct ol_cage_system *system) {
	if (system->memory_version == 1) {
		OL_AUTO_CLOSE int fd = open(system->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		system->has_swap_limit = faccessat(fd, "memory.memsw.limit_in_bytes", F_OK, 0) == 0;
		system->has_peak = faccessat(fd, "memory.max_usage_in_bytes", F_OK, 0) == 0;
		return;
	}
	system->has_pressure = access("/proc/pressure/memory", F_OK) == 0;
	OL_AUTO_CLOSE int fd = open_specimen(system);
	if (fd >= 0) {
		system->has_swap_limit = faccessat(fd, "memory.swap.max", F_OK, 0) == 0;
		system->has_peak = faccessat(fd, "memory.peak", F_OK, 0) == 0;
		return;
	}
	/* No group to look at yet. Creation looks again at the files themselves. */
	struct utsname name;
	int major_version = 0;
	int minor_version = 0;
	char command_line[OL_CAGE_LIST_BYTES] = "";
	if (uname(&name) == 0)
		(void)sscanf(name.release, "%d.%d", &major_version, &minor_version);
	(void)ol_file_read("/proc/cmdline", command_line, sizeof command_line, NULL);
	/* From 6.1 on swap is always accounted for, whatever the option says. */
	int version = major_version * 1000 + minor_version;
	system->has_swap_limit = version >= 6001 || strstr(command_line, "swapaccount=0") == NULL;
	system->has_peak = version >= 5019;
}

int ol_cage_detect(struct ol_cage_system *ret_system, struct ol_error *error) {
	OL_AUTO_FREE struct search *search = calloc(1, sizeof *search);
	if (search == NULL)
		return ol_error_set_errno(error, -ENOMEM, "cannot look for control groups");
	struct ol_cage_system system = { .mode = "none" };
	(void)ol_file_read("/proc/self/cgroup", search->groups, sizeof search->groups, NULL);
	int result = read_mounts(search, error);
	if (result >= 0 && search->rank == 0)
		result = explain_absence(search, error);
	if (result < 0) {
		*ret_system = system;
		return result;
	}
	snprintf(system.mode, sizeof system.mode, "%s",
		search->has_v1 && search->has_v2 ? "hybrid"
		: search->has_v1                 ? "v1"
										 : "v2");
	system.memory_version = search->version;
	snprintf(system.mount, sizeof system.mount, "%s", search->mount);
	snprintf(system.root, sizeof system.root, "%s", search->root);
	char path[OL_PATH_BYTES];
	if (!ol_cage_find_membership(search->groups, search->version, path) ||
		ol_cage_is_deleted(path) || !ol_cage_path_below(search->root, path, system.own_group))
		*system.own_group = '\0';
	find_features(&system);
	*ret_system = system;
	return 0;
}
