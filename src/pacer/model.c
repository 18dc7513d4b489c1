/* model.c -- One cycle of Go's pacer test. */
#include "pacer/model.h"

#include <errno.h>

#include "pacer/internal.h"

enum { ROOTS = 3 }; /* Globals, stacks, heap: in this order they are scanned. */

static const int64_t step_ns = 500000;
static const int64_t first_live_bytes = 256 << 10;
static const double bytes_per_kib = 1024;
static const double ns_per_ms = 1e6;

/* No memory beside the heap. */
static const struct ol_pacer_memory no_overhead = { 0 };

void ol_pacer_model_init(struct ol_pacer_model *model, enum ol_pacer_rules rules,
	int32_t gc_percent, uint64_t memory_limit_bytes, uint64_t globals_bytes,
	int64_t processor_count) {
	*model = (struct ol_pacer_model){
		.globals_bytes = globals_bytes,
		.processor_count = processor_count,
		.cycle = 1,
	};
	ol_pacer_init(&model->pacer, rules, gc_percent, memory_limit_bytes);
}

/* A cycle under way. */
struct marking {
	struct ol_pacer_progress progress;
	int64_t left_bytes[ROOTS];
	double assist_work_per_byte;
	int64_t assist_time_ns;
	int64_t duration_ns;
	int64_t black_bytes;
	uint64_t revise_steps;
};

/* Does up to work_bytes of what is left, and returns how much it did. */
static int64_t do_work(struct marking *marking, int64_t work_bytes) {
	uint64_t *const done[ROOTS] = {
		&marking->progress.globals_scan_work_bytes,
		&marking->progress.stack_scan_work_bytes,
		&marking->progress.heap_scan_work_bytes,
	};
	int64_t left_bytes = work_bytes;
	for (int i = 0; i < ROOTS; i++) {
		int64_t delta_bytes =
			marking->left_bytes[i] < left_bytes ? marking->left_bytes[i] : left_bytes;
		marking->left_bytes[i] -= delta_bytes;
		*done[i] += (uint64_t)delta_bytes;
		left_bytes -= delta_bytes;
	}
	return work_bytes - left_bytes;
}

static int64_t rate_bytes(
	const struct ol_pacer_model *model, double rate, int64_t elapsed_ns, double share) {
	return ol_pacer_truncate_signed(rate * bytes_per_kib * ((double)elapsed_ns / ns_per_ms) *
									(double)model->processor_count * share);
}

static void step(struct ol_pacer_model *model, const struct ol_pacer_model_input *input,
	struct marking *marking) {
	double assist = marking->assist_work_per_byte;
	double utilization =
		assist * input->alloc_rate / (assist * input->alloc_rate + input->scan_rate);
	if (!(utilization >= OL_PACER_BACKGROUND_SHARE))
		utilization = OL_PACER_BACKGROUND_SHARE;
	int64_t budget_bytes = rate_bytes(model, input->scan_rate, step_ns, utilization);
	int64_t elapsed_ns = step_ns;
	int64_t scanned_bytes = do_work(marking, budget_bytes);
	int64_t allocated_bytes = rate_bytes(model, input->alloc_rate, step_ns, 1 - utilization);
	if (scanned_bytes < budget_bytes) {
		/* The cycle ends within this step: when is told by the rate. */
		elapsed_ns = ol_pacer_truncate_signed(
			(double)scanned_bytes * ns_per_ms /
			(input->scan_rate * bytes_per_kib * (double)model->processor_count * utilization));
		allocated_bytes = rate_bytes(model, input->alloc_rate, elapsed_ns, 1 - utilization);
	}
	marking->progress.heap_live_bytes += (uint64_t)allocated_bytes;
	marking->progress.heap_scan_bytes +=
		(uint64_t)ol_pacer_truncate_signed((double)allocated_bytes * input->scannable_frac);
	marking->assist_work_per_byte =
		ol_pacer_assist_work_per_byte(&model->pacer, &marking->progress, &no_overhead);
	marking->assist_time_ns +=
		ol_pacer_truncate_signed((double)elapsed_ns * (double)model->processor_count *
								 (utilization - OL_PACER_BACKGROUND_SHARE));
	marking->duration_ns += elapsed_ns;
	marking->black_bytes += allocated_bytes;
	marking->revise_steps++;
}

