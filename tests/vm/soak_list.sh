# soak_list.sh -- The runs of the spike whose outcome must be the same each time.
#
# Sourced by soak.sh on this machine and by init.sh in the virtual one.

# Calls FUNCTION LIMIT_MIB OUTCOME OPTION... for each run.
soak_each() { # soak_each FUNCTION
	for limit_mib in 32 16 64 128 256; do
		for gogc in 100 50 200 off; do
			"$1" $limit_mib oom-killed --limit=${limit_mib}MiB --gogc=$gogc
			"$1" $limit_mib survived --limit=${limit_mib}MiB --gogc=$gogc --gc
			"$1" $limit_mib survived --limit=${limit_mib}MiB --gogc=$gogc --memlimit=90%
		done
	done
}
