/* profile.h -- Who allocated what: a table of places, as many as there is room for from the start.
 *
 * A place is a line of a script, in a phase, under a tag. Finding one that is known takes a hash
 * and a comparison; nothing here allocates once the table stands. */
#ifndef OL_RUN_PROFILE_H
#define OL_RUN_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/profile.h"

struct ol_profile; /* Opaque. */

#define OL_PROFILE_NOWHERE UINT32_MAX /* No place: what has none is not counted. */

int ol_profile_create(struct ol_profile **ret_profile, struct ol_error *error);
void ol_profile_destroy(struct ol_profile *profile); /* NULL is fine. */

/* In which phase, under which tag places are from now on; cut to OL_NAME_BYTES - 1. */
void ol_profile_set_phase(struct ol_profile *profile, const char *phase);
void ol_profile_set_tag(struct ol_profile *profile, const char *tag);

/* The number of a place that is known by now; OL_PROFILE_NOWHERE: add it. */
uint32_t ol_profile_find(const struct ol_profile *profile, const char *file, uint64_t line);
/* The number of a new one; of the one for all the rest where there is no more room. */
uint32_t ol_profile_add(
	struct ol_profile *profile, const char *file, uint64_t line, const char *function);

/* objects: how many, bytes all of them together. */
void ol_profile_note_allocated(
	struct ol_profile *profile, uint32_t place, uint64_t objects, uint64_t bytes);
void ol_profile_note_released(
	struct ol_profile *profile, uint32_t place, uint64_t objects, uint64_t bytes);

/* Each place that has allocated, one after the other: true while there is one. Begin with 0. */
bool ol_profile_next(
	const struct ol_profile *profile, uint32_t *cursor, const struct ol_profile_site **ret_site);

#endif
