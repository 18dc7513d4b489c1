/* sample_store.c -- Keeps a bounded number of samples, and the peaks among them. */
#include "cli/sample_store.h"

#include <stdbool.h>
#include <stdlib.h>

void ol_sample_store_init(struct ol_sample_store *store) {
	*store = (struct ol_sample_store){ .stride = 1 };
	store->samples = calloc(OL_SAMPLE_STORE_MAX, sizeof *store->samples);
}

void ol_sample_store_finish(struct ol_sample_store *store) {
	free(store->samples);
	*store = (struct ol_sample_store){ 0 };
}

static void thin(struct ol_sample_store *store) {
	struct ol_caged_sample *samples = store->samples;
	for (size_t i = 0; i < store->count / 2; i++) {
		bool is_second = samples[2 * i + 1].cage_bytes > samples[2 * i].cage_bytes;
		samples[i] = samples[2 * i + is_second];
	}
	store->count /= 2;
	store->stride *= 2;
}

void ol_sample_store_add(struct ol_sample_store *store, const struct ol_caged_sample *sample) {
	if (store->samples == NULL)
		return;
	if (store->pending == 0 || sample->cage_bytes > store->candidate.cage_bytes)
		store->candidate = *sample;
	if (++store->pending < store->stride)
		return;
	store->pending = 0;
	if (store->count == OL_SAMPLE_STORE_MAX)
		thin(store);
	store->samples[store->count++] = store->candidate;
}
