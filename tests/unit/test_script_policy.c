/* test_script_policy.c -- Policies in Lua: what a callback is told, what it orders, how it fails.
 *
 * Drives the policy as a collector does, with figures of its own making; there is no run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <lauxlib.h>

#include "lua_policy_world.h"

enum { FAULTS_MAX = 100000, ROUNDS = 2000 };

/* ---- Callbacks ------------------------------------------------------------------------------- */

static void test_only_what_is_declared_is_called(void **state) {
	struct world *world = open_text("on_tick = function () end, period = 0.25");
	const struct ol_policy_ops *ops = world->policy->ops;
	assert_non_null(ops->on_tick);
	assert_null(ops->on_start);
	assert_null(ops->on_gc_end);
	assert_null(ops->on_pressure);
	assert_null(ops->before_grow);
	assert_null(ops->goal);
	assert_int_equal(world->policy->tick_period_ns, 250 * OL_NS_PER_MS);
	close_world(world);
}

static void test_callbacks_see_figures_by_name(void **state) {
	struct world *world = open_text(
		"on_start = function (cage, heap)\n"
		"  assert(cage.limit == 32 << 20 and cage.swap == 0 and cage.processors == 2)\n"
		"  assert(cage.high == math.maxinteger and not pcall(function () return cage.limt end))\n"
		"  local s = heap:stats()\n"
		"  assert(s.at_ns == 7 and s.marked_bytes == 10 << 20 and s.heap_live_bytes == 12 << 20)\n"
		"  assert(s.goal_bytes == 20 << 20 and s.mapped_ready_bytes == 21 << 20)\n"
		"  assert(s.free_bytes == 3 and s.unswept_bytes == 4 and s.cage_bytes == 24 << 20)\n"
		"  assert(s.gc_ns == 5 and s.allocated_total_bytes == 6 and s.gogc == 100)\n"
		"  assert(s.memory_limit_bytes == math.maxinteger and s.is_collecting == true)\n"
		"  assert(s.heap_alloc == 11 << 20 and s.next_gc == 20 << 20 and s.num_gc == 2)\n"
		"end,\n"
		"on_gc_end = function (cycle, heap)\n"
		"  assert(cycle.number == 3 and cycle.is_forced == false and heap:stats().gogc == 100)\n"
		"end,\n"
		"on_tick = function (sample, heap) assert(sample.gc_ns == 5) heap:collect() end,\n"
		"period = 1,\n"
		"on_pressure = function (event, heap)\n"
		"  assert(event.kind == 'stall' and event.at_ns == 9 and event.cage_bytes == 8)\n"
		"  heap:scavenge()\n"
		"end,\n"
		"before_grow = function (bytes, stats, heap)\n"
		"  assert(bytes == 8192 and stats.gogc == heap:stats().gogc)\n"
		"end,\n"
		"goal = function (stats) return stats.marked_bytes * 1.5 end");
	ask_start(world);
	assert_no_orders(world);
	ask_gc_end(world, &figures);
	assert_no_orders(world);
	ask_grow(world);
	assert_no_orders(world);
	world->policy->ops->on_tick(world->policy, &figures, &world->orders);
	assert_true(world->orders.is_collect && !world->orders.is_error);
	const struct ol_policy_pressure pressure = { OL_PRESSURE_STALL, 9, 8 };
	memset(&world->orders, 0, sizeof world->orders);
	world->policy->ops->on_pressure(world->policy, &pressure, &figures, &world->orders);
	assert_true(world->orders.scavenge_bytes == UINT64_MAX && !world->orders.is_error);
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 15 * OL_MIB);
	close_world(world);
}

