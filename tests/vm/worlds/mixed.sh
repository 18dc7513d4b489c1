# mixed.sh -- Some controllers on v1, memory on a v2 hierarchy that is not mounted in the usual
# place.
hierarchy=mixed

world_tests() {
	lab run --format=json
	check "the default run is killed at its limit" outcome_is oom-killed
	check "the kernel counted one kill" json_has '"oom_kill_delta":1'
	lab run --gc --format=json
	check "a collection before the second allocation saves it" outcome_is survived
	lab doctor
	check "the doctor is content" status_is 0
	serve_tests
	cage_tests
}
