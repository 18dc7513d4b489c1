/* test_prompt.c -- What is typed at a prompt, on the subject's side, without a cage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record/exchange.h"
#include "record/frame.h"
#include "script/script_lab.h"
#include "script/script_subject.h"

enum { BUFFER_BYTES = 4 << 20, QUESTIONS_MAX = 16 };

static const char empty_script[] = "return require 'lab'.scenario { program = function () end }";

struct question {
	enum ol_request_kind kind;
	const char *text;
};

/* What a subject answered, in order, and how it ended. */
struct conversation {
	size_t answer_count;
	struct {
		uint32_t status;
		char body[1024];
	} answers[QUESTIONS_MAX];
	uint32_t outcome;
};

static void note(struct conversation *conversation, const union ol_arrival *arrival) {
	const struct ol_answer *answer = &arrival->answer_frame.answer;
	if (arrival->frame.kind == OL_FRAME_END)
		conversation->outcome = arrival->frame.end.outcome;
	if (arrival->frame.kind != OL_FRAME_ANSWER)
		return;
	size_t index = conversation->answer_count++;
	assert_true(answer->body_bytes < sizeof conversation->answers[0].body);
	conversation->answers[index].status = answer->status;
	memcpy(conversation->answers[index].body, answer->body, answer->body_bytes);
}

/* All questions are there before the subject begins, and that there are no more. */
static void ask_all(int socket_fd, const struct question *questions) {
	static struct ol_request request;
	for (uint64_t number = 1; questions->text != NULL; questions++, number++) {
		memset(&request, 0, sizeof request);
		request.number = number;
		request.kind = questions->kind;
		request.body_bytes = (uint32_t)strlen(questions->text);
		memcpy(request.body, questions->text, request.body_bytes);
		assert_int_equal(ol_request_send(socket_fd, &request, NULL), 0);
	}
	assert_int_equal(shutdown(socket_fd, SHUT_WR), 0);
}

static struct conversation *converse(bool is_prompt, const struct question *questions) {
	static struct conversation conversation;
	static union ol_arrival arrival;
	static struct ol_plan plan;
	struct ol_script *script;
	struct ol_script_subject *subject;
	struct ol_run *run;
	struct ol_error error = { 0 };
	int sockets[2], buffer_bytes = BUFFER_BYTES;
	size_t text_bytes;
	memset(&conversation, 0, sizeof conversation);
	assert_int_equal(ol_script_open_text("prompt", empty_script, &script, NULL, &error), 0);
	ol_plan_init(&plan);
	assert_int_equal(ol_plan_finish(&plan, &error), 0);
	assert_int_equal(ol_script_fill(script, &plan.spec, &error), 0);
	plan.spec.is_service = 1;
	plan.spec.is_prompt = is_prompt;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	for (int i = 0; i < 2; i++)
		setsockopt(sockets[i], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
	ask_all(sockets[1], questions);
	struct ol_run_links links = {
		.socket_fd = sockets[0],
		.usage_fd = -1,
		.pressure_fd = -1,
		.notice_fd = -1,
	};
	assert_int_equal(ol_script_subject_create(&plan.spec, &links, &subject, &error), 0);
	assert_int_equal(ol_run_create(&plan.spec, &links, &run, &error), 0);
	ol_script_run_program(subject, run, ol_script_text(script, &text_bytes));
	while (ol_frame_receive(sockets[1], &arrival, NULL) == 1)
		note(&conversation, &arrival);
	ol_run_destroy(run);
	ol_script_subject_destroy(subject);
	ol_script_close(script);
	close(sockets[0]);
	close(sockets[1]);
	return &conversation;
}

static void what_was_typed_is_run_for_a_prompt_only(void **state) {
	const struct question typed[] = { { OL_REQUEST_LINE, "1 + 1" }, { 0 } };
	const struct question unfinished[] = { { OL_REQUEST_COMPLETE, "he" }, { 0 } };
	struct conversation *conversation = converse(true, typed);
	assert_int_equal(conversation->answer_count, 1);
	assert_int_equal(conversation->answers[0].status, 200);
	assert_string_equal(conversation->answers[0].body, "2");
	assert_int_equal(conversation->outcome, OL_OUTCOME_SURVIVED);
	conversation = converse(false, typed);
	assert_int_equal(conversation->answer_count, 0);
	assert_int_equal(conversation->outcome, OL_OUTCOME_LAB_ERROR);
	conversation = converse(false, unfinished);
	assert_int_equal(conversation->answer_count, 0);
	assert_int_equal(conversation->outcome, OL_OUTCOME_LAB_ERROR);
}

static void only_a_prompt_can_compile_text(void **state) {
	const struct question typed[] = {
		{ OL_REQUEST_LINE, "require 'lab.core'.compile('return 3', {})()" },
		{ OL_REQUEST_LINE, "load" },
		{ 0 },
	};
	struct conversation *conversation = converse(true, typed);
	assert_string_equal(conversation->answers[0].body, "3");
	assert_int_equal(conversation->answers[1].status, 500);
	/* Whatever another subject runs, the function is not there. */
	struct ol_error error = { 0 };
	struct ol_script *script;
	assert_true(ol_script_open_text("other", "return require 'lab.core'.compile('return 3', {})",
					&script, NULL, &error) < 0);
	assert_non_null(strstr(error.message, "compile"));
}

static void a_line_that_is_not_complete_asks_for_more(void **state) {
	static const char *const texts[] = { "heap:slab(", "1 +", "function f()", "for i = 1, 2 do",
		"x = {", "[[", "if true then", NULL };
	for (size_t i = 0; texts[i] != NULL; i++) {
		const struct question typed[] = { { OL_REQUEST_LINE, texts[i] }, { 0 } };
		assert_int_equal(converse(true, typed)->answers[0].status, OL_STATUS_UNFINISHED);
	}
	const struct question wrong[] = { { OL_REQUEST_LINE, "x = )" }, { 0 } };
	assert_int_equal(converse(true, wrong)->answers[0].status, 500);
}

static void names_are_completed_and_nothing_is_called(void **state) {
	const struct question typed[] = {
		{ OL_REQUEST_LINE, "called = 0" },
		{ OL_REQUEST_LINE, "t = setmetatable({ one = 1, f = print }, { __index = function () "
						   "called = called + 1 end })" },
		{ OL_REQUEST_COMPLETE, "print(t.o" },
		{ OL_REQUEST_COMPLETE, "t:" },
		{ OL_REQUEST_COMPLETE, "t.a.b." },
		{ OL_REQUEST_LINE, "called" },
		{ OL_REQUEST_COMPLETE, "heap:sl" },
		{ OL_REQUEST_COMPLETE, "cage." },
		{ OL_REQUEST_COMPLETE, "whi" },
		{ OL_REQUEST_COMPLETE, "nothing_of_that_name" },
		{ 0 },
	};
	static const char *const expected[] = { "", "", "one", "f", "", "0", "slab", NULL, "while",
		"" };
	struct conversation *conversation = converse(true, typed);
	assert_int_equal(conversation->answer_count, 10);
	for (size_t i = 0; i < 10; i++)
		if (expected[i] != NULL)
			assert_string_equal(conversation->answers[i].body, expected[i]);
	assert_non_null(strstr(conversation->answers[7].body, "limit"));
}

int main(void) {
	unsetenv("OOMLAB_PATH");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_typed_is_run_for_a_prompt_only),
		cmocka_unit_test(only_a_prompt_can_compile_text),
		cmocka_unit_test(a_line_that_is_not_complete_asks_for_more),
		cmocka_unit_test(names_are_completed_and_nothing_is_called),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
