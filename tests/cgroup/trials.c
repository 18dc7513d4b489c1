/* trials.c -- Random trials of oomlab cage: is each verdict right, and its evidence?
 *
 * Usage: trials COUNT SEED OOMLAB      trials victim WHAT ...   (what is put into the cage)
 * Each trial draws a kind of end and random sizes, puts this very program into a cage so that it
 * ends in that way, and holds the summary against what must be in it. TAP: a test for each kind.
 * TRIALS_KINDS="own child" draws from these only. Works on version 1 and version 2; what a machine
 * cannot do is not drawn (throttling needs version 2). */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "cage/cage.h"

enum { ARGUMENTS_MAX = 32, TEXT_BYTES = 1024, OUTPUT_BYTES_MAX = 1 << 20, TRIAL_SECONDS_MAX = 120 };

#define MIB ((uint64_t)1 << 20)

extern char **environ;

/* ---- The victim: what is put into the cage ---- */

static volatile sig_atomic_t is_told;

static void on_term(int signal_number) {
	is_told = 1;
}

/* Written to, page by page, at a pace of pause_us after each MiB; held for ever. */
static bool take(uint64_t bytes, unsigned pause_us) {
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	for (uint64_t i = 0; i < bytes && !is_told; i += 4096) {
		memory[i] = 1;
		if (pause_us > 0 && i % MIB == 0)
			usleep(pause_us);
	}
	return true;
}

/* victim take BYTES STATUS: takes and ends with that status; when refused with 3. */
static int victim_take(char **words) {
	return take(strtoull(words[0], NULL, 10), 0) ? atoi(words[1]) : 3;
}

/* victim child BYTES STATUS: a child takes; the parent waits and ends with that status. */
static int victim_child(char **words) {
	pid_t pid = fork();
	if (pid == 0)
		_exit(take(strtoull(words[0], NULL, 10), 0) ? 0 : 3);
	waitpid(pid, NULL, 0);
	return atoi(words[1]);
}

/* victim wait BYTES FIFO: takes, says its pid, and waits to be killed. */
static int victim_wait(char **words) {
	if (!take(strtoull(words[0], NULL, 10), 0))
		return 3;
	FILE *fifo = fopen(words[1], "w");
	if (fifo == NULL)
		return 4;
	fprintf(fifo, "%d\n", (int)getpid());
	fclose(fifo);
	for (;;)
		pause();
}

/* victim leak BYTES PAUSE_US GOOD: takes slowly; told to end, it does, in good order or by the
 * signal. */
static int victim_leak(char **words) {
	if (words[2][0] == '1')
		signal(SIGTERM, on_term);
	take(strtoull(words[0], NULL, 10), (unsigned)atoi(words[1]));
	/* It is told at some time: with all taken, it waits for that. */
	for (int i = 0; i < 1000 && !is_told; i++)
		usleep(10000);
	return is_told ? 0 : 5;
}

static int victim(char **words) {
	static const struct {
		const char *name;
		int word_count;
		int (*run)(char **words);
	} kinds[] = {
		{ "take", 2, victim_take },
		{ "child", 2, victim_child },
		{ "wait", 2, victim_wait },
		{ "leak", 3, victim_leak },
	};
	int word_count = 0;
	while (words[word_count] != NULL)
		word_count++;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (word_count == kinds[i].word_count + 1 && strcmp(words[0], kinds[i].name) == 0)
			return kinds[i].run(words + 1);
	}
	return 2;
}

/* ---- A trial ---- */

struct trial {
	struct ol_random random;
	char texts[ARGUMENTS_MAX][TEXT_BYTES];
	char *arguments[ARGUMENTS_MAX + 1];
	int count;
	bool is_killed_by_stranger;
	char story[TEXT_BYTES]; /* Why it failed; "" while it has not. */
};

struct machine {
	const char *oomlab;
	char own[TEXT_BYTES];
	char fifo[TEXT_BYTES];
	char parent[TEXT_BYTES]; /* A group with a limit of its own, from the top of the hierarchy. */
	char parent_directory[2 * TEXT_BYTES];
	bool is_version_2;
};

static struct machine machine;

static uint64_t draw(struct trial *trial, uint64_t least, uint64_t most) {
	return least + ol_random_next(&trial->random) % (most - least + 1);
}

