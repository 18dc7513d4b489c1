#!/bin/bash
# measure.sh -- Runs every bundled scenario under every policy in real cages: makes verdicts.csv.
#
# Usage: measure.sh OOMLAB [RUNS [SCENARIO...]] > verdicts.csv      (20 runs of each cell)
#
# A line a cell: how its runs ended, "mixed" where not all alike; in what numbers; and from where to
# where their peaks were. Needs jq and a cage. Two cells at a time; on two processors an hour.
set -eu

export OOMLAB=$1
export RUNS=${2:-20}
shift $(($# < 2 ? $# : 2))

# Those with something to decide, and an end. high-stall has no mark to stall at on cgroup v1.
SCENARIOS="big-response big-stacks cold-start compaction-burst fork-copy-on-write
	fragmented-survivors jitter limit-lowered-midway many-spikes off-heap-growth oscillating
	page-cache-filler parent-tighter sawtooth slow-leak spike steady-web-server step
	two-heaps-one-cage"
COLLECTORS="stw incremental"
CELLS_AT_A_TIME=2

cell() {
	"$OOMLAB" run "$1" --policy="$2" --collector="$3" --repeat="$RUNS" --format=json 2>/dev/null |
		jq -r --arg cell "$1,$2,$3" '
			(.runs // [.]) as $runs
			| ([$runs[].outcome] | group_by(.) | map({ outcome: .[0], count: length })) as $ends
			| ([$runs[].cage_peak_bytes] | sort) as $peaks
			| [ $cell,
				(if $ends | length == 1 then $ends[0].outcome else "mixed" end),
				($ends | map("\(.outcome) \(.count)") | join(" ")),
				$peaks[0], $peaks[-1] ] | map(tostring) | join(",")'
}
export -f cell

echo "scenario,policy,collector,outcome,runs,peak_bytes_min,peak_bytes_max"
for scenario in ${*:-$SCENARIOS}; do
	for policy in $("$OOMLAB" list policies | awk '{ print $1 }'); do
		for collector in $COLLECTORS; do
			echo "$scenario $policy $collector"
		done
	done
done | xargs -P "$CELLS_AT_A_TIME" -L 1 bash -c 'cell "$0" "$1" "$2" || true' | LC_ALL=C sort
