/* progress.c -- How far a long piece of work has come. */
#include "cli/progress.h"

#include <inttypes.h>
#include <time.h>

#include "base/units.h"
#include "report/cells.h"
#include "report/words.h"

enum { BAR_COLUMNS = 30 };
#define REDRAW_PERIOD_NS (100 * OL_NS_PER_MS)

static uint64_t now_ns(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * OL_NS_PER_S + (uint64_t)now.tv_nsec;
}

void ol_progress_init(struct ol_progress *progress, const char *unit, bool is_quiet) {
	struct ol_style style = ol_style_of(stderr);
	*progress = (struct ol_progress){
		.is_shown = style.is_terminal && !is_quiet,
		.style = style,
		.unit = unit,
		.start_ns = now_ns(),
	};
}

void ol_progress_tell(struct ol_progress *progress, uint64_t done_count, uint64_t whole_count,
	uint64_t running_count) {
	uint64_t at_ns = now_ns();
	if (!progress->is_shown || whole_count == 0 || at_ns - progress->shown_ns < REDRAW_PERIOD_NS)
		return;
	progress->shown_ns = at_ns;
	fputs("\r\033[K ", stderr);
	ol_cells_put_bar(stderr, progress->style, done_count, whole_count, BAR_COLUMNS);
	fprintf(stderr, " %" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " running", done_count, whole_count,
		progress->unit, running_count);
	if (done_count > 0) {
		double left_ns = (double)(at_ns - progress->start_ns) / (double)done_count *
						 (double)(whole_count - done_count);
		fprintf(stderr, ", %s left", OL_DURATION_TEXT((uint64_t)left_ns));
	}
	fflush(stderr);
}

void ol_progress_end(struct ol_progress *progress) {
	if (progress->shown_ns > 0)
		fputs("\r\033[K", stderr);
	progress->shown_ns = 0;
}

uint64_t ol_progress_elapsed_ns(const struct ol_progress *progress) {
	return now_ns() - progress->start_ns;
}
