/* command_watch.c -- oomlab watch: the usage of a group, of a process's group, or of all cages. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cage/group.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "cli/watch_screen.h"
#include "process/process.h"
#include "supervisor/supervisor.h"

enum {
	WATCHED_MAX = 64, /* Cages at a time. */
	PERIOD_NS_DEFAULT = 300000000,
	PERIOD_NS_MINIMUM = 1000000,
	/* The whole hierarchy is searched for new cages this often: that costs more than a look. */
	LIST_PERIOD_NS = 1000000000,
	LOOKS_MAX = 1000000000,
	PID_MAX = 1 << 22
};

static const struct ol_cli_option own_options[] = {
	{ "every", 0, "SECONDS", "time from look to look (0.3)", false },
	{ "count", 0, "N", "end after N looks", false },
	{ "format", 0, "text|json", "what standard output gets (text); json: a line for each look",
		false },
	{ "help", 'h', NULL, "print this", false },
};
enum { OWN_COUNT = sizeof own_options / sizeof *own_options };

struct watched {
	struct ol_group *group;
	bool is_kept;
	uint64_t last_kill_count; /* At the last look. */
	uint64_t killed_count;    /* Since watching began. */
};

struct watch {
	struct ol_cage_system system;
	struct ol_watch_screen screen;
	uint64_t period_ns;
	int64_t look_count_max; /* 0: no end. */
	bool is_of_cages;
	struct ol_process process; /* pid 0: none. */
	int statm_fd;
	struct watched watched[WATCHED_MAX];
	size_t watched_count;
	uint64_t start_ns;
	uint64_t list_due_ns;
	bool is_first_list;
	struct ol_watch_row rows[WATCHED_MAX];
};

static uint64_t clock_ns(clockid_t clock) {
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

static void note(struct watch *watch, const char *path, const char *text) {
	ol_watch_screen_note(&watch->screen, path, clock_ns(CLOCK_REALTIME), text);
}

static void finish(struct watch *watch) {
	for (size_t i = 0; i < watch->watched_count; i++)
		ol_group_close(watch->watched[i].group);
	ol_process_close(&watch->process);
	if (watch->statm_fd >= 0)
		close(watch->statm_fd);
}

static uint64_t kill_count_of(const struct ol_group_look *look) {
	return look->oom_kill_count == OL_NOT_KNOWN ? 0 : look->oom_kill_count;
}

/* Owns the group from here on. */
static void add_watched(
	struct watch *watch, struct ol_group *group, bool is_kept, bool counts_all_kills) {
	struct ol_group_look look;
	struct watched *watched = &watch->watched[watch->watched_count++];
	*watched = (struct watched){ .group = group, .is_kept = is_kept };
	if (!counts_all_kills && ol_group_look(group, &look, NULL) == 0)
		watched->last_kill_count = kill_count_of(&look);
}

static void drop_watched(struct watch *watch, size_t index) {
	ol_group_close(watch->watched[index].group);
	watch->watched_count--;
	memmove(&watch->watched[index], &watch->watched[index + 1],
		(watch->watched_count - index) * sizeof *watch->watched);
}

/* ---- What is watched ---- */

static void list_cage(const char *path, enum ol_cage_state state, void *context) {
	struct watch *watch = context;
	struct ol_group *group = NULL;
	/* What a dead lab left is the next lab's to remove, and nobody's to look at. */
	if (state == OL_CAGE_STALE || watch->watched_count == WATCHED_MAX)
		return;
	for (size_t i = 0; i < watch->watched_count; i++) {
		if (strcmp(ol_group_path(watch->watched[i].group), path) == 0)
			return;
	}
	/* One that appears later was made later: all its kills happened while this watched. */
	if (ol_group_open_path(&watch->system, path, &group, NULL) == 0)
		add_watched(watch, group, state == OL_CAGE_KEPT, !watch->is_first_list);
}

static int list_cages(struct watch *watch, struct ol_error *error) {
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	if (now_ns < watch->list_due_ns)
		return 0;
	watch->list_due_ns = now_ns + LIST_PERIOD_NS;
	int result = ol_group_each_cage(&watch->system, list_cage, watch, error);
	watch->is_first_list = false;
	return result;
}

static bool is_number(const char *word) {
	return *word != '\0' && word[strspn(word, "0123456789")] == '\0';
}

static int open_process(struct watch *watch, pid_t pid, struct ol_error *error) {
	struct ol_group *group = NULL;
	struct ol_process_memory memory;
	int result = ol_process_open(pid, &watch->process, error);
	if (result < 0)
		return result;
	watch->statm_fd = ol_process_open_statm(pid);
	result = ol_group_of_process(&watch->system, pid, &group, error);
	if (result < 0)
		return result;
	add_watched(watch, group, false, false);
	/* What was found by its number is its own if it has not ended by now. */
	return ol_process_read_status(&watch->process, &memory, error);
}

/* Follows the process. False once it has ended. */
static bool follow_process(struct watch *watch) {
	struct ol_group *group = NULL;
	char text[OL_PATH_BYTES + 128];
	if (!ol_process_is_alive(&watch->process))
		return false;
	if (ol_group_of_process(&watch->system, watch->process.pid, &group, NULL) < 0)
		return ol_process_is_alive(&watch->process);
	bool is_same = watch->watched_count == 1 &&
				   strcmp(ol_group_path(group), ol_group_path(watch->watched[0].group)) == 0;
	if (is_same || !ol_process_is_alive(&watch->process)) {
		ol_group_close(group);
		return is_same;
	}
	snprintf(text, sizeof text, "process %d was moved to control group %.1023s",
		(int)watch->process.pid, ol_group_path(group));
	note(watch, NULL, text);
	while (watch->watched_count > 0)
		drop_watched(watch, 0);
	add_watched(watch, group, false, false);
	return true;
}

/* ---- Looking ---- */

/* On version 1 the count falls when a group below goes, and takes its kills along. */
static void count_kills(struct watched *watched, uint64_t kill_count) {
	if (kill_count > watched->last_kill_count)
		watched->killed_count += kill_count - watched->last_kill_count;
	watched->last_kill_count = kill_count;
}

/* Fills in the rows; groups that have gone are told, and dropped. */
static int look_at_all(struct watch *watch, struct ol_error *error) {
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < watch->watched_count;) {
		struct watched *watched = &watch->watched[i];
		struct ol_watch_row *row = &watch->rows[i];
		int result = ol_group_look(watched->group, &row->look, error);
		if (result == -ENOENT) {
			note(watch, ol_group_path(watched->group), error->message);
			drop_watched(watch, i);
			continue;
		}
		if (result < 0)
			return result;
		snprintf(row->path, sizeof row->path, "%s", ol_group_path(watched->group));
		row->pid = (int32_t)watch->process.pid;
		row->is_kept = watched->is_kept;
		row->rss_bytes = ol_process_statm_rss(watch->statm_fd);
		row->at_ns = now_ns - watch->start_ns;
		row->time_ns = clock_ns(CLOCK_REALTIME);
		count_kills(watched, kill_count_of(&row->look));
		row->killed_count = watched->killed_count;
		i++;
	}
	return 0;
}

