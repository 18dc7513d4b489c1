/* work.c -- What all columns in C share: the graph's shape, the timer, the report. */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

_Noreturn void work_fail(const char *what) {
	fprintf(stderr, "work: %s\n", what);
	exit(EXIT_FAILURE);
}

/* A random permutation (Fisher and Yates). */
static uint32_t *permute(uint64_t count, uint64_t *state) {
	uint32_t *order = malloc(count * sizeof *order);
	if (order == NULL)
		work_fail("no memory for a permutation");
	for (uint64_t i = 0; i < count; i++) {
		uint64_t j = work_random(state) % (i + 1);
		order[i] = order[j];
		order[j] = (uint32_t)i;
	}
	return order;
}

uint64_t work_graph_build(work_link *link, void *context) {
	uint64_t state = WORK_SEED;
	uint64_t count = WORK_GRAPH_NODES;
	uint32_t *order = permute(count, &state);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t left = 2 * i + 1 < count ? order[2 * i + 1] : work_random(&state) % count;
		uint64_t right = 2 * i + 2 < count ? order[2 * i + 2] : work_random(&state) % count;
		link(context, order[i], i, left, right);
	}
	uint64_t root = order[0];
	free(order);
	return root;
}

static double cpu_now_ms(void) {
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
		   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static double wall_now_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void work_timer_start(struct work_result *result) {
	result->cpu_ms = -cpu_now_ms();
	result->wall_ms = -wall_now_ms();
}

void work_timer_stop(struct work_result *result) {
	result->cpu_ms += cpu_now_ms();
	result->wall_ms += wall_now_ms();
}

int work_main(int argc, char **argv, const struct work_column *column) {
	const struct {
		const char *name;
		void (*run)(struct work_result *result);
	} works[] = {
		{ "churn", column->churn },
		{ "trees", column->trees },
		{ "slabs", column->slabs },
		{ "graph", column->graph },
	};
	const char *name = argc > 1 ? argv[1] : "";
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
		if (strcmp(name, works[i].name) != 0 || works[i].run == NULL)
			continue;
		struct work_result result = { 0 };
		works[i].run(&result);
		printf("work %016llx %llu %llu %.3f %.3f\n", (unsigned long long)result.checksum,
			(unsigned long long)result.objects, (unsigned long long)result.bytes, result.cpu_ms,
			result.wall_ms);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "usage: %s churn|trees|slabs|graph\n", argv[0]);
	return 2;
}
