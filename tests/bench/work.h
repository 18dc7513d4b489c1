/* work.h -- The four workloads that every column does alike: their sizes, their random numbers, and
 * how a program reports what it did.
 *
 * go_work/main.go says the same in Go. The checksum that each program prints depends on every value
 * that was read back, so a column that does other work is found out. */
#ifndef OL_BENCH_WORK_H
#define OL_BENCH_WORK_H

#include <stdint.h>

/* churn: a window of the youngest steps is live, all else is garbage. A step makes a slab of 16
 * bytes (half of all steps) or of 64 (a quarter), or a pair: a node with two references and a
 * value, and one slab of each kind that it refers to. Every object is written to (its first 8
 * bytes) and read again when it leaves the window: 1.75 objects and 50 bytes a step, 1.6 MB live.
 */
#define WORK_CHURN_STEPS  UINT64_C(12000000)
#define WORK_CHURN_WINDOW UINT64_C(32768)
#define WORK_SMALL_BYTES  UINT64_C(16)
#define WORK_MIDDLE_BYTES UINT64_C(64)
#define WORK_PAIR_BYTES   UINT64_C(24) /* Two references and a value. */

/* trees: the binary trees of the Computer Language Benchmarks Game, depths 4 to 16. */
#define WORK_TREES_DEPTH_MIN 4
#define WORK_TREES_DEPTH_MAX 16
#define WORK_TREE_BYTES      UINT64_C(16) /* Two references. */

/* slabs: a ring of eight live slabs of 64 KiB to 16 MiB, each size class of a factor of two equally
 * often; one byte in every 4 KiB is written, and read again when the slab is released. */
#define WORK_SLABS_COUNT  UINT64_C(3000)
#define WORK_SLABS_LIVE   UINT64_C(8)
#define WORK_PAGE_BYTES   UINT64_C(4096)
#define WORK_SLAB_MIN     UINT64_C(65536)
#define WORK_SLAB_FACTORS UINT64_C(8) /* 64 KiB to 8 MiB, and up to as much again on top. */

/* graph: so many nodes of two references and a value. They form a binary tree, so that all are
 * reached, whose places in memory are a random permutation; the references that leaves have left
 * are to random nodes. It is built, then collected so often; only that is timed. */
#define WORK_GRAPH_NODES       UINT64_C(10000000)
#define WORK_GRAPH_NODE_BYTES  UINT64_C(24)
#define WORK_GRAPH_COLLECTIONS 1
#define WORK_GRAPH_WALK_STEPS  500000 /* Of a random walk from the root: the checksum. */

#define WORK_SEED UINT64_C(1)

/* splitmix64, as in src/base/random.h. */
static inline uint64_t work_random(uint64_t *state) {
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Depends on the order too. */
static inline uint64_t work_mix(uint64_t checksum, uint64_t value) {
	return checksum * UINT64_C(0x9e3779b97f4a7c15) + value;
}

static inline uint64_t work_slab_bytes(uint64_t *state) {
	uint64_t base = WORK_SLAB_MIN << work_random(state) % WORK_SLAB_FACTORS;
	return base + work_random(state) % (base / WORK_PAGE_BYTES + 1) * WORK_PAGE_BYTES;
}

/* Times that each depth's trees are built. */
static inline uint64_t work_trees_of_depth(int depth) {
	return UINT64_C(1) << (WORK_TREES_DEPTH_MAX - depth + WORK_TREES_DEPTH_MIN);
}

/* What a program did. */
struct work_result {
	uint64_t checksum;
	uint64_t objects; /* Allocated; marked, for the graph. */
	uint64_t bytes;   /* Of these, as asked for. */
	double cpu_ms;    /* Only for what is timed inside of the program; else 0. */
	double wall_ms;
};

/* Calls link for every node, told by its number in the order of allocation: it gets its value and
 * its two references. Returns the root's number. */
typedef void work_link(void *context, uint64_t at, uint64_t value, uint64_t left, uint64_t right);
uint64_t work_graph_build(work_link *link, void *context);

/* CPU (user and system, all threads) and wall time between the two calls, into the result. */
void work_timer_start(struct work_result *result);
void work_timer_stop(struct work_result *result);

/* The columns' part: each has all of these; malloc's have no trees. */
struct work_column {
	void (*churn)(struct work_result *result);
	void (*trees)(struct work_result *result);
	void (*slabs)(struct work_result *result);
	void (*graph)(struct work_result *result);
};
/* Runs the one that argv names and prints one line: work CHECKSUM OBJECTS BYTES CPU_MS WALL_MS. */
int work_main(int argc, char **argv, const struct work_column *column);

/* For what cannot fail here: says what, ends the program with status 1. */
_Noreturn void work_fail(const char *what);

#endif
