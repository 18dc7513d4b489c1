/* background.c -- The thread beside the program that does what is not urgent: scavenging, and the
 * cycle that is due after two minutes.
 *
 * It keeps the hours of Go's sysmon, which wakes Go's scavenger: it looks every 20 us at first,
 * after 50 looks in vain twice as seldom each time, up to 10 ms. So free memory goes back to the
 * system at once or up to 10 ms late, as it falls: at a container's limit that decides between
 * life and death, and is why a run with a memory limit is a matter of chance. */
#include "base/units.h"
#include "collector/concurrent.h"

static const uint64_t look_min_ns = 20 * OL_NS_PER_US, look_max_ns = 10 * OL_NS_PER_MS;
static const uint64_t overdue_period_ns = OL_NS_PER_S; /* Between two looks at the last cycle. */
enum { LOOKS_IN_VAIN = 50 };

/* A batch of the scavenger: bites, for at least a millisecond of work. Returns the work done; 0 if
 * nothing is left. */
static uint64_t scavenge(struct ol_concurrent *concurrent) {
	struct ol_collector *collector = concurrent->collector;
	uint64_t work_ns = 0;
	bool is_wanted = true;
	while (is_wanted && work_ns < OL_SCAVENGE_WORK_NS) {
		uint64_t begin_ns = ol_clock_now_ns(collector->clock);
		ol_world_stop(&concurrent->world);
		is_wanted = ol_collector_scavenge_bite(collector);
		if (!is_wanted)
			collector->is_scavenger_awake = false;
		ol_world_go(&concurrent->world);
		work_ns += ol_clock_now_ns(collector->clock) - begin_ns;
	}
	return is_wanted ? work_ns : 0;
}

/* Go's forcegcperiod. */
static void start_overdue_cycle(struct ol_concurrent *concurrent) {
	struct ol_collector *collector = concurrent->collector;
	ol_world_stop(&concurrent->world);
	if (ol_collector_is_cycle_overdue(collector))
		ol_concurrent_begin(collector, false);
	ol_world_go(&concurrent->world);
}

void *ol_background_main(void *argument) {
	struct ol_concurrent *concurrent = argument;
	struct ol_collector *collector = concurrent->collector;
	uint64_t look_ns = look_min_ns;
	uint64_t slept_ns = 0;
	unsigned vain_count = 0;
	uint64_t overdue_look_ns = ol_clock_now_ns(collector->clock) + OL_COLLECTOR_FORCED_PERIOD_NS;
	pthread_mutex_lock(&concurrent->lock);
	while (!concurrent->is_ending) {
		/* Woken before its time only to end. */
		if (!ol_concurrent_wait(concurrent, &concurrent->wake, look_ns))
			continue;
		pthread_mutex_unlock(&concurrent->lock);
		if (ol_clock_now_ns(collector->clock) > overdue_look_ns) {
			start_overdue_cycle(concurrent);
			overdue_look_ns = ol_clock_now_ns(collector->clock) + overdue_period_ns;
		}
		/* Not worth stopping the world to find that nothing is to be done. */
		uint64_t work_ns = atomic_load(&collector->is_scavenger_awake) ? scavenge(concurrent) : 0;
		pthread_mutex_lock(&concurrent->lock);
		if (work_ns > 0) {
			look_ns = slept_ns =
				ol_scavenge_plan_sleep_ns(&collector->scavenge_plan, work_ns, slept_ns);
			vain_count = 0;
			continue;
		}
		if (slept_ns != 0)
			look_ns = look_min_ns;
		slept_ns = 0;
		if (++vain_count > LOOKS_IN_VAIN && look_ns < look_max_ns)
			look_ns = 2 * look_ns < look_max_ns ? 2 * look_ns : look_max_ns;
	}
	pthread_mutex_unlock(&concurrent->lock);
	return NULL;
}
