/* pairs.c -- Runs commands in turn, A B C A B C, and prints their times in one table.
 *
 * Usage: pairs [--title=TEXT] [--rounds=N] [--warm-up=N] [--seconds=N] [--figures=FILE] [--work=1]
 *              NAME[=STATUS] COMMAND ARGUMENT... [, NAME[=STATUS] COMMAND ARGUMENT...]...
 * In turn, because a machine drifts: each round compares neighbours in time, and the last column
 * is the median over the rounds of a command's time divided by the first one's. A command that
 * ends with another status than STATUS (0) is shown as failed and not run again: what does not do
 * the work must not look fast. Its stdout is dropped, its stderr shown if it fails.
 *
 * With --work=1 each command prints one line, work CHECKSUM OBJECTS BYTES CPU_MS WALL_MS (work.h),
 * and must agree with the first one in the three counts; CPU time is compared instead of wall time,
 * by what the line says unless that is 0.
 *
 * Exit status: 0, 1 where a command failed, 2 bad usage. It judges no figure. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16, ROUNDS_MAX = 10000, COMMAND_SECONDS_MAX = 120, OUTPUT_BYTES_MAX = 2000 };

/* What a command says that it did. */
struct work {
	uint64_t checksum;
	uint64_t objects;
	uint64_t bytes;
};

struct command {
	char *name;
	char **arguments;
	int expected_status;
	bool has_failed;
	struct work work;
	long peak_kib;
	double wall_ms[ROUNDS_MAX];
	double cpu_ms[ROUNDS_MAX];
};

struct options {
	const char *title;
	const char *figures_path;
	long round_count;
	long warm_up_count;
	long seconds_max;
};

extern char **environ;
static struct command commands[COMMANDS_MAX];
static int command_count;
static bool is_work; /* --work. */
static volatile pid_t running;

static double now_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double to_ms(struct timeval time) {
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

/* A command that hangs is ended: its status then fails it. */
static void on_alarm(int signal_number) {
	if (running > 0)
		kill(running, SIGKILL);
}

static void report_failure(struct command *command, int status, int stderr_fd) {
	char text[OUTPUT_BYTES_MAX];
	ssize_t length = pread(stderr_fd, text, sizeof text, 0);

	command->has_failed = true;
	if (WIFSIGNALED(status))
		fprintf(stderr, "pairs: %s: ended by signal %d", command->name, WTERMSIG(status));
	else
		fprintf(stderr, "pairs: %s: exit status %d", command->name, WEXITSTATUS(status));
	fprintf(stderr, ", expected %d; it said:\n%.*s", command->expected_status,
		length > 0 ? (int)length : 0, text);
}

/* Reads what a command says it did; its own times, if any, replace ours. */
static void take_work(struct command *command, int stdout_fd, double *wall_ms, double *cpu_ms) {
	char text[OUTPUT_BYTES_MAX + 1];
	ssize_t length = pread(stdout_fd, text, sizeof text - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	unsigned long long checksum, objects, bytes;
	double own_cpu_ms, own_wall_ms;
	if (sscanf(text, "work %llx %llu %llu %lf %lf", &checksum, &objects, &bytes, &own_cpu_ms,
			&own_wall_ms) != 5) {
		fprintf(stderr, "pairs: %s does not say what it did\n", command->name);
		command->has_failed = true;
		return;
	}
	command->work = (struct work){ checksum, objects, bytes };
	if (own_cpu_ms > 0) {
		*cpu_ms = own_cpu_ms;
		*wall_ms = own_wall_ms;
	}
	const struct command *base = &commands[0];
	if (!base->has_failed && memcmp(&command->work, &base->work, sizeof base->work) != 0) {
		fprintf(stderr, "pairs: %s did other work than %s\n", command->name, base->name);
		command->has_failed = true;
	}
}

/* Runs it once; its time is stored unless the round is a warm-up (negative). */
static void run_once(struct command *command, long round) {
	int stdout_fd = memfd_create("stdout", MFD_CLOEXEC);
	int stderr_fd = memfd_create("stderr", MFD_CLOEXEC);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, stdout_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, stderr_fd, STDERR_FILENO);

	struct rusage usage;
	pid_t pid;
	int status = 0;
	double start_ms = now_ms();
	int error =
		posix_spawnp(&pid, command->arguments[0], &actions, NULL, command->arguments, environ);
	if (error == 0) {
		running = pid;
		alarm(COMMAND_SECONDS_MAX);
		while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
		}
		double wall_ms = now_ms() - start_ms;
		double cpu_ms = to_ms(usage.ru_utime) + to_ms(usage.ru_stime);
		running = 0;
		alarm(0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != command->expected_status)
			report_failure(command, status, stderr_fd);
		else if (is_work)
			take_work(command, stdout_fd, &wall_ms, &cpu_ms);
		if (usage.ru_maxrss > command->peak_kib)
			command->peak_kib = usage.ru_maxrss;
		if (round >= 0) {
			command->wall_ms[round] = wall_ms;
			command->cpu_ms[round] = cpu_ms;
		}
	} else {
		fprintf(stderr, "pairs: %s: cannot run %s: %s\n", command->name, command->arguments[0],
			strerror(error));
		command->has_failed = true;
	}
	posix_spawn_file_actions_destroy(&actions);
	close(stdout_fd);
	close(stderr_fd);
}

