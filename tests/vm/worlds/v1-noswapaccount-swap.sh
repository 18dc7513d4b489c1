# v1-noswapaccount-swap.sh -- Legacy hierarchies without swap accounting, on a machine with swap:
# the kernel cannot keep the cage from swapping, so the run is refused.
hierarchy=v1
swap_mib=128
kernel_release=bullseye # From 6.1 on the option has no effect.
kernel_arguments="swapaccount=0"

world_tests() {
	if [ ! -b /dev/nvme0n1 ]; then
		skip "swap" "this kernel has no driver for the machine's disk"
		return
	fi
	lab run --format=json
	check "the run is refused" status_is 4
	check "the refusal is about swap" stderr_says 'swap'
	check "the refusal names a cure" stderr_says 'swapaccount=1|swapoff'
	lab doctor
	check "the doctor names a cure" output_says 'swapaccount=1|swapoff'
	swapoff /dev/nvme0n1
	lab run --format=json
	check "with swap switched off it runs" outcome_is oom-killed
}