__attribute__((format(printf, 2, 3))) static void add(
	struct trial *trial, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(trial->texts[trial->count], TEXT_BYTES, format, arguments);
	va_end(arguments);
	trial->arguments[trial->count] = trial->texts[trial->count];
	trial->count++;
}

__attribute__((format(printf, 2, 3))) static void fail(
	struct trial *trial, const char *format, ...) {
	va_list arguments;
	if (trial->story[0] != '\0')
		return;
	va_start(arguments, format);
	vsnprintf(trial->story, sizeof trial->story, format, arguments);
	va_end(arguments);
}

/* "oomlab cage --format=json --limit=N". */
static uint64_t begin(struct trial *trial, uint64_t least_mib, uint64_t most_mib) {
	uint64_t limit_bytes = draw(trial, least_mib * MIB, most_mib * MIB) & ~(uint64_t)4095;
	add(trial, "%s", machine.oomlab);
	add(trial, "cage");
	add(trial, "--format=json");
	add(trial, "--limit=%llu", (unsigned long long)limit_bytes);
	if (draw(trial, 0, 3) == 0)
		add(trial, "--sample-period=1ms");
	if (draw(trial, 0, 3) == 0)
		add(trial, "--keep");
	return limit_bytes;
}

static void add_victim(struct trial *trial, const char *what) {
	/* Sometimes behind a shell that becomes it, or one that waits for it. */
	add(trial, "--");
	if (draw(trial, 0, 3) == 0) {
		add(trial, "sh");
		add(trial, "-c");
		add(trial, "exec \"$@\"");
		add(trial, "sh");
	}
	add(trial, "%s", machine.own);
	add(trial, "victim");
	add(trial, "%s", what);
}

static void add_bytes(struct trial *trial, uint64_t bytes) {
	add(trial, "%llu", (unsigned long long)bytes);
}

/* ---- What must be in a summary ---- */

static const char *text_of(json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

static long long number_of(json_t *object, const char *key) {
	json_t *value = json_object_get(object, key);
	return json_is_integer(value) ? (long long)json_integer_value(value) : -1;
}

static json_t *evidence_of(json_t *summary) {
	return json_object_get(summary, "evidence");
}

static void must_end(struct trial *trial, json_t *summary, const char *outcome) {
	if (strcmp(text_of(summary, "outcome"), outcome) != 0)
		fail(trial, "outcome %s, not %s", text_of(summary, "outcome"), outcome);
}

static void must_number(struct trial *trial, json_t *object, const char *key, long long number) {
	if (number_of(object, key) != number)
		fail(trial, "%s %lld, not %lld", key, number_of(object, key), number);
}

static void must_no_kill(struct trial *trial, json_t *summary) {
	must_number(trial, evidence_of(summary), "oom_kill_delta", 0);
	must_number(trial, summary, "kill_count", 0);
}

static void must_kill(struct trial *trial, json_t *summary, bool is_command, const char *whose) {
	json_t *kill = json_array_get(json_object_get(summary, "kills"), 0);
	must_number(trial, evidence_of(summary), "oom_kill_delta", 1);
	if (strcmp(text_of(evidence_of(summary), "limited_by"), whose) != 0)
		fail(trial, "limited_by %s, not %s", text_of(evidence_of(summary), "limited_by"), whose);
	if (json_is_true(json_object_get(summary, "is_command_oom_killed")) != is_command)
		fail(trial, "the command itself: %d expected", is_command);
	if (kill == NULL)
		fail(trial, "no kill is told of");
	else if ((number_of(kill, "pid") == number_of(summary, "pid")) != is_command)
		fail(trial, "the wrong process is named: %lld", number_of(kill, "pid"));
}

static void must_status(struct trial *trial, int status, int expected) {
	if (status != expected)
		fail(trial, "exit status %d, not %d", status, expected);
}

/* ---- The kinds ---- */

struct kind {
	const char *name;
	bool needs_version_2;
	/* Fills in the arguments; data is the kind's own, kept for judge. */
	void (*prepare)(struct trial *trial, int *data);
	void (*judge)(struct trial *trial, json_t *summary, int status, int data);
};

static void prepare_survived(struct trial *trial, int *status) {
	uint64_t limit_bytes = begin(trial, 8, 96);
	*status = (int)draw(trial, 0, 1) * (int)draw(trial, 1, 125);
	/* Room enough: whatever its exit status, nothing was refused. */
	if (draw(trial, 0, 2) == 0)
		add(trial, "--address-space=1G");
	add_victim(trial, draw(trial, 0, 1) ? "take" : "child");
	add_bytes(trial, draw(trial, 4096, limit_bytes * 8 / 10 - 3 * MIB));
	add(trial, "%d", *status);
}

static void judge_survived(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "survived");
	must_no_kill(trial, summary);
	must_status(trial, status, data);
	must_number(trial, evidence_of(summary), "exit_status", data);
}

