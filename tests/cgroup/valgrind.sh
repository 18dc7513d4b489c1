#!/bin/sh
# valgrind.sh -- The lab under valgrind: no leak, no wild read, no file left open.
#
# Usage: valgrind.sh OOMLAB (linked dynamically). The subject is not watched: it is killed.
set -u
oomlab=$1
if ! command -v valgrind >/dev/null; then
	echo "1..0 # SKIP valgrind is not installed"
	exit 0
fi
if ! "$oomlab" doctor >/dev/null 2>&1; then
	echo "1..0 # SKIP no cage can be made here: oomlab doctor says why"
	exit 0
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
count=0

check() { # check RULE EXPECTED_STATUS ARGUMENT...
	rule=$1
	expected=$2
	shift 2
	count=$((count + 1))
	valgrind --quiet --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
		--error-exitcode=99 --log-file="$directory/%p.log" "$oomlab" "$@" \
		>/dev/null 2>&1 </dev/null &
	# What the lab forks ends with all that it has: only the lab itself is looked at.
	log=$directory/$!.log
	wait $!
	status=$?
	# Old valgrinds do not know every system call that a new kernel has; they say so and go on.
	errors=$(grep -c '^==' "$log")
	if [ "$status" -eq "$expected" ] && [ "$errors" -eq 0 ]; then
		echo "ok $count - $rule"
	else
		echo "not ok $count - $rule (status $status)"
		sed 's/^/# /' "$log" | head -n 40
	fi
}

echo "1..11"
check "a run that ends in an OOM kill leaks nothing in the lab" 0 run --limit=8M
check "a run that survives leaks nothing in the lab" 0 run --limit=8M --gc --format=json
check "many runs leak nothing in the lab" 0 run --limit=8M --repeat=3 --record=/dev/null
check "bad usage leaks nothing" 2 run --limit=abc
check "help leaks nothing" 0 help spike
check "the doctor leaks nothing" 0 doctor
check "a run that its watchdog ends leaks nothing in the lab" 0 run apoptosis --dump="$directory"
check "a program that ends by itself leaks nothing in its lab" 7 cage -- sh -c 'exit 7'
check "nor does one that is killed" 137 cage --limit=12M --report="$directory/report.html" \
	-- dd if=/dev/zero of=/dev/null bs=40M count=1
check "nor one that its watchdog ends" 143 cage --limit=64M --watchdog=20% --dump="$directory" \
	-- sh -c 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; sleep 0.05; done'
check "telling the memory of processes leaks nothing" 0 rss $$
