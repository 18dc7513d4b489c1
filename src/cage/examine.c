/* examine.c -- What the doctor asks: is everything here that a cage needs?
 *
 * Looks, and really makes and removes one cage; changes nothing else. Works, and says so, where
 * there is nothing at all. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "cage/internal.h"

enum { TEST_LIMIT_BYTES = 4 << 20 };

struct list {
	struct ol_check *checks;
	int count;
};

__attribute__((format(printf, 5, 6))) static void add(struct list *list, enum ol_check_state state,
	const char *subject, const char *cure, const char *finding, ...) {
	if (list->count == OL_CHECKS_MAX)
		return;
	struct ol_check *check = &list->checks[list->count++];
	va_list arguments;
	*check = (struct ol_check){ .state = state };
	snprintf(check->subject, sizeof check->subject, "%s", subject);
	snprintf(check->cure, sizeof check->cure, "%s", cure);
	va_start(arguments, finding);
	vsnprintf(check->finding, sizeof check->finding, finding, arguments);
	va_end(arguments);
}

/* Our errors say what is wrong, then "; " and the cure. */
static void add_error(struct list *list, enum ol_check_state state, const char *subject,
	const struct ol_error *error) {
	const char *cure = strstr(error->message, "; ");
	int length = cure != NULL ? (int)(cure - error->message) : (int)strlen(error->message);
	add(list, state, subject, cure != NULL ? cure + 2 : "", "%.*s", length, error->message);
}

static void examine_kernel(struct list *list) {
	struct utsname name;
	int version = 0;
	int patch = 0;
	if (uname(&name) < 0)
		return;
	(void)sscanf(name.release, "%d.%d", &version, &patch);
	if (version > 4 || (version == 4 && patch >= 19))
		add(list, OL_CHECK_GOOD, "kernel", "", "Linux %s", name.release);
	else
		add(list, OL_CHECK_WEAK, "kernel", "use Linux 4.19 or later",
			"Linux %s: older than anything this was tried on", name.release);
}

static void examine_mode(
	struct list *list, const struct ol_cage_system *system, const struct ol_error *error) {
	if (system->memory_version == 0) {
		add_error(list, OL_CHECK_BAD, "memory controller", error);
		return;
	}
	add(list, OL_CHECK_GOOD, "control groups", "", "%s", system->mode);
	add(list, OL_CHECK_GOOD, "memory controller", "", "version %d, at %.256s; the lab is in %.128s",
		system->memory_version, system->mount,
		*system->own_group != '\0' ? system->own_group : "a group outside of it");
}

/* What a policy that reacts to pressure can count on. */
static void examine_pressure(struct list *list, struct ol_cage *cage) {
	static const char subject[] = "word of pressure";
	enum { ANY_PERCENT = 80 };
	struct ol_cage_pressure pressure;
	struct ol_error error;
	if (ol_cage_watch_pressure(cage, ANY_PERCENT, &pressure, &error) < 0)
		add_error(list, OL_CHECK_WEAK, subject, &error);
	else if (pressure.kind == OL_PRESSURE_STALL)
		add(list, OL_CHECK_GOOD, subject, "",
			"a policy can be told when the cage stalls: above memory.high, or where it may swap");
	else
		add(list, OL_CHECK_GOOD, subject, "",
			"a policy can be told when usage crosses a share of the limit");
}

/* What it finds out about pressure goes to later. */
static void examine_creation(struct list *list, struct ol_cage_system *system, struct list *later) {
	const struct ol_cage_limits limits = {
		.limit_bytes = TEST_LIMIT_BYTES,
		.high_bytes = UINT64_MAX,
	};
	struct ol_cage *cage;
	struct ol_cage_counters counters;
	struct ol_error error;
	int result = ol_cage_create(system, NULL, &limits, &cage, &error);
	if (result < 0) {
		add_error(list, OL_CHECK_BAD, "making a cage", &error);
		return;
	}
	char directory[OL_PATH_BYTES];
	snprintf(directory, sizeof directory, "%s", cage->directory);
	/* The group's own files are better witnesses than what detection could guess. */
	system->has_swap_limit = cage->has_swap_limit;
	system->has_peak =
		faccessat(cage->directory_fd,
			system->memory_version == 1 ? "memory.max_usage_in_bytes" : "memory.peak", F_OK,
			0) == 0;
	result = ol_cage_read_counters(cage, &counters, &error);
	examine_pressure(later, cage);
	int removal = ol_cage_destroy(cage, result < 0 ? NULL : &error);
	if (result < 0 || removal < 0)
		add_error(list, OL_CHECK_BAD, "making a cage", &error);
	else
		add(list, OL_CHECK_GOOD, "making a cage", "",
			"made, limited to 4 MiB, read and removed %.400s", directory);
}

