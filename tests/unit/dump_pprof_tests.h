/* dump_pprof_tests.h -- The heap profile, byte for byte and as pprof itself reads it. */
#ifndef OL_TESTS_UNIT_DUMP_PPROF_TESTS_H
#define OL_TESTS_UNIT_DUMP_PPROF_TESTS_H

#include <zlib.h>

#include "dump/pprof.h"
#include "dump_support.h"

static const struct ol_profile_site some_sites[] = {
	{ .file = "spike.lua",
		.function = "program",
		.phase = "spike",
		.tag = "buffer",
		.line = 12,
		.alloc_objects = 1,
		.alloc_bytes = 30198988 },
	{ .file = "spike.lua",
		.function = "program",
		.phase = "a little more",
		.line = 16,
		.alloc_objects = 2,
		.alloc_bytes = 3355443,
		.held_objects = 1,
		.held_bytes = 3350000 },
	/* A tag is any bytes; \xc3 begins a character that never ends. */
	{ .file = "spike.lua",
		.function = "function at line 20",
		.tag = "caf\xc3",
		.line = 21,
		.alloc_objects = 100,
		.alloc_bytes = 102400,
		.held_objects = 50,
		.held_bytes = 51200 },
	{ .function = "all other places", .alloc_objects = 7, .alloc_bytes = 700 },
};

static void a_profile_is_byte_for_byte_what_the_format_says(void **state) {
	static const char expected[] =
		"\x32\0" /* string 0: "" */
		"\x32\x0d"
		"alloc_objects" /* 1 */
		"\x32\x05"
		"count"                    /* 2 */
		"\x0a\x04\x08\x01\x10\x02" /* sample_type { type: 1, unit: 2 } */
		"\x32\x0b"
		"alloc_space" /* 3 */
		"\x32\x05"
		"bytes"                    /* 4 */
		"\x0a\x04\x08\x03\x10\x04" /* sample_type */
		"\x32\x0d"
		"inuse_objects"            /* 5 */
		"\x0a\x04\x08\x05\x10\x02" /* sample_type */
		"\x32\x0b"
		"inuse_space"              /* 6 */
		"\x0a\x04\x08\x06\x10\x04" /* sample_type */
		"\x70\x06"                 /* default_sample_type */
		"\x32\x05"
		"space"                    /* 7 */
		"\x5a\x04\x08\x07\x10\x04" /* period_type */
		"\x60\x01"                 /* period */
		"\x48\x80\x94\xeb\xdc\x03" /* time_nanos: 1e9 */
		"\x50\xac\x02"             /* duration_nanos: 300 */
		"\x32\x06"
		"oomlab"                                           /* 8 */
		"\x1a\x0a\x08\x01\x28\x08\x38\x01\x40\x01\x48\x01" /* mapping: names are all there */
		"\x32\x07"
		"program" /* 9 */
		"\x32\x05"
		"a.lua"                                            /* 10 */
		"\x2a\x08\x08\x01\x10\x09\x18\x09\x20\x0a"         /* function 1 */
		"\x22\x0a\x08\x01\x10\x01\x22\x04\x08\x01\x10\x0c" /* location 1: line 12 */
		"\x32\x0c"
		"phase: spike"                                   /* 11 */
		"\x2a\x08\x08\x02\x10\x0b\x18\x0b\x20\0"         /* function 2 */
		"\x22\x0a\x08\x02\x10\x01\x22\x04\x08\x02\x10\0" /* location 2 */
		"\x32\x05"
		"phase" /* 12 */
		"\x32\x05"
		"spike" /* 13 */
		"\x32\x03"
		"tag" /* 14 */
		"\x32\x01"
		"t" /* 15 */
		/* sample: leaf first, four values (the last is the largest there is), two labels. */
		"\x12\x1f\x0a\x02\x01\x02\x12\x0d\x02\xac\x02\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
		"\x1a\x04\x08\x0c\x10\x0d\x1a\x04\x08\x0e\x10\x0f";
	struct ol_profile_site site = { .file = "a.lua",
		.function = "program",
		.phase = "spike",
		.tag = "t",
		.line = 12,
		.alloc_objects = 2,
		.alloc_bytes = 300,
		.held_bytes = UINT64_MAX };
	struct ol_pprof_profile profile = { .sites = &site,
		.site_count = 1,
		.garbage_bytes = UINT64_MAX,
		.start_ns = 1000000000,
		.wall_ns = 300 };
	uint8_t *bytes;
	size_t length;
	assert_int_equal(ol_pprof_encode(&profile, &bytes, &length, &error), 0);
	assert_int_equal(length, sizeof expected - 1);
	assert_memory_equal(bytes, expected, length);
	free(bytes);
}

static void what_is_compressed_comes_out_the_same(void **state) {
	static uint8_t given[100000];
	static uint8_t back[sizeof given];
	for (size_t i = 0; i < sizeof given; i++)
		given[i] = (uint8_t)(i * i >> 7);
	uint8_t *packed;
	size_t length;
	assert_int_equal(ol_pprof_gzip(given, sizeof given, &packed, &length, &error), 0);
	z_stream stream = {
		.next_in = packed, .avail_in = (uInt)length, .next_out = back, .avail_out = sizeof back
	};
	assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_out, 0);
	assert_memory_equal(given, back, sizeof given);
	inflateEnd(&stream);
	free(packed);
}

/* What a command says of the file in $profile; what it prints on stderr counts too. */
static void ask(const char *command, char *answer, size_t capacity) {
	FILE *stream = popen(command, "r");
	assert_non_null(stream);
	size_t length = fread(answer, 1, capacity - 1, stream);
	answer[length] = '\0';
	int status = pclose(stream);
	if (status != 0)
		fail_msg("%s: status %d: %s", command, status, answer);
}

