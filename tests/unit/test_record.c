/* test_record.c -- Names, flight recorder, frames, field tables. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/fields.h"
#include "record/flight.h"
#include "record/frame.h"
#include "record/group.h"

static void every_outcome_has_a_name_that_leads_back_to_it(void **state) {
	(void)state;
	for (unsigned i = 0; i < OL_OUTCOME_COUNT; i++) {
		enum ol_outcome outcome;
		assert_int_equal(ol_outcome_parse(ol_outcome_name(i), &outcome), 0);
		assert_int_equal(outcome, i);
	}
	enum ol_outcome outcome;
	assert_int_equal(ol_outcome_parse("died", &outcome), -EINVAL);
}

static void what_one_side_writes_the_other_side_reads(void **state) {
	(void)state;
	int fd;
	struct ol_flight *lab, *subject;
	assert_int_equal(ol_flight_create(&fd, &lab, NULL), 0);
	assert_int_equal(ol_flight_open(fd, &subject, NULL), 0);
	struct ol_last_words words = {
		.phase = "spike", .activity = OL_ACTIVITY_TOUCHING, .request_bytes = 7
	};
	ol_flight_write(subject, &words);
	atomic_store(&subject->touched_bytes, 5);
	struct ol_last_words read = ol_flight_read(lab);
	assert_string_equal(read.phase, "spike");
	assert_int_equal(read.activity, OL_ACTIVITY_TOUCHING);
	assert_int_equal(read.request_bytes, 7);
	assert_int_equal(read.touched_bytes, 5);
	assert_int_equal(read.is_torn, 0);
	ol_flight_close(lab);
	ol_flight_close(subject);
	close(fd);
}

static void a_writer_that_died_in_the_middle_leaves_a_torn_page_not_a_hang(void **state) {
	(void)state;
	int fd;
	struct ol_flight *flight;
	assert_int_equal(ol_flight_create(&fd, &flight, NULL), 0);
	atomic_fetch_add(&flight->sequence, 1);
	memset(flight->words.phase, 'x', sizeof flight->words.phase);
	flight->words.activity = 99;
	struct ol_last_words read = ol_flight_read(flight);
	assert_int_equal(read.is_torn, 1);
	assert_int_equal(strlen(read.phase), sizeof read.phase - 1);
	assert_true(read.activity < OL_ACTIVITY_COUNT);
	ol_flight_close(flight);
	close(fd);
}

enum { WRITINGS = 200000 };

static void *write_pairs(void *argument) {
	struct ol_flight *flight = argument;
	for (uint64_t i = 1; i <= WRITINGS; i++) {
		struct ol_last_words words = {
			.at_ns = i, .metadata_bytes = i, .memstats.num_gc = i, .memstats.heap_sys = i
		};
		ol_flight_write(flight, &words);
	}
	return NULL;
}

static void a_reader_never_takes_half_a_writing_for_a_whole_one(void **state) {
	(void)state;
	int fd;
	struct ol_flight *flight;
	assert_int_equal(ol_flight_create(&fd, &flight, NULL), 0);
	pthread_t writer;
	assert_int_equal(pthread_create(&writer, NULL, write_pairs, flight), 0);
	uint64_t seen = 0, whole = 0;
	while (seen < WRITINGS) {
		struct ol_last_words words = ol_flight_read(flight);
		if (words.is_torn)
			continue;
		assert_true(words.at_ns == words.metadata_bytes && words.at_ns == words.memstats.num_gc &&
					words.at_ns == words.memstats.heap_sys);
		seen = words.at_ns;
		whole++;
	}
	pthread_join(writer, NULL);
	assert_true(whole > 0);
	ol_flight_close(flight);
	close(fd);
}

static void a_page_of_another_version_is_refused(void **state) {
	(void)state;
	int fd;
	struct ol_flight *flight, *other;
	assert_int_equal(ol_flight_create(&fd, &flight, NULL), 0);
	flight->flight_bytes++;
	struct ol_error error;
	assert_int_equal(ol_flight_open(fd, &other, &error), -EPROTO);
	flight->flight_bytes--;
	assert_int_equal(ftruncate(fd, 16), 0);
	assert_int_equal(ol_flight_open(fd, &other, &error), -EPROTO);
	ol_flight_close(flight);
	close(fd);
	assert_int_equal(ol_flight_open(fd, &other, &error), -EBADF);
}

static void frames_arrive_as_they_were_sent_and_then_the_end(void **state) {
	(void)state;
	int sockets[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	static struct ol_frame sent;
	static union ol_arrival received;
	sent.kind = OL_FRAME_EVENT;
	snprintf(sent.event.text, sizeof sent.event.text, "hello");
	assert_int_equal(ol_frame_send(sockets[0], &sent, NULL), 0);
	sent.kind = OL_FRAME_END;
	sent.end = (struct ol_frame_end){ .outcome = OL_OUTCOME_SCRIPT_ERROR, .message = "why" };
	assert_int_equal(ol_frame_send(sockets[0], &sent, NULL), 0);
	assert_int_equal(ol_frame_receive(sockets[1], &received, NULL), 1);
	assert_int_equal(received.frame.kind, OL_FRAME_EVENT);
	assert_string_equal(received.frame.event.text, "hello");
	assert_int_equal(ol_frame_receive(sockets[1], &received, NULL), 1);
	assert_int_equal(received.frame.end.outcome, OL_OUTCOME_SCRIPT_ERROR);
	assert_int_equal(ol_frame_receive(sockets[1], &received, NULL), 0);
	close(sockets[0]);
	struct ol_error error;
	assert_int_equal(ol_frame_receive(sockets[1], &received, &error), -ENOTCONN);
	assert_int_equal(ol_frame_send(sockets[1], &sent, &error), -EPIPE);
	close(sockets[1]);
}

static void rubbish_is_no_frame(void **state) {
	(void)state;
	int sockets[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	static union ol_arrival received;
	static char rubbish[sizeof(struct ol_frame)];
	struct ol_frame *frame = (struct ol_frame *)rubbish;
	struct ol_error error;
	const size_t lengths[] = { 1, 7, 8, 9, 100, sizeof rubbish };
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		memset(rubbish, 0xa5, sizeof rubbish);
		assert_int_equal(send(sockets[0], rubbish, lengths[i], 0), lengths[i]);
		assert_int_equal(ol_frame_receive(sockets[1], &received, &error), -EPROTO);
	}
	/* A known kind of the wrong length, and an outcome that is none. */
	memset(rubbish, 0xff, sizeof rubbish);
	frame->kind = OL_FRAME_GC;
	frame->frame_bytes = 64;
	assert_int_equal(send(sockets[0], rubbish, 64, 0), 64);
	assert_int_equal(ol_frame_receive(sockets[1], &received, &error), -EPROTO);
	frame->kind = OL_FRAME_END;
	assert_int_equal(ol_frame_send(sockets[0], frame, NULL), 0);
	assert_int_equal(ol_frame_receive(sockets[1], &received, &error), -EPROTO);
	/* An event without an end to its text is cut, not overrun. */
	frame->kind = OL_FRAME_EVENT;
	assert_int_equal(ol_frame_send(sockets[0], frame, NULL), 0);
	assert_int_equal(ol_frame_receive(sockets[1], &received, &error), 1);
	assert_int_equal(strlen(received.frame.event.text), sizeof received.frame.event.text - 1);
	close(sockets[0]);
	close(sockets[1]);
}

