/* script_subject.h -- A scenario's program, run inside the cage. */
#ifndef OL_SCRIPT_SCRIPT_SUBJECT_H
#define OL_SCRIPT_SCRIPT_SUBJECT_H

#include <stddef.h>

#include "run/run.h"

/* Loads the script's text (script_bytes long, named as spec->script_path in errors), finds the
 * scenario spec->scenario_index, runs its program(heap, opt, cage) between ol_run_begin and
 * ol_run_end, which are called in here. Everything Lua holds is counted, capped at
 * spec->script_memory_bytes_max, and told to the flight recorder. Never raises, never exits. */
void ol_script_run_program(struct ol_run *run, const char *script_text, size_t script_bytes);

#endif
