/* memory.c -- A process's memory, from the three files that tell it: status, smaps_rollup, statm.
 *
 * status is cheap and whole; smaps_rollup walks every page table; statm is one short line. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "process/internal.h"

enum { ROLLUP_BYTES = 4096 };

/* The number behind "\nKEY:"; 0 where there is none. No file's first line is asked for. */
static uint64_t number_of(const char *text, const char *key) {
	const char *line = strstr(text, key);
	return line != NULL ? strtoull(line + strlen(key), NULL, 10) : 0;
}

static uint64_t bytes_of(const char *text, const char *key) {
	return number_of(text, key) * OL_KIB;
}

static struct ol_process_memory parse_status(const char *text) {
	return (struct ol_process_memory){
		.rss_bytes = bytes_of(text, "\nVmRSS:"),
		.rss_peak_bytes = bytes_of(text, "\nVmHWM:"),
		.anon_bytes = bytes_of(text, "\nRssAnon:"),
		.file_bytes = bytes_of(text, "\nRssFile:"),
		.shmem_bytes = bytes_of(text, "\nRssShmem:"),
		.swap_bytes = bytes_of(text, "\nVmSwap:"),
		.vsz_bytes = bytes_of(text, "\nVmSize:"),
		.vsz_peak_bytes = bytes_of(text, "\nVmPeak:"),
		.page_table_bytes = bytes_of(text, "\nVmPTE:"),
		.thread_count = number_of(text, "\nThreads:"),
	};
}

/* text has no memory in it: the kernel's thread has none, a process has let go of it, and one whose
 * first thread has ended has it in another one. Reads that one's status instead. */
static int read_without_first_thread(
	const struct ol_process *process, char text[OL_PROCESS_STATUS_BYTES], bool *ret_is_kernel) {
	struct ol_task_state state;
	int result = ol_process_task_state(process->directory_fd, &state);
	if (result < 0)
		return result;
	*ret_is_kernel = state.is_kernel;
	if (state.is_kernel)
		return 0;
	OL_AUTO_CLOSE int thread_fd = ol_process_open_living_thread(process);
	if (thread_fd < 0)
		return -ESRCH;
	result = ol_file_read_at(thread_fd, "status", text, OL_PROCESS_STATUS_BYTES, NULL);
	return result < 0 ? result : strstr(text, "\nVmSize:") != NULL ? 0 : -ESRCH;
}

int ol_process_read_status(const struct ol_process *process, struct ol_process_memory *ret_memory,
	struct ol_error *error) {
	char text[OL_PROCESS_STATUS_BYTES];
	bool is_kernel = false;
	int result = ol_file_read_at(process->directory_fd, "status", text, sizeof text, NULL);
	if (result >= 0 && strstr(text, "\nVmSize:") == NULL)
		result = read_without_first_thread(process, text, &is_kernel);
	if (result < 0)
		return ol_process_fail(process, result, "cannot read its status", error);
	*ret_memory = parse_status(text);
	ret_memory->is_kernel_thread = is_kernel;
	return 0;
}

static uint64_t smaller(uint64_t first, uint64_t second) {
	return first < second ? first : second;
}

/* The kernel counts resident pages in batches, for each thread or processor, and status tells what
 * has been summed up so far: a small process may seem to have nothing. This walk counts each. */
static void add_rollup(struct ol_process_memory *memory, const char *text) {
	memory->has_pss = true;
	memory->rss_bytes = bytes_of(text, "\nRss:");
	memory->anon_bytes = smaller(bytes_of(text, "\nAnonymous:"), memory->rss_bytes);
	memory->shmem_bytes = smaller(memory->shmem_bytes, memory->rss_bytes - memory->anon_bytes);
	memory->file_bytes = memory->rss_bytes - memory->anon_bytes - memory->shmem_bytes;
	if (memory->rss_peak_bytes < memory->rss_bytes)
		memory->rss_peak_bytes = memory->rss_bytes;
	memory->pss_bytes = bytes_of(text, "\nPss:");
	/* Only from Linux 5.14 on. */
	memory->pss_anon_bytes =
		strstr(text, "\nPss_Anon:") != NULL ? bytes_of(text, "\nPss_Anon:") : OL_NOT_KNOWN;
	memory->swap_pss_bytes = bytes_of(text, "\nSwapPss:");
	memory->private_bytes = bytes_of(text, "\nPrivate_Clean:") + bytes_of(text, "\nPrivate_Dirty:");
	memory->huge_page_bytes = bytes_of(text, "\nAnonHugePages:");
}

int ol_process_read_memory(const struct ol_process *process, struct ol_process_memory *ret_memory,
	struct ol_error *error) {
	struct ol_process_memory memory = { 0 };
	int result = ol_process_read_status(process, &memory, error);
	if (result < 0)
		return result;
	char text[ROLLUP_BYTES];
	/* It may end between the two, or not be ours to look at: then that much is not known. */
	if (!memory.is_kernel_thread &&
		ol_file_read_at(process->directory_fd, "smaps_rollup", text, sizeof text, NULL) > 0)
		add_rollup(&memory, text);
	*ret_memory = memory;
	return 0;
}

int ol_process_open_statm(pid_t pid) {
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* "SIZE RESIDENT ...", in pages. */
uint64_t ol_process_statm_rss(int statm_fd) {
	char text[128];
	ssize_t length = statm_fd >= 0 ? pread(statm_fd, text, sizeof text - 1, 0) : -1;
	if (length <= 0)
		return 0;
	text[length] = '\0';
	char *rest = NULL;
	(void)strtoull(text, &rest, 10);
	return strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
