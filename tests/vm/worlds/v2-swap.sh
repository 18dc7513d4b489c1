# v2-swap.sh -- The unified hierarchy on a machine with a swap device: the limit holds, and not a
# page of the cage is swapped.
hierarchy=v2
swap_mib=128
control_group=/sys/fs/cgroup/control
limit_file=memory.max

# A cage by hand without a swap limit, to see that this machine does swap and that the tests would
# notice.
swaps_without_the_lab() {
	echo +memory >$cgroups/cgroup.subtree_control
	mkdir "$control_group"
	echo 33554432 >"$control_group/$limit_file"
	swapped_pages=$(pages_swapped_out)
	sh -c "echo \$\$ >$control_group/cgroup.procs && dd if=/dev/zero of=/dev/null bs=60M count=1"
	rmdir "$control_group"
	[ "$(pages_swapped_out)" -gt "$swapped_pages" ]
}

swap_was_not_touched() {
	[ "$(pages_swapped_out)" -eq "$swapped_pages" ] && [ "$(swap_used_kib)" -eq "$used_kib" ]
}

world_tests() {
	if [ ! -b /dev/nvme0n1 ]; then
		skip "swap" "this kernel has no driver for the machine's disk"
		return
	fi
	check "the machine swaps where nobody forbids it" swaps_without_the_lab
	used_kib=$(swap_used_kib)
	swapped_pages=$(pages_swapped_out)
	lab run --format=json
	check "the default run is killed at its limit" outcome_is oom-killed
	check "usage never went above the limit" number_is_at_most cage_peak_bytes 33554432
	check "not one page went to swap" swap_was_not_touched
	lab run --gc --format=json
	check "a collection before the second allocation saves it" outcome_is survived
	check "again not one page went to swap" swap_was_not_touched
	lab run --swap=64MiB --format=json
	# Which is not what the script expects of itself: status 1.
	check "with swap allowed it survives" json_has '"outcome":"survived"'
	check "on swap" eval '[ "$(pages_swapped_out)" -gt "$swapped_pages" ]'
	lab doctor
	check "the doctor is content" status_is 0
}
