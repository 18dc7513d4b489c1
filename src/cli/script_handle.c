/* script_handle.c -- Opens scripts for the commands, and tells what was wrong with them. */
#include "cli/script_handle.h"

#include <errno.h>

#include "cli/command.h"
#include "cli/say.h"

int ol_script_status(
	int result, const struct ol_script_failure *failure, const struct ol_error *error) {
	switch (result) {
	case -EBADMSG:
		ol_say_script_error(error->message, failure->traceback);
		return OL_EXIT_SCRIPT;
	case -ENOENT:
	case -EINVAL:
	case -ERANGE:
		return ol_say_usage("%s", error->message);
	default:
		ol_say("%s", error->message);
		return OL_EXIT_LAB;
	}
}

void ol_take_trust(const struct ol_cli_line *line) {
	if (ol_cli_value(line, "trusted") == NULL)
		return;
	ol_script_trust();
	ol_say("--trusted: the script may read, write and start whatever you may");
}

int ol_open_script(const char *name, struct ol_script **ret_script) {
	struct ol_script_failure failure = { "" };
	struct ol_error error;
	int result = ol_script_open(name, ret_script, &failure, &error);
	return result < 0 ? ol_script_status(result, &failure, &error) : OL_EXIT_DONE;
}

int ol_open_policy(const char *text, struct ol_script_policy **ret_policy,
	struct ol_script_failure *ret_failure, struct ol_error *error) {
	struct ol_plan plan;
	ol_plan_init(&plan);
	int result = ol_plan_set(&plan, "policy", text, error);
	if (result == 0)
		result = ol_script_policy_open(&plan.spec, ret_policy, ret_failure, error);
	return result;
}
