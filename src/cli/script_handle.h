/* script_handle.h -- A script held by a command: opened with its errors told, closed by itself. */
#ifndef OL_CLI_SCRIPT_HANDLE_H
#define OL_CLI_SCRIPT_HANDLE_H

#include "script/script_lab.h"

static inline void ol_cleanup_script(struct ol_script **script) {
	ol_script_close(*script);
}
#define OL_AUTO_SCRIPT __attribute__((cleanup(ol_cleanup_script)))

/* OL_EXIT_DONE, or says what was wrong and returns the exit status that goes with it. */
int ol_open_script(const char *name, struct ol_script **ret_script);

/* Says what a failed call on a script was about; returns the exit status. */
int ol_script_status(
	int result, const struct ol_script_failure *failure, const struct ol_error *error);

/* What oomlab help SCRIPT prints. */
int ol_help_script(const struct ol_script *script);

#endif
