# disabled.sh -- A kernel told to have no memory controller: a clear answer, never an unlimited run.
hierarchy=v2
kernel_arguments="cgroup_disable=memory"

refusal_tests() { # refusal_tests WHERE
	lab run --format=json
	check "$1: the run is refused" status_is 4
	check "$1: the refusal names the memory controller" stderr_says 'memory'
	check "$1: it is not reported as carried out" eval '! json_has "\"outcome\":\"oom-killed\""'
	lab cage -- true
	check "$1: a cage for a program is refused, too" status_is 4
	lab doctor
	check "$1: the doctor names the kernel option" output_says 'cgroup_disable|cgroup_enable'
	check "$1: the doctor says that runs will be refused" eval '! status_is 0'
	lab rss $$
	check "$1: rss tells the process without its group" output_says 'init .*[0-9]'
	check "$1: and why" stderr_says 'groups cannot be told: .*memory'
	lab watch
	check "$1: there is nothing to watch" status_is 4
	lab list
	check "$1: what needs no cage still works" status_is 0
}

uncaged_tests() {
	lab serve --listen=127.0.0.1:1112
	check "serve is refused" status_is 4
	check "and names the way without a cage" stderr_says '--no-cage'
	serve --no-cage
	check "serve --no-cage says so loudly" output_says 'NO CAGE'
	check "a slab is added" get '/add?bytes=20M'
	check "what is beyond the limit is refused, not killed" is_refused_with 507 '/add?bytes=20M'
	check "the heap is still the same" get /stats
	check "with what it held" answer_has 'heap objects: 1'
	end_server
	check "it ends in good order" status_is 0
}

world_tests() {
	refusal_tests v2
	uncaged_tests
	umount $cgroups
	make_hierarchy v1
	refusal_tests v1
	umount $cgroups/cpu $cgroups/pids
	umount $cgroups
	lab run --format=json
	check "nothing mounted: the run is refused" status_is 4
	lab doctor
	check "nothing mounted: the doctor ends by itself" eval '[ "$lab_status" -lt 124 ]'
}