/* What the cycle will find live, but for what is allocated meanwhile. */
static int64_t next_live_bytes(const struct ol_pacer_model *model, double growth_rate) {
	if (model->cycle == 1)
		return first_live_bytes;
	return ol_pacer_truncate_signed(
		(double)((int64_t)model->pacer.heap_marked_bytes - model->black_bytes) * growth_rate);
}

static int64_t work_left(const struct marking *marking) {
	return marking->left_bytes[0] + marking->left_bytes[1] + marking->left_bytes[2];
}

static void end_cycle(struct ol_pacer_model *model, const struct marking *marking,
	int64_t live_bytes, struct ol_pacer_model_row *row) {
	double utilization = OL_PACER_BACKGROUND_SHARE;
	if (marking->assist_time_ns > 0)
		utilization += (double)marking->assist_time_ns /
					   (double)(marking->duration_ns * model->processor_count);
	struct ol_pacer_cycle cycle = {
		.heap_live_bytes = marking->progress.heap_live_bytes,
		.marked_bytes = (uint64_t)(live_bytes + marking->black_bytes),
		.heap_scan_bytes = marking->progress.heap_scan_work_bytes,
		.stack_scan_bytes = marking->progress.stack_scan_work_bytes,
		.globals_scan_bytes = marking->progress.globals_scan_work_bytes,
		.utilization = utilization,
	};
	row->gc_utilization = utilization;
	row->peak_bytes = cycle.heap_live_bytes;
	row->goal_bytes = ol_pacer_goal(&model->pacer, &no_overhead);
	row->assist_time_ns = marking->assist_time_ns;
	row->gc_duration_ns = marking->duration_ns;
	row->revise_steps = marking->revise_steps;
	ol_pacer_end_cycle(&model->pacer, &cycle);
	model->heap_scan_bytes = cycle.heap_scan_bytes;
	model->black_bytes = marking->black_bytes;
	model->cycle++;
	row->heap_marked_next_bytes = model->pacer.heap_marked_bytes;
	row->trigger_next_bytes = ol_pacer_trigger(&model->pacer, &no_overhead);
	row->goal_next_bytes = ol_pacer_goal(&model->pacer, &no_overhead);
	row->cons_mark_next = model->pacer.cons_mark;
	row->runway_next_bytes = model->pacer.runway_bytes;
}

int ol_pacer_model_cycle(struct ol_pacer_model *model, const struct ol_pacer_model_input *input,
	struct ol_pacer_model_row *ret_row) {
	struct ol_pacer *pacer = &model->pacer;
	uint64_t marked = model->cycle == 1 ? 0 : pacer->heap_marked_bytes;
	uint64_t trigger = ol_pacer_max(ol_pacer_trigger(pacer, &no_overhead), marked);
	struct ol_pacer_model_row row = {
		.cycle = model->cycle,
		.heap_marked_bytes = marked,
		.trigger_bytes = trigger,
		.cons_mark_at_start = pacer->cons_mark,
		.runway_at_start_bytes = pacer->runway_bytes,
	};
	int64_t live_bytes = next_live_bytes(model, input->growth_rate);
	struct marking marking = {
		.progress = {
			.heap_live_bytes = trigger,
			.heap_scan_bytes = model->heap_scan_bytes +
				(uint64_t)ol_pacer_truncate_signed(
					(double)(trigger - marked) * input->scannable_frac),
			.max_stack_bytes = input->stack_bytes,
			.globals_bytes = model->globals_bytes,
		},
		.left_bytes = {
			(int64_t)model->globals_bytes,
			(int64_t)input->stack_bytes,
			ol_pacer_truncate_signed((double)live_bytes * input->scannable_frac),
		},
	};
	ol_pacer_start_cycle(pacer, trigger, &no_overhead);
	marking.assist_work_per_byte =
		ol_pacer_assist_work_per_byte(pacer, &marking.progress, &no_overhead);
	while (work_left(&marking) > 0) {
		if (marking.revise_steps == OL_PACER_MODEL_STEPS_MAX)
			return -ERANGE;
		step(model, input, &marking);
	}
	end_cycle(model, &marking, live_bytes, &row);
	*ret_row = row;
	return 0;
}
