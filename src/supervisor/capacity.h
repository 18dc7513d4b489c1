/* capacity.h -- Whether the machine has the memory that a cage's limit promises.
 *
 * A cage that is larger than what is left would be no cage: the machine would run out of memory
 * first, and the kernel would kill whom it likes. */
#ifndef OL_SUPERVISOR_CAPACITY_H
#define OL_SUPERVISOR_CAPACITY_H

#include <stdint.h>

#include "base/error.h"

/* What /proc/meminfo's text says could be had without killing anybody, free swap included; 0 where
 * it does not say. */
uint64_t ol_capacity_of(const char *meminfo);

/* The same of this machine, now. */
uint64_t ol_capacity_available_bytes(void);

/* 0; or -ENOMEM with what was asked for, what there is and what to do instead. available_bytes of 0
 * is not known, and refuses nothing. */
int ol_capacity_check(uint64_t limit_bytes, uint64_t available_bytes, struct ol_error *error);

/* The same with what is available now. Each run asks: a limit that is small beside what is free
 * costs one system call, and no reading of /proc/meminfo. */
int ol_capacity_check_now(uint64_t limit_bytes, struct ol_error *error);

#endif