/* Until due_ns, an interrupt, or the process's end. */
static void wait_until(const struct watch *watch, uint64_t due_ns, int interrupt_fd) {
	struct pollfd fds[] = { { .fd = interrupt_fd, .events = POLLIN },
		{ .fd = watch->process.pid_fd, .events = POLLIN } };
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	if (due_ns <= now_ns)
		return;
	struct timespec rest = { (time_t)((due_ns - now_ns) / OL_NS_PER_S),
		(long)((due_ns - now_ns) % OL_NS_PER_S) };
	(void)ppoll(fds, sizeof fds / sizeof *fds, &rest, NULL);
}

/* One look. What to end with ("gone", ...), or NULL to go on. */
static const char *look(struct watch *watch, int *ret_result, struct ol_error *error) {
	char text[64];
	if (watch->process.pid > 0 && !follow_process(watch)) {
		snprintf(text, sizeof text, "process %d has ended", (int)watch->process.pid);
		note(watch, NULL, text);
		return "gone";
	}
	*ret_result = watch->is_of_cages ? list_cages(watch, error) : 0;
	if (*ret_result >= 0)
		*ret_result = look_at_all(watch, error);
	if (*ret_result < 0)
		return "failed";
	ol_watch_screen_rows(&watch->screen, watch->rows, watch->watched_count);
	/* A process whose group has just gone is on its way out, or into another one. */
	return watch->watched_count == 0 && watch->process.pid == 0 ? "gone" : NULL;
}

static int loop(struct watch *watch) {
	struct ol_error error;
	int result = 0;
	int interrupt_fd = ol_supervisor_interrupt_fd(&error);
	const char *reason = interrupt_fd < 0 ? "failed" : NULL;
	watch->start_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t due_ns = watch->start_ns;
	for (int64_t i = 1; reason == NULL; i++) {
		reason = look(watch, &result, &error);
		if (reason == NULL && ferror(stdout))
			reason = "failed"; /* ol_finish_stdout() says why. */
		if (reason == NULL && i == watch->look_count_max)
			reason = "count";
		due_ns += watch->period_ns;
		uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
		if (due_ns <= now_ns) /* Looks that were missed are not made up for. */
			due_ns = now_ns + watch->period_ns;
		if (reason == NULL)
			wait_until(watch, due_ns, interrupt_fd);
		if (reason == NULL && ol_supervisor_is_interrupted())
			reason = "interrupted";
	}
	ol_watch_screen_end(&watch->screen, reason);
	if (result < 0 || interrupt_fd < 0) {
		ol_say("%s", error.message);
		return OL_EXIT_LAB;
	}
	return ol_supervisor_is_interrupted() ? OL_EXIT_SIGNAL + ol_signals_caught() : OL_EXIT_DONE;
}

/* ---- The command line ---- */

