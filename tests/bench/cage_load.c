/* cage_load.c -- What the cage's bench runs in a cage: work, growth, spikes, and a bare clock.
 *
 * Usage: cage_load work [TIMES]
 *        cage_load tick PERIOD_US SECONDS
 *        cage_load trial WAIT_MS_MAX MIB_PER_S THRESHOLD_KIB TOP_KIB HOLD_MS FILE
 * work: about a second of arithmetic on 64 MiB that is touched again and again; so many TIMES.
 * tick: sleeps so long, again and again, and prints what that costs, in percent of a processor: the
 * least that whoever looks so often can take.
 * trial: waits a random time, takes memory (MIB_PER_S from nine tenths of the threshold on; 0: as
 * fast as it can) until its group's usage is at TOP, holds it, gives it back, waits a little more.
 * Told to end by SIGTERM it stops and ends. FILE gets the truth, by the monotonic clock: "crossed
 * NS KIB" when usage came to the threshold, "told NS KIB" when the signal came, "over NS KIB" when
 * usage was below it again. A trial that was killed has neither of the last two.
 *
 * Exit status: 0; 2 bad usage; 4 its group's usage cannot be read. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_NO_GROUP = 4 };
enum { PAGE_BYTES = 4096, STEP_BYTES = 64 << 10, KIB = 1 << 10, MIB = 1 << 20 };
enum { WORK_BYTES = 64 << 20, WORK_PASSES = 240, WORK_STEPS = 100 };
enum { BELOW_BYTES = 2 << 20 };
enum { AFTERMATH_MS = 100 }; /* A notice of what is over may still come. */

static volatile sig_atomic_t is_told;
static volatile uint64_t told_ns;

