/* command_report.c -- oomlab report: records as a page, a picture, or a chart in the terminal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/report_output.h"
#include "cli/say.h"

static const struct ol_cli_option own_options[] = {
	{ "format", 0, "FORMAT", "html, svg, png or text (by --output, else text)", false },
	{ "output", 'o', "FILE", "write to FILE; its ending tells the format", false },
	{ "width", 0, "PIXELS", "of a picture (960)", false },
	{ "height", 0, "PIXELS", "of a picture (540)", false },
	{ "scale", 0, "N", "pixels of a PNG to one of these (1): 3 for print", false },
	{ "help", 'h', NULL, "print this", false },
};
enum { OWN_COUNT = sizeof own_options / sizeof *own_options };

/* OL_EXIT_DONE, or OL_EXIT_USAGE after saying why. */
static int take_size(const struct ol_cli_line *line, struct ol_report_output *output) {
	static const struct {
		const char *name;
		int64_t least, most;
	} options[] = {
		{ "width", OL_CHART_PIXELS_MIN, OL_CHART_PIXELS_MAX },
		{ "height", OL_CHART_PIXELS_MIN, OL_CHART_PIXELS_MAX },
		{ "scale", 1, OL_CHART_SCALE_MAX },
	};
	int64_t values[] = { output->size.width, output->size.height, 1 };
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *value = ol_cli_value(line, options[i].name);
		struct ol_error error;
		if (value == NULL)
			continue;
		if (output->format != OL_REPORT_PNG && (i == 2 || output->format != OL_REPORT_SVG))
			return ol_say_usage("--%s is for %s", options[i].name, i == 2 ? "a PNG" : "pictures");
		if (ol_parse_integer(value, options[i].least, options[i].most, &values[i], &error) < 0)
			return ol_say_usage("--%s: %s", options[i].name, error.message);
	}
	output->size =
		(struct ol_chart_size){ (unsigned)values[0], (unsigned)values[1], (double)values[2] };
	return OL_EXIT_DONE;
}

static int read_record(const char *path, struct ol_recordings *recordings, struct ol_error *error) {
	if (strcmp(path, "-") == 0)
		return ol_recordings_read(stdin, "standard input", recordings, error);
	OL_AUTO_FCLOSE FILE *stream = fopen(path, "re");
	if (stream == NULL)
		return ol_error_set_errno(error, -errno, "cannot read '%.512s'", path);
	return ol_recordings_read(stream, path, recordings, error);
}

/* OL_EXIT_DONE, or the status after saying why. */
static int read_records(const struct ol_cli_line *line, struct ol_recordings *recordings) {
	for (size_t i = 0; i < line->word_count; i++) {
		struct ol_error error;
		int result = read_record(line->words[i], recordings, &error);
		if (result < 0) {
			ol_say("%s", error.message);
			return result == -ENOMEM ? OL_EXIT_LAB : OL_EXIT_USAGE;
		}
	}
	return OL_EXIT_DONE;
}

static int report(const struct ol_cli_line *line, const struct ol_report_output *output) {
	static struct ol_recordings recordings; /* Large. */
	struct ol_error error;
	int status = read_records(line, &recordings);
	if (status == OL_EXIT_DONE) {
		ol_report_say_gaps(&recordings);
		if (ol_report_output_write(output, &recordings, &error) < 0) {
			ol_say("%s", error.message);
			status = OL_EXIT_LAB;
		}
	}
	ol_recordings_finish(&recordings);
	return status;
}

int ol_command_report(int argc, char **argv) {
	static struct ol_cli_line line; /* Large. */
	struct ol_cli_table table;
	struct ol_report_output output;
	struct ol_error error;
	ol_cli_table_init(&table, own_options, OWN_COUNT, false);
	if (ol_cli_parse_all(argc, argv, &table, OL_RECORDINGS_MAX, &line, &error) < 0)
		return ol_say_usage("report: %s", error.message);
	if (ol_cli_value(&line, "help") != NULL) {
		ol_command_report_help();
		return OL_EXIT_DONE;
	}
	if (ol_report_output_init(
			ol_cli_value(&line, "format"), ol_cli_value(&line, "output"), &output, &error) < 0)
		return ol_say_usage("report: %s", error.message);
	if (line.word_count == 0)
		return ol_say_usage("report wants a record: oomlab run --record=FILE, then oomlab report "
							"FILE");
	if (output.format == OL_REPORT_PNG && output.path == NULL && isatty(STDOUT_FILENO))
		return ol_say_usage("report: a PNG is nothing for a terminal: --output=FILE.png");
	int status = take_size(&line, &output);
	return status == OL_EXIT_DONE ? report(&line, &output) : status;
}

void ol_command_report_help(void) {
	puts("usage: oomlab report RECORD... [--output=FILE] [--format=html|svg|png|text]\n\n"
		 "Shows what --record=FILE of oomlab run or oomlab cage has written: as a chart in\n"
		 "the terminal, as one HTML file that needs no network, or as a picture for a\n"
		 "paper. Several runs, of one record (--repeat) or of many, are laid over each\n"
		 "other. RECORD may be -, for standard input.\n");
	ol_cli_print_options(own_options, OWN_COUNT);
	puts("\nexamples:\n"
		 "  oomlab run --record=a.jsonl; oomlab run --gc --record=b.jsonl\n"
		 "  oomlab report a.jsonl                        in the terminal\n"
		 "  oomlab report a.jsonl b.jsonl -o both.html   the two compared\n"
		 "  oomlab run --report=a.html                   at once\n"
		 "exit status: 0; 2 bad usage, or a file that is no record; 4 it cannot be drawn\n"
		 "or written.");
}