static int fail(const struct ol_error *error) {
	ol_say("watch: %s", error->message);
	switch (error->code) {
	case -ENOENT:
	case -ESRCH:
		return OL_EXIT_UNMET;
	case -EINVAL:
	case -ENOTUNIQ:
	case -ERANGE:
		return OL_EXIT_USAGE;
	default:
		return OL_EXIT_LAB;
	}
}

static int open_word(struct watch *watch, const char *word, struct ol_error *error) {
	struct ol_group *group = NULL;
	int64_t pid;
	int result;
	if (is_number(word)) {
		result = ol_parse_integer(word, 1, PID_MAX, &pid, error);
		return result < 0 ? result : open_process(watch, (pid_t)pid, error);
	}
	result = ol_group_open(&watch->system, word, &group, error);
	if (result >= 0)
		add_watched(watch, group, false, false);
	return result;
}

static int run(struct watch *watch, const char *word) {
	struct ol_error error;
	if (ol_cage_detect(&watch->system, &error) < 0) {
		ol_say("watch: %s", error.message);
		return OL_EXIT_LAB;
	}
	watch->is_of_cages = watch->screen.has_names = word == NULL;
	watch->is_first_list = true;
	int result = word != NULL ? open_word(watch, word, &error) : list_cages(watch, &error);
	if (result < 0)
		return fail(&error);
	struct ol_watch_header header = {
		.watched = word == NULL             ? "cages"
				   : watch->process.pid > 0 ? "process"
											: "group",
		.path = word != NULL ? ol_group_path(watch->watched[0].group) : "",
		.pid = (int32_t)watch->process.pid,
		.period_ns = watch->period_ns,
	};
	ol_signals_catch();
	ol_watch_screen_begin(&watch->screen, &header);
	if (watch->watched_count > 0)
		return loop(watch);
	if (!watch->screen.is_json)
		puts("no lab has a cage now: oomlab run, oomlab serve and oomlab cage make one");
	ol_watch_screen_end(&watch->screen, "no-cages");
	return OL_EXIT_DONE;
}

static int parse(const struct ol_cli_line *line, struct watch *watch, struct ol_error *error) {
	const char *every = ol_cli_value(line, "every");
	const char *count = ol_cli_value(line, "count");
	const char *format = ol_cli_value(line, "format");
	struct ol_error reason;
	if (every != NULL && ol_parse_duration(every, &watch->period_ns, &reason) < 0)
		return ol_error_set(error, -EINVAL, "--every=%.64s: %s", every, reason.message);
	if (watch->period_ns < PERIOD_NS_MINIMUM)
		return ol_error_set(
			error, -ERANGE, "--every=%.64s: expected 1ms or more from look to look", every);
	if (count != NULL && ol_parse_integer(count, 1, LOOKS_MAX, &watch->look_count_max, &reason) < 0)
		return ol_error_set(error, -EINVAL, "--count=%.64s: %s", count, reason.message);
	if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return ol_error_set(error, -EINVAL, "--format=%.64s: expected text or json", format);
	watch->screen.is_json = format != NULL && strcmp(format, "json") == 0;
	return 0;
}

int ol_command_watch(int argc, char **argv) {
	static struct ol_cli_line line;   /* Large, */
	static struct watch watch_memory; /* as this. */
	struct ol_cli_table table;
	struct ol_error error;
	ol_cli_table_init(&table, own_options, OWN_COUNT, false);
	if (ol_cli_parse_all(argc, argv, &table, 1, &line, &error) < 0)
		return ol_say_usage("watch: %s", error.message);
	if (ol_cli_value(&line, "help") != NULL) {
		ol_command_watch_help();
		return OL_EXIT_DONE;
	}
	struct watch *watch = &watch_memory;
	watch->period_ns = PERIOD_NS_DEFAULT;
	watch->process.directory_fd = watch->process.pid_fd = watch->statm_fd = -1;
	if (parse(&line, watch, &error) < 0)
		return ol_say_usage("%s", error.message);
	int status = run(watch, line.word_count > 0 ? line.words[0] : NULL);
	finish(watch);
	return status;
}

void ol_command_watch_help(void) {
	puts("usage: oomlab watch [GROUP|PID] [--every=0.3] [--count=N] [--format=text|json]\n\n"
		 "Shows how much memory a control group is charged for, look after look: usage,\n"
		 "peak, limit (the tightest of its own and those above it), and OOM kills that\n"
		 "happen meanwhile. On a terminal the line is redrawn; elsewhere each look is a\n"
		 "line.\n\n"
		 "GROUP is a path (/user.slice/x), a directory, or a name; of a PID the group that\n"
		 "it is charged to is shown, with its own RSS. Without either: all cages of all\n"
		 "labs. Ends when interrupted, or when what it watches is gone.\n");
	ol_cli_print_options(own_options, OWN_COUNT);
	puts("\nexit status: 0; 1 no such group or process; 2 bad usage; 4 nothing can be\n"
		 "watched here; 128 + n ended by signal n (Ctrl-C: 130).");
}
