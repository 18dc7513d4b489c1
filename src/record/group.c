/* group.c -- Sums over processes. */
#include "record/group.h"

static void add_known(uint64_t *sum_bytes, bool is_known, uint64_t bytes) {
	if (!is_known || *sum_bytes == OL_NOT_KNOWN)
		*sum_bytes = OL_NOT_KNOWN;
	else
		*sum_bytes += bytes;
}

void ol_process_sum_add(struct ol_process_sum *sum, const struct ol_process_memory *memory) {
	if (memory->is_kernel_thread)
		return;
	sum->process_count++;
	sum->rss_bytes += memory->rss_bytes;
	sum->anon_bytes += memory->anon_bytes;
	sum->file_bytes += memory->file_bytes;
	sum->shmem_bytes += memory->shmem_bytes;
	sum->swap_bytes += memory->swap_bytes;
	sum->page_table_bytes += memory->page_table_bytes;
	add_known(&sum->pss_bytes, memory->has_pss, memory->pss_bytes);
	bool has_pss_anon = memory->has_pss && memory->pss_anon_bytes != OL_NOT_KNOWN;
	add_known(&sum->pss_anon_bytes, has_pss_anon, memory->pss_anon_bytes);
}
