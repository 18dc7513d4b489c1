#!/bin/sh
# soak.sh -- The same run REPEAT times, on this machine and on v2 in a virtual one: do all agree?
#
# Usage: REPEAT=200 tests/vm/soak.sh BUILD_DIRECTORY
# Prints TAP; status 1 where any repetition differed. The virtual machine, which is slow, repeats
# the runs at 32 MiB so often, and those at other limits a twentieth of that.
set -u

build=$1
export REPEAT="${REPEAT:-200}"
output=$(mktemp)
trap 'rm -f "$output"' EXIT
failed_count=0

count=0
soak_here() { # soak_here LIMIT_MIB OUTCOME OPTION...
	outcome=$2
	shift 2
	count=$((count + 1))
	"$build/oomlab" run --quiet --repeat="$REPEAT" --format=json "$@" >"$output" </dev/null
	if grep -q -F "\"outcomes\":{\"$outcome\":$REPEAT}" "$output"; then
		echo "ok $count - $outcome $REPEAT of $REPEAT times: run $*"
	else
		echo "not ok $count - $outcome $REPEAT of $REPEAT times: run $*"
		sed -n 's/.*\("outcomes":{[^}]*}\).*/# \1\n/p' "$output"
		failed_count=$((failed_count + 1))
	fi
}

echo "# on this machine"
# shellcheck source=tests/vm/soak_list.sh
. "$(dirname "$0")/soak_list.sh"
soak_each soak_here

# With threads and a memory limit it is a race, in Go and here (docs/collector.md): neither side may
# win nearly always.
count=$((count + 1))
"$build/oomlab" run --quiet --repeat="$REPEAT" --format=json --collector=concurrent --memlimit=90% \
	>"$output" </dev/null 2>/dev/null
killed=$(sed -n 's/.*"outcomes":{.*"oom-killed":\([0-9]*\).*/\1/p' "$output")
killed=${killed:-0}
verdict="not ok"
if [ $((killed * 5)) -ge "$REPEAT" ] && [ $((killed * 5)) -le $((REPEAT * 4)) ]; then
	verdict=ok
else
	failed_count=$((failed_count + 1))
fi
echo "$verdict $count - killed 20 to 80 % of the time: run --collector=concurrent --memlimit=90%"
echo "# killed $killed of $REPEAT"

# What a server has to outlive, each of it in a spec of tests/http.
soak_server() { # soak_server WHAT SPEC VARIABLE=NUMBER
	count=$((count + 1))
	if env "$3" OOMLAB="$build/oomlab" \
		node "$(dirname "$0")/../http/$2_test.mjs" >"$output" 2>&1 </dev/null; then
		echo "ok $count - over HTTP: $1"
	else
		echo "not ok $count - over HTTP: $1"
		grep -A 8 '^not ok' "$output" | sed 's/^/# /'
		failed_count=$((failed_count + 1))
	fi
	grep '^# resident' "$output"
}
soak_server "$((REPEAT * 50)) kills" faults OOMLAB_KILLS=$((REPEAT * 50))
soak_server "$((REPEAT * 500)) malformed requests" malformed OOMLAB_REQUESTS=$((REPEAT * 500))

# Random trials of oomlab cage: two and a half for each repetition.
trial_count=$((REPEAT * 5 / 2))
count=$((count + 1))
trials=$build/tests/cgroup/trials
if "$trials" $trial_count "${SEED:-1}" "$build/oomlab" >"$output" </dev/null; then
	echo "ok $count - $trial_count random trials of the verdict"
else
	echo "not ok $count - $trial_count random trials of the verdict"
	failed_count=$((failed_count + 1))
fi
grep '^#' "$output"

# Random programs in both worlds: five for each repetition.
program_count=$((REPEAT * 5))
count=$((count + 1))
lua_tests=$(dirname "$0")/../lua
if OOMLAB_PROGRAMS=$program_count OOMLAB="$build/oomlab" OOMLAB_SOURCE="$lua_tests/../.." \
	lua5.4 "$lua_tests/run.lua" --output=TAP --helper="$lua_tests/helper.lua" \
	"$lua_tests/cli/agreement_spec.lua" >"$output" 2>&1 </dev/null; then
	echo "ok $count - $program_count random programs end alike in both worlds"
else
	echo "not ok $count - $program_count random programs end alike in both worlds"
	failed_count=$((failed_count + 1))
fi
grep '^#' "$output"

# What clang finds in the sources when it takes its time.
count=$((count + 1))
tree=$(cd "$lua_tests/../.." && pwd)
if OOMLAB_ANALYSIS=deep lua5.4 "$tree/tests/style/tools.lua" "$tree" tidy "$build" \
	>"$output" 2>&1 </dev/null; then
	echo "ok $count - clang's analyser has nothing to say, however deep it looks"
else
	echo "not ok $count - clang's analyser has nothing to say, however deep it looks"
	grep -A 8 '^not ok' "$output" | sed 's/^/# /'
	failed_count=$((failed_count + 1))
fi
echo "1..$count"

echo "# on v2 in a virtual machine"
"$(dirname "$0")/run-world.sh" v2 "$build" || failed_count=$((failed_count + 1))
[ "$failed_count" -eq 0 ]