static void test_orders_are_what_was_called(void **state) {
	struct world *world = open_text("on_start = function (cage, heap)\n"
									"  heap:gogc(57.9)\n"
									"  heap:memory_limit(cage.limit * 0.5)\n"
									"  heap:ballast(1 << 20)\n"
									"  heap:scavenge(4096)\n"
									"  heap:collect()\n"
									"end,\n"
									"on_gc_end = function (cycle, heap)\n"
									"  heap:gogc 'off'\n"
									"  heap:memory_limit 'off'\n"
									"  heap:stop('enough\\nof it')\n"
									"end");
	ask_start(world);
	assert_true(world->orders.has_gogc && world->orders.gogc == 57);
	assert_true(world->orders.has_memory_limit);
	assert_int_equal(world->orders.memory_limit_bytes, 16 * OL_MIB);
	assert_int_equal(world->orders.ballast_bytes, OL_MIB);
	assert_int_equal(world->orders.scavenge_bytes, 4096);
	assert_true(world->orders.is_collect && !world->orders.is_end && !world->orders.is_error);
	ask_gc_end(world, &figures);
	assert_true(world->orders.has_gogc && world->orders.gogc == OL_GOGC_OFF);
	assert_true(world->orders.has_memory_limit);
	assert_true(world->orders.memory_limit_bytes == OL_MEMORY_LIMIT_OFF);
	assert_true(world->orders.is_end && !world->orders.is_error);
	assert_string_equal(world->orders.reason, "enough of it");
	close_world(world);
}

static void test_before_grow_answers_by_a_word(void **state) {
	struct world *world = open_text("before_grow = (function ()\n"
									"  local answers, i = { 'collect', 'scavenge', 'refuse' }, 0\n"
									"  return function (_, _, heap)\n"
									"    i = i + 1\n"
									"    if i == 5 then heap:refuse 'for a reason' end\n"
									"    return answers[i]\n"
									"  end\n"
									"end)()");
	ask_grow(world);
	assert_true(world->orders.is_collect && !world->orders.is_refused);
	ask_grow(world);
	assert_int_equal(world->orders.scavenge_bytes, 8192);
	ask_grow(world);
	assert_true(world->orders.is_refused);
	assert_string_equal(world->orders.reason, "the policy mine lets the heap grow no more");
	ask_grow(world);
	assert_no_orders(world);
	ask_grow(world);
	assert_true(world->orders.is_refused);
	assert_string_equal(world->orders.reason, "for a reason");
	close_world(world);
}

static void test_goal_may_be_left_to_go(void **state) {
	struct world *world = open_text("goal = (function () local i = 0 return function ()\n"
									"  i = i + 1\n"
									"  return ({ 5, 0 })[i]\n"
									"end end)()");
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 5);
	/* 0 would be Go's own. */
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 1);
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 0);
	assert_false(world->subject->has_policy_failed);
	close_world(world);
}

static void test_argument_is_read_by_its_declaration(void **state) {
	static const struct {
		const char *argument, *declared, *expected;
	} cases[] = {
		{ "", "{ 7, 'x' }", "7" },
		{ ":5", "7", "5" },
		{ ":5", "{ 0.5 }", "5.0" },
		{ "", "{ '25%', bytes = true }", "8 << 20" },
		{ ":50%", "{ 1, bytes = true }", "16 << 20" },
		{ ":3M", "{ '25%', bytes = true }", "3 << 20" },
		{ ":off", "true", "false" },
		{ "", "true", "true" },
		{ ":a:b", "'x'", "'a:b'" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512], policy[64];
		snprintf(policy, sizeof policy, "./mine.lua%s", cases[i].argument);
		snprintf(text, sizeof text,
			"local lab = require 'lab'\nreturn lab.policy { argument = %s, goal = function ()\n"
			"assert(math.type(lab.argument()) == math.type(%s) and lab.argument() == %s) end }",
			cases[i].declared, cases[i].expected, cases[i].expected);
		struct world *world = open_spec(policy, text);
		assert_non_null(world->policy);
		world->policy->ops->goal(world->policy, &figures);
		if (world->subject->has_policy_failed)
			fail_msg("%s: %s", text, world->subject->policy_error.message);
		close_world(world);
	}
}

/* ---- Failures -------------------------------------------------------------------------------- */