static void run_round(long round) {
	for (int i = 0; i < command_count; i++) {
		if (!commands[i].has_failed)
			run_once(&commands[i], round);
	}
}

static int compare(const void *left, const void *right) {
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

/* Of a copy: the rounds must keep their order for the ratios. Nearest rank. */
static double percentile(const double *values, long count, int percent) {
	static double sorted[ROUNDS_MAX];
	memcpy(sorted, values, (size_t)count * sizeof *values);
	qsort(sorted, (size_t)count, sizeof *sorted, compare);
	return sorted[(count - 1) * percent / 100];
}

static double median_ratio(const struct command *command, const struct command *base, long count) {
	static double ratios[ROUNDS_MAX];
	for (long i = 0; i < count; i++)
		ratios[i] =
			is_work ? command->cpu_ms[i] / base->cpu_ms[i] : command->wall_ms[i] / base->wall_ms[i];
	return percentile(ratios, count, 50);
}

static void print_figures(FILE *figures, const struct options *options,
	const struct command *command, long count, double ratio) {
	if (figures != NULL)
		fprintf(figures, "%s\t%s\t%.4f\t%.4f\t%.4f\n", options->title, command->name,
			percentile(command->wall_ms, count, 50), percentile(command->cpu_ms, count, 50), ratio);
}

/* Objects and bytes are those of one second of processor time. */
static void print_work_table(const struct options *options, long count, FILE *figures) {
	const struct command *base = &commands[0];
	printf("%s (%ld %s)\n%-18s %9s %9s %9s %9s %9s %9s   x %s\n", options->title, count,
		count == 1 ? "round" : "rounds", "", "CPU ms", "max ms", "wall ms", "Mobject/s", "MB/s",
		"peak MiB", base->name);
	for (int i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];
		if (command->has_failed) {
			printf("%-18s %9s\n", command->name, "failed");
			continue;
		}
		double cpu_ms = percentile(command->cpu_ms, count, 50);
		printf("%-18s %9.1f %9.1f %9.1f %9.2f %9.0f %9.1f", command->name, cpu_ms,
			percentile(command->cpu_ms, count, 100), percentile(command->wall_ms, count, 50),
			(double)command->work.objects / cpu_ms / 1e3,
			(double)command->work.bytes / cpu_ms / 1e3, (double)command->peak_kib / 1024);
		if (!base->has_failed) {
			double ratio = median_ratio(command, base, count);
			printf("   %6.2f", ratio);
			print_figures(figures, options, command, count, ratio);
		}
		putchar('\n');
	}
	fflush(stdout);
}

