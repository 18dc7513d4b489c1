/* fields.c -- The tables that describe each record. */
#include "record/fields.h"

#include "record/caged.h"
#include "record/group.h"

#define FIELD(record, member, unit, type, doc) \
	{ \
#member, unit, doc, type, offsetof(struct record, member), \
			sizeof(((struct record *)NULL)->member) \
	}
#define COUNT(array)                   (sizeof(array) / sizeof *(array))
#define BYTES(record, member, doc)     FIELD(record, member, "bytes", OL_FIELD_UINT64, doc)
#define NS(record, member, doc)        FIELD(record, member, "ns", OL_FIELD_UINT64, doc)
#define NUMBER_OF(record, member, doc) FIELD(record, member, "count", OL_FIELD_UINT64, doc)

static const struct ol_field memstats_fields[] = {
	BYTES(ol_memstats, alloc, "Objects allocated and not yet swept; the same as heap_alloc"),
	NUMBER_OF(ol_memstats, mallocs, "Objects allocated so far"),
	NUMBER_OF(ol_memstats, frees, "Objects swept so far"),
	BYTES(ol_memstats, heap_alloc, "Live and dead-but-unswept objects"),
	BYTES(ol_memstats, heap_idle, "Unused spans, released ones included"),
	NUMBER_OF(ol_memstats, heap_objects, "mallocs - frees"),
	BYTES(ol_memstats, heap_inuse, "Spans in use"),
	BYTES(ol_memstats, heap_released, "Of heap_idle: without physical memory"),
	BYTES(ol_memstats, heap_sys, "heap_inuse + heap_idle"),
	NS(ol_memstats, last_gc_ns, "End of the last cycle since 1970; 0 before the first"),
	BYTES(ol_memstats, next_gc, "Heap goal of the next cycle"),
	NUMBER_OF(ol_memstats, num_gc, "Cycles completed"),
	NUMBER_OF(ol_memstats, num_forced_gc, "Of those: asked for by the program"),
	FIELD(ol_memstats, gc_cpu_fraction, "share", OL_FIELD_NUMBER,
		"Share of the run's CPU time spent collecting"),
};

static const struct ol_field gc_cycle_fields[] = {
	NUMBER_OF(ol_gc_cycle, number, "Of the cycle, 1 for the first"),
	NS(ol_gc_cycle, at_ns, "When it began"),
	NS(ol_gc_cycle, pause_ns, "The program stood still for"),
	BYTES(ol_gc_cycle, trigger_bytes, "heap_live at which it was to start"),
	BYTES(ol_gc_cycle, start_bytes, "heap_live at which it started"),
	BYTES(ol_gc_cycle, end_bytes, "heap_live at its end"),
	BYTES(ol_gc_cycle, marked_bytes, "Of that found reachable"),
	BYTES(ol_gc_cycle, goal_bytes, "Heap goal of this cycle"),
	BYTES(ol_gc_cycle, next_goal_bytes, "Heap goal of the next"),
	BYTES(ol_gc_cycle, scan_work_bytes, "Scanned for references"),
	BYTES(ol_gc_cycle, freed_bytes, "Found dead; free when it is swept"),
	NS(ol_gc_cycle, sweep_term_ns, "First stop: roots are taken"),
	NS(ol_gc_cycle, mark_ns, "Marking beside the program"),
	NS(ol_gc_cycle, mark_term_ns, "Last stop; all of the marking with stop-the-world"),
	NS(ol_gc_cycle, assist_ns, "Processor time of marking done by allocations"),
	NS(ol_gc_cycle, background_ns, "Processor time of dedicated and fractional markers"),
	NS(ol_gc_cycle, idle_ns, "Processor time of markers on idle processors"),
	BYTES(ol_gc_cycle, roots_bytes, "Roots: Go's globals"),
	BYTES(ol_gc_cycle, stack_bytes, "The program's stacks, scanned as roots"),
	NUMBER_OF(ol_gc_cycle, processors, "As many as the collector counts on: Go's GOMAXPROCS"),
	FIELD(ol_gc_cycle, gc_cpu_fraction, "share", OL_FIELD_NUMBER,
		"memstats.gc_cpu_fraction at its end"),
	FIELD(ol_gc_cycle, is_forced, "", OL_FIELD_BOOLEAN, "The program asked for it"),
};

