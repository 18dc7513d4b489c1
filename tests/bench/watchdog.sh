#!/bin/sh
# watchdog.sh -- How late the watchdog is, and which spikes it catches: notice against polling.
#
# Usage: tests/bench/watchdog.sh OOMLAB CAGE_LOAD DIRECTORY TRIALS
# Part of `run.sh BUILD cage`, and run by itself in a virtual machine (tests/vm/worlds/v2-bench.sh),
# so it needs no more than busybox. Every trial is a program of its own in a cage of its own, which
# writes down by its own clock when its group's usage came to the threshold and when it was told to
# end (cage_load.c, TRIALS of each kind); nothing rests on what the lab saw. DIRECTORY gets a file a
# trial. Polling begins with the program and the program begins its growth at a random moment.
# What mostly sleeps does so side by side; where milliseconds count, two share the machine, or one
# has it alone.
set -u

oomlab=$1
load=$2
trials=$3/trials
trial_count=$4
ways="notice 10ms 1s 15s"

watchdog_of() { # watchdog_of THRESHOLD_KIB WAY
	case $2 in
	notice) echo "$1KiB,every=never" ;;
	*) echo "$1KiB,every=$2,notice=off" ;;
	esac
}

wait_ms_of() { # wait_ms_of WAY
	case $1 in
	1s) echo 1000 ;;
	15s) echo 15000 ;;
	*) echo 50 ;;
	esac
}

name_of() { # name_of WAY
	case $1 in
	notice) echo "the kernel's notice" ;;
	10ms) echo "every 10 ms" ;;
	1s) echo "every 1 s" ;;
	15s) echo "every 15 s" ;;
	esac
}

# KIND is a word of the file's name; samples only show what happened, and would cost time here.
trial() { # trial KIND WAY NUMBER LIMIT_KIB THRESHOLD_KIB TOP_KIB MIB_PER_S HOLD_MS
	"$oomlab" cage -q --limit="$4KiB" --sample-period=10s --dump=off \
		--watchdog="$(watchdog_of "$5" "$2")" -- \
		"$load" trial "$(wait_ms_of "$2")" "$7" "$5" "$6" "$8" "$trials/$1.$2.$3" \
		>/dev/null 2>&1 </dev/null
}

all_trials() { # all_trials KIND WAY LIMIT_KIB THRESHOLD_KIB TOP_KIB MIB_PER_S HOLD_MS AT_ONCE
	kind=$1
	way=$2
	number=0
	while [ $number -lt "$trial_count" ]; do
		number=$((number + 1))
		if [ "$8" -eq 1 ]; then
			trial "$kind" "$way" $number "$3" "$4" "$5" "$6" "$7"
			continue
		fi
		trial "$kind" "$way" $number "$3" "$4" "$5" "$6" "$7" &
		running=$((running + 1))
		[ $running -lt "$8" ] || { wait && running=0; }
	done
}

at_once_of() { # at_once_of WAY HOLD_MS
	case $1 in
	15s) echo 60 ;;
	1s) echo 10 ;;
	*) [ "$2" -ge 1000 ] && echo 10 || echo 2 ;;
	esac
}

# Sums the files of one kind up, by one WAY or by all ("*"): how many were told, how many there are,
# the median of ms above the threshold of those that were let alone; then of those that were told
# before it was over how late, in ms, and how far above the threshold, in KiB, median and most. "-"
# for what nobody has.
sum_up() { # sum_up KIND WAY THRESHOLD_KIB
	# shellcheck disable=SC2231 # A pattern.
	for file in "$trials/$1".$2.*; do
		if [ -s "$file" ]; then
			tr '\n' ' ' <"$file"
			echo
		fi
	done | awk -v threshold_kib="$3" '
		function median(list, count,   i, j, swap) {
			for (i = 1; i <= count; i++)
				for (j = i + 1; j <= count; j++)
					if (list[j] < list[i]) { swap = list[i]; list[i] = list[j]; list[j] = swap }
			return list[int((count + 1) / 2)]
		}
		{
			crossed = 0; told = 0; over = 0
			for (i = 1; i <= NF; i += 3) {
				if ($i == "crossed") crossed = $(i + 1)
				if ($i == "told") { told = $(i + 1); told_kib = $(i + 2) }
				if ($i == "over") over = $(i + 1)
			}
			if (crossed || told) count++ # Held at the threshold, it may be told before it sees it.
			if (told) told_count++
			if (crossed && over) alone[++alone_count] = (over - crossed) / 1e6
			if (told && crossed && !over) {
				late[++late_count] = (told - crossed) / 1e6
				above[late_count] = told_kib - threshold_kib
			}
		}
		END {
			alone_ms = alone_count ? sprintf("%.1f", median(alone, alone_count)) : "-"
			printf "%d %d %s", told_count, count, alone_ms
			if (late_count) {
				late_ms = median(late, late_count)
				above_kib = median(above, late_count)
				printf " %.2f %.2f %d %d\n", late_ms, late[late_count], above_kib, above[late_count]
			} else {
				print " - - - -"
			}
		}'
}

