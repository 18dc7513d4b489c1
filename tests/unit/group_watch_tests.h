/* group_watch_tests.h -- What a look at a group reads like; part of test_group_report.c. */
#ifndef OL_TESTS_GROUP_WATCH_TESTS_H
#define OL_TESTS_GROUP_WATCH_TESTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/cells.h"
#include "report/group_report.h"

static const struct ol_style line_style = { .columns = 80 };
static const struct ol_style terminal = { .is_terminal = true, .has_unicode = true, .columns = 80 };
static struct ol_watch_row row; /* Large: kept off the stack. */

static void make_row(void) {
	row = (struct ol_watch_row){
		.path = "/a/oomlab-1-0123456789abcdef",
		.time_ns = UINT64_C(1700000000) * OL_NS_PER_S + 399999999,
		.look = { .usage_bytes = 16 * OL_MIB,
			.peak_bytes = 20 * OL_MIB,
			.limit_bytes = 32 * OL_MIB,
			.swap_bytes = OL_NOT_KNOWN,
			.stall_percent = NAN },
	};
}

static char *row_text(struct ol_style style, bool has_name) {
	char *text = NULL;
	size_t text_bytes;
	FILE *stream = open_memstream(&text, &text_bytes);
	ol_watch_text_row(stream, style, &row, has_name);
	fclose(stream);
	return text;
}

static void assert_row(struct ol_style style, bool has_name, const char *expected) {
	OL_AUTO_FREE char *text = row_text(style, has_name);
	assert_string_equal(text, expected);
}

static void a_look_is_a_line_with_its_time(void **state) {
	setenv("TZ", "UTC", 1);
	make_row();
	assert_row(line_style, false, "22:13:20.3    16.0 MiB  peak 20.0 MiB  limit 32.0 MiB\n");
	assert_row(line_style, true,
		"22:13:20.3  /a/oomlab-1-0123456789abcdef    16.0 MiB  peak 20.0 MiB  limit 32.0 MiB\n");
	row.killed_count = 2;
	row.pid = 12;
	row.rss_bytes = 3 * OL_MIB;
	row.is_kept = 1;
	row.look.swap_bytes = OL_MIB;
	row.look.stall_percent = 7.25;
	row.look.peak_bytes = OL_NOT_KNOWN;
	row.look.limit_bytes = OL_UNLIMITED;
	assert_row(line_style, false,
		"22:13:20.3    16.0 MiB  no limit  swap 1.0 MiB  RSS of 12 3.0 MiB  waiting 7.2 %  kept  "
		"X 2 OOM kills\n");
	row.look.usage_bytes = OL_NOT_KNOWN;
	OL_AUTO_FREE char *text = row_text(line_style, false);
	assert_non_null(strstr(text, "  no count  no limit"));
}

static void a_line_that_is_redrawn_has_a_bar_and_keeps_within_the_width(void **state) {
	make_row();
	assert_row(terminal, false,
		"  16.0 MiB  peak 20.0 MiB  limit 32.0 MiB  ███████████████···············  50 %");
	row.killed_count = 12345;
	row.pid = 4194304;
	row.rss_bytes = OL_TIB;
	row.is_kept = 1;
	row.look.swap_bytes = OL_TIB;
	row.look.stall_percent = 99.9;
	for (unsigned columns = 60; columns <= 160; columns++) {
		struct ol_style style = terminal;
		style.columns = columns;
		for (int has_name = 0; has_name < 2; has_name++) {
			OL_AUTO_FREE char *text = row_text(style, has_name);
			assert_true(ol_cells_width(style, text) < columns);
			assert_non_null(strstr(text, "✗ 12345 OOM kills"));
			assert_null(strchr(text, '\n'));
		}
	}
}

#endif
