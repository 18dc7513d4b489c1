/* lives.c -- Starts a life when one is needed, hands it one request after the other, buries it. */
#include "http/lives.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "clock/clock.h"

/* What a subject may take to end in good order. */
static const uint64_t ending_ns_max = 2 * OL_NS_PER_S;

struct ticket {
	struct ol_request *request; /* Only as long as its body is; NULL: waits for a heap. */
	ol_reply_function reply;
	void *context;
};

struct ol_lives {
	const struct ol_http_host *host;
	struct ol_lives_sink sink;
	struct ol_clock clock;
	uint64_t request_timeout_ns;
	struct ol_supervisor_sink supervisor_sink;
	struct ol_supervision *supervision; /* NULL: no life runs. */
	struct ol_life *kept[OL_LIVES_MAX]; /* Number n at (n - 1) % the maximum. */
	uint64_t life_count;
	struct ticket line[OL_TICKETS_MAX]; /* A ring. */
	uint32_t line_first;
	uint32_t line_count;
	uint64_t request_count; /* Numbers them. */
	bool is_in_flight;      /* The first in line was handed down. */
	bool has_timed_out;     /* ... and was told so: its answer is of no account. */
	uint64_t in_flight_number;
	uint64_t due_ns; /* Of what is in flight, or of the start: on the monotonic clock. */
	bool is_ending;  /* Asked to end in good order; nothing more is handed down. */
	bool is_stopped; /* For good. */
	struct ol_sample last_sample;
	uint64_t outcomes[OL_OUTCOME_COUNT];
};

static struct ol_life *present(const struct ol_lives *lives) {
	return lives->life_count > 0 ? lives->kept[(lives->life_count - 1) % OL_LIVES_MAX] : NULL;
}

/* Takes the first out of line and tells it. It may submit again, and is told last. */
static void reply_to_first(struct ol_lives *lives, const struct ol_reply *reply) {
	assert(lives->line_count > 0);
	struct ticket ticket = lives->line[lives->line_first];
	lives->line_first = (lives->line_first + 1) % OL_TICKETS_MAX;
	lives->line_count--;
	lives->is_in_flight = false;
	free(ticket.request);
	ticket.reply(ticket.context, reply);
}

static void reply_to_all(struct ol_lives *lives, const char *message) {
	const struct ol_reply reply = { .kind = OL_REPLY_UNAVAILABLE, .message = message };
	while (lives->line_count > 0)
		reply_to_first(lives, &reply);
}

/* What the supervisor tells: on to the host's sink, into the life, to ours. */

static void on_start(void *context, const struct ol_run_summary *summary) {
	const struct ol_lives *lives = context;
	const struct ol_supervisor_sink *sink = lives->host->sink;
	if (sink != NULL && sink->on_start != NULL)
		sink->on_start(sink->context, summary);
}

static void on_phase_end(void *context, const struct ol_phase *phase) {
	const struct ol_lives *lives = context;
	const struct ol_supervisor_sink *sink = lives->host->sink;
	if (sink != NULL && sink->on_phase_end != NULL)
		sink->on_phase_end(sink->context, phase);
}

static void on_gc(void *context, const struct ol_gc_cycle *cycle) {
	const struct ol_lives *lives = context;
	const struct ol_supervisor_sink *sink = lives->host->sink;
	if (sink != NULL && sink->on_gc != NULL)
		sink->on_gc(sink->context, cycle);
	ol_life_note_cycle(present(lives), cycle);
	if (lives->sink.on_cycle != NULL)
		lives->sink.on_cycle(lives->sink.context, present(lives), cycle);
}

static void on_sample(void *context, const struct ol_sample *sample) {
	struct ol_lives *lives = context;
	const struct ol_supervisor_sink *sink = lives->host->sink;
	if (sink != NULL && sink->on_sample != NULL)
		sink->on_sample(sink->context, sample);
	struct ol_last_words words = ol_lives_last_words(lives);
	lives->last_sample = *sample;
	ol_life_note_sample(present(lives), sample, &words);
	if (lives->sink.on_sample != NULL)
		lives->sink.on_sample(lives->sink.context, present(lives), sample, &words);
}