static void test_misuse_is_an_error_at_its_line(void **state) {
	static const struct {
		const char *body, *message;
	} cases[] = {
		{ "heap:gogc()", "expected GOGC in percent, or \"off\", a number, not no value" },
		{ "heap:gogc(-1)", "at least 0, not -1" },
		{ "heap:gogc(0/0)", "at least 0" },
		{ "heap:gogc(1e10)", "expected a percentage up to" },
		{ "heap:memory_limit 'of'", "a number, not string" },
		{ "heap:memory_limit(1e300)", "at least 0" },
		{ "heap:refuse 'x'", "heap:refuse works in before_grow only" },
		{ "heap:ballast(5)", "heap:ballast works in on_start only" },
		{ "heap:stop()", "string expected" },
		{ "heap:slab(5)", "attempt to call a nil value (method 'slab')" },
		{ "heap.stats()", "policy's heap expected" },
		{ "local x = heap:stats().heap_aloc",
			"there is no 'heap_aloc'; did you mean 'heap_alloc'" },
		{ "local x = cycle.marked", "there is no 'marked'" },
		{ "require 'lab'.argument()", "lab.argument: this policy declares no argument" },
		{ "require 'lab'.run 'spike'", "lab.run works in the program of an experiment" },
		{ "coroutine.yield()", "attempt to yield" },
		{ "error('plain', 0)", "plain" },
		{ "error {}", "error object: table" },
		{ "local t = {} for i = 1, 1 << 40 do t[i] = i end", "not enough memory for the script" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char fields[512];
		snprintf(
			fields, sizeof fields, "on_gc_end = function (cycle, heap)\n%s\nend", cases[i].body);
		struct world *world = open_text(fields);
		ask_gc_end(world, &figures);
		if (!world->orders.is_error)
			fail_msg("no error: %s", cases[i].body);
		assert_contains(world->orders.reason, "dir/mine.lua:4: ");
		assert_contains(world->orders.reason, cases[i].message);
		assert_contains(world->subject->policy_traceback, "dir/mine.lua:4: in function");
		struct ol_error anything = { .code = -ENOMEM };
		struct ol_script_end end = ol_script_end_by(world->subject, &anything);
		assert_int_equal(end.outcome, OL_OUTCOME_SCRIPT_ERROR);
		assert_contains(end.message, cases[i].message);
		assert_contains(end.traceback, "stack traceback:");
		close_world(world);
	}
}

static void test_bad_answer_is_an_error_where_the_function_begins(void **state) {
	struct world *world = open_text("\nbefore_grow = function () return 'colect' end");
	ask_grow(world);
	assert_true(world->orders.is_error && !world->orders.is_collect);
	assert_string_equal(world->orders.reason,
		"dir/mine.lua:4: before_grow must return \"collect\", \"scavenge\", \"refuse\" or nothing, "
		"not colect");
	close_world(world);
	world = open_text("goal = function () return {} end");
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 0);
	assert_true(world->subject->has_policy_failed);
	assert_contains(world->subject->policy_error.message, "dir/mine.lua:3: goal must return a num");
	close_world(world);
}

static void test_goal_gives_no_orders(void **state) {
	struct world *world = open_text("on_start = function (_, heap) string.heap = heap end,\n"
									"goal = function ()\nstring.heap:collect() end");
	ask_start(world);
	world->policy->ops->goal(world->policy, &figures);
	assert_contains(world->subject->policy_error.message, "mine.lua:5: goal answers, and gives no");
	close_world(world);
}

static void test_after_its_first_error_a_policy_is_asked_no_more(void **state) {
	struct world *world = open_text("on_gc_end = (function () local i = 0 return function ()\n"
									"  i = i + 1\n"
									"  error('error ' .. i)\n"
									"end end)()");
	ask_gc_end(world, &figures);
	ask_gc_end(world, &figures);
	assert_true(world->orders.is_error);
	assert_contains(world->orders.reason, "error 1");
	close_world(world);
}

