/* mmap.c -- Real pages from the system. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "memory/memory.h"

enum { TOUCH_STEP_BYTES = 64 << 10 };

static int mmap_reserve(struct ol_memory *memory, uint64_t bytes, uint64_t alignment_bytes,
	void **ret_address, struct ol_error *error) {
	const struct ol_memory_mmap *self = (const struct ol_memory_mmap *)memory;
	/* Reserve enough to cut an aligned piece out, then give the edges back. */
	uint64_t whole_bytes = bytes + alignment_bytes;
	if (whole_bytes < bytes)
		return ol_error_set(error, -ENOMEM, "cannot reserve %llu bytes of address space",
			(unsigned long long)bytes);
	char *whole =
		mmap(NULL, whole_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (whole == MAP_FAILED)
		return ol_error_set_errno(
			error, -errno, "cannot reserve %llu bytes of address space", (unsigned long long)bytes);
	uint64_t skip_bytes = (alignment_bytes - (uintptr_t)whole % alignment_bytes) % alignment_bytes;
	char *address = whole + skip_bytes;
	if (skip_bytes > 0)
		munmap(whole, skip_bytes);
	if (alignment_bytes > skip_bytes)
		munmap(address + bytes, alignment_bytes - skip_bytes);
	/* Advice is advice: a kernel without transparent huge pages refuses both, which is fine. */
	(void)madvise(address, bytes, self->has_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	*ret_address = address;
	return 0;
}

static int mmap_commit(
	struct ol_memory *memory, void *address, uint64_t bytes, struct ol_error *error) {
	(void)memory;
	if (mprotect(address, bytes, PROT_READ | PROT_WRITE) < 0)
		return ol_error_set_errno(
			error, -errno, "the system refused %llu bytes of memory", (unsigned long long)bytes);
	return 0;
}

static void mmap_release(struct ol_memory *memory, void *address, uint64_t bytes) {
	(void)memory;
	(void)madvise(address, bytes, MADV_DONTNEED);
}

/* Faulting pages in by the batch costs the kernel a third less than one fault a page
 * (docs/performance.md). Before Linux 5.14 there is no such advice and memset faults by itself;
 * an OOM kill comes from either. */
static void populate(void *address, uint64_t bytes) {
	(void)madvise(address, bytes, MADV_POPULATE_WRITE);
}

static void fill_bytewise(volatile char *next, const volatile char *end, uint8_t fill) {
	while (next < end)
		*next++ = (char)fill;
}

static void mmap_touch(struct ol_memory *memory, void *address, uint64_t bytes, uint8_t fill,
	_Atomic uint64_t *touched_bytes) {
	const struct ol_memory_mmap *self = (const struct ol_memory_mmap *)memory;
	char *next = address;
	char *end = next + bytes;
	while (next < end) {
		uint64_t step_bytes = TOUCH_STEP_BYTES - (uintptr_t)next % TOUCH_STEP_BYTES;
		if (step_bytes > (uint64_t)(end - next))
			step_bytes = (uint64_t)(end - next);
		if (self->is_bytewise) {
			fill_bytewise(next, next + step_bytes, fill);
		} else {
			if (step_bytes == TOUCH_STEP_BYTES)
				populate(next, step_bytes);
			memset(next, fill, step_bytes);
		}
		next += step_bytes;
		if (touched_bytes != NULL)
			atomic_fetch_add_explicit(touched_bytes, step_bytes, memory_order_relaxed);
	}
}

static void mmap_unreserve(struct ol_memory *memory, void *address, uint64_t bytes) {
	(void)memory;
	munmap(address, bytes);
}

static uint64_t mmap_resident_bytes(struct ol_memory *memory) {
	(void)memory;
	char text[128];
	if (ol_file_read("/proc/self/statm", text, sizeof text, NULL) < 0)
		return 0;
	char *resident = strchr(text, ' ');
	if (resident == NULL)
		return 0;
	return strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static const struct ol_memory_ops mmap_ops = {
	.reserve = mmap_reserve,
	.commit = mmap_commit,
	.release = mmap_release,
	.touch = mmap_touch,
	.unreserve = mmap_unreserve,
	.resident_bytes = mmap_resident_bytes,
};

void ol_memory_mmap_init(struct ol_memory_mmap *memory, bool has_huge_pages) {
	memory->memory = (struct ol_memory){ .ops = &mmap_ops };
	memory->has_huge_pages = has_huge_pages;
	memory->is_bytewise = false;
}
