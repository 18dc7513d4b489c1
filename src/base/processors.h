/* processors.h -- How many processors this process may use: what Go starts GOMAXPROCS with. */
#ifndef OL_BASE_PROCESSORS_H
#define OL_BASE_PROCESSORS_H

#include <sched.h>
#include <stdint.h>

static inline uint64_t ol_processor_count(void) {
	cpu_set_t set;
	CPU_ZERO(&set);
	/* More processors than the set has room for: then one is as good a guess as any. */
	int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	return count > 0 ? (uint64_t)count : 1;
}

#endif
