#!/bin/sh
# soak.sh -- The same run REPEAT times, on this machine and on v2 in a virtual one: do all agree?
#
# Usage: REPEAT=200 tests/vm/soak.sh BUILD_DIRECTORY
# Prints TAP; status 1 where any repetition differed.
set -u

build=$1
export REPEAT="${REPEAT:-200}"
output=$(mktemp)
trap 'rm -f "$output"' EXIT
failed_count=0

soak_here() { # soak_here NUMBER OUTCOME OPTION...
	number=$1
	outcome=$2
	shift 2
	"$build/oomlab" run --quiet --repeat="$REPEAT" --format=json "$@" >"$output" </dev/null
	if tr -d ' \n\t' <"$output" | grep -q -F "\"outcomes\":{\"$outcome\":$REPEAT}"; then
		echo "ok $number - $outcome $REPEAT of $REPEAT times: run $*"
	else
		echo "not ok $number - $outcome $REPEAT of $REPEAT times: run $*"
		tr -d ' \n\t' <"$output" | sed -n 's/.*\("outcomes":{[^}]*}\).*/# \1\n/p'
		failed_count=$((failed_count + 1))
	fi
}

echo "# on this machine"
soak_here 1 oom-killed
soak_here 2 survived --gc
echo "1..2"

echo "# on v2 in a virtual machine"
"$(dirname "$0")/run-world.sh" v2 "$build" || failed_count=$((failed_count + 1))
[ "$failed_count" -eq 0 ]