growth_limit_kib=131072    # 128 MiB
growth_threshold_kib=104896 # 80 %, in whole steps of 64 KiB
growth_rates="50 500 0"    # MiB/s; 0: as fast as it can

growth_trials() { # growth_trials WAY
	case $1 in
	1s | 15s) company=$(at_once_of "$1" 0) ;;
	*) company=1 ;;
	esac
	for rate in $growth_rates; do
		all_trials "growth-$rate" "$1" $growth_limit_kib $growth_threshold_kib \
			$((growth_limit_kib * 2)) "$rate" 0 "$company"
	done
}

growth_table() {
	printf 'growth through the threshold, 80 %% of 128 MiB, to the limit (%d trials each)\n' \
		"$trial_count"
	printf '%-12s %-20s %9s %9s %9s %11s %9s\n' "" "" "in time" "late ms" "most" "above KiB" "most"
	for rate in $growth_rates; do
		label="$rate MiB/s"
		[ "$rate" -ne 0 ] || label="at full tilt"
		for way in $ways; do
			sum_up "growth-$rate" "$way" $growth_threshold_kib | {
				read -r told count _ late most above above_most
				printf '%-12s %-20s %9s %9s %9s %11s %9s\n' "$label" "$(name_of "$way")" \
					"$told of $count" "$late" "$most" "$above" "$above_most"
			}
			label=
		done
	done
	echo
}

spike_limit_kib=65536     # 64 MiB
spike_threshold_kib=39296 # 60 %
spike_holds="1 10 100 1000"

spike_tops() {
	echo $((spike_threshold_kib + 1024)) $((spike_threshold_kib * 5 / 4)) \
		$((spike_limit_kib * 95 / 100))
}

spike_trials() { # spike_trials WAY
	for top in $(spike_tops); do
		for hold in $spike_holds; do
			all_trials "spike-$top-$hold" "$1" $spike_limit_kib $spike_threshold_kib "$top" 0 \
				"$hold" "$(at_once_of "$1" "$hold")"
		done
	done
}

spike_table() {
	printf 'spikes above the threshold, 60 %% of 64 MiB: caught (of %d each)\n' "$trial_count"
	printf '%-16s %8s %9s' "to" "held ms" "above ms"
	for way in $ways; do
		printf ' %19s' "$(name_of "$way")"
	done
	echo
	for top in $(spike_tops); do
		label="$((top / 1024)).$((top % 1024 * 10 / 1024)) MiB, $((top * 100 / spike_limit_kib)) %"
		for hold in $spike_holds; do
			sum_up "spike-$top-$hold" "*" $spike_threshold_kib | {
				read -r _ _ above _
				printf '%-16s %8s %9s' "$label" "$hold" "$above"
			}
			for way in $ways; do
				sum_up "spike-$top-$hold" "$way" $spike_threshold_kib | {
					read -r told count _
					printf ' %19s' "$told of $count"
				}
			done
			echo
			label=
		done
	done
	echo
}

rm -rf "$trials"
mkdir -p "$trials" || exit 1
running=0
# The sleepers first, so that they are gone when milliseconds count.
for way in 15s 1s 10ms notice; do
	growth_trials "$way"
	spike_trials "$way"
	wait
	running=0
done
growth_table
spike_table
wanted=$((trial_count * 4 * 15))
done_count=$(find "$trials" -type f -size +0c | wc -l)
if [ "$done_count" -ne $wanted ]; then
	echo "oomlab: $((wanted - done_count)) of $wanted trials did not come to their threshold" >&2
	exit 1
fi
