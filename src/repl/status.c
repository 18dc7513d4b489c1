/* status.c -- How the heap is, in a line. */
#include "repl/session.h"
#include "report/cells.h"
#include "report/unit.h"
#include "report/words.h"

enum { BAR_COLUMNS = 16, LINE_BYTES = 256 };

void ol_repl_status_put(FILE *stream, struct ol_style style, const struct ol_run_spec *spec,
	const struct ol_answer *answer) {
	const struct ol_memstats *memstats = &answer->memstats;
	const char *separator = ol_cells_separator(style);
	uint64_t cage_bytes = answer->value_count > 0 ? (uint64_t)answer->values[0].integer : 0;
	bool is_off = memstats->next_gc >= OL_MEMORY_LIMIT_OFF;
	char text[LINE_BYTES];
	struct ol_words words = ol_words_in(text, sizeof text);
	ol_words_add(&words, "  heap %s %s next GC %s %s ", OL_BYTES_TEXT(memstats->heap_alloc),
		separator, is_off ? "off" : OL_BYTES_TEXT(memstats->next_gc), separator);
	ol_words_add_count(&words, memstats->num_gc, "cycle", "cycles");
	ol_cells_paint(stream, style, OL_PAINT_DIM);
	ol_cells_put(stream, style, text);
	if (!spec->is_uncaged) {
		words = ol_words_in(text, sizeof text);
		ol_words_add(
			&words, " %s of %s", OL_BYTES_TEXT(cage_bytes), OL_BYTES_TEXT(spec->limit_bytes));
		ol_cells_put(stream, style, " ");
		ol_cells_put(stream, style, separator);
		ol_cells_put(stream, style, " cage ");
		ol_cells_put_bar(stream, style, cage_bytes, spec->limit_bytes, BAR_COLUMNS);
		ol_cells_put(stream, style, text);
	}
	ol_cells_paint(stream, style, OL_PAINT_NONE);
	putc('\n', stream);
}