static void test_file_at_fault_is_named(void **state) {
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "return +", "./mine.lua:1: unexpected symbol" },
		{ "\nlocal x = nil + 1", "./mine.lua:2: attempt to perform arithmetic" },
		{ "return {}", "./mine.lua: a policy's file must return lab.policy{...}" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world *world = open_spec("./mine.lua", cases[i].text);
		assert_null(world->policy);
		assert_int_equal(world->error.code, -EBADMSG);
		assert_contains(world->error.message, cases[i].message);
		close_world(world);
	}
}

/* ---- Asked while the script runs ------------------------------------------------------------- */

static struct world *present;

/* What a binding does when the heap asks. */
static int poke(lua_State *L) {
	int top = lua_gettop(L);
	if (ol_lua_of(L)->is_aborted)
		return luaL_error(L, "caught");
	ask_gc_end(present, &figures);
	assert_int_equal(lua_gettop(L), top);
	ol_subject_obey(L);
	return 0;
}

static int script_body(lua_State *L) {
	const char *text = lua_touserdata(L, 1);
	if (luaL_loadbufferx(L, text, strlen(text), "@script.lua", "t") != LUA_OK)
		return lua_error(L);
	lua_pushcfunction(L, poke);
	lua_call(L, 1, 0);
	return 0;
}

static int run_script(struct world *world, const char *text) {
	struct ol_lua *lua = world->subject->lua;
	char copy[512];
	present = world;
	snprintf(copy, sizeof copy, "%s", text);
	int result = ol_lua_enter(lua, script_body, copy, &world->error);
	assert_int_equal(lua_gettop(lua->L), 0);
	assert_int_equal(lua->depth, 0);
	return result;
}

static void test_policy_is_asked_within_a_binding(void **state) {
	struct world *world = open_text("on_gc_end = (function () local sum = 0\n"
									"return function (cycle, heap)\n"
									"  local t = {} for i = 1, 100 do t[i] = { i } end\n"
									"  for i = 1, 100 do sum = sum + t[i][1] end\n"
									"  heap:memory_limit(sum)\n"
									"end end)()");
	assert_int_equal(
		run_script(world, "local poke = ...\n"
						  "local function deep(n) if n == 0 then poke() return 0 end\n"
						  "  return 1 + deep(n - 1) end\n"
						  "for i = 1, 500 do\n"
						  "  local kept = { i }\n"
						  "  poke()\n"
						  "  coroutine.wrap(function () pcall(poke) kept[2] = deep(50) end)()\n"
						  "  assert(kept[1] == i and kept[2] == 50)\n"
						  "end\n"
						  "collectgarbage()\n"),
		0);
	assert_false(world->orders.is_error);
	assert_int_equal(world->orders.memory_limit_bytes, 1500 * 5050);
	close_world(world);
}

static void test_nothing_swallows_a_policys_error(void **state) {
	struct world *world = open_text("on_gc_end = function ()\nerror 'broken' end");
	assert_int_equal(
		run_script(world,
			"local poke = ...\n"
			"local loop = coroutine.wrap(function () pcall(poke) while true do end end)\n"
			"while true do pcall(pcall, loop) end"),
		-EBADMSG);
	assert_contains(world->error.message, "dir/mine.lua:4: broken");
	struct ol_script_end end = ol_script_end_by(world->subject, &world->error);
	assert_int_equal(end.outcome, OL_OUTCOME_SCRIPT_ERROR);
	assert_contains(end.message, "dir/mine.lua:4: broken");
	assert_contains(end.traceback, "dir/mine.lua:4: in function");
	close_world(world);
}

static int abort_body(lua_State *L) {
	return ol_lua_abort(L, -ECANCELED, "enough");
}

static void test_ended_in_good_order_is_shut_down(void **state) {
	struct world *world = open_text("on_gc_end = function () end");
	assert_int_equal(
		ol_lua_enter(world->subject->lua, abort_body, NULL, &world->error), -ECANCELED);
	struct ol_script_end end = ol_script_end_by(world->subject, &world->error);
	assert_int_equal(end.outcome, OL_OUTCOME_SHUT_DOWN);
	assert_string_equal(end.message, "enough");
	assert_null(end.traceback);
	/* A state that is being ended is asked nothing more, and that is no failure. */
	ask_gc_end(world, &figures);
	assert_no_orders(world);
	close_world(world);
}

