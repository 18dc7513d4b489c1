/* history.c -- What was typed before, in a file of the user's own. */
#include "repl/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "record/record.h"

/* Where it is, its directories made if it is to be written. */
static bool find_path(char path[OL_PATH_BYTES], bool is_made) {
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int length = -1;
	/* Relative paths are to be ignored, says the XDG base directory specification. */
	if (state != NULL && state[0] == '/')
		length = snprintf(path, OL_PATH_BYTES, "%s/oomlab/history", state);
	else if (home != NULL && home[0] == '/')
		length = snprintf(path, OL_PATH_BYTES, "%s/.local/state/oomlab/history", home);
	if (length < 0 || length >= OL_PATH_BYTES)
		return false;
	for (char *slash = path + 1; is_made && (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		bool is_there = mkdir(path, S_IRWXU) == 0 || errno == EEXIST;
		*slash = '/';
		if (!is_there)
			return false;
	}
	return true;
}

void ol_repl_history_load(History *lines) {
	char path[OL_PATH_BYTES];
	struct stat status;
	HistEvent event;
	if (!find_path(path, false) || stat(path, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size > OL_REPL_HISTORY_BYTES_MAX)
		return;
	(void)history(lines, &event, H_LOAD, path);
}

void ol_repl_history_save(History *lines) {
	char path[OL_PATH_BYTES], beside[OL_PATH_BYTES + 16];
	HistEvent event;
	if (!find_path(path, true))
		return;
	snprintf(beside, sizeof beside, "%s.XXXXXX", path);
	int fd = mkstemp(beside); /* 0600. */
	if (fd < 0)
		return;
	OL_AUTO_FCLOSE FILE *file = fdopen(fd, "w");
	if (file == NULL) {
		close(fd);
		(void)unlink(beside);
		return;
	}
	bool is_written = history(lines, &event, H_SAVE_FP, file) >= 0 && fflush(file) == 0;
	if (!is_written || rename(beside, path) < 0)
		(void)unlink(beside);
}
