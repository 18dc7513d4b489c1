/* verdict.h -- From evidence to outcome: a pure function.
 *
 * Private to supervisor/. */
#ifndef OL_SUPERVISOR_VERDICT_H
#define OL_SUPERVISOR_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

struct ol_verdict_facts {
	const struct ol_evidence *evidence;
	enum ol_outcome own_word; /* Of the subject's end frame; of no account without one. */
	bool is_timed_out;        /* The lab killed it because its time was up. */
	uint64_t stall_ns;        /* The cage made it wait for memory this long. */
	uint64_t wall_ns;
};

enum ol_outcome ol_verdict(const struct ol_verdict_facts *facts);

#endif
