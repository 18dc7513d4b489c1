/* go_runtime.h -- What a Go program carries along beside its heap, as Go's own figures count it.
 *
 * Our heap's tables are small; Go's runtime maps megabytes of them, and its memory limit counts
 * them all, touched or not: with a limit of 30 MB only 20 are left for the heap. A run that is to
 * end as Go's would has to count them too. They are counted, never mapped.
 *
 * Measured with Go 1.19.8 on linux/amd64, from NextGC with GOGC=off (2^63 - 1 less what is beside
 * the heap and 1 MiB) and with GOGC=50, 100 and 200: tests/data/spike. */
#ifndef OL_COLLECTOR_GO_RUNTIME_H
#define OL_COLLECTOR_GO_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#define OL_GO_RUNTIME_GLOBALS_BYTES UINT64_C(226528) /* Scannable globals and stacks: S + G. */

/* What Go's markers take for them, as its own test of the pacer assumes; 0.2 ms for all of them is
 * what cycles of a nearly empty heap measure. */
#define OL_GO_RUNTIME_SCAN_NS_PER_BYTE 1

/* What is mapped and ready beside a heap of heap_sys_bytes; more of it once a cycle has run. */
uint64_t ol_go_runtime_mapped_bytes(uint64_t heap_sys_bytes, bool has_collected);

#endif
