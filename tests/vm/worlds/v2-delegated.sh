# v2-delegated.sh -- An unprivileged user with a subtree of the unified hierarchy to himself.
hierarchy=v2
scripts=vm/beside.lua

# What systemd does for a unit with Delegate=yes.
delegate() {
	echo +memory >$cgroups/cgroup.subtree_control
	mkdir -p $cgroups/guest/shell
	chown guest:guest $cgroups/guest $cgroups/guest/shell
	for file in cgroup.procs cgroup.subtree_control cgroup.threads; do
		chown guest:guest $cgroups/guest/$file $cgroups/guest/shell/$file
	done
}

world_tests() {
	delegate

	# The shell sits in a leaf beside which cages can be made.
	lab_as_guest "echo \$\$ >$cgroups/guest/shell/cgroup.procs" run --format=json
	check "from a sibling leaf: killed at its limit" outcome_is oom-killed
	check "the cage was in the delegated group" json_has '/guest/oomlab-'
	check "the kernel counted one kill" json_has '"oom_kill_delta":1'
	lab_as_guest "echo \$\$ >$cgroups/guest/shell/cgroup.procs" run --gc --format=json
	check "from a sibling leaf: --gc saves it" outcome_is survived
	lab_as_guest "echo \$\$ >$cgroups/guest/shell/cgroup.procs" doctor
	check "from a sibling leaf: the doctor is content" status_is 0
	lab_as_guest "echo \$\$ >$cgroups/guest/shell/cgroup.procs" \
		cage --format=json --limit=20M -- dd if=/dev/zero of=/dev/null bs=40M count=1
	check "cage: a user's program is killed at the limit" json_has '"outcome":"oom-killed"'
	check "cage: it was the command itself" json_has '"is_command_oom_killed":true'
	check "cage: the limit was the cage's own" json_has '"limited_by":"own"'
	beside_tests oom-killed "echo \$\$ >$cgroups/guest/shell/cgroup.procs"
	pressure_tests stall "echo \$\$ >$cgroups/guest/shell/cgroup.procs"
	cage_part_tests stall "echo \$\$ >$cgroups/guest/shell/cgroup.procs"
	check "the chain is given back" eval '! grep memory $cgroups/guest/cgroup.subtree_control'
	rmdir $cgroups/guest/shell

	# The lab is the only process of the delegated group: it has to step aside first.
	lab_as_guest "echo \$\$ >$cgroups/guest/cgroup.procs" run --format=json
	check "alone in the delegated group: killed at its limit" outcome_is oom-killed
	lab_as_guest "echo \$\$ >$cgroups/guest/cgroup.procs" run --gc --format=json
	check "alone in the delegated group: --gc saves it" outcome_is survived
	check "nothing is left in the delegated group" \
		eval '! find $cgroups/guest -mindepth 1 -type d | grep .'

	# Without delegation there is nothing to be done, but to say so.
	lab_as_guest true run --format=json
	check "without delegation: refused" status_is 4
	check "the refusal names the cure" stderr_says 'root|delegat'
}
