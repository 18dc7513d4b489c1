/* cage_dump.h -- What the watchdog of a caged command leaves behind: the kernel's figures of cage
 * and processes at that moment, and the samples so far. */
#ifndef OL_CLI_CAGE_DUMP_H
#define OL_CLI_CAGE_DUMP_H

#include <stddef.h>

#include "base/error.h"
#include "record/caged.h"

struct ol_dump;

/* Gathers what only this moment can tell, and no more: the program is told to end after it. */
int ol_cage_dump_gather(const char *parent, const struct ol_caged_summary *summary,
	struct ol_dump **ret_dump, struct ol_error *error);
/* Adds what the lab itself knows, and has all of it written meanwhile. Negative: not all of it;
 * where nothing can be written the dump is destroyed, and NULL. */
int ol_cage_dump_write(struct ol_dump **dump, const struct ol_caged_summary *summary,
	const struct ol_caged_sample *samples, size_t sample_count, struct ol_error *error);

/* Waits for the writing, not for long, and names the directory in the summary; says what could not
 * be written. Frees the dump. */
void ol_cage_dump_finish(struct ol_dump *dump, struct ol_caged_summary *summary);

#endif
