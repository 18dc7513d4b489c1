# v2.sh -- The unified hierarchy, as on every current distribution; root; no swap.
hierarchy=v2
cpus=2
scripts=vm/beside.lua

world_tests() {
	spike_tests v2
	lab run --group=below/here --format=json
	check "a parent group that is not there is refused, not ignored" status_is 4
	mkdir $cgroups/below
	lab run --group=below --format=json
	check "a run below another group is killed there" outcome_is oom-killed
	check "its path says so" json_has '/below/oomlab-'
	check "the chain is given back" eval '! grep memory $cgroups/below/cgroup.subtree_control'
	rmdir $cgroups/below
	mkdir $cgroups/full
	echo 0 >$cgroups/full/cgroup.max.descendants
	lab run --group=full
	check "where no more groups fit, no run" status_is 4
	check "and the refusal names the file to raise" stderr_says 'cgroup.max.descendants'
	rmdir $cgroups/full
	lab run --high=16MiB --timeout=8 --format=json
	check "held by memory.high it is neither killed nor saved" outcome_is throttled
	lab run --group=nowhere
	check "a parent group that is not there: how to make it" stderr_says 'mkdir -p'
	beside_tests oom-killed
	watchdog_tests
	pressure_tests stall
	cage_part_tests stall
	trial_tests 15 1
	echo +memory >$cgroups/cgroup.subtree_control
	lab watch --count=2 --every=50ms $$
	check "a process at the top is in no group that counts" output_says 'no count'
	group_tests $cgroups/below /below memory.max
	echo -memory >$cgroups/cgroup.subtree_control
}
