# v2.sh -- The unified hierarchy, as on every current distribution; root; no swap.
hierarchy=v2
cpus=2

world_tests() {
	spike_tests v2
	lab run --group=below/here --format=json
	check "a parent group that is not there is refused or made, not ignored" \
		eval 'status_is 4 || json_has "/below/here/oomlab-"'
	mkdir $cgroups/below
	lab run --group=below --format=json
	check "a run below another group is killed there" outcome_is oom-killed
	check "its path says so" json_has '/below/oomlab-'
	check "the chain is given back" eval '! grep memory $cgroups/below/cgroup.subtree_control'
	rmdir $cgroups/below
}