static const struct ol_field pauses_fields[] = {
	NUMBER_OF(ol_pauses, pauses, "Times the program was made to stand still"),
	NS(ol_pauses, total_ns, "Sum of them"),
	NS(ol_pauses, p50_ns, "Median, to a sixteenth"),
	NS(ol_pauses, p99_ns, "99th percentile, to a sixteenth"),
	NS(ol_pauses, max_ns, "Longest"),
};

static const struct ol_field last_words_fields[] = {
	FIELD(ol_last_words, phase, "", OL_FIELD_TEXT, "The phase it was in"),
	FIELD(ol_last_words, activity, "", OL_FIELD_ACTIVITY, "What it was doing"),
	FIELD(ol_last_words, is_torn, "", OL_FIELD_BOOLEAN, "It died while writing this"),
	NS(ol_last_words, at_ns, "Of this writing"),
	BYTES(ol_last_words, request_bytes, "The last request, as asked"),
	BYTES(ol_last_words, touched_bytes, "Of it, written to so far"),
	BYTES(ol_last_words, phase_requested_bytes, "Sum of the phase's requests, this one included"),
	BYTES(ol_last_words, cage_bytes, "Usage of the cage at the end"),
	BYTES(ol_last_words, garbage_bytes, "Unreachable objects when last counted"),
	NS(ol_last_words, garbage_counted_at_ns, "When that was; 0 for never"),
	BYTES(ol_last_words, allocated_since_count_bytes, "Allocated after that count"),
	BYTES(ol_last_words, script_bytes, "Held by the Lua state, charged to the cage too"),
	BYTES(ol_last_words, script_peak_bytes, "The most the Lua state held"),
	BYTES(ol_last_words, metadata_bytes, "The heap's own tables"),
	BYTES(ol_last_words, other_heaps_bytes, "Objects of the heaps beside the first"),
	BYTES(ol_last_words, off_heap_bytes, "Memory that the program held beside its heap"),
	BYTES(ol_last_words, beside_requested_bytes, "What it asked for beside its first heap, in all"),
	BYTES(ol_last_words, stack_bytes, "Stacks of the program, which cycles scan"),
	BYTES(ol_last_words, file_bytes, "Files that it wrote and did not release"),
	NUMBER_OF(ol_last_words, child_count, "Children that shared its pages"),
	BYTES(ol_last_words, limit_now_bytes, "The cage's limit then: the program may have changed it"),
	BYTES(ol_last_words, reserved_bytes, "Address space that the program reserved"),
	BYTES(ol_last_words, heap_address_bytes, "Address space that the heap reserved for objects"),
	BYTES(ol_last_words, address_space_bytes, "Address space in all, when it began or ended"),
	BYTES(ol_last_words, resident_bytes, "Resident memory, then"),
	FIELD(ol_last_words, is_cycle_active, "", OL_FIELD_BOOLEAN,
		"A cycle was marking, by steps or in threads"),
};

static const struct ol_field phase_fields[] = {
	FIELD(ol_phase, name, "", OL_FIELD_TEXT, "As the script calls it"),
	NS(ol_phase, at_ns, "When it began"),
	NS(ol_phase, end_ns, "When it ended, or the run did"),
	BYTES(ol_phase, requested_bytes, "Sum of the requests made in it"),
	BYTES(ol_phase, cage_bytes, "Usage of the cage at its end"),
	BYTES(ol_phase, garbage_bytes, "Unreachable objects at its end"),
};

