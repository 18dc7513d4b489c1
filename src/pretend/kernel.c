/* kernel.c -- The cage's account: charge, uncharge, watch, throttle, kill. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/units.h"
#include "pretend/internal.h"

/* A process is as large as a pretend one before it has done anything: what it maps beside its
 * heap. */
static const uint64_t process_address_bytes = 8 * OL_MIB;

enum {
	CHECK_EVERY = 1024,    /* Calls between two looks at what is really held. */
	RECLAIM_PAGES_MIN = 32 /* Linux: SWAP_CLUSTER_MAX. */
};

static uint64_t pages_of(uint64_t bytes) {
	return bytes / OL_PRETEND_PAGE_BYTES + (bytes % OL_PRETEND_PAGE_BYTES != 0);
}

static uint64_t own_limit_pages(const struct ol_pretend *pretend) {
	return (pretend->config.limit_bytes + pretend->config.swap_bytes) / OL_PRETEND_PAGE_BYTES;
}

static void set_limit_pages(struct ol_pretend *pretend) {
	uint64_t parent_pages = UINT64_MAX;
	if (pretend->config.parent_limit_bytes != UINT64_MAX)
		parent_pages = (pretend->config.parent_limit_bytes + pretend->config.swap_bytes) /
					   OL_PRETEND_PAGE_BYTES;
	pretend->limit_pages = own_limit_pages(pretend);
	if (parent_pages < pretend->limit_pages)
		pretend->limit_pages = parent_pages;
}