static void an_order_to_end_comes_with_its_reason(void **state) {
	(void)state;
	int fd;
	struct ol_flight *lab, *subject;
	char long_reason[2 * OL_TEXT_BYTES];
	memset(long_reason, 'x', sizeof long_reason);
	long_reason[sizeof long_reason - 1] = '\0';
	assert_int_equal(ol_flight_create(&fd, &lab, NULL), 0);
	assert_int_equal(ol_flight_open(fd, &subject, NULL), 0);
	assert_false(ol_flight_is_end_ordered(subject));
	ol_flight_order_end(lab, long_reason);
	assert_true(ol_flight_is_end_ordered(subject));
	assert_int_equal(strlen(subject->end_reason), OL_TEXT_BYTES - 1);
	ol_flight_close(lab);
	ol_flight_close(subject);
	close(fd);
}

static void a_profile_arrives_terminated_and_never_with_more_than_there_is(void **state) {
	(void)state;
	int sockets[2];
	static struct ol_frame sent;
	static union ol_arrival received;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	sent.kind = OL_FRAME_PROFILE;
	sent.profile.site_count = OL_FRAME_SITES_MAX;
	struct ol_profile_site *last = &sent.profile.sites[OL_FRAME_SITES_MAX - 1];
	memset(last, 'x', sizeof *last);
	assert_int_equal(ol_frame_send(sockets[0], &sent, NULL), 0);
	assert_int_equal(ol_frame_receive(sockets[1], &received, NULL), 1);
	last = &received.frame.profile.sites[OL_FRAME_SITES_MAX - 1];
	assert_int_equal(strlen(last->file), OL_PATH_BYTES - 1);
	assert_int_equal(strlen(last->function), OL_NAME_BYTES - 1);
	assert_int_equal(strlen(last->phase), OL_NAME_BYTES - 1);
	assert_int_equal(strlen(last->tag), OL_NAME_BYTES - 1);
	sent.profile.site_count = OL_FRAME_SITES_MAX + 1;
	assert_int_equal(ol_frame_send(sockets[0], &sent, NULL), 0);
	assert_int_equal(ol_frame_receive(sockets[1], &received, NULL), -EPROTO);
	close(sockets[0]);
	close(sockets[1]);
}

