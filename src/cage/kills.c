/* kills.c -- Which of the kernel's kills are the cage's, and whose limit each one's was.
 *
 * Reads the kernel's log once, and keeps what it says for both who takes kills one by one and who
 * asks for evidence in the end. Judges nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cage/internal.h"

void ol_cage_kills_init(struct ol_cage *cage) {
	/* The first pid namespace of a machine has this number in every kernel since 3.8. */
	static const char first_namespace[] = "pid:[4026531836]";
	char name[64] = "";
	ssize_t length = readlink("/proc/self/ns/pid", name, sizeof name - 1);
	cage->kills.is_numbered_alike = length > 0 && strcmp(name, first_namespace) == 0;
	int fd = ol_kernel_log_open();
	cage->kills.log.fd = fd < 0 ? -1 : fd;
}

static void add_member(pid_t pid, void *context) {
	struct ol_cage_kills *kills = context;
	if (pid > 0 && kills->member_count < OL_CAGE_MEMBERS_MAX)
		kills->members[kills->member_count++] = pid;
}

void ol_cage_note_attached(struct ol_cage *cage, pid_t pid) {
	cage->attached_pid = pid;
	add_member(pid, &cage->kills);
}

void ol_cage_note_members(struct ol_cage *cage) {
	cage->kills.member_count = 0;
	(void)ol_cage_each_process_below(cage->directory_fd, add_member, &cage->kills);
	/* It may be on its way in. */
	add_member(cage->attached_pid, &cage->kills);
}

static bool is_member(const struct ol_cage *cage, pid_t pid) {
	if (!cage->kills.is_numbered_alike)
		return false;
	for (int i = 0; i < cage->kills.member_count; i++)
		if (cage->kills.members[i] == pid)
			return true;
	return false;
}

/* Finds the cage in the kernel's name of a group: our path, whatever stands above what we see.
 * Returns the length of the kernel's name of the cage, 0 where the group is elsewhere. */
static size_t find_cage(const struct ol_cage *cage, const char *group) {
	size_t length = strlen(cage->path);
	for (const char *next = group; (next = strstr(next, cage->path)) != NULL; next++)
		if (next[length] == '/' || next[length] == '\0')
			return (size_t)(next - group) + length;
	return 0;
}

/* cage_length: of the kernel's name of the cage, as victim_group begins with. */
static uint32_t whose_limit(const struct ol_kernel_kill *kill, size_t cage_length) {
	const char *limiting = kill->limiting_group;
	size_t length = strlen(limiting);
	if (kill->is_system)
		return OL_LIMITED_BY_SYSTEM;
	if (length == 0)
		return OL_LIMITED_BY_NONE;
	if (length < cage_length)
		return OL_LIMITED_BY_ANCESTOR;
	return length == cage_length ? OL_LIMITED_BY_OWN : OL_LIMITED_BY_INNER;
}

/* What other people named, without what would upset a terminal. */
static void copy_printable(char *ret_text, const char *text, size_t capacity, bool is_ascii) {
	snprintf(ret_text, capacity, "%s", text);
	for (char *next = ret_text; *next != '\0'; next++) {
		unsigned char byte = (unsigned char)*next;
		if (byte < 0x20 || byte == 0x7f || (is_ascii && byte > 0x7f))
			*next = '?';
	}
}

enum belonging { ELSEWHERE, PERHAPS, INSIDE };

/* Whether the kill is one in the cage. Without its place, a member's is; nobody's may be. */
static enum belonging describe(
	const struct ol_cage *cage, const struct ol_kernel_kill *told, struct ol_oom_kill *ret_kill) {
	struct ol_oom_kill kill = { .pid = told->pid, .anon_bytes = told->anon_bytes };
	enum belonging belonging = INSIDE;
	size_t cage_length = told->has_place ? find_cage(cage, told->victim_group) : 0;
	if (cage_length > 0) {
		size_t above_length = cage_length - strlen(cage->path);
		const char *limiting = told->limiting_group;
		kill.limited_by = whose_limit(told, cage_length);
		if (strncmp(limiting, told->victim_group, above_length) == 0 &&
			limiting[above_length] == '/')
			limiting += above_length;
		copy_printable(kill.limiting_group, limiting, sizeof kill.limiting_group, false);
	} else if (told->has_place && !told->is_by_group) {
		return ELSEWHERE;
	} else {
		belonging = is_member(cage, told->pid) ? INSIDE : PERHAPS;
		if (told->is_by_group) {
			/* A group above goes as a whole, and the cage with it. */
			kill.limited_by = told->is_system ? OL_LIMITED_BY_SYSTEM : OL_LIMITED_BY_ANCESTOR;
			copy_printable(
				kill.limiting_group, told->limiting_group, sizeof kill.limiting_group, false);
		}
	}
	copy_printable(kill.name, told->name, sizeof kill.name, true);
	snprintf(kill.kernel_line, sizeof kill.kernel_line, "%s", told->line);
	*ret_kill = kill;
	return belonging;
}

static void note_kill(struct ol_cage *cage, const struct ol_oom_kill *kill) {
	struct ol_cage_kills *kills = &cage->kills;
	uint64_t untaken_count = kills->count++ - kills->taken_count;
	if (untaken_count < OL_KILLS_MAX)
		kills->untaken[untaken_count] = *kill;
	if (kills->has_witness && kills->witness.pid == cage->attached_pid)
		return;
	kills->witness = *kill;
	kills->has_witness = true;
}

void ol_cage_read_log(struct ol_cage *cage) {
	struct ol_cage_kills *kills = &cage->kills;
	struct ol_kernel_kill told;
	struct ol_oom_kill kill;
	while (ol_kernel_log_next(&kills->log, &told)) {
		enum belonging belonging = describe(cage, &told, &kill);
		if (belonging == INSIDE)
			note_kill(cage, &kill);
		else if (belonging == PERHAPS && kills->stray_count++ < OL_KILLS_MAX)
			kills->strays[kills->stray_count - 1] = kill;
	}
}

void ol_cage_claim_strays(struct ol_cage *cage, uint64_t missing_count) {
	struct ol_cage_kills *kills = &cage->kills;
	if (missing_count != kills->stray_count || missing_count > OL_KILLS_MAX)
		return;
	for (uint64_t i = 0; i < missing_count; i++)
		note_kill(cage, &kills->strays[i]);
	kills->stray_count = 0;
}

int ol_cage_take_kills(struct ol_cage *cage, struct ol_oom_kill *ret_kills, size_t capacity) {
	struct ol_cage_kills *kills = &cage->kills;
	ol_cage_read_log(cage);
	uint64_t count = kills->count - kills->taken_count;
	for (uint64_t i = 0; i < count && i < capacity && i < OL_KILLS_MAX; i++)
		ret_kills[i] = kills->untaken[i];
	kills->taken_count = kills->count;
	if (kills->log.fd >= 0)
		ol_cage_note_members(cage);
	return (int)count;
}

bool ol_cage_knows_victims(const struct ol_cage *cage) {
	return cage->kills.log.fd >= 0 && cage->kills.is_numbered_alike;
}

int ol_cage_kernel_log_fd(const struct ol_cage *cage) {
	return cage->kills.log.fd;
}
