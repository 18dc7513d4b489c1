/* test_script.c -- Scripts without a cage: loaded as the lab does, run as the subject does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "record/frame.h"
#include "script/script_lab.h"
#include "script/script_subject.h"
#include "script/state.h"

enum { FAULTS_MAX = 100000, SUBJECT_BUFFER_BYTES = 4 << 20 };

static char directory[] = "/tmp/oomlab-test-XXXXXX";
static char script_path[sizeof directory + 32];

static int make_directory(void **state) {
	unsetenv("OOMLAB_PATH");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(script_path, sizeof script_path, "%s/script.lua", directory);
	return 0;
}

static int remove_directory(void **state) {
	unlink(script_path);
	return rmdir(directory);
}

static void write_file(const char *path, const char *text) {
	OL_AUTO_FCLOSE FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

/* Loads text as a script file; NULL with error filled where it is at fault. */
static struct ol_script *load_text(const char *text, struct ol_error *error) {
	struct ol_script *script = NULL;
	write_file(script_path, text);
	int result = ol_script_open(script_path, &script, NULL, error);
	if (result < 0)
		assert_int_equal(result, -EBADMSG);
	return script;
}

#define SCENARIO(body) \
	"local lab = require 'lab'\n" \
	"return lab.scenario { program = function (heap, opt, cage) " body " end }\n"

/* How a subject ended, as it said itself, and the last line it logged. */
struct ending {
	enum ol_outcome outcome;
	char message[OL_MESSAGE_BYTES];
	char traceback[OL_MESSAGE_BYTES];
	char line[OL_TEXT_BYTES];
};

static void read_ending(int socket_fd, struct ending *ending) {
	static union ol_arrival arrival;
	ending->outcome = OL_OUTCOME_COUNT;
	while (ol_frame_receive(socket_fd, &arrival, NULL) == 1) {
		if (arrival.frame.kind == OL_FRAME_EVENT)
			snprintf(ending->line, sizeof ending->line, "%s", arrival.frame.event.text);
		if (arrival.frame.kind != OL_FRAME_END)
			continue;
		ending->outcome = (enum ol_outcome)arrival.frame.end.outcome;
		snprintf(ending->message, sizeof ending->message, "%s", arrival.frame.end.message);
		snprintf(ending->traceback, sizeof ending->traceback, "%s", arrival.frame.end.traceback);
	}
}

/* Runs a script's program in this process, with settings of name, text pairs up to a NULL. */
static struct ending run_script(const char *path, const char *const *settings) {
	struct ol_script *script;
	struct ol_error error = { 0 };
	struct ol_plan plan;
	struct ending ending = { 0 };
	size_t text_bytes;
	int sockets[2], buffer_bytes = SUBJECT_BUFFER_BYTES;
	struct ol_allocator_faults *faults = ol_lua_faults;
	ol_lua_faults = NULL; /* They are meant for the subject. */
	assert_int_equal(ol_script_open(path, &script, NULL, &error), 0);
	ol_plan_init(&plan);
	assert_int_equal(ol_script_plan(script, &plan, &error), 0);
	for (; settings != NULL && *settings != NULL; settings += 2)
		assert_int_equal(ol_plan_set(&plan, settings[0], settings[1], &error), 0);
	assert_int_equal(ol_plan_finish(&plan, &error), 0);
	assert_int_equal(ol_script_fill(script, &plan.spec, &error), 0);
	ol_lua_faults = faults;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
	struct ol_run_links links = { .socket_fd = sockets[0], .usage_fd = -1, .pressure_fd = -1 };
	struct ol_script_subject *subject = NULL;
	int result = ol_script_subject_create(&plan.spec, &links, &subject, &error);
	struct ol_run *run = NULL;
	if (result == 0)
		result = ol_run_create(&plan.spec, &links, &run, &error);
	if (result == 0) {
		ol_script_run_program(subject, run, ol_script_text(script, &text_bytes));
		read_ending(sockets[1], &ending);
	} else {
		ending.outcome = ol_script_end_by(subject, &error).outcome;
		snprintf(ending.message, sizeof ending.message, "%s", error.message);
	}
	ol_run_destroy(run);
	ol_script_subject_destroy(subject);
	close(sockets[0]);
	close(sockets[1]);
	ol_script_close(script);
	return ending;
}