static void pauses_read_back_in_order_whatever_the_page_holds(void **state) {
	(void)state;
	static const struct {
		struct ol_pauses written, read;
	} cases[] = {
		{ { 12, 4000, 200, 390, 400 }, { 12, 4000, 200, 390, 400 } },
		{ { 3, 100, 200, 300, 400 }, { 3, 100, 100, 100, 100 } },
		{ { 3, 900, 300, 200, 400 }, { 3, 900, 200, 200, 400 } },
		{ { 3, 900, 200, 500, 400 }, { 3, 900, 200, 400, 400 } },
		{ { 0, 900, 200, 300, 400 }, { 0, 0, 0, 0, 0 } },
		{ { 2, 0, 0, 0, 0 }, { 2, 0, 0, 0, 0 } },
	};
	int fd;
	struct ol_flight *flight;
	assert_int_equal(ol_flight_create(&fd, &flight, NULL), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ol_last_words words = { .pauses = cases[i].written };
		ol_flight_write(flight, &words);
		struct ol_pauses read = ol_flight_read(flight).pauses;
		assert_memory_equal(&read, &cases[i].read, sizeof read);
	}
	ol_flight_close(flight);
	close(fd);
}

static void every_field_has_a_name_a_doc_and_its_place(void **state) {
	(void)state;
	const struct ol_record_type *const types[] = { &ol_memstats_type, &ol_gc_cycle_type,
		&ol_pauses_type, &ol_last_words_type, &ol_phase_type, &ol_sample_type, &ol_event_type,
		&ol_process_memory_type, &ol_process_sum_type, &ol_group_look_type, &ol_group_facts_type };
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		assert_true(types[i]->field_count > 0);
		for (size_t j = 0; j < types[i]->field_count; j++) {
			const struct ol_field *field = &types[i]->fields[j];
			assert_true(field->name[0] != '\0' && field->doc[0] != '\0');
			for (size_t k = 0; k < j; k++) {
				assert_string_not_equal(field->name, types[i]->fields[k].name);
				assert_true(field->offset_bytes != types[i]->fields[k].offset_bytes);
			}
		}
	}
	/* The table covers all of Go's statistics: a member without a field would be lost. */
	assert_int_equal(ol_memstats_type.field_count * 8, sizeof(struct ol_memstats));
	assert_int_equal(ol_pauses_type.field_count * 8, sizeof(struct ol_pauses));
	assert_int_equal(ol_process_sum_type.field_count * 8, sizeof(struct ol_process_sum));
	assert_int_equal(ol_group_look_type.field_count * 8, sizeof(struct ol_group_look));
	/* Of a cycle too; its last field, a word, has padding beside it. */
	assert_int_equal(ol_gc_cycle_type.field_count * 8, sizeof(struct ol_gc_cycle));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome_has_a_name_that_leads_back_to_it),
		cmocka_unit_test(what_one_side_writes_the_other_side_reads),
		cmocka_unit_test(a_writer_that_died_in_the_middle_leaves_a_torn_page_not_a_hang),
		cmocka_unit_test(a_reader_never_takes_half_a_writing_for_a_whole_one),
		cmocka_unit_test(a_page_of_another_version_is_refused),
		cmocka_unit_test(frames_arrive_as_they_were_sent_and_then_the_end),
		cmocka_unit_test(rubbish_is_no_frame),
		cmocka_unit_test(an_order_to_end_comes_with_its_reason),
		cmocka_unit_test(a_profile_arrives_terminated_and_never_with_more_than_there_is),
		cmocka_unit_test(pauses_read_back_in_order_whatever_the_page_holds),
		cmocka_unit_test(every_field_has_a_name_a_doc_and_its_place),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
