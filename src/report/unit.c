/* unit.c -- Chooses the unit of a table. */
#include "report/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"

struct ol_unit ol_unit_of(uint64_t whole_bytes, uint64_t factor) {
	static const struct {
		uint64_t bytes;
		const char *name;
	} units[] = { { OL_KIB, "KiB" }, { OL_MIB, "MiB" }, { OL_GIB, "GiB" }, { OL_TIB, "TiB" } };
	size_t unit = 0;
	while (unit + 1 < sizeof units / sizeof *units &&
		   whole_bytes >= (unit == 0 ? 2 : factor) * units[unit + 1].bytes)
		unit++;
	return (struct ol_unit){
		.bytes = units[unit].bytes,
		.name = units[unit].name,
		.decimals = whole_bytes < 10 * units[unit].bytes ? 2 : 1,
	};
}

static int64_t steps_a_unit(struct ol_unit unit) {
	return unit.decimals == 2 ? 100 : 10;
}

int64_t ol_unit_steps(struct ol_unit unit, int64_t bytes) {
	double steps = (double)bytes / (double)unit.bytes * (double)steps_a_unit(unit);
	return (int64_t)(steps < 0 ? steps - 0.5 : steps + 0.5);
}

void ol_unit_format(struct ol_unit unit, int64_t steps, char ret_text[OL_UNIT_TEXT_BYTES]) {
	int64_t whole = llabs(steps) / steps_a_unit(unit);
	int64_t part = llabs(steps) % steps_a_unit(unit);
	snprintf(ret_text, OL_UNIT_TEXT_BYTES, "%s%" PRId64 ".%0*" PRId64, steps < 0 ? "-" : "", whole,
		unit.decimals, part);
}
