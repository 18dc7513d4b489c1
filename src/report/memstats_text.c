/* memstats_text.c -- The heap's statistics as text: a label and a number a line. */
#include "base/appender.h"
#include "report/report.h"

#define LINE(label, member) \
	{ "\n\t" label ": ", sizeof "\n\t" label ": " - 1, offsetof(struct ol_memstats, member) }

/* Wording and order are those of the Go program this takes the place of: scripts parse them. */
static const struct {
	const char *label; /* With the end of the line before. */
	size_t label_bytes;
	size_t offset_bytes;
} lines[] = {
	LINE("allocated", alloc),
	LINE("malloc objects", mallocs),
	LINE("freed objects", frees),
	LINE("heap alloc", heap_alloc),
	LINE("heap idle", heap_idle),
	LINE("heap objects", heap_objects),
	LINE("heap in-use", heap_inuse),
	LINE("heap released", heap_released),
	LINE("last gc", last_gc_ns),
	LINE("next gc", next_gc),
	LINE("num gc", num_gc),
};

size_t ol_memstats_text(const struct ol_memstats *memstats, char *buffer, size_t capacity) {
	struct ol_appender text = ol_appender_in(buffer, capacity);
	ol_append(&text, "memstats:");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *field = (const char *)memstats + lines[i].offset_bytes;
		ol_append_bytes(&text, lines[i].label, lines[i].label_bytes);
		ol_append_uint64(&text, *(const uint64_t *)field);
	}
	ol_append(&text, "\n");
	return text.used;
}
