# v2-nopsi.sh -- The unified hierarchy of a kernel that counts no stalls: only memory.high tells of
# pressure.
hierarchy=v2
kernel_arguments="psi=0"

world_tests() {
	check "there are no stalls here" eval '! [ -e $cgroups/memory.pressure ]'
	watchdog_tests
	pressure_tests high
	cage_part_tests high
	killed_in_cage_tests
	shut_down_in_cage_tests
	lab doctor
	check "the doctor is content" status_is 0
	check "the doctor says how to be told of pressure" output_says 'psi=1'
	serve --policy=pressure
	check "a server starts a heap that nobody can tell of pressure" get /stats
	check "and says so" stderr_says 'life 1: .*pressure'
	end_server
	check "the server ends in good order" status_is 0
}
