/* script_summary.c -- What became of a run, as plain Lua tables; lua/lab/run.lua dresses them. */
#include "script/push.h"
#include "script/script_internal.h"

static void set_uint64(lua_State *L, const char *name, uint64_t value) {
	ol_lua_push_uint64(L, value); /* table, value */
	lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, lua_Integer value) {
	lua_pushinteger(L, value); /* table, value */
	lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *text) {
	lua_pushstring(L, text); /* table, text */
	lua_setfield(L, -2, name);
}

static void set_memstats(lua_State *L, const struct ol_memstats *memstats) {
	ol_lua_push_record(L, &ol_memstats_type, memstats); /* table, memstats */
	lua_setfield(L, -2, "memstats");
}

static void push_evidence(lua_State *L, const struct ol_evidence *evidence) {
	lua_createtable(L, 0, 8); /* evidence */
	set_integer(L, "exit_status", evidence->exit_status);
	set_integer(L, "signal", evidence->signal);
	set_uint64(L, "oom_kill_delta", evidence->oom_kill_delta);
	set_uint64(L, "high_delta", evidence->high_delta);
	set_uint64(L, "swap_peak_bytes", evidence->swap_peak_bytes);
	set_text(L, "limited_by", ol_limited_by_name((enum ol_limited_by)evidence->limited_by));
	set_text(L, "limiting_group", evidence->limiting_group);
	set_text(L, "kernel_line", evidence->kernel_line);
}

static void push_cage(lua_State *L, const struct ol_run_summary *summary) {
	lua_createtable(L, 0, 5); /* cage */
	set_uint64(L, "limit", summary->spec.limit_bytes);
	set_uint64(L, "swap", summary->spec.swap_bytes);
	set_uint64(L, "address_space", summary->spec.address_space_bytes);
	set_text(L, "mode", summary->cage.mode);
	set_text(L, "path", summary->cage.path);
}

static void push_settings(lua_State *L, const struct ol_run_spec *spec) {
	lua_createtable(L, 0, 11); /* settings */
	set_integer(L, "gogc", spec->gogc);
	set_uint64(L, "memory_limit_bytes", spec->memory_limit_bytes);
	set_uint64(L, "high_bytes", spec->high_bytes);
	set_uint64(L, "parent_limit_bytes", spec->parent_limit_bytes);
	set_text(L, "policy", spec->policy);
	set_text(L, "rules", spec->rules);
	set_text(L, "collector", spec->collector);
	set_text(L, "world", spec->world);
	set_text(L, "trigger_test", spec->is_trigger_before_mapping ? "before" : "after");
	lua_pushboolean(L, spec->is_stress != 0); /* settings, is_stress */
	lua_setfield(L, -2, "is_stress");
	set_uint64(L, "seed", spec->seed);
}

/* false where there was none. */
static void push_watchdog(lua_State *L, const struct ol_run_summary *summary) {
	const struct ol_watchdog_spec *spec = &summary->spec.watchdog;
	if (!spec->is_on) {
		lua_pushboolean(L, false); /* false */
		return;
	}
	ol_lua_push_record(L, &ol_watchdog_facts_type, &summary->watchdog); /* watchdog */
	set_text(L, "way", ol_watchdog_way_name((enum ol_watchdog_way)summary->watchdog.way));
	set_text(L, "measure", ol_watchdog_measure_name((enum ol_watchdog_measure)spec->measure));
	set_uint64(L, "threshold_bytes", spec->threshold_bytes);
	set_uint64(L, "every_ns", spec->every_ns);
	lua_pushboolean(L, spec->wants_notice != 0); /* watchdog, wants_notice */
	lua_setfield(L, -2, "wants_notice");
}

static void push_phases(lua_State *L, const struct ol_run_summary *summary) {
	uint64_t kept = summary->phase_count < OL_PHASES_MAX ? summary->phase_count : OL_PHASES_MAX;
	lua_createtable(L, (int)kept, 0); /* phases */
	for (uint64_t i = 0; i < kept; i++) {
		ol_lua_push_record(L, &ol_phase_type, &summary->phases[i]); /* phases, phase */
		set_memstats(L, &summary->phases[i].memstats);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

void ol_script_push_summary(lua_State *L, const struct ol_run_summary *summary) {
	lua_createtable(L, 0, 16); /* run */
	set_text(L, "scenario", summary->spec.scenario);
	set_text(L, "outcome", ol_outcome_name(summary->outcome));
	set_uint64(L, "baseline_bytes", summary->baseline_bytes);
	set_uint64(L, "cage_peak_bytes", summary->cage_peak_bytes);
	if (summary->last_words.garbage_bytes <= INT64_MAX) /* Known: no cycle was under way. */
		set_uint64(L, "garbage_bytes", summary->last_words.garbage_bytes);
	set_uint64(L, "wall_ns", summary->wall_ns);
	set_uint64(L, "phase_count", summary->phase_count);
	set_text(L, "error_message", summary->error_message);
	set_text(L, "error_traceback", summary->error_traceback);
	set_memstats(L, &summary->last_words.memstats);
	ol_lua_push_record(L, &ol_pauses_type, &summary->last_words.pauses); /* run, pauses */
	lua_setfield(L, -2, "pauses");
	ol_lua_push_record(L, &ol_last_words_type, &summary->last_words); /* run, last_words */
	lua_setfield(L, -2, "last_words");
	push_evidence(L, &summary->evidence); /* run, evidence */
	lua_setfield(L, -2, "evidence");
	push_cage(L, summary); /* run, cage */
	lua_setfield(L, -2, "cage");
	push_settings(L, &summary->spec); /* run, settings */
	lua_setfield(L, -2, "settings");
	push_watchdog(L, summary); /* run, watchdog */
	lua_setfield(L, -2, "watchdog");
	push_phases(L, summary); /* run, phases */
	lua_setfield(L, -2, "phases");
}