static void prepare_own(struct trial *trial, int *data) {
	uint64_t limit_bytes = begin(trial, 4, 96);
	add_victim(trial, "take");
	add_bytes(trial, limit_bytes + draw(trial, MIB, limit_bytes));
	add(trial, "0");
	*data = (int)(limit_bytes / 4096);
}

static void judge_own(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "oom-killed");
	must_kill(trial, summary, true, "own");
	must_status(trial, status, 128 + SIGKILL);
	must_number(trial, summary, "cage_peak_bytes", (long long)data * 4096);
}

static void prepare_child(struct trial *trial, int *status) {
	uint64_t limit_bytes = begin(trial, 4, 64);
	*status = (int)draw(trial, 0, 1) * (int)draw(trial, 1, 125);
	add_victim(trial, "child");
	add_bytes(trial, limit_bytes + draw(trial, MIB, limit_bytes));
	add(trial, "%d", *status);
}

static void judge_child(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "oom-killed");
	must_kill(trial, summary, false, "own");
	must_status(trial, status, data);
}

static void prepare_ancestor(struct trial *trial, int *data) {
	uint64_t limit_bytes = begin(trial, 32, 96);
	add(trial, "--group=%s", machine.parent);
	add_victim(trial, "take");
	add_bytes(trial, limit_bytes);
	add(trial, "0");
	*data = 0;
}

static void judge_ancestor(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "oom-killed-by-ancestor");
	must_kill(trial, summary, true, "ancestor");
	must_status(trial, status, 128 + SIGKILL);
	if (strstr(text_of(evidence_of(summary), "limiting_group"), machine.parent) == NULL)
		fail(
			trial, "the wrong group is named: %s", text_of(evidence_of(summary), "limiting_group"));
}

static void prepare_stranger(struct trial *trial, int *data) {
	uint64_t limit_bytes = begin(trial, 8, 64);
	trial->is_killed_by_stranger = true;
	add_victim(trial, "wait");
	add_bytes(trial, draw(trial, 4096, limit_bytes * 9 / 10 - 3 * MIB));
	add(trial, "%s", machine.fifo);
	*data = 0;
}

static void judge_stranger(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "killed");
	must_no_kill(trial, summary);
	must_number(trial, evidence_of(summary), "signal", SIGKILL);
	must_status(trial, status, 128 + SIGKILL);
}

static void prepare_exit_137(struct trial *trial, int *data) {
	uint64_t limit_bytes = begin(trial, 8, 64);
	add_victim(trial, "take");
	add_bytes(trial, draw(trial, 4096, limit_bytes * 8 / 10 - 3 * MIB));
	add(trial, "137");
	*data = 137;
}

static void prepare_refused(struct trial *trial, int *data) {
	uint64_t limit_bytes = begin(trial, 32, 96);
	uint64_t cap_bytes = draw(trial, 32 * MIB, limit_bytes + 64 * MIB);
	add(trial, "--address-space=%llu", (unsigned long long)cap_bytes);
	add_victim(trial, "take");
	add_bytes(trial, cap_bytes + draw(trial, 0, 4096 * MIB));
	add(trial, "0");
	*data = 0;
}

static void judge_refused(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "out-of-memory");
	must_no_kill(trial, summary);
	must_status(trial, status, 3);
	if (number_of(summary, "refused_count") < 1)
		fail(trial, "no refused request was counted");
}

