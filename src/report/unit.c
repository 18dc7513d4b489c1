/* unit.c -- Chooses the unit of a table. */
#include "report/unit.h"

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
