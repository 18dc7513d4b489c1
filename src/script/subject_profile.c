/* subject_profile.c -- Which line of the script it is that allocates, for the heap profile. */
#include <stdio.h>
#include <string.h>

#include "run/profile.h"
#include "script/subject.h"

enum { LEVELS_MAX = 16 }; /* Of C functions between a binding and its script, as pcall is one. */

/* As errors name it. */
static const char *file_of(const lua_Debug *caller) {
	return caller->source + (*caller->source == '@' || *caller->source == '=');
}

static bool is_program(const struct ol_script_subject *subject, const lua_Debug *caller) {
	return caller->linedefined == subject->program_line &&
		   strcmp(file_of(caller), subject->spec->script_path) == 0;
}

/* "program", "fill", "function at line 12". */
static void name_function(lua_State *L, lua_Debug *caller, char name[OL_NAME_BYTES]) {
	if (strcmp(caller->what, "main") == 0)
		snprintf(name, OL_NAME_BYTES, "main chunk");
	else if (is_program(ol_subject_of(L), caller))
		snprintf(name, OL_NAME_BYTES, "program");
	else if (lua_getinfo(L, "n", caller) != 0 && caller->name != NULL)
		snprintf(name, OL_NAME_BYTES, "%s", caller->name);
	else
		snprintf(name, OL_NAME_BYTES, "function at line %d", caller->linedefined);
}

void ol_subject_note_place(lua_State *L) {
	struct ol_run *run = ol_subject_of(L)->run;
	struct ol_profile *profile = ol_run_profile(run);
	if (profile == NULL)
		return;
	lua_Debug caller;
	bool is_lua = false;
	for (int level = 1; !is_lua && level < LEVELS_MAX && lua_getstack(L, level, &caller); level++)
		is_lua = lua_getinfo(L, "Sl", &caller) != 0 && caller.currentline > 0;
	const char *file = is_lua ? file_of(&caller) : "";
	uint64_t line = is_lua ? (uint64_t)caller.currentline : 0;
	uint32_t place = ol_profile_find(profile, file, line);
	if (place == OL_PROFILE_NOWHERE) {
		char name[OL_NAME_BYTES] = "no script";
		if (is_lua)
			name_function(L, &caller, name);
		place = ol_profile_add(profile, file, line, name);
	}
	ol_run_set_place(run, place);
}
