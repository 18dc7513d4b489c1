/* sample_store.h -- The samples of a run, as many as a drawing needs: when it is full, every second
 * one goes, and those to come are thinned in the same way. */
#ifndef OL_CLI_SAMPLE_STORE_H
#define OL_CLI_SAMPLE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "record/caged.h"

enum { OL_SAMPLE_STORE_MAX = 16384 };

struct ol_sample_store {
	struct ol_caged_sample *samples; /* NULL: none are kept. */
	size_t count;
	uint64_t stride;  /* So many become one: the one with the highest usage. */
	uint64_t pending; /* Of them, taken into candidate. */
	struct ol_caged_sample candidate;
};

/* No memory: nothing is kept. */
void ol_sample_store_init(struct ol_sample_store *store);
void ol_sample_store_finish(struct ol_sample_store *store);
void ol_sample_store_add(struct ol_sample_store *store, const struct ol_caged_sample *sample);

#endif