int ol_pretend_create(const struct ol_pretend_config *config, struct ol_pretend **ret_pretend,
	struct ol_error *error) {
	struct ol_pretend *pretend = calloc(1, sizeof *pretend);
	if (pretend == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the pretend world");
	assert(config->clock->is_virtual);
	pretend->config = *config;
	pretend->address_space_bytes = process_address_bytes;
	set_limit_pages(pretend);
	ol_pretend_memory_init(pretend);
	ol_pretend_os_init(pretend);
	*ret_pretend = pretend;
	return 0;
}

void ol_pretend_destroy(struct ol_pretend *pretend) {
	if (pretend == NULL)
		return;
	ol_pretend_memory_finish(pretend);
	for (unsigned i = 0; i < pretend->watch_count; i++)
		close(pretend->watches[i].fd);
	free(pretend);
}

int ol_pretend_watch(
	struct ol_pretend *pretend, uint64_t threshold_bytes, int *ret_fd, struct ol_error *error) {
	if (pretend->watch_count == OL_PRETEND_WATCHES_MAX)
		return ol_error_set(
			error, -ENOSPC, "the pretend kernel tells of %d thresholds", OL_PRETEND_WATCHES_MAX);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return ol_error_set_errno(error, -errno, "cannot watch the pretend cage");
	pretend->watches[pretend->watch_count++] = (struct ol_pretend_watch){
		.threshold_pages = pages_of(threshold_bytes),
		.fd = fd,
	};
	*ret_fd = fd;
	return 0;
}

static void tell_watches(struct ol_pretend *pretend) {
	for (unsigned i = 0; i < pretend->watch_count; i++) {
		struct ol_pretend_watch *watch = &pretend->watches[i];
		bool is_above = pretend->usage_pages >= watch->threshold_pages;
		uint64_t one = 1;
		/* A counter that is full is readable, too. */
		if (is_above && !watch->is_above)
			(void)!write(watch->fd, &one, sizeof one);
		watch->is_above = is_above;
	}
}

/* Of what is charged: what does not fit into memory is in swap. */
static uint64_t in_memory_pages(const struct ol_pretend *pretend) {
	uint64_t memory_pages =
		pretend->limit_pages - pretend->config.swap_bytes / OL_PRETEND_PAGE_BYTES;
	return pretend->usage_pages < memory_pages ? pretend->usage_pages : memory_pages;
}

static void note_usage(struct ol_pretend *pretend) {
	uint64_t memory_pages = in_memory_pages(pretend);
	uint64_t swap_pages = pretend->usage_pages - memory_pages;
	if (memory_pages > pretend->peak_pages)
		pretend->peak_pages = memory_pages;
	if (swap_pages > pretend->swap_peak_pages)
		pretend->swap_peak_pages = swap_pages;
	if (pretend->watch_count > 0)
		tell_watches(pretend);
}

/* Linux makes whoever charged a batch above memory.high wait, by the square of how far above it
 * is; less than ten milliseconds are not worth it, and two seconds are enough. */
static void throttle(struct ol_pretend *pretend, uint64_t batch_count) {
	static const uint64_t wait_min_ns = 10 * OL_NS_PER_MS, wait_max_ns = 2 * OL_NS_PER_S;
	uint64_t high_pages = pretend->config.high_bytes / OL_PRETEND_PAGE_BYTES;
	if (pretend->config.high_bytes == UINT64_MAX || pretend->usage_pages <= high_pages)
		return;
	double overage = (double)(pretend->usage_pages - high_pages) /
					 (double)(high_pages > 0 ? high_pages : 1) * 0x1p20;
	double wait_ns = overage * overage / 0x1p34 * (double)OL_NS_PER_S;
	pretend->high_count += batch_count;
	if (wait_ns <= (double)wait_min_ns)
		return;
	uint64_t each_ns = wait_ns > (double)wait_max_ns ? wait_max_ns : (uint64_t)wait_ns;
	pretend->stall_ns += each_ns * batch_count;
	ol_clock_sleep_ns(pretend->config.clock, each_ns * batch_count);
}

static uint64_t room_pages_of(const struct ol_pretend *pretend) {
	uint64_t used_pages = pretend->usage_pages - pretend->stock_pages;
	return pretend->limit_pages > used_pages ? pretend->limit_pages - used_pages : 0;
}

uint64_t ol_pretend_reclaim(struct ol_pretend *pretend, uint64_t page_count) {
	uint64_t reclaimed_pages = 0;
	/* The oldest file first. */
	for (unsigned i = 0; i < OL_PRETEND_FILES_MAX && reclaimed_pages < page_count; i++) {
		struct ol_pretend_file *file = &pretend->files[i];
		uint64_t wanted_pages = page_count - reclaimed_pages;
		uint64_t given_pages =
			file->cached_pages < wanted_pages ? file->cached_pages : wanted_pages;
		file->cached_pages -= given_pages;
		reclaimed_pages += given_pages;
	}
	pretend->cached_pages -= reclaimed_pages;
	ol_pretend_uncharge(pretend, reclaimed_pages);
	return reclaimed_pages;
}

/* As much room as it takes, a cluster at least, as far as files have it. */
static void make_room(struct ol_pretend *pretend, uint64_t page_count) {
	uint64_t room_pages = room_pages_of(pretend);
	if (room_pages >= page_count || pretend->cached_pages == 0)
		return;
	uint64_t wanted_pages = page_count - room_pages;
	(void)ol_pretend_reclaim(
		pretend, wanted_pages < RECLAIM_PAGES_MIN ? RECLAIM_PAGES_MIN : wanted_pages);
}

void ol_pretend_limit_changed(struct ol_pretend *pretend) {
	set_limit_pages(pretend);
	/* What is in stock is given back first. */
	pretend->usage_pages -= pretend->stock_pages;
	pretend->stock_pages = 0;
	if (pretend->usage_pages > pretend->limit_pages)
		(void)ol_pretend_reclaim(pretend, pretend->usage_pages - pretend->limit_pages);
	pretend->is_killed |= pretend->usage_pages > pretend->limit_pages;
	ol_pretend_tell_kill(pretend);
}

/* Takes whole batches, and at the limit what is left of one. */
static void take_batches(struct ol_pretend *pretend, uint64_t page_count) {
	uint64_t batch_count = (page_count + OL_PRETEND_BATCH_PAGES - 1) / OL_PRETEND_BATCH_PAGES;
	uint64_t taken_pages = batch_count * OL_PRETEND_BATCH_PAGES;
	if (pretend->usage_pages + taken_pages > pretend->limit_pages)
		taken_pages = pretend->limit_pages - pretend->usage_pages;
	assert(taken_pages >= page_count);
	pretend->usage_pages += taken_pages;
	pretend->stock_pages = taken_pages - page_count;
	note_usage(pretend);
	throttle(pretend, batch_count);
}

void ol_pretend_tell_kill(struct ol_pretend *pretend) {
	if (!pretend->is_killed || pretend->is_kill_told)
		return;
	pretend->is_kill_told = true;
	if (pretend->config.on_kill != NULL)
		pretend->config.on_kill(pretend->config.context);
}

uint64_t ol_pretend_charge(struct ol_pretend *pretend, uint64_t page_count) {
	if (pretend->is_killed)
		return 0;
	make_room(pretend, page_count);
	uint64_t room_pages = room_pages_of(pretend);
	uint64_t charged_pages = page_count < room_pages ? page_count : room_pages;
	if (charged_pages <= pretend->stock_pages) {
		pretend->stock_pages -= charged_pages;
	} else {
		uint64_t more_pages = charged_pages - pretend->stock_pages;
		pretend->stock_pages = 0;
		/* Batch by batch where each may have to wait. */
		while (pretend->config.high_bytes != UINT64_MAX && more_pages > OL_PRETEND_BATCH_PAGES) {
			take_batches(pretend, OL_PRETEND_BATCH_PAGES);
			more_pages -= OL_PRETEND_BATCH_PAGES;
		}
		take_batches(pretend, more_pages);
	}
	if (charged_pages < page_count)
		pretend->is_killed = true;
	return charged_pages;
}

void ol_pretend_uncharge(struct ol_pretend *pretend, uint64_t page_count) {
	if (pretend->is_killed)
		return;
	assert(page_count <= pretend->usage_pages - pretend->stock_pages);
	pretend->usage_pages -= page_count;
	note_usage(pretend);
}

void ol_pretend_note_beside(struct ol_pretend *pretend, uint64_t bytes) {
	uint64_t page_count = pages_of(bytes);
	if (page_count <= pretend->beside_pages)
		return;
	pretend->beside_pages += ol_pretend_charge(pretend, page_count - pretend->beside_pages);
	ol_pretend_tell_kill(pretend);
}

bool ol_pretend_is_killed(const struct ol_pretend *pretend) {
	return pretend->is_killed;
}

uint64_t ol_pretend_usage_bytes(const struct ol_pretend *pretend) {
	return in_memory_pages(pretend) * OL_PRETEND_PAGE_BYTES;
}

struct ol_pretend_facts ol_pretend_facts(const struct ol_pretend *pretend) {
	struct ol_pretend_facts facts = {
		.usage_bytes = ol_pretend_usage_bytes(pretend),
		.peak_bytes = pretend->peak_pages * OL_PRETEND_PAGE_BYTES,
		.swap_peak_bytes = pretend->swap_peak_pages * OL_PRETEND_PAGE_BYTES,
		.resident_bytes = (pretend->resident_pages + pretend->beside_pages) * OL_PRETEND_PAGE_BYTES,
		.address_space_bytes = pretend->address_space_bytes,
		.high_count = pretend->high_count,
		.stall_ns = pretend->stall_ns,
		.limit_bytes = pretend->config.limit_bytes,
		.is_killed = pretend->is_killed,
	};
	if (facts.is_killed)
		facts.limited_by = pretend->limit_pages < own_limit_pages(pretend) ? OL_LIMITED_BY_ANCESTOR
																		   : OL_LIMITED_BY_OWN;
	return facts;
}

int ol_pretend_check(struct ol_pretend *pretend, struct ol_error *error) {
	struct ol_memory *below = &pretend->below.memory;
	if (++pretend->check_count % CHECK_EVERY == 0 &&
		below->ops->resident_bytes(below) > pretend->config.real_bytes_max)
		pretend->is_short = true;
	if (!pretend->is_short)
		return 0;
	char bytes[OL_UNITS_TEXT_BYTES];
	return ol_error_set(error, -ENOMEM,
		"the pretend world keeps nodes and the heap's tables for real, and may use %s for them; "
		"slabs cost next to nothing",
		ol_format_bytes(pretend->config.real_bytes_max, bytes));
}
