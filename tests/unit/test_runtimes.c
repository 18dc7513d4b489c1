/* test_runtimes.c -- Heap settings against the cage's limit: what is said, and when nothing is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "runtimes/runtimes.h"

enum { WORDS_MAX = 12, VARIABLES_MAX = 3 };

#define RECIPE_BYTES UINT64_C(100000000)

struct example {
	const char *words[WORDS_MAX];
	const char *variables[VARIABLES_MAX + 1];
	uint64_t limit_bytes;
	const char *setting; /* NULL: nothing is said. */
	const char *text;    /* Some of it. */
	bool is_note;        /* Good to know, no warning. */
};

static void check(const struct example *example) {
	struct ol_advice advice[OL_ADVICE_MAX];
	size_t count =
		ol_runtimes_advise(example->words, example->variables, example->limit_bytes, advice);
	char command[256] = "";
	for (size_t i = 0; example->words[i] != NULL; i++)
		snprintf(command + strlen(command), sizeof command - strlen(command), " %.40s",
			example->words[i]);
	if (count != (example->setting != NULL ? 1 : 0))
		fail_msg("%zu things are said of%s: %s: %s", count, command,
			count > 0 ? advice->setting : "", count > 0 ? advice->text : "");
	if (count == 0)
		return;
	if (strcmp(advice->setting, example->setting) != 0 ||
		strstr(advice->text, example->text) == NULL || advice->is_warning == example->is_note)
		fail_msg("of%s is said: %s: %s", command, advice->setting, advice->text);
	assert_true(advice->text[strlen(advice->text) - 1] == '.');
}

static void check_all(const struct example *examples, size_t count) {
	for (size_t i = 0; i < count; i++)
		check(&examples[i]);
}

#define CHECK_ALL(examples) check_all(examples, sizeof(examples) / sizeof *(examples))

static void a_go_memory_limit_has_to_leave_something_of_the_cage(void **state) {
	static const struct example examples[] = {
		{ { "./service" }, { "GOMEMLIMIT=64MiB" }, RECIPE_BYTES, NULL, NULL, false },
		{ { "./service" }, { "GOMEMLIMIT=95000000" }, RECIPE_BYTES, NULL, NULL, false },
		{ { "./service" }, { "GOMEMLIMIT=97000000" }, RECIPE_BYTES, "GOMEMLIMIT=97000000",
			"leaves 2.9 MiB of the cage's 95.4 MiB to all that Go does not count", false },
		{ { "./service" }, { "GOMEMLIMIT=100000000" }, RECIPE_BYTES, "GOMEMLIMIT=100000000",
			"is not below the cage's 95.4 MiB", false },
		{ { "./service" }, { "GOMEMLIMIT=2TiB" }, RECIPE_BYTES, "GOMEMLIMIT=2TiB",
			"GOMEMLIMIT=85MiB fits.", false },
		{ { "bash" }, { "GOMEMLIMIT=8GiB" }, 4 * OL_MIB, "GOMEMLIMIT=8GiB",
			"GOMEMLIMIT=3686KiB fits.", false },
		{ { "./service" }, { "GOMEMLIMIT=90MB" }, RECIPE_BYTES, "GOMEMLIMIT=90MB",
			"is no size that Go reads", false },
		{ { "./service" }, { "GOMEMLIMIT=-5" }, RECIPE_BYTES, "GOMEMLIMIT=-5", "malformed", false },
		{ { "./service" }, { "GOMEMLIMIT=9223372036854775808" }, RECIPE_BYTES,
			"GOMEMLIMIT=9223372036854775808", "malformed", false },
		{ { "./service" }, { "GOMEMLIMIT=off" }, RECIPE_BYTES, NULL, NULL, false },
		{ { "./service" }, { "GOMEMLIMIT=" }, RECIPE_BYTES, NULL, NULL, false },
	};
	CHECK_ALL(examples);
}

static void go_without_collections_needs_a_memory_limit(void **state) {
	static const struct example examples[] = {
		{ { "./service" }, { "GOGC=off" }, RECIPE_BYTES, "GOGC=off", "Go never collects", false },
		{ { "./service" }, { "GOGC=off", "GOMEMLIMIT=80MiB" }, RECIPE_BYTES, NULL, NULL, false },
		{ { "./service" }, { "GOGC=400" }, RECIPE_BYTES, NULL, NULL, false },
	};
	CHECK_ALL(examples);
}