static uint64_t now_ns(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Or until it is told to end. */
static void sleep_until(uint64_t at_ns) {
	struct timespec at = { (time_t)(at_ns / 1000000000), (long)(at_ns % 1000000000) };
	while (!is_told && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
	}
}

static uint8_t *map(size_t bytes) {
	uint8_t *start = mmap(
		NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED) {
		perror("cage_load: mmap");
		exit(EXIT_USAGE);
	}
	madvise(start, bytes, MADV_NOHUGEPAGE);
	return start;
}

static int work(uint64_t times) {
	uint8_t *memory = map(WORK_BYTES);
	uint64_t random = 1;
	for (uint64_t pass = 0; pass < WORK_PASSES * times; pass++) {
		for (size_t at = 0; at < WORK_BYTES; at += PAGE_BYTES) {
			for (int step = 0; step < WORK_STEPS; step++)
				random = random * 6364136223846793005 + 1442695040888963407;
			memory[at + (random >> 52)] ^= (uint8_t)(random >> 32);
		}
	}
	/* Nobody may leave it out. */
	return random == 0;
}

/* What this process took of a processor, in ns; the kernel counts no ticks here. */
static uint64_t spent_ns(void) {
	struct timespec spent;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * 1000000000 + (uint64_t)spent.tv_nsec;
}

static int tick(uint64_t period_ns, uint64_t seconds) {
	uint64_t start_ns = now_ns();
	uint64_t before_ns = spent_ns();
	uint64_t end_ns = start_ns + seconds * 1000000000;
	for (uint64_t at_ns = start_ns; at_ns < end_ns; at_ns += period_ns)
		sleep_until(at_ns);
	printf("%.2f\n", 100.0 * (double)(spent_ns() - before_ns) / (double)(now_ns() - start_ns));
	return 0;
}

static void on_term(int signal_number) {
	(void)signal_number;
	if (!is_told)
		told_ns = now_ns();
	is_told = 1;
}

/* The usage file of this process's own group; -1. Only the usual places of the mounts are known. */
static int open_usage(void) {
	char line[PATH_MAX], path[PATH_MAX + 64];
	int fd = -1;
	FILE *groups = fopen("/proc/self/cgroup", "re");
	while (groups != NULL && fd < 0 && fgets(line, sizeof line, groups) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		char *controllers = strchr(line, ':');
		char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (group == NULL)
			continue;
		*group++ = '\0';
		if (strcmp(controllers, ":memory") == 0)
			snprintf(path, sizeof path, "/sys/fs/cgroup/memory%s/memory.usage_in_bytes", group);
		else if (strcmp(controllers, ":") == 0)
			snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", group);
		else
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (groups != NULL)
		fclose(groups);
	return fd;
}

static uint64_t read_usage_kib(int fd) {
	char text[32] = "";
	if (pread(fd, text, sizeof text - 1, 0) <= 0)
		return 0;
	return strtoull(text, NULL, 10) / KIB;
}

struct trial {
	uint64_t wait_ms_max;
	uint64_t mib_per_s;
	uint64_t threshold_kib;
	uint64_t top_kib;
	uint64_t hold_ms;
	int usage_fd;
	int truth_fd;
	bool has_crossed;
	size_t crossed_bytes; /* Taken by then. */
};

static void tell(const struct trial *trial, const char *what, uint64_t at_ns) {
	char line[80];
	int length = snprintf(line, sizeof line, "%s %" PRIu64 " %" PRIu64 "\n", what, at_ns,
		read_usage_kib(trial->usage_fd));
	if (write(trial->truth_fd, line, (size_t)length) != length)
		perror("cage_load: write");
}

/* Takes a step's pages and looks what that made of the group. Returns its usage. */
static uint64_t take_step(struct trial *trial, uint8_t *memory, size_t taken_bytes) {
	for (size_t at = 0; at < STEP_BYTES; at += PAGE_BYTES)
		memory[taken_bytes + at] = 1;
	uint64_t usage_kib = read_usage_kib(trial->usage_fd);
	if (usage_kib >= trial->threshold_kib && !trial->has_crossed) {
		trial->has_crossed = true;
		trial->crossed_bytes = taken_bytes;
		tell(trial, "crossed", now_ns());
	}
	return usage_kib;
}

static void grow(struct trial *trial, uint8_t *memory, size_t bytes_max) {
	uint64_t slow_kib = trial->threshold_kib / 10 * 9;
	uint64_t step_ns =
		trial->mib_per_s > 0 ? (uint64_t)STEP_BYTES * 1000000000 / (trial->mib_per_s * MIB) : 0;
	uint64_t due_ns = 0;
	for (size_t taken = 0; taken < bytes_max && !is_told; taken += STEP_BYTES) {
		uint64_t usage_kib = take_step(trial, memory, taken);
		if (usage_kib >= trial->top_kib)
			return;
		if (usage_kib < slow_kib || step_ns == 0)
			continue;
		due_ns = (due_ns == 0 ? now_ns() : due_ns) + step_ns;
		sleep_until(due_ns);
	}
}

static int run_trial(struct trial *trial) {
	struct sigaction action = { .sa_handler = on_term };
	sigaction(SIGTERM, &action, NULL);
	trial->usage_fd = open_usage();
	if (trial->usage_fd < 0) {
		fputs("cage_load: cannot read the usage of its own control group\n", stderr);
		return EXIT_NO_GROUP;
	}
	size_t bytes_max = (trial->top_kib * KIB / STEP_BYTES + 2) * STEP_BYTES;
	uint8_t *memory = map(bytes_max);
	uint64_t random = 0;
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		perror("cage_load: getrandom");
	sleep_until(now_ns() + random % (trial->wait_ms_max * 1000000 + 1));
	grow(trial, memory, bytes_max);
	if (!is_told)
		sleep_until(now_ns() + trial->hold_ms * 1000000);
	if (!is_told) {
		/* What is above goes first, so that it is over at once. */
		size_t rest_bytes =
			trial->crossed_bytes > BELOW_BYTES ? trial->crossed_bytes - BELOW_BYTES : 0;
		munmap(memory + rest_bytes, bytes_max - rest_bytes);
		tell(trial, "over", now_ns());
		sleep_until(now_ns() + (uint64_t)AFTERMATH_MS * 1000000);
	}
	if (is_told)
		tell(trial, "told", told_ns);
	return 0;
}

static uint64_t number(const char *text) {
	return strtoull(text, NULL, 10);
}

int main(int argc, char **argv) {
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "work") == 0 && argc <= 3)
		return work(argc == 3 ? number(argv[2]) : 1);
	if (strcmp(what, "tick") == 0 && argc == 4 && number(argv[2]) > 0)
		return tick(number(argv[2]) * 1000, number(argv[3]));
	if (strcmp(what, "trial") == 0 && argc == 8) {
		struct trial trial = {
			.wait_ms_max = number(argv[2]),
			.mib_per_s = number(argv[3]),
			.threshold_kib = number(argv[4]),
			.top_kib = number(argv[5]),
			.hold_ms = number(argv[6]),
			.truth_fd = open(argv[7], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
		};
		if (trial.truth_fd >= 0)
			return run_trial(&trial);
		perror(argv[7]);
		return EXIT_USAGE;
	}
	fputs("usage: cage_load work [TIMES] | tick PERIOD_US SECONDS\n"
		  "       cage_load trial WAIT_MS_MAX MIB_PER_S THRESHOLD_KIB TOP_KIB HOLD_MS FILE\n",
		stderr);
	return EXIT_USAGE;
}
