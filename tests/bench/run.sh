#!/bin/sh
# run.sh -- The same work side by side: oomlab's heap, a death in it, its server, and its cage.
#
# Usage: tests/bench/run.sh [BUILD DIRECTORY] [PART], of heap, loads, death, http, compare, pretend,
# cage, cage-v2.
# heap: four workloads (work.h) on oomlab's heap, in Go, with Boehm's collector and, where nothing
# but freeing is asked for, with malloc. loads: what a script of ten lines allocates. death: raw C,
# oomlab and Go at two limits, with 4 KiB and with huge pages. http: oomlab serve and a Go server
# (http.sh). compare: several runs at a time (compare.sh). pretend: the pretend world beside the
# real one (pretend.sh). cage: other programs in a cage, what sampling costs, the watchdog
# (cage.sh). cage-v2, which is never among all: the watchdog on version 2 of control groups, in a
# virtual machine (tests/vm). All, unless one is named. Prints a table for each and then which aims
# hold. It is no timed test: a missed aim is a finding, and the exit status is 1 only if something
# could not be run. Peers that are not installed are left out. BENCH_SECONDS (10) bounds each of
# the tables; that of the graph, long to build, twice so, that of the program of a second three
# times. A server is asked for three tenths of it at a time, 21 times; the watchdog has as many
# trials of each kind, which takes about eight times as many seconds.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=${1:-build}
part=${2:-all}
seconds=${BENCH_SECONDS:-10}
out=$build/bench
status=0

# shellcheck source=tests/bench/http.sh
. "$here/http.sh"
# shellcheck source=tests/bench/cage.sh
. "$here/cage.sh"

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
trap 'http_stop; remove_groups' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
build=$(cd "$build" && pwd)
oomlab=$build/oomlab

compile() { # compile PROGRAM SOURCE... [OPTION...]
	program=$1
	shift
	(cd "$here" && ${CC:-cc} -O2 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter \
		-o "$out/$program" "$@") && return
	say "cannot compile $program"
	return 1
}

compile_go() { # compile_go PROGRAM
	(cd "$here/$1" && GOCACHE=$out/go-cache GOPATH=$out/go GOFLAGS=-mod=mod GOPROXY=off \
		GOTOOLCHAIN=local CGO_ENABLED=0 go build -o "$out/$1" .) && return
	say "the Go program $1 does not build: its lines are left out"
	status=1
	return 1
}

table() { # table TITLE PAIRS-OPTION... NAME COMMAND... [, NAME COMMAND...]
	title=$1
	shift
	"$out/pairs" --title="$title" --figures="$out/figures" "$@" || status=1
	echo
}

rm -f "$out/figures"
compile pairs pairs.c || exit 1
has_go=yes
if ! command -v go >/dev/null; then
	say "no Go here (Debian's golang-go): its lines are left out"
	has_go=no
fi
# Go's own settings must be the defaults, and so must be the others', whatever this shell has.
unset GOGC GOMEMLIMIT GODEBUG GOMAXPROCS MALLOC_ARENA_MAX GLIBC_TUNABLES

work_table() { # work_table WORK SECONDS TITLE
	work=$1
	seconds_max=$2
	title=$3
	set -- oomlab "$build/oomlab-work" "$work"
	[ $has_go_work = yes ] && set -- "$@" , Go "$out/go_work" "$work"
	[ $has_boehm = yes ] && set -- "$@" , Boehm "$out/boehm_work" "$work"
	case $work in
	churn | slabs)
		set -- "$@" , glibc "$out/malloc_work" "$work"
		[ $has_mimalloc = yes ] && set -- "$@" , mimalloc "$out/mimalloc_work" "$work"
		;;
	graph) set -- "$@" , "a bare loop" "$out/malloc_work" graph ;;
	esac
	table "$title" --work=1 --rounds=20 --warm-up=0 --seconds="$seconds_max" "$@"
}

bench_heap() {
	if ! ninja -C "$build" oomlab-work >"$out/ninja.log" 2>&1; then
		cat "$out/ninja.log" >&2
		say "cannot build oomlab-work: the heap is not measured"
		status=1
		return
	fi
	compile malloc_work malloc_work.c work.c || status=1
	has_boehm=no
	if ! pkg-config --exists bdw-gc; then
		say "no Boehm collector here (Debian's libgc-dev): its lines are left out"
	elif # shellcheck disable=SC2046 # Words.
		compile boehm_work boehm_work.c work.c $(pkg-config --cflags --libs bdw-gc); then
		has_boehm=yes
	else
		status=1
	fi
	has_mimalloc=no
	if ! printf '#include <mimalloc.h>\n' | ${CC:-cc} -E - >/dev/null 2>&1; then
		say "no mimalloc here (Debian's libmimalloc-dev): its lines are left out"
	elif compile mimalloc_work -DWORK_MIMALLOC malloc_work.c work.c -lmimalloc; then
		has_mimalloc=yes
	else
		status=1
	fi
	has_go_work=no
	[ $has_go = yes ] && compile_go go_work && has_go_work=yes
	printf 'The same work on several heaps: processor time, of all threads.\n\n'
	work_table churn "$seconds" "small objects, 1.6 MB of them live"
	work_table trees "$seconds" "binary trees"
	work_table slabs "$seconds" "slabs of 64 KiB to 16 MiB, eight live"
	work_table graph $((2 * seconds)) "marking 10 million nodes"
}