static void test_being_asked_often_holds_no_memory(void **state) {
	struct world *world = open_text("before_grow = function (bytes, stats, heap)\n"
									"  if stats.free_bytes + heap:stats().free_bytes == 0 then "
									"return 'collect' end\n"
									"end");
	for (int i = 0; i < ROUNDS; i++)
		ask_grow(world);
	uint64_t peak_bytes = world->subject->lua->allocator.peak_bytes;
	for (int i = 0; i < 10 * ROUNDS; i++)
		ask_grow(world);
	assert_false(world->orders.is_error);
	assert_true(world->subject->lua->allocator.peak_bytes < peak_bytes + 64 * OL_KIB);
	close_world(world);
}

static void test_every_allocation_refused_once_ends_clearly(void **state) {
	uint64_t failed_count = 0;
	for (uint64_t i = 1; i < FAULTS_MAX; i++) {
		struct ol_allocator_faults faults = { .first_refusal = i, .refusals = 2 };
		ol_lua_faults = &faults;
		struct world *world = open_spec("growable", NULL);
		if (world->policy != NULL) {
			ask_gc_end(world, &figures);
			(void)world->policy->ops->goal(world->policy, &figures);
			if (world->subject->has_policy_failed) {
				world->error = world->subject->policy_error;
				failed_count++;
			}
		}
		ol_lua_faults = NULL;
		bool is_over = faults.refused_count == 0;
		if (world->error.code < 0)
			assert_contains(world->error.message, "not enough memory for the script");
		else
			assert_non_null(world->policy);
		close_world(world);
		if (is_over) {
			assert_true(failed_count > 5);
			return;
		}
	}
	fail();
}

/* ---- The bundled ones ------------------------------------------------------------------------ */

static void test_bundled_policies_follow_their_rules(void **state) {
	struct ol_policy_stats stats = figures;
	struct world *world = open_bundled("set-max-heap:16M");
	assert_int_equal(world->policy->ops->goal(world->policy, &stats), 16 * OL_MIB);
	stats.marked_bytes = 16 * OL_MIB;
	assert_int_equal(world->policy->ops->goal(world->policy, &stats), 17 * OL_MIB);
	stats.marked_bytes = 5 * OL_MIB;
	assert_int_equal(world->policy->ops->goal(world->policy, &stats), 10 * OL_MIB);
	ask_gc_end(world, &stats);
	assert_no_orders(world);
	close_world(world);

	/* live' = 20/2 = 10 MiB; next = 11 + (32 - 11)/2 = 21.5 MiB: more than doubling. */
	world = open_bundled("adaptive-heap");
	ask_start(world);
	ask_gc_end(world, &figures);
	assert_true(world->orders.has_gogc && world->orders.gogc == 100);
	close_world(world);
	/* next = 11 + 21/4 = 16.25 MiB. */
	world = open_bundled("adaptive-heap:0.25");
	ask_start(world);
	ask_gc_end(world, &figures);
	assert_true(world->orders.has_gogc && world->orders.gogc == 62);
	close_world(world);

	/* threshold = 24 + 8/2 = 28 MiB. */
	world = open_bundled("adaptive-cgroup");
	ask_start(world);
	stats = figures;
	stats.cage_bytes = 28 * OL_MIB - 1;
	memset(&world->orders, 0, sizeof world->orders);
	world->policy->ops->on_tick(world->policy, &stats, &world->orders);
	assert_no_orders(world);
	stats.cage_bytes = 28 * OL_MIB;
	world->policy->ops->on_tick(world->policy, &stats, &world->orders);
	assert_true(world->orders.is_collect);
	close_world(world);

	world = open_bundled("ballast");
	ask_start(world);
	assert_int_equal(world->orders.ballast_bytes, 8 * OL_MIB);
	close_world(world);

	/* Usage is 75 % of the limit: 100 * 70 / 75. */
	world = open_bundled("gogctuner");
	ask_start(world);
	ask_gc_end(world, &figures);
	assert_true(world->orders.has_gogc && world->orders.gogc == 93);
	stats.cage_bytes = 16 * OL_MIB; /* 50 %: 20 / 50. */
	ask_gc_end(world, &stats);
	assert_true(world->orders.gogc == 40);
	close_world(world);
}

