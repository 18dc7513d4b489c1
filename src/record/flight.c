/* flight.c -- The flight recorder page and its seqlock. */
#include "record/flight.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { READ_TRIES_MAX = 1000 };

int ol_flight_create(int *ret_fd, struct ol_flight **ret_flight, struct ol_error *error) {
	OL_AUTO_CLOSE int fd = memfd_create("oomlab-flight", MFD_CLOEXEC);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot make the flight recorder");
	if (ftruncate(fd, sizeof(struct ol_flight)) < 0)
		return ol_error_set_errno(error, -errno, "cannot size the flight recorder");
	struct ol_flight *flight =
		mmap(NULL, sizeof *flight, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (flight == MAP_FAILED)
		return ol_error_set_errno(error, -errno, "cannot map the flight recorder");
	/* The first touch decides who pays: here, outside the cage. */
	memset(flight, 0, sizeof *flight);
	flight->flight_bytes = sizeof *flight;
	*ret_fd = ol_steal_fd(&fd);
	*ret_flight = flight;
	return 0;
}

int ol_flight_open(int fd, struct ol_flight **ret_flight, struct ol_error *error) {
	struct stat status;
	if (fstat(fd, &status) < 0)
		return ol_error_set_errno(error, -errno, "no flight recorder was handed over");
	if (status.st_size != (off_t)sizeof(struct ol_flight))
		return ol_error_set(error, -EPROTO, "the flight recorder is of another version of oomlab");
	struct ol_flight *flight =
		mmap(NULL, sizeof *flight, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (flight == MAP_FAILED)
		return ol_error_set_errno(error, -errno, "cannot map the flight recorder");
	if (flight->flight_bytes != sizeof *flight) {
		munmap(flight, sizeof *flight);
		return ol_error_set(error, -EPROTO, "the flight recorder is of another version of oomlab");
	}
	*ret_flight = flight;
	return 0;
}

void ol_flight_close(struct ol_flight *flight) {
	if (flight != NULL)
		munmap(flight, sizeof *flight);
}

void ol_flight_write(struct ol_flight *flight, const struct ol_last_words *words) {
	uint32_t sequence = atomic_load_explicit(&flight->sequence, memory_order_relaxed);
	atomic_store_explicit(&flight->sequence, sequence + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	flight->words = *words;
	atomic_store_explicit(&flight->sequence, sequence + 2, memory_order_release);
}

void ol_flight_order_end(struct ol_flight *flight, const char *reason) {
	snprintf(flight->end_reason, sizeof flight->end_reason, "%s", reason);
	atomic_store_explicit(&flight->is_end_ordered, 1, memory_order_release);
}

void ol_flight_answer_limit(
	struct ol_flight *flight, uint32_t number, int result, const struct ol_error *error) {
	flight->limit_result = result;
	snprintf(flight->limit_reason, sizeof flight->limit_reason, "%.*s",
		(int)sizeof flight->limit_reason - 1, error != NULL ? error->message : "");
	atomic_store_explicit(&flight->limit_number, number, memory_order_release);
}

bool ol_flight_take_answer(
	const struct ol_flight *flight, uint32_t number, int *ret_result, struct ol_error *error) {
	if (atomic_load_explicit(&flight->limit_number, memory_order_acquire) != number)
		return false;
	*ret_result = flight->limit_result;
	if (flight->limit_result < 0)
		ol_error_set(error, flight->limit_result, "%s", flight->limit_reason);
	return true;
}

/* Half a writing may hold anything: in order of size at least. */
static void order_pauses(struct ol_pauses *pauses) {
	if (pauses->pauses == 0)
		*pauses = (struct ol_pauses){ 0 };
	if (pauses->max_ns > pauses->total_ns)
		pauses->max_ns = pauses->total_ns;
	if (pauses->p99_ns > pauses->max_ns)
		pauses->p99_ns = pauses->max_ns;
	if (pauses->p50_ns > pauses->p99_ns)
		pauses->p50_ns = pauses->p99_ns;
}

struct ol_last_words ol_flight_read(const struct ol_flight *flight) {
	struct ol_last_words words;
	bool is_whole = false;
	for (int i = 0; i < READ_TRIES_MAX && !is_whole; i++) {
		uint32_t before = atomic_load_explicit(&flight->sequence, memory_order_acquire);
		words = flight->words;
		atomic_thread_fence(memory_order_acquire);
		uint32_t after = atomic_load_explicit(&flight->sequence, memory_order_relaxed);
		is_whole = before == after && before % 2 == 0;
	}
	words.is_torn = !is_whole;
	words.touched_bytes = atomic_load_explicit(&flight->touched_bytes, memory_order_relaxed);
	words.phase[sizeof words.phase - 1] = '\0';
	if (words.activity >= OL_ACTIVITY_COUNT)
		words.activity = OL_ACTIVITY_RUNNING;
	order_pauses(&words.pauses);
	return words;
}
