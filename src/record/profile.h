/* profile.h -- Where a heap's memory came from: a line of facts for each place that allocates. */
#ifndef OL_RECORD_PROFILE_H
#define OL_RECORD_PROFILE_H

#include <stdint.h>

#include "record/record.h"

enum { OL_PROFILE_SITES_MAX = 512 }; /* Later places are counted together, as one. */

/* One line of one script, in one phase, under one tag. */
struct ol_profile_site {
	char file[OL_PATH_BYTES];     /* "scripts/spike.lua", as errors name it; "" for all the rest. */
	char function[OL_NAME_BYTES]; /* "program", "function at line 12"; never "". */
	char phase[OL_NAME_BYTES];    /* "" outside of any. */
	char tag[OL_NAME_BYTES];      /* The script's own word for it; "". */
	uint64_t line;                /* 1 for the first; 0: not known. */
	uint64_t alloc_objects;       /* Since the start. */
	uint64_t alloc_bytes;         /* As they were rounded up. */
	uint64_t held_objects;        /* Not yet let go of by the script. */
	uint64_t held_bytes;
};

#endif