static struct ending run_text(const char *text) {
	write_file(script_path, text);
	return run_script(script_path, NULL);
}

static void assert_contains(const char *text, const char *part) {
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in '%s'", part, text);
}

/* ---- Loading --------------------------------------------------------------------------------- */

static void test_bundled_script_describes_itself(void **state) {
	struct ol_script *script;
	struct ol_error error;
	size_t count;
	assert_int_equal(ol_script_open("spike", &script, NULL, &error), 0);
	assert_string_equal(ol_script_name(script), "spike");
	assert_string_equal(ol_script_path(script), "scripts/spike.lua");
	assert_int_equal(ol_script_kind(script), OL_SCRIPT_SCENARIO);
	assert_contains(ol_script_synopsis(script), "why does it die?");
	const struct ol_option *options = ol_script_options(script, &count);
	assert_int_equal(count, 5);
	assert_string_equal(options[3].value.name, "gc");
	assert_int_equal(options[3].value.type, OL_OPTION_BOOLEAN);
	assert_int_equal(options[3].value.boolean, 0);
	assert_int_equal(ol_script_set_option(script, "first", "80%", &error), 0);
	assert_true(options[2].value.number == 0.8);
	assert_true(options[0].value.is_unset && !options[2].value.is_unset);
	ol_script_close(script);
}

static void test_misspelt_script_is_told_with_the_nearest_name(void **state) {
	struct ol_script *script;
	struct ol_error error;
	assert_int_equal(ol_script_open("spiek", &script, NULL, &error), -ENOENT);
	assert_contains(error.message, "did you mean 'spike'");
}

