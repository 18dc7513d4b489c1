# v2-swap.sh -- The unified hierarchy on a machine with a swap device: the limit holds, and not a
# page of the cage is swapped.
hierarchy=v2
swap_mib=128

world_tests() {
	echo +memory >$cgroups/cgroup.subtree_control
	swap_tests $cgroups/control memory.max
}
