# v1.sh -- The legacy hierarchies alone, as on distributions of the 2010s; root; no swap.
hierarchy=v1
scripts=vm/beside.lua

world_tests() {
	spike_tests v1
	beside_tests survived
	watchdog_tests
	trial_tests 15 1
	pressure_tests threshold
	cage_part_tests threshold
	group_tests $cgroups/memory/below /below memory.limit_in_bytes
}