static void on_event(void *context, const struct ol_event *event) {
	const struct ol_lives *lives = context;
	const struct ol_supervisor_sink *sink = lives->host->sink;
	if (sink != NULL && sink->on_event != NULL)
		sink->on_event(sink->context, event);
	if (lives->sink.on_event != NULL)
		lives->sink.on_event(lives->sink.context, present(lives), event);
}

static void on_act(void *context, const struct ol_supervisor_scene *scene) {
	const struct ol_lives *lives = context;
	const struct ol_supervisor_sink *sink = lives->host->sink;
	if (sink != NULL && sink->on_act != NULL)
		sink->on_act(sink->context, scene);
}

static void on_profile(void *context, const struct ol_profile_site *sites, uint32_t site_count) {
	const struct ol_lives *lives = context;
	const struct ol_supervisor_sink *sink = lives->host->sink;
	if (sink != NULL && sink->on_profile != NULL)
		sink->on_profile(sink->context, sites, site_count);
}

static void on_answer(void *context, const struct ol_answer *answer) {
	struct ol_lives *lives = context;
	if (!lives->is_in_flight || answer->number != lives->in_flight_number)
		return; /* Of a request that was given up. */
	struct ol_life *life = present(lives);
	life->request_count++;
	const struct ol_reply reply = { .kind = OL_REPLY_ANSWER, .answer = answer, .life = life };
	reply_to_first(lives, &reply);
}