static void prepare_throttled(struct trial *trial, int *data) {
	uint64_t limit_bytes = begin(trial, 48, 96);
	uint64_t high_bytes = draw(trial, 8 * MIB, 16 * MIB);
	add(trial, "--high=%llu", (unsigned long long)high_bytes);
	add(trial, "--timeout=%llu", (unsigned long long)draw(trial, 3, 5));
	add_victim(trial, "take");
	add_bytes(trial, limit_bytes - 16 * MIB);
	add(trial, "0");
	*data = 0;
}

static void judge_throttled(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "throttled");
	must_no_kill(trial, summary);
}

/* Slow enough for whatever way is drawn to see it in time. */
static void prepare_watchdog(struct trial *trial, int *data) {
	static const char *const ways[] = { "every=never", "every=10ms,notice=off",
		"every=20ms,of=rss,notice=off", "every=50ms" };
	uint64_t limit_bytes = begin(trial, 32, 96);
	add(trial, "--watchdog=%d%%,%s", (int)draw(trial, 40, 70), ways[draw(trial, 0, 3)]);
	add(trial, "--dump=off");
	add_victim(trial, "leak");
	add_bytes(trial, limit_bytes * 9 / 10);
	add(trial, "%d", (int)draw(trial, 1000, 4000));
	*data = (int)draw(trial, 0, 1);
	add(trial, "%d", *data);
}

static void judge_watchdog(struct trial *trial, json_t *summary, int status, int data) {
	must_end(trial, summary, "shut-down");
	must_no_kill(trial, summary);
	must_status(trial, status, data ? 0 : 128 + SIGTERM);
}

