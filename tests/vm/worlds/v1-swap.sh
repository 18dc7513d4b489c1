# v1-swap.sh -- The legacy hierarchies on a machine with a swap device: the limit holds, and not a
# page of the cage is swapped.
hierarchy=v1
swap_mib=128

world_tests() {
	swap_tests $cgroups/memory/control memory.limit_in_bytes
}
