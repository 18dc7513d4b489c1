#!/bin/sh
# run.sh -- The same death four ways: what oomlab adds to the kernel's own cost, and Go's beside it.
#
# Usage: tests/bench/run.sh [BUILD DIRECTORY]
# Runs raw C, oomlab and Go in turn at two limits, with 4 KiB and with huge pages, prints a table
# for each and then which aims hold. It is no timed test: a missed aim is a finding, and the exit
# status is 1 only if something could not be run. Without Go that column is left out.
# BENCH_SECONDS (10) bounds each of the four tables.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=${1:-build}
seconds=${BENCH_SECONDS:-10}
out=$build/bench
status=0

say() {
	printf 'oomlab: %s\n' "$*" >&2
}

# Of a bench that was interrupted. What still ran in them dies with its parent, soon.
# shellcheck disable=SC2317 # Called by the trap.
remove_groups() {
	for group in /sys/fs/cgroup/memory/oomlab-bench-* /sys/fs/cgroup/oomlab-bench-*; do
		[ -d "$group" ] || continue
		rmdir "$group" 2>/dev/null || { sleep 0.5 && rmdir "$group"; }
	done
}
trap remove_groups EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
oomlab=$(cd "$build" && pwd)/oomlab
for program in raw_spike pairs; do
	if ! ${CC:-cc} -O2 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter \
		-o "$out/$program" "$here/$program.c"; then
		say "cannot compile tests/bench/$program.c"
		exit 1
	fi
done
[ -x "$oomlab" ] || say "there is no $build/oomlab: its line will say failed (make build)"

has_go=no
if ! command -v go >/dev/null; then
	say "no Go here (Debian's golang-go): its line is left out"
elif (cd "$here/go_spike" && GOCACHE=$out/go-cache GOPATH=$out/go GOFLAGS=-mod=mod GOPROXY=off \
	GOTOOLCHAIN=local CGO_ENABLED=0 go build -o "$out/go_spike" .); then
	has_go=yes
else
	say "the Go program does not build: its line is left out"
	status=1
fi

rm -f "$out/figures"
table() { # table TITLE NAME COMMAND... [, NAME COMMAND...]
	title=$1
	shift
	"$out/pairs" --title="$title" --rounds=200 --warm-up=3 --seconds="$seconds" \
		--figures="$out/figures" "$@" || status=1
	echo
}

# Go's own settings must be the defaults, whatever this shell has.
unset GOGC GOMEMLIMIT GODEBUG
printf 'Touch nine tenths of a limit, then a tenth more, and die: time from spawn to reaped.\n\n'
for mib in 32 4; do
	for pages in "4 KiB" huge; do
		# shellcheck disable=SC2086 # No word, or one.
		{
			bytes=$((mib * 1048576))
			option=
			[ "$pages" = huge ] && option=--huge-pages
			set -- "raw C" "$out/raw_spike" $bytes $option \
				, oomlab "$oomlab" run --limit=$bytes --quiet $option
			if [ $has_go = yes ]; then
				set -- "$@" , Go "$out/go_spike" $bytes $option
			fi
		}
		table "$mib MiB, $pages pages" "$@"
	done
done

awk -F '\t' '
	function judge(title, what, is_known, own, other) {
		verdict = !is_known ? "unknown" : own <= other ? "holds" : "missed"
		printf "%-8s %s: %s", verdict, title, what
		if (is_known)
			printf " (%.2f against %.2f)", own, other
		print ""
	}
	function aim(title, ratio_max) {
		own = ratio[title, "oomlab"]
		if (ratio_max > 0)
			judge(title, sprintf("at most %.1f x raw C", ratio_max), own > 0, own, ratio_max)
		go = ratio[title, "Go"]
		judge(title, "faster than Go", own > 0 && go > 0, own, go)
	}
	{ ratio[$1, $2] = $5 }
	END {
		print "Aims for oomlab, as medians of the ratio to raw C in the same round"
		aim("32 MiB, 4 KiB pages", 1.2)
		aim("32 MiB, huge pages", 0)
		aim("4 MiB, 4 KiB pages", 1.6)
		aim("4 MiB, huge pages", 0)
	}' "$out/figures"
exit $status