static void test_more_bundled_policies_follow_their_rules(void **state) {
	struct ol_policy_stats stats = figures;
	struct world *world = open_bundled("percent-of-limit");
	ask_start(world);
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 24 * OL_MIB);
	close_world(world);

	world = open_bundled("growable");
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 15 * OL_MIB);
	ask_gc_end(world, &figures); /* The largest heap is 31 MiB now. */
	assert_int_equal(world->policy->ops->goal(world->policy, &figures), 20 * OL_MIB);
	stats.marked_bytes = 16 * OL_MIB;
	assert_int_equal(world->policy->ops->goal(world->policy, &stats), 31 * OL_MIB);
	stats.marked_bytes = 30 * OL_MIB;
	assert_int_equal(world->policy->ops->goal(world->policy, &stats), 45 * OL_MIB);
	close_world(world);

	world = open_bundled("die-fast");
	ask_start(world);
	assert_true(world->orders.has_memory_limit);
	assert_int_equal(world->orders.memory_limit_bytes, 32 * OL_MIB * 9 / 10);
	ask_gc_end(world, &figures);
	assert_true(world->orders.is_end);
	assert_string_equal(
		world->orders.reason, "32505856 bytes are live after cycle 3, 96 % of the limit");
	close_world(world);
}

/* Five cycles in a row that each took longer than half of the time since the one before. */
static void test_die_fast_counts_slow_cycles(void **state) {
	struct ol_policy_stats stats = figures;
	struct world *world = open_bundled("die-fast:100");
	stats.at_ns = 0;
	ask_start(world);
	for (int i = 1; i <= 5; i++) {
		stats.at_ns += 9; /* The cycle took 5. */
		ask_gc_end(world, &stats);
		assert_int_equal(world->orders.is_end, i == 5);
	}
	assert_contains(world->orders.reason, "5 cycles in a row took over half of the time");
	stats.at_ns += 11;
	ask_gc_end(world, &stats);
	assert_no_orders(world);
	close_world(world);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_is_declared_is_called),
		cmocka_unit_test(test_callbacks_see_figures_by_name),
		cmocka_unit_test(test_orders_are_what_was_called),
		cmocka_unit_test(test_before_grow_answers_by_a_word),
		cmocka_unit_test(test_goal_may_be_left_to_go),
		cmocka_unit_test(test_argument_is_read_by_its_declaration),
		cmocka_unit_test(test_misuse_is_an_error_at_its_line),
		cmocka_unit_test(test_bad_answer_is_an_error_where_the_function_begins),
		cmocka_unit_test(test_goal_gives_no_orders),
		cmocka_unit_test(test_after_its_first_error_a_policy_is_asked_no_more),
		cmocka_unit_test(test_file_at_fault_is_named),
		cmocka_unit_test(test_policy_is_asked_within_a_binding),
		cmocka_unit_test(test_nothing_swallows_a_policys_error),
		cmocka_unit_test(test_ended_in_good_order_is_shut_down),
		cmocka_unit_test(test_being_asked_often_holds_no_memory),
		cmocka_unit_test(test_every_allocation_refused_once_ends_clearly),
		cmocka_unit_test(test_bundled_policies_follow_their_rules),
		cmocka_unit_test(test_more_bundled_policies_follow_their_rules),
		cmocka_unit_test(test_die_fast_counts_slow_cycles),
	};
	return cmocka_run_group_tests_name("script_policy", tests, NULL, NULL);
}
