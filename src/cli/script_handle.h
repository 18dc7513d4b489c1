/* script_handle.h -- A script held by a command: opened with its errors told, closed by itself. */
#ifndef OL_CLI_SCRIPT_HANDLE_H
#define OL_CLI_SCRIPT_HANDLE_H

#include "cli/options.h"
#include "script/script_lab.h"
#include "script/script_policy.h"

static inline void ol_cleanup_script(struct ol_script **script) {
	ol_script_close(*script);
}
#define OL_AUTO_SCRIPT __attribute__((cleanup(ol_cleanup_script)))

static inline void ol_cleanup_policy(struct ol_script_policy **policy) {
	ol_script_policy_close(*policy);
}
#define OL_AUTO_POLICY __attribute__((cleanup(ol_cleanup_policy)))

/* Opens the policy that text names, as --policy does; an argument is of no account. As
 * ol_script_policy_open; -EINVAL: text is no name. */
int ol_open_policy(const char *text, struct ol_script_policy **ret_policy,
	struct ol_script_failure *ret_failure, struct ol_error *error);

/* Before any script is opened: whether --trusted was given, which is told. */
void ol_take_trust(const struct ol_cli_line *line);

/* OL_EXIT_DONE, or says what was wrong and returns the exit status that goes with it. */
int ol_open_script(const char *name, struct ol_script **ret_script);

/* Says what a failed call on a script was about; returns the exit status. */
int ol_script_status(
	int result, const struct ol_script_failure *failure, const struct ol_error *error);

/* What oomlab help NAME prints. */
int ol_help_script(const struct ol_script *script);
int ol_help_policy(const struct ol_script_policy *policy);

#endif
