/* os.c -- Children, files and another limit, of a pretend program. */
#include <errno.h>

#include "base/units.h"
#include "pretend/internal.h"

/* A child's own: kernel stack, the pages that it writes to before it sleeps. */
static const uint64_t child_pages = 40;
/* What a virtual clock is told of a byte written to a disk, read from it, read from memory. */
static const double write_byte_ns = 2, read_byte_ns = 1, cached_byte_ns = 0.1;
static const uint64_t fork_ns = 100 * OL_NS_PER_US;

static struct ol_pretend *pretend_of(struct ol_os *os) {
	return (struct ol_pretend *)((char *)os - offsetof(struct ol_pretend, os));
}

static int pretend_fork(struct ol_os *os, struct ol_os_child *ret_child, struct ol_error *error) {
	struct ol_pretend *self = pretend_of(os);
	int64_t table_pages = ol_pretend_share_pages(self);
	if (table_pages < 0)
		return ol_error_set(error, -ENOMEM, "no memory to pretend a child");
	self->child_count++;
	self->child_pages += ol_pretend_charge(self, (uint64_t)table_pages + child_pages);
	ol_clock_spend_ns(self->config.clock, fork_ns);
	ol_pretend_tell_kill(self);
	*ret_child = (struct ol_os_child){ .id = self->child_count };
	return 0;
}

/* What several children have in common goes with the last of them. */
static void pretend_end_child(struct ol_os *os, const struct ol_os_child *child) {
	struct ol_pretend *self = pretend_of(os);
	(void)child;
	if (--self->child_count > 0)
		return;
	ol_pretend_uncharge(self, self->child_pages);
	self->child_pages = 0;
	ol_pretend_unshare_pages(self);
}

static struct ol_pretend_file *file_of(struct ol_pretend *self, const struct ol_os_file *file) {
	return &self->files[file->id];
}

static int pretend_create_file(
	struct ol_os *os, uint64_t bytes, struct ol_os_file *ret_file, struct ol_error *error) {
	struct ol_pretend *self = pretend_of(os);
	(void)bytes;
	for (unsigned i = 0; i < OL_PRETEND_FILES_MAX; i++) {
		if (self->files[i].is_open)
			continue;
		self->files[i] = (struct ol_pretend_file){ .is_open = true };
		*ret_file = (struct ol_os_file){ .id = i };
		return 0;
	}
	return ol_error_set(
		error, -ENOSPC, "a pretend program has at most %d files", OL_PRETEND_FILES_MAX);
}

static void cache_pages(
	struct ol_pretend *self, struct ol_pretend_file *file, uint64_t page_count) {
	uint64_t charged_pages = ol_pretend_charge(self, page_count);
	file->cached_pages += charged_pages;
	self->cached_pages += charged_pages;
	ol_pretend_tell_kill(self);
}

static uint64_t pages_up_to(uint64_t bytes) {
	return (bytes + OL_PRETEND_PAGE_BYTES - 1) / OL_PRETEND_PAGE_BYTES;
}

static int pretend_write_file(
	struct ol_os *os, struct ol_os_file *file, uint64_t bytes, struct ol_error *error) {
	struct ol_pretend *self = pretend_of(os);
	struct ol_pretend_file *pages = file_of(self, file);
	(void)error;
	uint64_t page_count = pages_up_to(file->bytes + bytes);
	cache_pages(self, pages, page_count - pages->page_count);
	pages->page_count = page_count;
	file->bytes += bytes;
	ol_clock_spend_ns(self->config.clock, (uint64_t)((double)bytes * write_byte_ns));
	return 0;
}

/* Which pages are in the cache is not kept, only how many: those that are read are as likely to be
 * there as any. */
static int pretend_read_file(struct ol_os *os, const struct ol_os_file *file, uint64_t at_bytes,
	uint64_t bytes, struct ol_error *error) {
	struct ol_pretend *self = pretend_of(os);
	struct ol_pretend_file *pages = file_of(self, file);
	(void)at_bytes;
	(void)error;
	uint64_t page_count = pages_up_to(bytes);
	if (page_count == 0 || pages->page_count == 0)
		return 0;
	uint64_t absent_pages = pages->page_count - pages->cached_pages;
	uint64_t missed_pages = page_count * absent_pages / pages->page_count;
	cache_pages(self, pages, missed_pages);
	double missed_bytes = (double)(missed_pages * OL_PRETEND_PAGE_BYTES);
	ol_clock_spend_ns(self->config.clock,
		(uint64_t)(missed_bytes * read_byte_ns + (double)bytes * cached_byte_ns));
	return 0;
}

static void pretend_release_file(struct ol_os *os, struct ol_os_file *file) {
	struct ol_pretend *self = pretend_of(os);
	struct ol_pretend_file *pages = file_of(self, file);
	self->cached_pages -= pages->cached_pages;
	ol_pretend_uncharge(self, pages->cached_pages);
	*pages = (struct ol_pretend_file){ 0 };
}

static int pretend_set_limit(struct ol_os *os, uint64_t bytes, struct ol_error *error) {
	struct ol_pretend *self = pretend_of(os);
	if (bytes < OL_PRETEND_PAGE_BYTES)
		return ol_error_set(error, -ERANGE, "a limit is a page at least");
	self->config.limit_bytes = bytes;
	ol_pretend_limit_changed(self);
	return 0;
}

static const struct ol_os_ops pretend_os_ops = {
	.fork = pretend_fork,
	.end_child = pretend_end_child,
	.create_file = pretend_create_file,
	.write_file = pretend_write_file,
	.read_file = pretend_read_file,
	.release_file = pretend_release_file,
	.set_limit = pretend_set_limit,
};

void ol_pretend_os_init(struct ol_pretend *pretend) {
	pretend->os = (struct ol_os){ .ops = &pretend_os_ops };
}

struct ol_os *ol_pretend_os(struct ol_pretend *pretend) {
	return &pretend->os;
}
