/* facts.h -- Headers and summaries of runs and of cages, out of JSON. */
#ifndef OL_RECORDS_FACTS_H
#define OL_RECORDS_FACTS_H

#include <jansson.h>

#include "base/error.h"
#include "record/caged.h"
#include "record/record.h"

/* What is not told is as a run has it that nothing was set for. */
void ol_facts_init_run(struct ol_run_summary *summary);
void ol_facts_init_caged(struct ol_caged_summary *summary);

/* From a header or a summary line; the summary's phases take the place of those from phase lines.
 * 0, or -EBADMSG with what is wrong. */
int ol_facts_take_run(const json_t *line, struct ol_run_summary *summary, struct ol_error *error);
int ol_facts_take_caged(
	const json_t *line, struct ol_caged_summary *summary, struct ol_error *error);

int ol_facts_take_phase(const json_t *object, struct ol_phase *phase, struct ol_error *error);

#endif