static void dump_profile(const struct ol_profile_site *sites, size_t count, uint64_t garbage) {
	struct ol_dump *dump = create_dump();
	assert_int_equal(
		ol_dump_add_profile(dump, "heap.pb.gz", sites, count, garbage, 1500000000, &error), 0);
	assert_int_equal(write_and_finish(dump), 0);
	ol_dump_destroy(dump);
	char path[OL_PATH_BYTES];
	path_in(directory, "heap.pb.gz", path);
	assert_int_equal(setenv("profile", path, 1), 0);
}

static bool has_pprof(void) {
	if (system("go tool -n pprof >/dev/null 2>&1") == 0)
		return true;
	print_message("# skipped: there is no go tool pprof here\n");
	return false;
}

static void gzip_finds_nothing_wrong_with_a_profile(void **state) {
	static char answer[1024];
	dump_profile(some_sites, 4, 0);
	ask("gzip -tv <\"$profile\" 2>&1", answer, sizeof answer);
	assert_non_null(strstr(answer, "OK"));
}

static void pprof_reads_every_figure_of_a_profile(void **state) {
	static const char samples[] =
		"alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes[dflt]\n"
		"          1   30198988          0          0: 1 2 \n"
		"                phase:[spike] tag:[buffer]\n"
		"          2    3355443          1    3350000: 3 4 \n"
		"                phase:[a little more]\n"
		"        100     102400         50      51200: 5 \n"
		"                tag:[caf\xef\xbf\xbd]\n"
		"          7        700          0          0: 6 \n"
		"          0          0          0   30000000: 7 \n";
	static const char *const locations[] = { " program spike.lua:12 ", " phase: spike :0 ",
		" program spike.lua:16 ", " phase: a little more :0 ", " function at line 20 spike.lua:21 ",
		" all other places :0 ", " garbage: released, not yet collected :0 " };
	static char answer[16 << 10];
	if (!has_pprof())
		return;
	dump_profile(some_sites, 4, 30000000);
	ask("go tool pprof -raw \"$profile\" 2>&1", answer, sizeof answer);
	assert_non_null(strstr(answer, "PeriodType: space bytes\nPeriod: 1\n"));
	assert_non_null(strstr(answer, "Duration: 1.5s\n"));
	assert_non_null(strstr(answer, samples));
	for (size_t i = 0; i < sizeof locations / sizeof *locations; i++)
		assert_non_null(strstr(answer, locations[i]));
}

static void pprof_shows_what_is_held_and_by_which_line_and_tag(void **state) {
	static char answer[16 << 10];
	if (!has_pprof())
		return;
	dump_profile(some_sites, 4, 30000000);
	ask("go tool pprof -top \"$profile\" 2>&1", answer, sizeof answer);
	assert_non_null(strstr(answer, "Type: inuse_space\n"));
	/* The largest comes first. */
	assert_non_null(strstr(answer, "cum%\n   28.61MB "));
	assert_non_null(strstr(answer, "garbage: released, not yet collected\n"));
	ask("go tool pprof -top -sample_index=alloc_space \"$profile\" 2>&1", answer, sizeof answer);
	assert_non_null(strstr(answer, " program\n"));
	assert_non_null(strstr(answer, " phase: spike\n"));
	ask("go tool pprof -top -lines \"$profile\" 2>&1", answer, sizeof answer);
	assert_non_null(strstr(answer, " program spike.lua:16\n"));
	ask("go tool pprof -tags -sample_index=alloc_space \"$profile\" 2>&1", answer, sizeof answer);
	assert_non_null(strstr(answer, ": spike\n"));
	assert_non_null(strstr(answer, ": buffer\n"));
	ask("go tool pprof -top -tagfocus=tag=buffer -sample_index=alloc_objects \"$profile\" 2>&1",
		answer, sizeof answer);
	assert_non_null(strstr(answer, "1, 0.91% of 110 total\n"));
}

static void a_profile_of_as_many_places_as_there_may_be_is_read(void **state) {
	enum { COUNT = OL_PROFILE_SITES_MAX + 1 };
	static struct ol_profile_site sites[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		struct ol_profile_site *site = &sites[i];
		/* Each byte that is no UTF-8 becomes three. */
		memset(site->file, 0xff, sizeof site->file - 1);
		memset(site->function, 0xff, sizeof site->function - 1);
		memset(site->phase, 0xff, sizeof site->phase - 1);
		memset(site->tag, 0xff, sizeof site->tag - 1);
		snprintf(site->file, sizeof site->file, "%04zu", i);
		site->file[4] = 'f';
		snprintf(site->function, sizeof site->function, "function %zu", i);
		snprintf(site->phase, sizeof site->phase, "phase %zu", i);
		snprintf(site->tag, sizeof site->tag, "tag %zu", i);
		site->line = UINT64_MAX;
		site->alloc_objects = site->alloc_bytes = UINT64_MAX;
		site->held_objects = site->held_bytes = i;
	}
	dump_profile(sites, COUNT, 1);
	if (!has_pprof())
		return;
	static char answer[4 << 20];
	ask("go tool pprof -raw \"$profile\" 2>&1", answer, sizeof answer);
	assert_non_null(strstr(answer, " function 512 0512f"));
	assert_non_null(strstr(answer, "        512: 1025 1026 \n"));
	assert_non_null(strstr(answer, "phase:[phase 512] tag:[tag 512]"));
	assert_non_null(strstr(answer, "  1027: 0x0 M=1 garbage"));
}

#endif