static void print_table(const struct options *options, long count, FILE *figures) {
	const struct command *base = &commands[0];
	printf("%s (%ld rounds)\n%-24s %10s %10s %10s %10s   x %s\n", options->title, count, "",
		"median ms", "p10 ms", "p90 ms", "CPU ms", base->name);
	for (int i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];
		if (command->has_failed) {
			printf("%-24s %10s\n", command->name, "failed");
			continue;
		}
		double median_ms = percentile(command->wall_ms, count, 50);
		double cpu_ms = percentile(command->cpu_ms, count, 50);
		printf("%-24s %10.2f %10.2f %10.2f %10.2f", command->name, median_ms,
			percentile(command->wall_ms, count, 10), percentile(command->wall_ms, count, 90),
			cpu_ms);
		if (!base->has_failed) {
			double ratio = median_ratio(command, base, count);
			printf("   %6.2f", ratio);
			print_figures(figures, options, command, count, ratio);
		}
		putchar('\n');
	}
	fflush(stdout);
}

static _Noreturn void refuse(const char *what, const char *word) {
	fprintf(stderr, "pairs: %s%s\n", what, word);
	fputs(
		"usage: pairs [--title=TEXT] [--rounds=N] [--warm-up=N] [--seconds=N] [--figures=FILE]\n"
		"             [--work=1]\n"
		"             NAME[=STATUS] COMMAND ARGUMENT... [, NAME[=STATUS] COMMAND ARGUMENT...]...\n",
		stderr);
	exit(2);
}

static long parse_count(const char *word, const char *text, long max) {
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 0 || value > max)
		refuse("not a count that is possible here: ", word);
	return value;
}

/* Returns the index of the first word that is no option. */
static int parse_options(char **words, struct options *ret_options) {
	int i = 1;
	for (; words[i] != NULL && strncmp(words[i], "--", 2) == 0; i++) {
		const char *value = strchr(words[i], '=');
		if (value == NULL)
			refuse("an option needs =VALUE: ", words[i]);
		value++;
		if (strncmp(words[i], "--title=", 8) == 0)
			ret_options->title = value;
		else if (strncmp(words[i], "--figures=", 10) == 0)
			ret_options->figures_path = value;
		else if (strncmp(words[i], "--rounds=", 9) == 0)
			ret_options->round_count = parse_count(words[i], value, ROUNDS_MAX);
		else if (strncmp(words[i], "--warm-up=", 10) == 0)
			ret_options->warm_up_count = parse_count(words[i], value, ROUNDS_MAX);
		else if (strncmp(words[i], "--seconds=", 10) == 0)
			ret_options->seconds_max = parse_count(words[i], value, INT_MAX);
		else if (strncmp(words[i], "--work=", 7) == 0)
			is_work = parse_count(words[i], value, 1) == 1;
		else
			refuse("no such option: ", words[i]);
	}
	return i;
}

/* Cuts argv at the commas; names and argument vectors stay where they are in it. */
static void parse_commands(char **words) {
	while (*words != NULL) {
		if (command_count == COMMANDS_MAX)
			refuse("too many commands at ", *words);
		struct command *command = &commands[command_count++];
		char *equals = strchr(*words, '=');
		if (equals != NULL) {
			command->expected_status = (int)parse_count(*words, equals + 1, 255);
			*equals = '\0';
		}
		command->name = *words;
		command->arguments = ++words;
		while (*words != NULL && strcmp(*words, ",") != 0)
			words++;
		if (words == command->arguments)
			refuse("no command after the name ", command->name);
		if (*words != NULL)
			*words++ = NULL;
	}
}

int main(int argc, char **argv) {
	struct options options = {
		.title = "commands in turn",
		.round_count = 100,
		.warm_up_count = 3,
		.seconds_max = 60,
	};
	parse_commands(argv + parse_options(argv, &options));
	if (command_count == 0 || options.round_count == 0)
		refuse("nothing to run", "");
	signal(SIGALRM, on_alarm);

	for (long i = 0; i < options.warm_up_count; i++)
		run_round(-1);
	long count = 0;
	for (double start_ms = now_ms(); count < options.round_count;) {
		run_round(count++);
		if (now_ms() - start_ms > (double)options.seconds_max * 1e3)
			break;
	}

	FILE *figures = NULL;
	if (options.figures_path != NULL) {
		figures = fopen(options.figures_path, "ae");
		if (figures == NULL)
			refuse("cannot write ", options.figures_path);
	}
	if (is_work)
		print_work_table(&options, count, figures);
	else
		print_table(&options, count, figures);
	if (figures != NULL)
		fclose(figures);
	for (int i = 0; i < command_count; i++) {
		if (commands[i].has_failed)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