static const struct ol_field sample_fields[] = {
	NS(ol_sample, at_ns, "When it was taken"),
	BYTES(ol_sample, cage_bytes, "Usage of the cage"),
	BYTES(ol_sample, rss_bytes, "Resident memory of the subject"),
	BYTES(ol_sample, touched_bytes, "Of the last request, written to so far"),
};

static const struct ol_field event_fields[] = {
	NS(ol_event, at_ns, "When it happened"),
	FIELD(ol_event, kind, "", OL_FIELD_TEXT, "log: a line from the script"),
	FIELD(ol_event, text, "", OL_FIELD_TEXT, "One line"),
};

static const struct ol_field caged_sample_fields[] = {
	NS(ol_caged_sample, at_ns, "When it was taken"),
	BYTES(ol_caged_sample, cage_bytes, "Usage of the cage"),
	BYTES(ol_caged_sample, rss_bytes, "Resident memory of the command"),
};

static const struct ol_field watchdog_facts_fields[] = {
	NUMBER_OF(ol_watchdog_facts, look_count, "Its own looks"),
	NUMBER_OF(ol_watchdog_facts, notice_count, "Words from the kernel"),
	FIELD(ol_watchdog_facts, has_notice, "", OL_FIELD_BOOLEAN, "The kernel could be asked"),
	NS(ol_watchdog_facts, below_at_ns, "Last seen below the threshold before that; 0: never"),
	NS(ol_watchdog_facts, crossed_at_ns, "First seen at the threshold or above; null: never"),
	NS(ol_watchdog_facts, acted_at_ns, "When it acted; null: never"),
	BYTES(ol_watchdog_facts, acted_bytes, "What it measured then"),
	NS(ol_watchdog_facts, next_look_ns, "From acting by notice to the next look"),
	NS(ol_watchdog_facts, ended_at_ns, "End of the program, once it was told; null: not told"),
	BYTES(ol_watchdog_facts, seen_bytes_max, "The most that a look saw"),
	BYTES(ol_watchdog_facts, peak_bytes, "The most there was"),
	NUMBER_OF(ol_watchdog_facts, missed_count, "Spikes to the threshold that no look saw"),
	BYTES(ol_watchdog_facts, missed_bytes, "The highest of them, above what the look before saw"),
	NS(ol_watchdog_facts, missed_ns, "How long that one lasted, as far as samples tell"),
};

static const struct ol_field process_memory_fields[] = {
	BYTES(ol_process_memory, rss_bytes, "Resident: anonymous, file and shared memory together"),
	BYTES(ol_process_memory, pss_bytes, "Shared pages divided by those who share them"),
	BYTES(ol_process_memory, swap_bytes, "Swapped out"),
	BYTES(ol_process_memory, vsz_bytes, "Address space"),
	BYTES(ol_process_memory, rss_peak_bytes, "The most that was resident"),
	BYTES(ol_process_memory, vsz_peak_bytes, "The most address space"),
	BYTES(ol_process_memory, anon_bytes, "Of rss_bytes: memory that the program made"),
	BYTES(ol_process_memory, file_bytes, "Of rss_bytes: pages of files"),
	BYTES(ol_process_memory, shmem_bytes, "Of rss_bytes: shared memory and tmpfs files"),
	BYTES(ol_process_memory, pss_anon_bytes, "Of pss_bytes: memory that the program made"),
	BYTES(ol_process_memory, swap_pss_bytes, "Swapped out, shared pages divided"),
	BYTES(ol_process_memory, private_bytes, "Resident, and mapped by nobody else"),
	BYTES(ol_process_memory, huge_page_bytes, "Of anon_bytes: in huge pages"),
	BYTES(ol_process_memory, page_table_bytes, "Page tables: charged to its group, in no RSS"),
	NUMBER_OF(ol_process_memory, thread_count, "Its threads"),
};

