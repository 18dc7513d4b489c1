# v2-bench.sh -- How late the watchdog is on the unified hierarchy: figures, by hand.
#
# tests/bench/run.sh BUILD cage-v2 compiles what it needs and boots it.
hierarchy=v2
cpus=2
memory_mib=4096
timeout_s=900
programs=bench/cage_load
scripts=bench/watchdog.sh
trial_count=5

world_tests() {
	mkdir /tmp/bench
	lab_status=0
	watchdog.sh /opt/oomlab /opt/cage_load /tmp/bench $trial_count \
		>/tmp/lab.stdout 2>/tmp/lab.stderr </dev/null || lab_status=$?
	sed 's/^/# /' /tmp/lab.stdout >&3
	check "every trial came to its threshold" status_is 0
}
