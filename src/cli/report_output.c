/* report_output.c -- A report in the form that was asked for, into the file that was asked for. */
#include "cli/report_output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/say.h"
#include "report/new_file.h"

enum { FILE_COLUMNS = 100 };

static const char *const format_names[OL_REPORT_FORMAT_COUNT] = {
	[OL_REPORT_TEXT] = "text",
	[OL_REPORT_HTML] = "html",
	[OL_REPORT_SVG] = "svg",
	[OL_REPORT_PNG] = "png",
};

static int format_of_ending(
	const char *path, enum ol_report_format *ret_format, struct ol_error *error) {
	static const struct {
		const char *ending;
		enum ol_report_format format;
	} endings[] = {
		{ ".html", OL_REPORT_HTML },
		{ ".htm", OL_REPORT_HTML },
		{ ".svg", OL_REPORT_SVG },
		{ ".png", OL_REPORT_PNG },
		{ ".txt", OL_REPORT_TEXT },
	};
	const char *dot = strrchr(path, '.');
	for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++) {
		if (strcmp(dot, endings[i].ending) == 0) {
			*ret_format = endings[i].format;
			return 0;
		}
	}
	return ol_error_set(error, -EINVAL,
		"'%.256s' does not tell its form: let it end in .html, .svg, .png or .txt", path);
}

int ol_report_output_init(const char *format, const char *path, struct ol_report_output *ret_output,
	struct ol_error *error) {
	struct ol_report_output output = {
		.path = path,
		.size = { OL_CHART_WIDTH_DEFAULT, OL_CHART_HEIGHT_DEFAULT, 1 },
	};
	int index = 0, result = 0;
	if (format != NULL)
		index = ol_name_index(format_names, OL_REPORT_FORMAT_COUNT, format);
	if (index < 0)
		return ol_error_set(
			error, index, "--format=%.64s: expected html, svg, png or text", format);
	output.format = (enum ol_report_format)index;
	if (format == NULL && path != NULL)
		result = format_of_ending(path, &output.format, error);
	if (result == 0)
		*ret_output = output;
	return result;
}

static int draw(const struct ol_report_output *output, const struct ol_chart *chart, FILE *stream,
	struct ol_error *error) {
	struct ol_style style = ol_style_of(stdout);
	switch (output->format) {
	case OL_REPORT_HTML:
		return ol_chart_put_html(stream, chart, error);
	case OL_REPORT_SVG:
		ol_chart_put_svg(stream, chart, output->size);
		return 0;
	default:
		if (output->path != NULL)
			style = (struct ol_style){ .has_unicode = style.has_unicode, .columns = FILE_COLUMNS };
		ol_chart_put_text(stream, style, chart);
		return 0;
	}
}

/* ret_text is for free(). */
static int draw_in_memory(const struct ol_report_output *output, const struct ol_chart *chart,
	char **ret_text, size_t *ret_bytes, struct ol_error *error) {
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);
	if (stream == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the report");
	int result = draw(output, chart, stream, error);
	bool is_whole = !ferror(stream);
	is_whole &= fclose(stream) == 0;
	if (result == 0 && !is_whole)
		result = ol_error_set(error, -ENOMEM, "no memory for the report");
	if (result < 0) {
		free(text);
		return result;
	}
	*ret_text = text;
	*ret_bytes = bytes;
	return 0;
}

int ol_report_output_write(const struct ol_report_output *output,
	const struct ol_recordings *recordings, struct ol_error *error) {
	__attribute__((cleanup(ol_chart_finish))) struct ol_chart chart;
	OL_AUTO_FREE char *text = NULL;
	size_t bytes = 0;
	int result = ol_chart_init(recordings, &chart, error);
	if (result == 0 && output->format == OL_REPORT_PNG)
		result = ol_chart_render_png(&chart, output->size, &text, &bytes, error);
	else if (result == 0)
		result = draw_in_memory(output, &chart, &text, &bytes, error);
	if (result < 0)
		return result;
	if (output->path != NULL)
		return ol_new_file_write(output->path, text, bytes, error);
	fwrite(text, 1, bytes, stdout); /* A full disk is told of at the end of the program. */
	return 0;
}

void ol_report_say_gaps(const struct ol_recordings *recordings) {
	if (recordings->is_cut)
		ol_say("a record ends in the middle of a line: its lab was killed; what stands before "
			   "that line is shown");
	if (recordings->left_out > 0)
		ol_say("a report holds %d runs; %" PRIu64 " more are left out", OL_RECORDINGS_MAX,
			recordings->left_out);
}