static void test_faulty_script_is_one_line_with_its_place(void **state) {
	static const struct {
		const char *text;
		const char *message; /* After the path. */
	} cases[] = {
		{ "return 1 +", ":1: unexpected symbol near <eof>" },
		{ "return 5", ": a script must return lab.scenario{...} or lab.experiment{...}, not a "
					  "number" },
		{ "local lab = require 'lab'", ": a script must return lab.scenario{...} or "
									   "lab.experiment{...}, not nothing" },
		{ "\nlimt = 5", ":2: assignment to undefined variable 'limt'; declare it with local" },
		{ "\n\nreturn os.time()", ":3: os is not available to scripts" },
		{ "return load('x')", ":1: load is not available to scripts" },
		{ "require 'io'", ":1: module 'io' not found" },
		{ "require '../x'", ":1: '../x' is no name of a module" },
		{ "require 'lab.nothing'", ":1: module 'lab.nothing' not found" },
		{ "error({})", ":1: error object: table" },
		{ "error(setmetatable({}, { __tostring = function () return 'words' end }))", ":1: words" },
		{ "error(setmetatable({}, { __tostring = function () error('x') end }))",
			":1: error object: a table that cannot be shown" },
		{ "\nerror()", ":2: error(nil): an error without a message" },
		{ "\nerror('plain', 0)", ":2: plain" },
		{ "setmetatable({}, { __gc = print })", ":1: __gc is not available to scripts" },
		{ "string.rep('', 1 << 62)", ":1: string.rep: resulting string too large" },
		{ "local lab = require 'lab'\nreturn lab.scenario {\n limt = 1, program = print }",
			":2: lab.scenario: unknown field 'limt'; did you mean 'limit'?" },
		{ "local lab = require 'lab'\nreturn lab.scenario { program = 5 }",
			":2: lab.scenario: program must be a function, not number" },
		{ "local lab = require 'lab'\nreturn lab.scenario { title = 'x' }",
			":2: lab.scenario: program is missing" },
		{ "local lab = require 'lab'\nreturn lab.scenario { limit = 'abc', program = print }",
			":2: lab.scenario: limit=abc: 'abc' is not a size" },
		{ "local lab = require 'lab'\nreturn lab.scenario { options = { n = { 5, max = 4 } }, "
		  "program = print }",
			":2: lab.scenario: option 'n': the default does not fit: n=5: expected at most 4" },
		{ "local lab = require 'lab'\nreturn lab.MB", ":2: lab: there is no 'MB'; did you mean " },
		{ "local function f() return f() + 1 end\nf()", ":1: not enough memory for the script" },
		{ "local s = ('x'):rep(25 << 20)\nreturn s .. s", ":2: not enough memory for the script" },
		{ "local t = {}\nwhile true do\nt[#t + 1] = {} end",
			":3: not enough memory for the script" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_error error;
		struct ol_script *script = load_text(cases[i].text, &error);
		if (script != NULL)
			fail_msg("loaded: %s", cases[i].text);
		size_t length = strlen(script_path);
		assert_memory_equal(error.message, script_path, length);
		if (strncmp(error.message + length, cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("'%s' gave '%s'", cases[i].text, error.message + length);
		assert_null(strchr(error.message, '\n'));
	}
}

static void test_traceback_names_the_functions(void **state) {
	struct ol_script *script;
	struct ol_script_failure failure;
	struct ol_error error;
	write_file(script_path, "local function inner()\nerror 'here'\nend\n"
							"local function outer()\ninner()\nend\nouter()\n");
	assert_int_equal(ol_script_open(script_path, &script, &failure, &error), -EBADMSG);
	assert_contains(failure.traceback, "script.lua:2: in upvalue 'inner'");
	assert_contains(failure.traceback, "script.lua:5: in local 'outer'");
	assert_contains(failure.traceback, "script.lua:7: in main chunk");
}

static void test_long_path_is_told_whole(void **state) {
	char folder[256], path[300];
	struct ol_script *script;
	struct ol_error error;
	snprintf(folder, sizeof folder, "%s/%0100d", directory, 7);
	snprintf(path, sizeof path, "%s/x.lua", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	write_file(path, "\nerror 'here'");
	assert_int_equal(ol_script_open(path, &script, NULL, &error), -EBADMSG);
	unlink(path);
	rmdir(folder);
	assert_contains(error.message, path);
	assert_contains(error.message, "x.lua:2: here");
}

static void test_precompiled_script_is_refused(void **state) {
	struct ol_error error;
	assert_null(load_text("\x1bLuaT", &error));
	assert_contains(error.message, "attempt to load a binary chunk");
}

static void test_deadline_cannot_be_swallowed(void **state) {
	struct ol_error error;
	assert_null(load_text("while true do\n"
						  "  pcall(function ()\n"
						  "    local loop = coroutine.wrap(function () while true do end end)\n"
						  "    while true do pcall(loop) end\n"
						  "  end)\n"
						  "end\n",
		&error));
	assert_contains(error.message, "endless loop");
}

/* ---- Options --------------------------------------------------------------------------------- */

static const char options_text[] =
	"local lab = require 'lab'\n"
	"return lab.scenario { program = print, options = {\n"
	"  gc = { true, 'collect' }, count = { 10, 'slabs', min = 1, max = 100 },\n"
	"  share = { 0.5, 'of it', max = 1 }, block_size = { '1M', 'of a slab', bytes = true },\n"
	"  order = { 'fifo', 'first', choices = { 'fifo', 'lifo' } }, note = { '', 'any' } } }\n";

static void test_option_is_set_from_text(void **state) {
	static const struct {
		const char *name, *text;
		int result;
		const char *message;
	} cases[] = {
		{ "gc", NULL, 0, "" },
		{ "gc", "off", 0, "" },
		{ "no-gc", NULL, 0, "" },
		{ "gc", "maybe", -EINVAL, "gc=maybe: expected true or false" },
		{ "no-gc", "true", -ENOENT, "the script has no option 'no-gc'" },
		{ "count", "7", 0, "" },
		{ "count", NULL, -EINVAL, "count needs a value: --count=INTEGER" },
		{ "count", "0", -EINVAL, "count=0: expected 1 to 100" },
		{ "count", "7.5", -EINVAL, "count=7.5: expected a whole number" },
		{ "count", "99999999999999999999", -EINVAL, "expected a whole number" },
		{ "share", "1", 0, "" },
		{ "share", "nan", -EINVAL, "expected a number" },
		{ "share", "1e999", -EINVAL, "expected a number" },
		{ "share", "1.5", -EINVAL, "expected at most 1" },
		{ "block-size", "2MiB", 0, "" },
		{ "block_size", "-1", -EINVAL, "block_size=-1: '-1' is not a size" },
		{ "order", "lifo", 0, "" },
		{ "order", "filo", -EINVAL, "order=filo: expected fifo, lifo; did you mean 'fifo'?" },
		{ "note", "any text", 0, "" },
		{ "cuont", "7", -ENOENT, "did you mean 'count'?" },
	};
	struct ol_error error;
	struct ol_script *script = load_text(options_text, &error);
	assert_non_null(script);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		error = (struct ol_error){ 0 };
		int result = ol_script_set_option(script, cases[i].name, cases[i].text, &error);
		if (result != cases[i].result)
			fail_msg("%s=%s: %d, %s", cases[i].name, cases[i].text, result, error.message);
		assert_contains(error.message, cases[i].message);
	}
	size_t count;
	const struct ol_option *options = ol_script_options(script, &count);
	assert_int_equal(count, 6); /* In order of name. */
	assert_int_equal(options[0].value.integer, 2 * OL_MIB);
	assert_int_equal(options[1].value.integer, 7);
	assert_int_equal(options[2].value.boolean, 0);
	assert_string_equal(options[3].value.string, "any text");
	assert_string_equal(options[4].value.string, "lifo");
	assert_true(options[5].value.number == 1.0);
	ol_script_close(script);
}

/* ---- Programs -------------------------------------------------------------------------------- */

static void assert_survives(const char *text) {
	struct ending ending = run_text(text);
	if (ending.outcome != OL_OUTCOME_SURVIVED)
		fail_msg("%s: %s\n%s", ol_outcome_name(ending.outcome), ending.message, ending.traceback);
}

static void test_program_uses_slabs_nodes_and_roots(void **state) {
	assert_survives(
		SCENARIO("local slab = heap:phase('one'):slab(1000)\n"
				 "assert(slab:bytes() == 1024)\n"
				 "local node <close> = heap:node(3, 100)\n"
				 "assert(node:slots() == 3 and node:get(1) == nil)\n"
				 "node:set(2, slab)\n"
				 "slab:release()\n"
				 "assert(heap:garbage() == 0)\n"
				 "local held <close> = node:get(2)\n"
				 "assert(held:bytes() == 1024)\n"
				 "local root = heap:root(held)\n"
				 "root:set(node)\n"
				 "local same <close> = root:get()\n"
				 "assert(same:slots() == 3)\n"
				 "root:set(nil)\n"
				 "assert(root:get() == nil)\n"
				 "root:release()\n"
				 "heap:slab(100000):release()\n"
				 "assert(heap:garbage() > 0)\n"
				 "heap:collect()\n"
				 "assert(heap:garbage() == 0 and heap:stats().num_forced_gc == 1)\n"
				 "assert(heap:free_os_memory() >= 0 and heap:elapsed_ns() > 0)\n"
				 "assert(cage.limit == 32 << 20 and cage.swap == 0 and cage:usage() == 0)\n"
				 "heap:check()\n"));
}

static void test_what_lua_forgets_stays_in_the_heap(void **state) {
	assert_survives(
		SCENARIO("heap:slab(100000)\n"
				 "collectgarbage()\n"
				 "collectgarbage()\n"
				 "heap:collect()\n"
				 "assert(heap:stats().heap_alloc >= 100000 and heap:garbage() == 0)\n"));
}

static void test_close_releases_what_is_left_when_a_program_fails(void **state) {
	struct ending ending = run_text(SCENARIO(
		"local slab <close> = heap:slab(5)\n"
		"local watch <close> = setmetatable({}, { __close = function () print('closed') end })\n"
		"error('on purpose')\n"));
	assert_int_equal(ending.outcome, OL_OUTCOME_SCRIPT_ERROR);
	assert_contains(ending.message, "script.lua:4: on purpose");
	assert_contains(ending.traceback, "script.lua:4: in function <");
	assert_string_equal(ending.line, "closed");
}

static void test_misuse_blames_the_caller(void **state) {
	static const struct {
		const char *body, *message;
	} cases[] = {
		{ "local s = heap:slab(8) s:release() s:release()", "this slab was released" },
		{ "local s = heap:slab(8) s:release() heap:root(s)", "this slab was released" },
		{ "heap:slab(0)", "expected bytes, at least 1, not 0" },
		{ "heap:slab(-5)", "expected bytes, at least 1, not -5" },
		{ "heap:slab(1.5)", "a whole number, not 1.5" },
		{ "heap:slab('8')", "expected bytes, a whole number, not string" },
		{ "heap:node(0)", "a node needs slots, or payload bytes" },
		{ "heap:node(1 << 40)", "expected at most 16777216 slots" },
		{ "heap:node(2):set(3, nil)", "there is no slot 3: the node has 2" },
		{ "heap:node(2):set(0, nil)", "expected a slot, at least 1, not 0" },
		{ "heap:node(2):set(1, 5)", "expected a slab or a node, not number" },
		{ "heap:node(2):set(1, heap)", "expected a slab or a node, not userdata" },
		{ "heap:phase('')", "expected a name of 1 to 63 bytes" },
		{ "heap:slab(8):set(1, nil)", "attempt to call a nil value (method 'set')" },
		{ "local s = opt.speed", "this script's options: there is no 'speed'" },
		{ "local s = cage.limt", "cage: there is no 'limt'; did you mean 'limit'?" },
		{ "require('lab').scenario { program = print }", "are declared when the script is loaded" },
		{ "require('lab').run('spike')", "lab.run works in the program of an experiment" },
		{ "coroutine.yield()", "attempt to yield" },
		{ "os.exit(0)", "os is not available to scripts" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		snprintf(text, sizeof text, SCENARIO("\n%s\n"), cases[i].body);
		struct ending ending = run_text(text);
		if (ending.outcome != OL_OUTCOME_SCRIPT_ERROR)
			fail_msg("%s: %s", cases[i].body, ol_outcome_name(ending.outcome));
		assert_contains(ending.message, "script.lua:3: ");
		assert_contains(ending.message, cases[i].message);
	}
}

static void test_refused_allocation_can_be_caught(void **state) {
	assert_survives(SCENARIO("local fine, message = pcall(heap.slab, heap, 1 << 46)\n"
							 "assert(not fine, 'served')\n"
							 "heap:slab(1000):release()\n"
							 "heap:check()\n"));
}

static void test_refused_allocation_that_nobody_catches_is_out_of_memory(void **state) {
	struct ending ending = run_text(SCENARIO("heap:slab(1 << 46)"));
	assert_int_equal(ending.outcome, OL_OUTCOME_OUT_OF_MEMORY);
	ending = run_text(SCENARIO("local _, m = pcall(heap.slab, heap, 1 << 46) error('so: ' .. m)"));
	assert_int_equal(ending.outcome, OL_OUTCOME_OUT_OF_MEMORY);
}

static void test_endless_allocation_in_lua_meets_the_cap(void **state) {
	struct ending ending = run_text(SCENARIO("local t = {} for i = 1, 1 << 40 do t[i] = i end"));
	assert_int_equal(ending.outcome, OL_OUTCOME_SCRIPT_ERROR);
	assert_contains(ending.message, "script.lua:2: not enough memory for the script itself");
	assert_contains(ending.message, "of at most 8.0 MiB");
	assert_contains(ending.message, "--script-memory=SIZE");
}

static void test_lines_are_cut_and_made_harmless(void **state) {
	struct ending ending = run_text(SCENARIO("print('a\\27[31m', 5, ('x'):rep(2000))"));
	assert_int_equal(strlen(ending.line), OL_TEXT_BYTES - 1);
	assert_memory_equal(ending.line, "a?[31m\t5\txxx", 12);
}

static void test_random_numbers_come_from_the_seed(void **state) {
	struct ending first = run_text(SCENARIO("print(math.random(1 << 60))"));
	struct ending second = run_text(SCENARIO("print(math.random(1 << 60))"));
	assert_string_equal(first.line, second.line);
}

/* ---- Expectations ---------------------------------------------------------------------------- */

static void test_expectation_is_met_not_met_or_absent(void **state) {
	static const struct {
		const char *expect;
		int result, met;
	} cases[] = {
		{ "return run:survived()", 0, 0 },
		{ "return run:oom_killed() and run.outcome == 'oom-killed'", 0, 1 },
		{ "return run.last_words.phase == 'end' and run.memstats.next_gc == 42", 0, 1 },
		{ "return run.phases[1].name == 'one' and #run.phases == 1", 0, 1 },
		{ "return nil", 0, -1 },
		{ "return 5", -EBADMSG, 0 },
		{ "return run.outcom", -EBADMSG, 0 },
		{ "return run:surviv()", -EBADMSG, 0 },
		{ "return require('lab').run('spike')", -EBADMSG, 0 },
	};
	static struct ol_run_summary summary; /* Large. */
	summary.outcome = OL_OUTCOME_OOM_KILLED;
	strcpy(summary.last_words.phase, "end");
	summary.last_words.memstats.next_gc = 42;
	summary.phase_count = 1;
	strcpy(summary.phases[0].name, "one");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		struct ol_error error = { 0 };
		int met = 7;
		snprintf(text, sizeof text,
			"local lab = require 'lab'\nreturn lab.scenario { program = print, "
			"expect = function (run, opt) %s end }",
			cases[i].expect);
		struct ol_script *script = load_text(text, &error);
		assert_non_null(script);
		int result = ol_script_expect(script, &summary, &met, NULL, &error);
		if (result != cases[i].result || (result == 0 && met != cases[i].met))
			fail_msg("%s: %d, %d, %s", cases[i].expect, result, met, error.message);
		ol_script_close(script);
	}
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void test_every_allocation_of_a_load_refused_once_ends_clearly(void **state) {
	uint64_t failed_count = 0;
	for (uint64_t i = 1; i < FAULTS_MAX; i++) {
		struct ol_allocator_faults faults = { .first_refusal = i, .refusals = 2 };
		struct ol_script *script = NULL;
		struct ol_error error;
		ol_lua_faults = &faults;
		int result = ol_script_open("spike", &script, NULL, &error);
		if (result == 0)
			result = ol_script_set_option(script, "gc", "true", &error);
		ol_lua_faults = NULL;
		ol_script_close(script);
		if (faults.refused_count == 0) {
			assert_true(failed_count > 100);
			return;
		}
		if (result < 0) {
			failed_count++;
			assert_int_equal(result, -EBADMSG);
			assert_contains(error.message, "not enough memory for the script itself");
		}
	}
	fail();
}

static void test_every_allocation_of_a_program_refused_once_ends_clearly(void **state) {
	uint64_t failed_count = 0;
	write_file(script_path,
		"local lab = require 'lab'\n"
		"return lab.scenario { limit = 8 * lab.MiB, program = function (heap, opt, cage)\n"
		"  local node <close> = heap:phase('one'):node(2)\n"
		"  node:set(1, heap:slab(1000))\n"
		"  lab.log('%d', heap:stats().heap_alloc)\n"
		"  local slab <close> = node:get(1)\n"
		"end }\n");
	for (uint64_t i = 1; i < FAULTS_MAX; i++) {
		struct ol_allocator_faults faults = { .first_refusal = i, .refusals = 2 };
		ol_lua_faults = &faults;
		struct ending ending = run_script(script_path, NULL);
		ol_lua_faults = NULL;
		if (faults.refused_count == 0) {
			assert_true(failed_count > 100);
			return;
		}
		if (ending.outcome == OL_OUTCOME_SURVIVED)
			continue;
		failed_count++;
		assert_int_equal(ending.outcome, OL_OUTCOME_SCRIPT_ERROR);
		assert_contains(ending.message, "not enough memory");
	}
	fail();
}

static void test_every_memory_request_of_a_program_refused_once_ends_clearly(void **state) {
	int failed_count = 0;
	for (int i = 1; i < 1000; i++) {
		char number[16];
		snprintf(number, sizeof number, "%d", i);
		const char *settings[] = { "limit", "8M", "fail-memory-request", number, NULL };
		struct ending ending = run_script("spike", settings);
		if (ending.outcome == OL_OUTCOME_SURVIVED && i > 20)
			break;
		if (ending.outcome == OL_OUTCOME_OUT_OF_MEMORY)
			failed_count++;
		else
			assert_int_equal(ending.outcome, OL_OUTCOME_SURVIVED);
	}
	assert_true(failed_count > 0);
}

/* ---- The list -------------------------------------------------------------------------------- */

static void check_order(void *context, const char *name) {
	char *previous = context;
	assert_true(strcmp(previous, name) < 0);
	snprintf(previous, OL_NAME_BYTES, "%s", name);
}

static void test_list_is_in_order_each_script_once(void **state) {
	char previous[OL_NAME_BYTES] = "";
	struct ol_error error;
	assert_int_equal(ol_script_list(check_order, previous, &error), 0);
	assert_true(previous[0] != '\0');
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundled_script_describes_itself),
		cmocka_unit_test(test_misspelt_script_is_told_with_the_nearest_name),
		cmocka_unit_test(test_faulty_script_is_one_line_with_its_place),
		cmocka_unit_test(test_traceback_names_the_functions),
		cmocka_unit_test(test_long_path_is_told_whole),
		cmocka_unit_test(test_precompiled_script_is_refused),
		cmocka_unit_test(test_deadline_cannot_be_swallowed),
		cmocka_unit_test(test_option_is_set_from_text),
		cmocka_unit_test(test_program_uses_slabs_nodes_and_roots),
		cmocka_unit_test(test_what_lua_forgets_stays_in_the_heap),
		cmocka_unit_test(test_close_releases_what_is_left_when_a_program_fails),
		cmocka_unit_test(test_misuse_blames_the_caller),
		cmocka_unit_test(test_refused_allocation_can_be_caught),
		cmocka_unit_test(test_refused_allocation_that_nobody_catches_is_out_of_memory),
		cmocka_unit_test(test_endless_allocation_in_lua_meets_the_cap),
		cmocka_unit_test(test_lines_are_cut_and_made_harmless),
		cmocka_unit_test(test_random_numbers_come_from_the_seed),
		cmocka_unit_test(test_expectation_is_met_not_met_or_absent),
		cmocka_unit_test(test_every_allocation_of_a_load_refused_once_ends_clearly),
		cmocka_unit_test(test_every_allocation_of_a_program_refused_once_ends_clearly),
		cmocka_unit_test(test_every_memory_request_of_a_program_refused_once_ends_clearly),
		cmocka_unit_test(test_list_is_in_order_each_script_once),
	};
	return cmocka_run_group_tests_name("script", tests, make_directory, remove_directory);
}