int ol_lives_create(const struct ol_http_host *host, const struct ol_lives_sink *sink,
	uint64_t request_timeout_ns, struct ol_lives **ret_lives, struct ol_error *error) {
	struct ol_lives *lives = calloc(1, sizeof *lives);
	if (lives == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the server");
	lives->host = host;
	lives->sink = *sink;
	lives->clock = ol_clock_real();
	lives->request_timeout_ns = request_timeout_ns;
	lives->supervisor_sink = (struct ol_supervisor_sink){
		.context = lives,
		.on_start = on_start,
		.on_phase_end = on_phase_end,
		.on_gc = on_gc,
		.on_sample = on_sample,
		.on_event = on_event,
		.on_act = on_act,
		.on_profile = on_profile,
		.on_answer = on_answer,
	};
	*ret_lives = lives;
	return 0;
}

static void tell_life(struct ol_lives *lives, const struct ol_life *life) {
	if (lives->sink.on_life != NULL)
		lives->sink.on_life(lives->sink.context, life);
}

static int start_life(struct ol_lives *lives, struct ol_error *error) {
	struct ol_supervisor_texts texts = { 0 };
	const struct ol_run_spec *spec = lives->host->next_spec(lives->host->context, &texts);
	struct ol_life *life =
		ol_life_create(lives->life_count + 1, ol_clock_unix_ns(&lives->clock) / OL_NS_PER_MS);
	if (life == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for another heap's records");
	/* It is the present one already while it starts: there may be something to tell of it. */
	struct ol_life **place = &lives->kept[lives->life_count++ % OL_LIVES_MAX];
	struct ol_life *oldest = *place;
	*place = life;
	int result = ol_supervision_start(
		spec, &texts, &lives->supervisor_sink, &life->summary, &lives->supervision, error);
	if (result < 0) {
		*place = oldest;
		lives->life_count--;
		free(life);
		return result;
	}
	free(oldest);
	lives->last_sample = (struct ol_sample){ 0 };
	lives->is_ending = false;
	lives->has_timed_out = false;
	lives->due_ns = ol_clock_now_ns(&lives->clock) + lives->request_timeout_ns;
	tell_life(lives, life);
	return 0;
}

/* Hands down what is next in line, as far as the life can take it. */
static void pump(struct ol_lives *lives) {
	struct ol_error error;
	if (lives->line_count > 0 && lives->supervision == NULL && !lives->is_stopped &&
		start_life(lives, &error) < 0)
		reply_to_all(lives, error.message);
	while (lives->line_count > 0 && lives->supervision != NULL && !lives->is_ending &&
		   !lives->is_in_flight && !lives->has_timed_out &&
		   ol_supervision_is_ready(lives->supervision)) {
		const struct ticket *first = &lives->line[lives->line_first];
		if (first->request == NULL) {
			const struct ol_reply reply = { .kind = OL_REPLY_READY, .life = present(lives) };
			reply_to_first(lives, &reply);
			continue;
		}
		/* No room, or nobody there any more: the next step sees how it goes on. */
		if (ol_supervision_request(lives->supervision, first->request, &error) < 0)
			return;
		lives->is_in_flight = true;
		lives->in_flight_number = first->request->number;
		lives->due_ns = ol_clock_now_ns(&lives->clock) + lives->request_timeout_ns;
	}
}

static void log_end(const struct ol_lives *lives, const struct ol_life *life) {
	char line[3 * OL_TEXT_BYTES];
	const char *message = life->summary.error_message;
	bool has_message = message[0] != '\0' && life->summary.outcome != OL_OUTCOME_SURVIVED;
	snprintf(line, sizeof line, "life %llu: %s%s%.512s", (unsigned long long)life->number,
		life->verdict, has_message ? ": " : "", has_message ? message : "");
	lives->host->log(lives->host->context, line);
}

/* The subject has ended: its life is told, and whoever it owed an answer. */
static void bury(struct ol_lives *lives) {
	struct ol_life *life = present(lives);
	struct ol_error error;
	bool was_ready = ol_supervision_is_ready(lives->supervision);
	int result = ol_supervision_finish(lives->supervision, &error);
	lives->supervision = NULL;
	if (result < 0) {
		life->summary.outcome = OL_OUTCOME_LAB_ERROR;
		snprintf(
			life->summary.error_message, sizeof life->summary.error_message, "%s", error.message);
	}
	/* It may leave something behind, and say where. */
	if (lives->host->on_life_end != NULL)
		lives->host->on_life_end(lives->host->context, &life->summary);
	ol_life_note_end(life);
	lives->outcomes[life->summary.outcome]++;
	log_end(lives, life);
	tell_life(lives, life);
	/* One that died before anybody could ask it anything tells the first in line, or that one
	 * would wait for heap after heap. */
	const struct ol_reply reply = { .kind = OL_REPLY_DIED, .life = life };
	if (lives->is_in_flight || (!was_ready && !lives->is_ending && lives->line_count > 0))
		reply_to_first(lives, &reply);
	lives->has_timed_out = false;
}

/* What takes too long is ended. */
static void look_at_time(struct ol_lives *lives) {
	bool is_starting = !ol_supervision_is_ready(lives->supervision);
	if ((!is_starting && !lives->is_in_flight && !lives->is_ending) || lives->has_timed_out ||
		ol_clock_now_ns(&lives->clock) < lives->due_ns)
		return;
	lives->has_timed_out = true;
	ol_supervision_kill(lives->supervision, true);
	const struct ol_reply reply = { .kind = OL_REPLY_TIMED_OUT, .life = present(lives) };
	if (lives->is_in_flight || (is_starting && lives->line_count > 0))
		reply_to_first(lives, &reply);
}

void ol_lives_step(struct ol_lives *lives) {
	struct ol_error error;
	if (lives->supervision != NULL && ol_supervision_step(lives->supervision, &error) <= 0)
		bury(lives);
	if (lives->supervision != NULL)
		look_at_time(lives);
	pump(lives);
}

int ol_lives_submit(struct ol_lives *lives, const struct ol_request *request,
	ol_reply_function reply, void *context, struct ol_error *error) {
	if (lives->line_count == OL_TICKETS_MAX)
		return ol_error_set(
			error, -EAGAIN, "%d requests are in line already; try again later", OL_TICKETS_MAX);
	if (lives->is_stopped)
		return ol_error_set(error, -EAGAIN, "the server is stopping");
	struct ticket ticket = { .reply = reply, .context = context };
	if (request != NULL) {
		size_t used_bytes = offsetof(struct ol_request, body) + request->body_bytes;
		ticket.request = malloc(sizeof *request);
		if (ticket.request == NULL)
			return ol_error_set(error, -ENOMEM, "no memory for another request");
		memcpy(ticket.request, request, used_bytes);
		ticket.request->number = ++lives->request_count;
	}
	lives->line[(lives->line_first + lives->line_count++) % OL_TICKETS_MAX] = ticket;
	pump(lives);
	return 0;
}

bool ol_lives_is_ready(const struct ol_lives *lives) {
	return lives->supervision != NULL && ol_supervision_is_ready(lives->supervision);
}

bool ol_lives_memstats(const struct ol_lives *lives, struct ol_memstats *ret_memstats) {
	if (!ol_lives_is_ready(lives))
		return false;
	*ret_memstats = ol_supervision_last_words(lives->supervision).memstats;
	return true;
}

const struct ol_life *ol_lives_present(const struct ol_lives *lives) {
	return present(lives);
}

uint32_t ol_lives_count(const struct ol_lives *lives) {
	return lives->life_count < OL_LIVES_MAX ? (uint32_t)lives->life_count : OL_LIVES_MAX;
}

const struct ol_life *ol_lives_at(const struct ol_lives *lives, uint32_t index) {
	assert(index < ol_lives_count(lives));
	uint64_t first = lives->life_count - ol_lives_count(lives);
	return lives->kept[(first + index) % OL_LIVES_MAX];
}

uint32_t ol_lives_in_line(const struct ol_lives *lives) {
	return lives->line_count;
}

const uint64_t *ol_lives_outcomes(const struct ol_lives *lives) {
	return lives->outcomes;
}

struct ol_sample ol_lives_last_sample(const struct ol_lives *lives) {
	return lives->last_sample;
}

struct ol_last_words ol_lives_last_words(const struct ol_lives *lives) {
	if (lives->supervision != NULL)
		return ol_supervision_last_words(lives->supervision);
	const struct ol_life *life = present(lives);
	return life != NULL ? life->summary.last_words : (struct ol_last_words){ 0 };
}

static void ignore_reply(void *context, const struct ol_reply *reply) {
	(void)context, (void)reply;
}

void ol_lives_set_limits(struct ol_lives *lives, int32_t gogc, uint64_t memory_limit_bytes) {
	struct ol_life *life = present(lives);
	if (lives->supervision == NULL || lives->is_ending)
		return; /* The next life begins with them. */
	/* Static: large. */
	static struct ol_request request;
	request.kind = OL_REQUEST_LIMITS;
	request.gogc = gogc;
	request.memory_limit_bytes = memory_limit_bytes;
	/* With the line full the life goes on as it was: so it is told. */
	if (ol_lives_submit(lives, &request, ignore_reply, NULL, NULL) < 0)
		return;
	life->summary.spec.gogc = gogc;
	life->summary.spec.memory_limit_bytes = memory_limit_bytes;
	tell_life(lives, life);
}

void ol_lives_renew(struct ol_lives *lives) {
	if (lives->supervision == NULL || lives->is_ending)
		return;
	lives->is_ending = true;
	lives->due_ns = ol_clock_now_ns(&lives->clock) + ending_ns_max;
	ol_supervision_end(lives->supervision);
}

void ol_lives_stop(struct ol_lives *lives) {
	lives->is_stopped = true;
	ol_lives_renew(lives);
	/* What is in flight may still be answered. */
	struct ticket first = lives->line[lives->line_first];
	bool was_in_flight = lives->is_in_flight;
	if (was_in_flight) {
		lives->line_first = (lives->line_first + 1) % OL_TICKETS_MAX;
		lives->line_count--;
	}
	reply_to_all(lives, "the server is stopping");
	if (was_in_flight) {
		lives->line[lives->line_first] = first;
		lives->line_count = 1;
		lives->is_in_flight = true;
	}
}

bool ol_lives_is_idle(const struct ol_lives *lives) {
	return lives->supervision == NULL;
}

void ol_lives_poll_fds(const struct ol_lives *lives, struct pollfd ret_fds[OL_SUPERVISION_FDS]) {
	for (int i = 0; i < OL_SUPERVISION_FDS; i++)
		ret_fds[i] = (struct pollfd){ .fd = -1 };
	if (lives->supervision != NULL)
		ol_supervision_poll_fds(lives->supervision, ret_fds);
}

int ol_lives_wait_ms(const struct ol_lives *lives) {
	return lives->supervision != NULL ? ol_supervision_wait_ms(lives->supervision) : -1;
}

void ol_lives_destroy(struct ol_lives *lives) {
	if (lives == NULL)
		return;
	if (lives->supervision != NULL)
		bury(lives);
	lives->is_stopped = true;
	reply_to_all(lives, "the server is stopping");
	for (int i = 0; i < OL_LIVES_MAX; i++)
		free(lives->kept[i]);
	free(lives);
}
