# v2-old.sh -- The unified hierarchy of Linux 5.10: no memory.peak, no cgroup.kill, no sum of kernel
# memory.
hierarchy=v2
kernel_release=bullseye

world_tests() {
	lab run --format=json
	check "the default run is killed at its limit" outcome_is oom-killed
	check "the kernel counted one kill" json_has '"oom_kill_delta":1'
	lab run --gc --format=json
	check "a collection before the second allocation saves it" outcome_is survived
	lab run --memlimit=90% --format=json
	check "a memory limit of 90% saves it" outcome_is survived
	killed_in_cage_tests
	shut_down_in_cage_tests
	pressure_tests stall
	cage_part_tests stall
	echo +memory >$cgroups/cgroup.subtree_control
	group_tests $cgroups/below /below memory.max
	echo -memory >$cgroups/cgroup.subtree_control
	lab doctor
	check "the doctor is content" status_is 0
}
