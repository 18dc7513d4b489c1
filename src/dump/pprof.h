/* pprof.h -- A heap profile in pprof's format: the encoding, and gzip around it. */
#ifndef OL_DUMP_PPROF_H
#define OL_DUMP_PPROF_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/profile.h"

struct ol_pprof_profile {
	const struct ol_profile_site *sites;
	size_t site_count;      /* At most OL_PROFILE_SITES_MAX, and one for all the rest. */
	uint64_t garbage_bytes; /* Held by nobody, not yet collected; UINT64_MAX: not known. */
	uint64_t start_ns;      /* Since 1970. */
	uint64_t wall_ns;
};

/* An uncompressed profile. The caller frees ret_bytes. -ENOMEM. */
int ol_pprof_encode(const struct ol_pprof_profile *profile, uint8_t **ret_bytes, size_t *ret_length,
	struct ol_error *error);

/* bytes as gzip would have them, without name and time. The caller frees ret_bytes. -ENOMEM. */
int ol_pprof_gzip(const uint8_t *bytes, size_t length, uint8_t **ret_bytes, size_t *ret_length,
	struct ol_error *error);

#endif