static void examine_swap(struct list *list, const struct ol_cage_system *system) {
	char names[OL_NAME_BYTES];
	bool has_swap = ol_cage_has_swap(names);
	if (system->memory_version != 0 && system->has_swap_limit)
		add(list, OL_CHECK_GOOD, "swap accounting", "", "swap is limited per group");
	else if (system->memory_version != 0)
		add(list, has_swap ? OL_CHECK_BAD : OL_CHECK_WEAK, "swap accounting",
			"boot with the kernel option swapaccount=1, or turn swap off: swapoff -a",
			"this kernel does not limit swap per group%s",
			has_swap ? ", and swap is on" : "; it does not matter while swap is off");
	add(list, OL_CHECK_GOOD, "swap devices", "", "%s", has_swap ? names : "none");
}

static void examine_counters(struct list *list, const struct ol_cage_system *system) {
	if (system->memory_version == 0)
		return;
	if (system->has_peak)
		add(list, OL_CHECK_GOOD, "peak usage", "", "the kernel keeps each group's peak");
	else
		add(list, OL_CHECK_WEAK, "peak usage", "use Linux 5.19 or later",
			"this kernel keeps no peak (no memory.peak): peaks are those of the samples");
	if (system->has_pressure)
		add(list, OL_CHECK_GOOD, "pressure (PSI)", "", "stalls are counted for each group");
	else if (system->memory_version == 1)
		add(list, OL_CHECK_WEAK, "pressure (PSI)",
			"boot with the kernel options psi=1 systemd.unified_cgroup_hierarchy=1",
			"version 1 groups do not count stalls: throttling is told by time alone");
	else
		add(list, OL_CHECK_WEAK, "pressure (PSI)", "boot with the kernel option psi=1",
			"off: throttling is told by time alone");
}

static void examine_log(struct list *list) {
	int fd = ol_kernel_log_open();
	if (fd >= 0) {
		close(fd);
		add(list, OL_CHECK_GOOD, "kernel log", "", "/dev/kmsg can be read");
		return;
	}
	add(list, OL_CHECK_WEAK, "kernel log",
		fd == -ENOENT ? "give the container the device: --device /dev/kmsg"
					  : "run as root, or: sysctl kernel.dmesg_restrict=0 && chmod a+r /dev/kmsg",
		"/dev/kmsg: %s: reports cannot quote the kernel's own line", strerrordesc_np(-fd));
}

static void examine_huge_pages(struct list *list) {
	static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char text[128];
	if (ol_file_read(path, text, sizeof text, NULL) < 0) {
		add(list, OL_CHECK_GOOD, "transparent huge pages", "", "not in this kernel");
		return;
	}
	const char *begin = strchr(text, '[');
	int length = begin != NULL ? (int)strcspn(begin + 1, "]") : 0;
	bool is_always = begin != NULL && strncmp(begin + 1, "always", 6) == 0;
	add(list, is_always ? OL_CHECK_WEAK : OL_CHECK_GOOD, "transparent huge pages",
		is_always ? "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" : "", "%.*s%s",
		length, begin != NULL ? begin + 1 : "",
		is_always ? ": what the heap does not ask for otherwise grows by 2 MiB at a time" : "");
}

static void examine_library(struct list *list) {
	char text[OL_TEXT_BYTES];
	int result = ol_libcgroup_describe(text);
	add(list, result == 0 ? OL_CHECK_GOOD : OL_CHECK_WEAK, "libcgroup",
		result == 0 ? "" : "mount the control groups first; the lab does without it meanwhile",
		"%s", text);
}

int ol_cage_examine(struct ol_check ret_checks[OL_CHECKS_MAX]) {
	struct list list = { .checks = ret_checks };
	struct ol_check pressure[OL_CHECKS_MAX];
	struct list later = { .checks = pressure };
	struct ol_cage_system system;
	struct ol_error error = { 0 };
	(void)ol_cage_detect(&system, &error);
	examine_kernel(&list);
	examine_mode(&list, &system, &error);
	if (system.memory_version != 0)
		examine_creation(&list, &system, &later);
	examine_swap(&list, &system);
	examine_counters(&list, &system);
	for (int i = 0; i < later.count && list.count < OL_CHECKS_MAX; i++)
		list.checks[list.count++] = later.checks[i];
	examine_log(&list);
	examine_huge_pages(&list);
	examine_library(&list);
	return list.count;
}
