# hybrid.sh -- Memory on v1, with a v2 hierarchy that has no controllers beside it.
hierarchy=hybrid

world_tests() {
	spike_tests hybrid
}
