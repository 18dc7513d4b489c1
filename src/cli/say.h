/* say.h -- How the program speaks of trouble: one line on stderr that begins with its name. */
#ifndef OL_CLI_SAY_H
#define OL_CLI_SAY_H

#include "script/script_lab.h"

/* "oomlab: " and the message; control characters in it are made visible. */
void ol_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and OL_EXIT_USAGE. */
int ol_say_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A script's error, "FILE:LINE: message", and its traceback ("" for none) below. */
void ol_say_script_error(const char *message, const char *traceback);

/* For a signal handler: the line, and the end of the program with the status of a script error. */
void ol_say_stuck(const char *line);

/* First of all: where one of the three standard descriptors is closed, the next file or socket to
 * be opened would take its place, and be printed to. Writing to what stands there now fails. */
void ol_keep_standard_fds(void);

/* Notices a stdout that could not be written (a full disk, a closed pipe): says so and returns
 * OL_EXIT_LAB; otherwise exit_status. */
int ol_finish_stdout(int exit_status);

#endif
