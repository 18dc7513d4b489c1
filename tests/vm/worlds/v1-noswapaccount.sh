# v1-noswapaccount.sh -- Legacy hierarchies without swap accounting, on a machine without swap:
# there is nothing to account for, so runs are as good as elsewhere.
hierarchy=v1
kernel_release=bullseye # From 6.1 on the option has no effect.
kernel_arguments="swapaccount=0"

world_tests() {
	check "there is no swap accounting here" \
		eval '! [ -e $cgroups/memory/memory.memsw.limit_in_bytes ]'
	spike_tests v1
}