# A second's objects, best of three: the others are what else the machine did.
bench_loads() {
	for trial in 1 2 3; do
		"$oomlab" run "$here/loads.lua" >"$out/loads-$trial" 2>&1 || {
			say "loads.lua: $(tail -n 1 "$out/loads-$trial")"
			status=1
			return
		}
	done
	printf 'Bulk work that a script orders in one line: millions of objects a second.\n\n'
	sed -n 's/^ *load: //p' "$out"/loads-[123] | awk '
		{ name = substr($0, 1, 26); value = substr($0, 27) + 0 }
		!(name in best) { order[++count] = name }
		(value > best[name]) { best[name] = value }
		END {
			for (i = 1; i <= count; i++)
				printf "%s %6.1f\n", order[i], best[order[i]]
			verdict = (best[order[1]] >= 30) ? "holds" : "missed"
			printf "\n%-8s objects of 64 bytes: at least 30 million a second\n", verdict
		}'
}

bench_death() {
	compile raw_spike raw_spike.c || exit 1
	[ -x "$oomlab" ] || say "there is no $build/oomlab: its line will say failed (make build)"
	has_go_spike=no
	[ $has_go = yes ] && compile_go go_spike && has_go_spike=yes
	printf 'Touch nine tenths of a limit, then a tenth more, and die: from spawn to reaped.\n\n'
	for mib in 32 4; do
		for pages in "4 KiB" huge; do
			bytes=$((mib * 1048576))
			option=
			[ "$pages" = huge ] && option=--huge-pages
			# shellcheck disable=SC2086 # No word, or one.
			set -- "raw C" "$out/raw_spike" $bytes $option \
				, oomlab "$oomlab" run --limit=$bytes --quiet $option
			# shellcheck disable=SC2086
			[ $has_go_spike = yes ] && set -- "$@" , Go "$out/go_spike" $bytes $option
			table "$mib MiB, $pages pages" --rounds=200 --warm-up=3 --seconds="$seconds" "$@"
		done
	done
}

case $part in all | heap) bench_heap ;; esac
case $part in all | loads) bench_loads ;; esac
case $part in all | death) bench_death ;; esac
case $part in all | http) bench_http ;; esac
case $part in all | compare) "$here/compare.sh" "$oomlab" $((seconds / 3 + 1)) || status=1 ;; esac
case $part in all | pretend) "$here/pretend.sh" "$oomlab" $((seconds / 3 + 1)) || status=1 ;; esac
case $part in all | cage) bench_cage ;; esac
[ "$part" != cage-v2 ] || bench_cage_v2
case $part in loads | http | compare | pretend | cage*) exit $status ;; esac

awk -F '\t' -v part="$part" '
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
	# The ratios of a heap table are to oomlab: turned round, they are what it costs beside others.
	function heap_aim(title, other, factor) {
		value = ratio[title, other]
		what = factor == 1 ? "ahead of " other : sprintf("at most %.1f x %s", factor, other)
		judge(title, what, value > 0, value > 0 ? 1 / value : 0, factor)
	}
	function collector_aims(title) {
		heap_aim(title, "Go", 1)
		heap_aim(title, "Boehm", 1)
	}
	{ ratio[$1, $2] = $5 }
	END {
		if (part != "death") {
			print "Aims for the heap, as medians of the ratio of CPU time in the same round"
			churn = "small objects, 1.6 MB of them live"
			collector_aims(churn)
			heap_aim(churn, "mimalloc", 1.5)
			collector_aims("binary trees")
			collector_aims("slabs of 64 KiB to 16 MiB, eight live")
			collector_aims("marking 10 million nodes")
		}
		if (part == "all")
			print ""
		if (part != "heap") {
			print "Aims for a death, as medians of the ratio to raw C in the same round"
			aim("32 MiB, 4 KiB pages", 1.2)
			aim("32 MiB, huge pages", 0)
			aim("4 MiB, 4 KiB pages", 1.6)
			aim("4 MiB, huge pages", 0)
		}
	}' "$out/figures"
exit $status
