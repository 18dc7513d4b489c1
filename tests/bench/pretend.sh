#!/bin/sh
# pretend.sh -- How fast the pretend world is beside the real one, and what it takes for large ones.
#
# Usage: tests/bench/pretend.sh OOMLAB [ROUNDS]
# The spike at 1 GiB: real runs and pretend ones in turns, ROUNDS (5) times, by the run (a series in
# one program) and by the command (each its own program, its start included); of each the fastest
# counts, since everything else that the machine does only ever adds. Then a spike in a tebibyte and
# a hundred million objects. The aims: by the run 500 times as fast; 2 s and 64 MiB; 30 s. A missed
# aim is a finding, not a failure.
set -u

oomlab=$1
rounds=${2:-5}
scripts=$(mktemp -d) || exit 1
trap 'rm -rf "$scripts"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cat >"$scripts/churn.lua" <<'END'
-- churn.lua -- A hundred million objects of 64 bytes, 1 MiB of them kept.
local lab = require "lab"
return lab.scenario {
	title = "A hundred million objects",
	limit = 64 * lab.MiB,
	program = function (heap)
		heap:churn { objects = 100000000, size = 64, live = "1M" }
	end,
}
END

now_us() {
	echo $(($(date +%s%N) / 1000))
}

# Microseconds that a command takes; what it says is of no interest, that it works is.
time_us() {
	begin=$(now_us)
	"$@" >/dev/null || exit 1
	echo $(($(now_us) - begin))
}

least() { # least A B: the smaller; A may be nothing yet
	if [ -z "$1" ] || [ "$2" -lt "$1" ]; then echo "$2"; else echo "$1"; fi
}

spike() { # spike WORLD OPTION...
	world=$1
	shift
	time_us "$oomlab" run spike -q --limit=1GiB --world="$world" "$@"
}

real_run= real_command= pretend_run= pretend_command=
while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	real_run=$(least "$real_run" $(($(spike real --repeat=3) / 3)))
	pretend_run=$(least "$pretend_run" $(($(spike pretend --repeat=1000) / 1000)))
	real_command=$(least "$real_command" "$(spike real)")
	pretend_command=$(least "$pretend_command" "$(spike pretend)")
done
ratio() {
	printf 'spike at 1 GiB, %s: real %d us, pretend %d us: %d times as fast%s\n' \
		"$1" "$2" "$3" $(($2 / $3)) "$4"
}
ratio "by the run" "$real_run" "$pretend_run" " (aim: 500)"
ratio "by the command" "$real_command" "$pretend_command" ""
start_us=$(time_us "$oomlab" --version)
for _ in 1 2 3 4 5 6 7 8 9; do start_us=$(least "$start_us" "$(time_us "$oomlab" --version)"); done
echo "starting a program that does nothing (oomlab --version): $start_us us"

for option in --no-gc --gc; do
	env time -f "spike at 1 TiB, $option: %e s, %M KiB (aim: 2 s, 65536 KiB)" \
		"$oomlab" run spike -q --limit=1TiB --world=pretend $option 2>&1 >/dev/null
done
echo "100 million objects in the pretend world:" \
	"$(($(time_us "$oomlab" run -q --world=pretend "$scripts/churn.lua") / 1000)) ms (aim: 30000)"