static const struct ol_field process_sum_fields[] = {
	NUMBER_OF(ol_process_sum, process_count, "That were looked at, here and below"),
	NUMBER_OF(ol_process_sum, unseen_count, "That could not be looked at"),
	BYTES(ol_process_sum, rss_bytes, "Sum: shared pages count once for each process"),
	BYTES(ol_process_sum, anon_bytes, "Of rss_bytes: memory that the programs made"),
	BYTES(ol_process_sum, file_bytes, "Of rss_bytes: pages of files"),
	BYTES(ol_process_sum, shmem_bytes, "Of rss_bytes: shared memory and tmpfs files"),
	BYTES(ol_process_sum, pss_bytes, "Sum: shared pages divided by those who share them"),
	BYTES(ol_process_sum, pss_anon_bytes, "Of pss_bytes: memory that the programs made"),
	BYTES(ol_process_sum, swap_bytes, "Swapped out"),
	BYTES(ol_process_sum, page_table_bytes, "Page tables, in no RSS"),
};

static const struct ol_field group_look_fields[] = {
	BYTES(ol_group_look, usage_bytes, "Charged to it and to groups below"),
	BYTES(ol_group_look, peak_bytes, "The most that was"),
	BYTES(ol_group_look, limit_bytes, "The tightest limit: its own, or of a group above"),
	BYTES(ol_group_look, swap_bytes, "Swapped out"),
	NUMBER_OF(ol_group_look, oom_kill_count, "OOM kills since it was made"),
	NS(ol_group_look, stall_ns, "Its tasks waited for memory, in all (v2)"),
	FIELD(ol_group_look, stall_percent, "percent", OL_FIELD_NUMBER,
		"The same, of the last ten seconds"),
};

static const struct ol_field group_facts_fields[] = {
	FIELD(ol_group_facts, path, "", OL_FIELD_TEXT, "Below the mount"),
	FIELD(ol_group_facts, directory, "", OL_FIELD_TEXT, "Its directory"),
	FIELD(ol_group_facts, is_root, "", OL_FIELD_BOOLEAN, "The whole machine"),
	BYTES(ol_group_facts, own_limit_bytes, "Its own limit"),
	FIELD(ol_group_facts, limiting_group, "", OL_FIELD_TEXT, "Whose limit_bytes is"),
	BYTES(ol_group_facts, high_bytes, "memory.high; the soft limit on v1"),
	BYTES(ol_group_facts, swap_limit_bytes, "What may be swapped out"),
	NUMBER_OF(ol_group_facts, process_count, "Processes in it"),
	NUMBER_OF(ol_group_facts, below_process_count, "Processes in groups below it"),
	NUMBER_OF(ol_group_facts, below_group_count, "Groups below it"),
	BYTES(ol_group_facts, anon_bytes, "Memory that programs made"),
	BYTES(ol_group_facts, file_bytes, "Page cache of files"),
	BYTES(ol_group_facts, shmem_bytes, "Shared memory and tmpfs files"),
	BYTES(ol_group_facts, mapped_bytes, "Of these two: mapped by some process"),
	BYTES(ol_group_facts, kernel_bytes, "What the kernel needs for it"),
	BYTES(ol_group_facts, page_table_bytes, "Of kernel_bytes: page tables (v2)"),
	BYTES(ol_group_facts, kernel_stack_bytes, "Of kernel_bytes: stacks (v2)"),
	BYTES(ol_group_facts, slab_bytes, "Of kernel_bytes: slab caches (v2)"),
	BYTES(ol_group_facts, socket_bytes, "Network buffers"),
};

#define RECORD_TYPE(name) \
	const struct ol_record_type ol_##name##_type = { #name, name##_fields, COUNT(name##_fields) }

RECORD_TYPE(memstats);
RECORD_TYPE(gc_cycle);
RECORD_TYPE(pauses);
RECORD_TYPE(last_words);
RECORD_TYPE(phase);
RECORD_TYPE(sample);
RECORD_TYPE(event);
RECORD_TYPE(caged_sample);
RECORD_TYPE(watchdog_facts);
RECORD_TYPE(process_memory);
RECORD_TYPE(process_sum);
RECORD_TYPE(group_look);
RECORD_TYPE(group_facts);