static void the_go_tool_is_known_to_compile_and_to_be_go(void **state) {
	static const struct example examples[] = {
		{ { "go", "version" }, { NULL }, RECIPE_BYTES, "GOMEMLIMIT", "GOMEMLIMIT=85MiB has it",
			true },
		{ { "/usr/local/go/bin/go", "run", "." }, { "GOMEMLIMIT=80MiB" }, RECIPE_BYTES, "go run",
			"build the program outside", false },
		{ { "go", "run", "." }, { "GOMEMLIMIT=800MiB" }, OL_GIB, NULL, NULL, false },
	};
	CHECK_ALL(examples);
}

static void a_heap_of_v8_has_to_fit_with_what_lies_beside_it(void **state) {
	static const struct example examples[] = {
		{ { "node", "--max-old-space-size=1024", "app.js" }, { NULL }, RECIPE_BYTES,
			"--max-old-space-size=1024",
			"allows V8 a heap of 1.0 GiB in a cage of 95.4 MiB, and Node needs some 16 MiB beside "
			"it: the kernel kills before V8 collects hard. --max-old-space-size=60 fits.",
			false },
		{ { "/usr/bin/nodejs", "--max_old_space_size=1024", "app.js" }, { NULL }, RECIPE_BYTES,
			"--max_old_space_size=1024", "--max-old-space-size=60 fits.", false },
		{ { "node", "--max-old-space-size=60", "app.js" }, { NULL }, RECIPE_BYTES, NULL, NULL,
			false },
		{ { "node", "--max-old-space-size=76", "app.js" }, { NULL }, RECIPE_BYTES, NULL, NULL,
			false },
		{ { "node", "--max-old-space-size=90", "app.js" }, { NULL }, RECIPE_BYTES,
			"--max-old-space-size=90", "=60 fits.", false },
		{ { "node", "--max-heap-size=200", "app.js" }, { NULL }, RECIPE_BYTES,
			"--max-heap-size=200", "200.0 MiB", false },
		{ { "node", "--max-heap-size=64", "app.js" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		/* The young generation is three semi-spaces. */
		{ { "node", "--max-old-space-size=60", "--max-semi-space-size=16", "a.js" }, { NULL },
			RECIPE_BYTES, "--max-semi-space-size=16", "108.0 MiB", false },
		{ { "node", "--max-old-space-size", "60", "app.js" }, { NULL }, RECIPE_BYTES,
			"--max-old-space-size", "behind \"=\"", false },
		{ { "node", "--max-old-space-size=960", "app.js" }, { NULL }, OL_GIB,
			"--max-old-space-size=960", "--max-old-space-size=884 fits.", false },
		{ { "node", "--max-old-space-size=60", "app.js" }, { NULL }, 32 * OL_MIB,
			"--max-old-space-size=60", "No setting fits", false },
	};
	CHECK_ALL(examples);
}

static void words_behind_the_script_are_the_scripts_own(void **state) {
	static const struct example examples[] = {
		{ { "node", "--max-old-space-size=60", "app.js", "--max-old-space-size=1024" }, { NULL },
			RECIPE_BYTES, NULL, NULL, false },
		{ { "node", "--max-old-space-size=60", "-r", "hook", "--", "--max-old-space-size=1024" },
			{ NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "node", "-e", "1", "--max-old-space-size=1024" }, { NULL }, RECIPE_BYTES,
			"--max-old-space-size=1024", "1.0 GiB", false },
		{ { "java", "-Xmx40m", "-jar", "app.jar", "-Xmx1g" }, { NULL }, RECIPE_BYTES, NULL, NULL,
			false },
		{ { "java", "-Xmx40m", "-cp", "classes", "Main", "-Xmx1g" }, { NULL }, RECIPE_BYTES, NULL,
			NULL, false },
		{ { "java", "-cp", "classes", "-Xmx1g", "Main" }, { NULL }, RECIPE_BYTES, "-Xmx1g",
			"1.0 GiB", false },
		{ { "grep", "node", "--max-old-space-size=1024" }, { NULL }, RECIPE_BYTES, NULL, NULL,
			false },
		{ { "echo", "java", "-Xmx1g" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
	};
	CHECK_ALL(examples);
}

static void v8_takes_256_mib_where_nothing_is_set(void **state) {
	static const struct example examples[] = {
		{ { "node", "app.js" }, { NULL }, RECIPE_BYTES, "--max-old-space-size",
			"never less than 256.0 MiB, in a cage of 95.4 MiB. --max-old-space-size=60 fits.",
			false },
		{ { "node" }, { NULL }, OL_GIB, "--max-old-space-size", "takes 512.0 MiB", true },
		{ { "node" }, { NULL }, 8 * OL_GIB, NULL, NULL, false },
		{ { "npm", "start" }, { NULL }, RECIPE_BYTES, "--max-old-space-size",
			"NODE_OPTIONS=--max-old-space-size=60 fits.", false },
	};
	CHECK_ALL(examples);
}

static void the_command_line_wins_over_node_options(void **state) {
	static const struct example examples[] = {
		{ { "node", "app.js" }, { "NODE_OPTIONS=--no-warnings  --max-old-space-size=1024" },
			RECIPE_BYTES, "NODE_OPTIONS: --max-old-space-size=1024", "1.0 GiB", false },
		{ { "node", "app.js" }, { "NODE_OPTIONS=--max-old-space-size=60" }, RECIPE_BYTES, NULL,
			NULL, false },
		{ { "node", "--max-old-space-size=60", "app.js" },
			{ "NODE_OPTIONS=--max-old-space-size=1024" }, RECIPE_BYTES, NULL, NULL, false },
		{ { "npx", "--max-old-space-size=1024", "tool" },
			{ "NODE_OPTIONS=\"--max-old-space-size=60\"" }, RECIPE_BYTES, NULL, NULL, false },
	};
	CHECK_ALL(examples);
}

static void a_heap_of_the_jvm_has_to_fit_with_what_lies_beside_it(void **state) {
	static const struct example examples[] = {
		{ { "java", "-Xmx512m", "Main" }, { NULL }, RECIPE_BYTES, "-Xmx512m",
			"allows a heap of 512.0 MiB in a cage of 95.4 MiB, and the JVM needs some 24 MiB "
			"beside it: the kernel kills before the heap is full. -Xmx47m fits.",
			false },
		{ { "java", "-Xmx47m", "Main" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "java", "-Xmx65536K", "Main" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "java", "-Xmx80m", "Main" }, { NULL }, RECIPE_BYTES, "-Xmx80m", "-Xmx47m", false },
		{ { "java", "-Xmx1g", "-Xmx40m", "Main" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "java", "-XX:MaxHeapSize=1G", "Main" }, { NULL }, OL_GIB, "-XX:MaxHeapSize=1G",
			"-Xmx768m fits.", false },
		{ { "java", "-Xmx900m", "Main" }, { NULL }, OL_GIB, NULL, NULL, false },
		/* By default it fits. */
		{ { "java", "Main" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "java", "Main" }, { NULL }, 64 * OL_MIB, NULL, NULL, false },
		{ { "java", "Main" }, { NULL }, 64 * OL_GIB, NULL, NULL, false },
		{ { "java", "-Xmx", "-Xmx12x", "-Xmx0", "Main" }, { NULL }, RECIPE_BYTES, NULL, NULL,
			false },
	};
	CHECK_ALL(examples);
}

static void a_share_for_the_jvms_heap_has_to_fit_too(void **state) {
	static const struct example examples[] = {
		{ { "java", "-XX:MaxRAMPercentage=75", "Main" }, { NULL }, OL_GIB, NULL, NULL, false },
		{ { "java", "-XX:MaxRAMPercentage=97.5", "Main" }, { NULL }, OL_GIB,
			"-XX:MaxRAMPercentage=97.5", "998.4 MiB", false },
		/* Tried: 80 % of 100 MB is 50 %. */
		{ { "java", "-XX:MaxRAMPercentage=80", "Main" }, { NULL }, RECIPE_BYTES,
			"-XX:MaxRAMPercentage=80", "MinRAMPercentage decides, and the heap gets 47.7 MiB",
			true },
		{ { "java", "-XX:MinRAMPercentage=90", "Main" }, { NULL }, RECIPE_BYTES,
			"-XX:MinRAMPercentage=90", "85.8 MiB", false },
		{ { "java", "-XX:MaxRAMPercentage=80", "-Xmx40m", "Main" }, { NULL }, RECIPE_BYTES, NULL,
			NULL, false },
		/* Tried: a quarter of what is told. */
		{ { "java", "-XX:MaxRAM=1g", "Main" }, { NULL }, RECIPE_BYTES, "-XX:MaxRAM=1g", "256.0 MiB",
			false },
		{ { "java", "-XX:MaxRAM=1g", "-XX:MaxRAMPercentage=50", "Main" }, { NULL }, RECIPE_BYTES,
			"-XX:MaxRAMPercentage=50", "512.0 MiB", false },
		{ { "java", "-XX:-UseContainerSupport", "Main" }, { NULL }, OL_GIB,
			"-XX:-UseContainerSupport", "the machine's memory", false },
		{ { "java", "-XX:-UseContainerSupport", "-Xmx40m", "Main" }, { NULL }, RECIPE_BYTES, NULL,
			NULL, false },
	};
	CHECK_ALL(examples);
}

static void a_jvms_first_heap_kills_only_where_it_is_written_to(void **state) {
	static const struct example examples[] = {
		/* Tried: with a limit of 100 MB it starts, and grows into its heap later. */
		{ { "java", "-Xms512m", "Main" }, { NULL }, RECIPE_BYTES, "-Xms512m",
			"allows a heap of 512.0 MiB", false },
		{ { "java", "-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch", "Main" }, { NULL }, RECIPE_BYTES,
			"-Xms512m", "kills before the program begins", false },
		{ { "java", "-Xms32m", "-Xmx40m", "-XX:+AlwaysPreTouch", "Main" }, { NULL }, RECIPE_BYTES,
			NULL, NULL, false },
		{ { "java", "-Xms64m", "-Xmx32m", "Main" }, { NULL }, RECIPE_BYTES, "-Xms64m",
			"is more than -Xmx32m: the JVM does not start", false },
	};
	CHECK_ALL(examples);
}

static void the_jvms_variables_count_in_its_own_order(void **state) {
	static const struct example examples[] = {
		{ { "java", "Main" }, { "JAVA_TOOL_OPTIONS=-Xmx1g" }, RECIPE_BYTES,
			"JAVA_TOOL_OPTIONS: -Xmx1g", "1.0 GiB", false },
		{ { "java", "Main" }, { "JDK_JAVA_OPTIONS=-ea '-Xmx1g'" }, RECIPE_BYTES,
			"JDK_JAVA_OPTIONS: -Xmx1g", "1.0 GiB", false },
		{ { "java", "-Xmx40m", "Main" }, { "JDK_JAVA_OPTIONS=-Xmx1g", "JAVA_TOOL_OPTIONS=-Xmx2g" },
			RECIPE_BYTES, NULL, NULL, false },
		{ { "java", "-Xmx40m", "Main" }, { "_JAVA_OPTIONS=-Xmx1g" }, RECIPE_BYTES,
			"_JAVA_OPTIONS: -Xmx1g", "1.0 GiB", false },
	};
	CHECK_ALL(examples);
}

static void a_program_is_found_behind_those_that_only_start_it(void **state) {
	static const struct example examples[] = {
		{ { "env", "NODE_OPTIONS=--max-old-space-size=1024", "node", "a.js" },
			{ "NODE_OPTIONS=--max-old-space-size=60" }, RECIPE_BYTES,
			"NODE_OPTIONS: --max-old-space-size=1024", "1.0 GiB", false },
		{ { "env", "-u", "GOMEMLIMIT", "./service" }, { "GOMEMLIMIT=1GiB" }, RECIPE_BYTES, NULL,
			NULL, false },
		{ { "env", "--unset=GOMEMLIMIT", "./service" }, { "GOMEMLIMIT=1GiB" }, RECIPE_BYTES, NULL,
			NULL, false },
		{ { "env", "-i", "A=B", "./service" }, { "GOMEMLIMIT=1GiB" }, RECIPE_BYTES, NULL, NULL,
			false },
		{ { "env", "-i", "GOMEMLIMIT=1GiB", "./service" }, { NULL }, RECIPE_BYTES,
			"GOMEMLIMIT=1GiB", "not below", false },
		{ { "nice", "-n", "5", "taskset", "-c", "0", "java", "-Xmx1g", "M" }, { NULL },
			RECIPE_BYTES, "-Xmx1g", "1.0 GiB", false },
		{ { "timeout", "-s", "KILL", "10", "java", "-Xmx1g", "M" }, { NULL }, RECIPE_BYTES,
			"-Xmx1g", "1.0 GiB", false },
		{ { "sh", "-c", "GOGC=off A='b c' exec java -Xmx1g M" }, { NULL }, RECIPE_BYTES, "-Xmx1g",
			"1.0 GiB", false },
		{ { "bash", "-ec", "env GOMEMLIMIT=1GiB \"./my service\"" }, { NULL }, RECIPE_BYTES,
			"GOMEMLIMIT=1GiB", "not below", false },
		/* More than one command: whatever is said could be wrong. */
		{ { "sh", "-c", "java -Xmx1g M | tee log" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "sh", "script.sh" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "env" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "sh", "-c" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "timeout" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "nice", "-n" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { "sh", "-c", "sh -c 'java -Xmx1g M'" }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
		{ { NULL }, { NULL }, RECIPE_BYTES, NULL, NULL, false },
	};
	CHECK_ALL(examples);
}

static void nothing_is_said_without_a_limit(void **state) {
	static const struct example examples[] = {
		{ { "java", "-Xmx1g", "M" }, { NULL }, UINT64_MAX, NULL, NULL, false },
		{ { "./service" }, { "GOMEMLIMIT=nonsense" }, UINT64_MAX, NULL, NULL, false },
	};
	CHECK_ALL(examples);
}

static void words_without_end_are_read_no_further_than_they_may(void **state) {
	static char line[1 << 16];
	memset(line, 'x', sizeof line - 1);
	for (size_t i = 0; i < sizeof line - 1; i += 5)
		line[i] = ' ';
	memcpy(line, "NODE_OPTIONS=", strlen("NODE_OPTIONS="));
	memcpy(line + sizeof line - 64, " --max-old-space-size=1024 ", 27);
	const struct example many = { { "node", "--max-old-space-size=60", "a.js" }, { line },
		RECIPE_BYTES, NULL, NULL, false };
	check(&many);
	memset(line + strlen("NODE_OPTIONS="), '"', sizeof line - 64);
	check(&many);
	memset(line + strlen("NODE_OPTIONS="), '\\', sizeof line - 64);
	check(&many);

	static const char *envs[3000];
	for (size_t i = 0; i + 2 < sizeof envs / sizeof *envs; i++)
		envs[i] = "env";
	struct ol_advice advice[OL_ADVICE_MAX];
	const char *const empty[] = { NULL };
	assert_int_equal(ol_runtimes_advise(envs, empty, RECIPE_BYTES, advice), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_go_memory_limit_has_to_leave_something_of_the_cage),
		cmocka_unit_test(go_without_collections_needs_a_memory_limit),
		cmocka_unit_test(the_go_tool_is_known_to_compile_and_to_be_go),
		cmocka_unit_test(a_heap_of_v8_has_to_fit_with_what_lies_beside_it),
		cmocka_unit_test(words_behind_the_script_are_the_scripts_own),
		cmocka_unit_test(v8_takes_256_mib_where_nothing_is_set),
		cmocka_unit_test(the_command_line_wins_over_node_options),
		cmocka_unit_test(a_heap_of_the_jvm_has_to_fit_with_what_lies_beside_it),
		cmocka_unit_test(a_share_for_the_jvms_heap_has_to_fit_too),
		cmocka_unit_test(a_jvms_first_heap_kills_only_where_it_is_written_to),
		cmocka_unit_test(the_jvms_variables_count_in_its_own_order),
		cmocka_unit_test(a_program_is_found_behind_those_that_only_start_it),
		cmocka_unit_test(nothing_is_said_without_a_limit),
		cmocka_unit_test(words_without_end_are_read_no_further_than_they_may),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