static const struct kind kinds[] = {
	{ "survived", false, prepare_survived, judge_survived },
	{ "own", false, prepare_own, judge_own },
	{ "child", false, prepare_child, judge_child },
	{ "ancestor", false, prepare_ancestor, judge_ancestor },
	{ "stranger", false, prepare_stranger, judge_stranger },
	{ "exit-137", false, prepare_exit_137, judge_survived },
	{ "refused", false, prepare_refused, judge_refused },
	{ "throttled", true, prepare_throttled, judge_throttled },
	{ "watchdog", false, prepare_watchdog, judge_watchdog },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- Running one ---- */

/* The victim says its number through the fifo; then it is killed, by nobody it knows. */
static void kill_as_stranger(struct trial *trial) {
	int fd = open(machine.fifo, O_RDWR | O_CLOEXEC);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char text[32] = "";
	if (poll(&wait, 1, TRIAL_SECONDS_MAX * 1000) == 1 && read(fd, text, sizeof text - 1) > 0 &&
		atoi(text) > 1)
		(void)kill((pid_t)atoi(text), SIGKILL);
	else
		fail(trial, "the victim never said who it is");
	close(fd);
}

static int wait_for(struct trial *trial, pid_t pid) {
	int status;
	for (int i = 0; i < TRIAL_SECONDS_MAX * 100; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
		usleep(10000);
	}
	fail(trial, "it takes for ever");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

static json_t *run(struct trial *trial, int *ret_status) {
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int out_fd = memfd_create("stdout", MFD_CLOEXEC);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int result = posix_spawn(&pid, trial->arguments[0], &actions, NULL, trial->arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (result != 0) {
		fail(trial, "cannot start %s: %s", trial->arguments[0], strerror(result));
		close(out_fd);
		return NULL;
	}
	if (trial->is_killed_by_stranger)
		kill_as_stranger(trial);
	*ret_status = wait_for(trial, pid);
	static char text[OUTPUT_BYTES_MAX];
	ssize_t length = pread(out_fd, text, sizeof text, 0);
	close(out_fd);
	json_t *summary = json_loadb(text, length > 0 ? (size_t)length : 0, 0, NULL);
	if (summary == NULL)
		fail(trial, "no summary; exit status %d", *ret_status);
	return summary;
}

struct tally {
	int count;
	int right;
};

static void report_failure(const struct trial *trial, const struct kind *kind, json_t *summary) {
	printf("# %s: %s:", kind->name, trial->story);
	for (int i = 1; i < trial->count; i++)
		printf(" %s", trial->texts[i]);
	char *text = json_dumps(evidence_of(summary), JSON_COMPACT);
	printf("\n#   %s\n", text != NULL ? text : "");
	free(text);
	fflush(stdout);
}

static void run_trial(uint64_t seed, const struct kind *kind, struct tally *tally) {
	struct trial *trial = calloc(1, sizeof *trial);
	int data = 0;
	int status = -1;
	if (trial == NULL)
		abort();
	trial->random = ol_random_seeded(seed);
	kind->prepare(trial, &data);
	json_t *summary = run(trial, &status);
	if (summary != NULL)
		kind->judge(trial, summary, status, data);
	tally->count++;
	tally->right += trial->story[0] == '\0';
	if (trial->story[0] != '\0')
		report_failure(trial, kind, summary);
	json_decref(summary);
	free(trial);
}

/* ---- The machine ---- */

static void write_text(const char *directory, const char *name, const char *text) {
	char path[3 * TEXT_BYTES];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# cannot write %s to %s: %s\n", text, path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* A group of 16 MiB for cages to be in. */
static bool set_up(void) {
	struct ol_cage_system system;
	struct ol_error error;
	if (ol_cage_detect(&system, &error) < 0) {
		printf("1..0 # SKIP %s\n", error.message);
		return false;
	}
	machine.is_version_2 = system.memory_version == 2;
	snprintf(machine.parent, sizeof machine.parent, "oomlab-trials-%d", (int)getpid());
	snprintf(machine.parent_directory, sizeof machine.parent_directory, "%s/%s", system.mount,
		machine.parent);
	snprintf(machine.fifo, sizeof machine.fifo, "/tmp/oomlab-trials-%d", (int)getpid());
	if (mkdir(machine.parent_directory, 0755) < 0 || mkfifo(machine.fifo, 0600) < 0) {
		printf("1..0 # SKIP no control group can be made: %s\n", strerror(errno));
		return false;
	}
	if (machine.is_version_2)
		write_text(system.mount, "cgroup.subtree_control", "+memory");
	write_text(machine.parent_directory,
		machine.is_version_2 ? "memory.max" : "memory.limit_in_bytes", "16777216");
	return true;
}

static void tear_down(void) {
	unlink(machine.fifo);
	if (rmdir(machine.parent_directory) < 0)
		printf("# cannot remove %s: %s\n", machine.parent_directory, strerror(errno));
}

static bool is_drawn(const struct kind *kind) {
	const char *wanted = getenv("TRIALS_KINDS");
	if (kind->needs_version_2 && !machine.is_version_2)
		return false;
	return wanted == NULL || strstr(wanted, kind->name) != NULL;
}

static int report(const struct tally tallies[KINDS], double seconds) {
	int number = 0;
	int right = 0;
	int count = 0;
	for (int i = 0; i < KINDS; i++) {
		if (tallies[i].count == 0)
			continue;
		bool is_good = tallies[i].right == tallies[i].count;
		printf("%s %d - random trials of the verdict, %s: %d of %d are right\n",
			is_good ? "ok" : "not ok", ++number, kinds[i].name, tallies[i].right, tallies[i].count);
		right += tallies[i].right;
		count += tallies[i].count;
	}
	printf("1..%d\n# %d of %d verdicts are right, %.1f s\n", number, right, count, seconds);
	return right == count && count > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
	static struct tally tallies[KINDS];
	const struct kind *drawn[KINDS];
	size_t drawn_count = 0;
	if (argc > 2 && strcmp(argv[1], "victim") == 0)
		return victim(argv + 2);
	if (argc != 4) {
		fputs("usage: trials COUNT SEED OOMLAB\n", stderr);
		return 2;
	}
	machine.oomlab = argv[3];
	ssize_t length = readlink("/proc/self/exe", machine.own, sizeof machine.own - 1);
	if (length < 0 || !set_up())
		return length < 0;
	for (int i = 0; i < KINDS; i++) {
		if (is_drawn(&kinds[i]))
			drawn[drawn_count++] = &kinds[i];
	}
	struct ol_random random = ol_random_seeded(strtoull(argv[2], NULL, 10));
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < atoi(argv[1]); i++) {
		const struct kind *kind = drawn[ol_random_next(&random) % drawn_count];
		run_trial(ol_random_next(&random), kind, &tallies[kind - kinds]);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	tear_down();
	return report(
		tallies, (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
}
