/* random.h -- Seeded random numbers (splitmix64): the same seed, the same run, on every machine.
 *
 * Not for secrets. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators",
 * OOPSLA 2014. */
#ifndef OL_BASE_RANDOM_H
#define OL_BASE_RANDOM_H

#include <stdint.h>

struct ol_random {
	uint64_t state;
};

static inline struct ol_random ol_random_seeded(uint64_t seed) {
	return (struct ol_random){ seed };
}

static inline uint64_t ol_random_next(struct ol_random *random) {
	uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform over 0 to bound - 1; bound must not be 0. The bias, below 2^-32 for bounds below 2^32,
 * is of no matter here. */
static inline uint64_t ol_random_below(struct ol_random *random, uint64_t bound) {
	return ol_random_next(random) % bound;
}

#endif
