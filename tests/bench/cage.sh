#!/bin/sh
# cage.sh -- What a cage costs: beside nothing, cgexec and systemd-run; of sampling; how late it is.
#
# Part of run.sh, which sources it; out, here, build, seconds and status are run.sh's. Programs are
# run in turn by pairs.c. What the lab itself takes of a processor while it samples is read from its
# schedstat, in ns, since much of it would fall between the ticks that other counters count. The
# watchdog is watchdog.sh's.
# shellcheck disable=SC2154 # What run.sh has set.

cage_limit=134217728  # 128 MiB: twice what the program of a second takes.
cage_bare_max=1.5     # Times the bare C program, on `true`.
cage_second_max=1.01  # Times plain, on the program of one second.
cage_sample_max=2     # Percent of a processor at 1 kHz.

# The files of the hierarchy that has memory.
cage_limit_settings() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		echo "-r memory.max=$cage_limit -r memory.swap.max=0"
	elif [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]; then
		echo "-r memory.limit_in_bytes=$cage_limit -r memory.memsw.limit_in_bytes=$cage_limit"
	else
		echo "-r memory.limit_in_bytes=$cage_limit"
	fi
}

# Prints the command line of one cage by cgroup-tools, made and removed: for sh -c, with "$@".
cage_by_tools() {
	group=memory:oomlab-bench-tools
	printf 'cgcreate -g %s && cgset %s %s && cgexec -g %s "$@"; status=$?; cgdelete -g %s' \
		$group "$(cage_limit_settings)" ${group#*:} $group $group
	# shellcheck disable=SC2016 # The inner shell's.
	printf '; exit $status'
}

# Sets has_tools and has_systemd.
cage_others() {
	has_tools=no
	if ! command -v cgexec >/dev/null; then
		say "no cgexec here (Debian's cgroup-tools): its lines are left out"
	elif ! sh -c "$(cage_by_tools)" sh true 2>"$out/cgexec.log"; then
		say "cgexec does not work here: $(tail -n 1 "$out/cgexec.log")"
	else
		has_tools=yes
	fi
	has_systemd=no
	if ! command -v systemd-run >/dev/null; then
		say "no systemd-run here: its lines are left out"
	elif ! systemd-run --scope -q -p MemoryMax=$cage_limit true 2>"$out/systemd.log"; then
		say "systemd-run does not run here: $(head -n 1 "$out/systemd.log")"
	else
		has_systemd=yes
	fi
}

cage_table() { # cage_table TITLE SECONDS FIRST COMMAND...: FIRST is raw or plain
	title=$1
	seconds_max=$2
	first=$3
	shift 3
	record=$out/cage-record.jsonl
	command_words=$*
	set --
	# shellcheck disable=SC2086 # Words, here and below.
	[ "$first" = raw ] && set -- "bare C" "$out/raw_cage" $cage_limit --run $command_words ,
	# shellcheck disable=SC2086
	set -- "$@" "plain" $command_words \
		, "oomlab cage" "$oomlab" cage -q --limit=$cage_limit -- $command_words \
		, "with --record" "$oomlab" cage -q --limit=$cage_limit --record="$record" -- $command_words
	# What a ratio of 1 looks like on this machine.
	# shellcheck disable=SC2086
	[ "$first" = plain ] && set -- "$@" , "plain again" $command_words
	# shellcheck disable=SC2086
	[ $has_tools = yes ] &&
		set -- "$@" , "cgexec, group there" cgexec -g memory:oomlab-bench-there $command_words
	# shellcheck disable=SC2086
	[ $has_tools = yes ] && [ "$first" = raw ] &&
		set -- "$@" , "cgcreate..cgdelete" sh -c "$(cage_by_tools)" sh $command_words
	# shellcheck disable=SC2086
	[ $has_systemd = yes ] &&
		set -- "$@" , "systemd-run --scope" systemd-run --scope -q -p MemoryMax=$cage_limit \
			$command_words
	table "$title" --rounds=500 --warm-up=1 --seconds="$seconds_max" "$@"
	rm -f "$record"
}

# Percent of a processor that the lab takes while it samples.
cage_sampling() { # cage_sampling PERIOD COMMAND...
	period=$1
	shift
	"$oomlab" cage -q --limit=$cage_limit --sample-period="$period" -- "$@" 2>/dev/null >&2 &
	lab_pid=$!
	sleep 0.3
	{
		cat "/proc/$lab_pid/schedstat" /proc/uptime
		sleep "$cage_sample_seconds"
		cat "/proc/$lab_pid/schedstat" /proc/uptime
	} | awk '
		{ value[NR] = $1 }
		END { if (NR == 4) printf "%.2f\n", (value[3] - value[1]) / (value[4] - value[2]) / 1e7 }'
	kill $lab_pid
	wait $lab_pid
}

cage_sampling_table() {
	printf 'the lab while it samples: percent of one processor (%d s each)\n' \
		"$cage_sample_seconds"
	printf '%-12s %12s %12s %14s\n' "every" "asleep" "busy" "a bare clock"
	: >"$out/cage-sampling"
	for period_us in 10000 1000 100; do
		asleep=$(cage_sampling ${period_us}us sleep 600)
		busy=$(cage_sampling ${period_us}us "$out/cage_load" work 600)
		tick=$("$out/cage_load" tick $period_us "$cage_sample_seconds")
		printf '%-12s %12s %12s %14s\n' "$period_us us" "$asleep" "$busy" "$tick"
		echo "$period_us $asleep $busy $tick" >>"$out/cage-sampling"
	done
	echo
}

cage_aims() {
	echo "Aims for the cage, as medians of the ratio in the same round"
	awk -F '\t' -v bare_max=$cage_bare_max -v second_max=$cage_second_max '
		function judge(is_known, holds, text) {
			printf "%-8s %s\n", !is_known ? "unknown" : holds ? "holds" : "missed", text
		}
		function beside(title, other,   own, theirs, figures) {
			own = ratio[title, "oomlab cage"]
			theirs = ratio[title, other]
			figures = ", which does not run here"
			if (theirs > 0)
				figures = sprintf(" (%.2f against %.2f)", own, theirs)
			judge(own > 0 && theirs > 0, own < theirs, title ": less than " other figures)
		}
		{ ratio[$1, $2] = $5 }
		END {
			own = ratio["true", "oomlab cage"]
			judge(own > 0, own <= bare_max,
				sprintf("true: at most %.1f x bare C (%.2f)", bare_max, own))
			beside("true", "cgcreate..cgdelete")
			beside("true", "systemd-run --scope")
			own = ratio["a program of 1 s", "oomlab cage"]
			judge(own > 0, own <= second_max,
				sprintf("a program of 1 s: at most %.2f x plain (%.3f; plain itself %.3f)",
					second_max, own, ratio["a program of 1 s", "plain again"]))
		}' "$out/figures"
	awk -v sample_max=$cage_sample_max '
		$1 == 1000 {
			is_held = $2 < sample_max && $3 < sample_max
			printf "%-8s samples at 1 kHz: less than %.0f %% of a processor", \
				is_held ? "holds" : "missed", sample_max
			printf " (%.2f asleep, %.2f busy; a bare clock %.2f)\n", $2, $3, $4
		}' "$out/cage-sampling"
	echo
}

bench_cage() {
	if [ ! -x "$oomlab" ]; then
		say "there is no $build/oomlab: the cage is not measured (make build)"
		status=1
		return
	fi
	compile raw_cage raw_spike.c -static && compile cage_load cage_load.c -static || exit 1
	cage_sample_seconds=$((seconds / 4))
	[ $cage_sample_seconds -gt 0 ] || cage_sample_seconds=1
	cage_others
	if [ $has_tools = yes ]; then
		cgcreate -g memory:oomlab-bench-there
		# shellcheck disable=SC2046 # Words.
		cgset $(cage_limit_settings) oomlab-bench-there
	fi
	printf 'A command in a cage: from spawn to reaped.\n\n'
	cage_table "true" "$seconds" raw true
	cage_table "a program of 1 s" $((3 * seconds)) plain "$out/cage_load" work
	[ $has_tools = yes ] && cgdelete -g memory:oomlab-bench-there
	cage_sampling_table
	cage_aims
	printf 'The watchdog: %d programs of each kind.\n\n' "$seconds"
	"$here/watchdog.sh" "$oomlab" "$out/cage_load" "$out" "$seconds" || status=1
}

# The watchdog where memory.high holds a program back: in a virtual machine, which is slow.
bench_cage_v2() {
	compile cage_load cage_load.c -static || exit 1
	"$here/../vm/run-world.sh" v2-bench "$build" >"$out/v2.tap" || status=1
	sed -n 's/^# \{0,1\}//p' "$out/v2.tap"
	grep '^not ok\|SKIP' "$out/v2.tap" && status=1
}
