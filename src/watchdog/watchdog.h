/* watchdog.h -- Decides when a program is to be told to end, and counts what it would have missed.
 *
 * Pure: whoever has clock, cage and kernel's notice tells it what is so. Two ways lead to acting: a
 * look of its own every so often ("apoptosis" as first described), and the kernel's notice. Samples
 * make it act never; they serve to say what looks alone would have missed. */
#ifndef OL_WATCHDOG_WATCHDOG_H
#define OL_WATCHDOG_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/watchdog.h"

/* "90%[,every=15s|never][,of=usage|rss][,notice=on|off]", the first a share of limit_bytes (0:
 * there is no limit, a size is wanted) or a size. every defaults to 15 s, of to usage, notice to
 * on. -EINVAL, -ERANGE with what was expected; a misspelt name gets a suggestion. */
int ol_watchdog_parse(const char *text, uint64_t limit_bytes, struct ol_watchdog_spec *ret_spec,
	struct ol_error *error);

struct ol_watchdog {
	struct ol_watchdog_spec spec;
	struct ol_watchdog_facts facts;
	/* Private. */
	uint64_t due_ns;
	uint64_t looked_bytes; /* What the last look saw. */
	uint64_t spike_at_ns;  /* UINT64_MAX: usage is below the threshold. */
	uint64_t spike_bytes;
};

/* spec->is_on. The first look is due one period after 0. */
void ol_watchdog_init(
	struct ol_watchdog *watchdog, const struct ol_watchdog_spec *spec, bool has_notice);
/* When the next look is due; UINT64_MAX: never, or it has acted. Looks that were slept over are not
 * made up for. */
uint64_t ol_watchdog_due_ns(const struct ol_watchdog *watchdog);
/* A look, a word from the kernel, with what is measured now. True, once: act. The kernel's word
 * makes it act though usage may have fallen again, so whoever asked it makes sure that it is of a
 * crossing (the cage's peak tells); where rss is measured only that at the threshold counts. */
bool ol_watchdog_look(struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t bytes);
bool ol_watchdog_notice(struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t bytes);
void ol_watchdog_sample(struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t bytes);
/* The program has ended; peak_bytes by the kernel's counter, of the same measure (0: unknown): what
 * it has above all that was seen is the spike's that was under way. A spike that only a notice
 * showed counts as one that looks missed. */
struct ol_watchdog_facts ol_watchdog_end(
	struct ol_watchdog *watchdog, uint64_t at_ns, uint64_t peak_bytes);

#endif
