#!/bin/sh
# http.sh -- Requests a second and the slow ones of oomlab serve, a Go server and a bare one.
#
# Part of run.sh, which sources it; out, build, seconds and status are run.sh's. The servers are
# asked in turn, round after round, by wrk (one thread, 16 connections): first with an idle heap,
# then while another client fills slabs of 20 MiB and lets go of them the whole time. One of them is
# asked or filled at a time. Medians of the rounds, and medians of the ratio in the same round.

http_rounds=3
http_connections=16
http_slab_bytes=20971520
http_limit=128M         # Nothing dies: what is held is one slab, what is garbage another few.
http_requests=1000000   # After so many our own server's memory is read.
http_rss_kib_max=16384
http_ratio_min=6        # Times Go's requests a second.
http_pids=
http_url=

# Also of a bench that was interrupted: each of them removes its cage before it ends.
http_stop() {
	# shellcheck disable=SC2086 # Several.
	[ -z "$http_pids" ] || kill $http_pids 2>/dev/null
	# shellcheck disable=SC2086
	[ -z "$http_pids" ] || wait $http_pids 2>/dev/null
	http_pids=
}

# Starts a server; sets http_url to what it prints of itself, and http_pid.
http_start() { # http_start NAME COMMAND...
	name=$1
	shift
	"$@" >"$out/http-$name.log" 2>&1 &
	http_pid=$!
	http_pids="$http_pids $http_pid"
	tries=0
	while [ $tries -lt 100 ]; do
		http_url=$(grep -o 'http://[0-9.:]*' "$out/http-$name.log" | head -n 1)
		[ -n "$http_url" ] && curl -s -o /dev/null -m 5 "$http_url/stats" && return
		kill -0 $http_pid 2>/dev/null || break
		sleep 0.1
		tries=$((tries + 1))
	done
	cat "$out/http-$name.log" >&2
	say "the $name server does not start: its lines are left out"
	status=1
	return 1
}

# Fills until it is ended; one client for all, so that starting it costs nothing. The number in the
# middle is gone before the path is sent: curl counts it up and takes it out. It tells on stderr,
# which is not kept back until the end.
http_fill() { # http_fill URL
	# The one before may have been ended between adding and letting go.
	curl -s -o /dev/null -m 5 "$1/reset"
	curl -s -o /dev/null -w '%{stderr}%{http_code}\n' \
		"$1/[1-1000000]/../{add,rel}?bytes=$http_slab_bytes" 2>>"$out/http-fill.log" &
	http_fill_pid=$!
	http_pids="$http_pids $http_fill_pid"
}

http_fill_end() {
	kill $http_fill_pid 2>/dev/null
	wait $http_fill_pid 2>/dev/null
	http_pids=${http_pids% "$http_fill_pid"}
	fills=$(grep -c '^200$' "$out/http-fill.log")
	# The last line may be cut short.
	refusals=$(sed '$d' "$out/http-fill.log" | grep -vc '^200$')
	if [ "$fills" -lt 2 ] || [ "$refusals" -gt 0 ]; then
		say "filling: $fills answers were good, $refusals were not"
		status=1
	fi
	rm -f "$out/http-fill.log"
}

# Processor time so far of a process and its children, in ticks of 10 ms: oomlab's heap is a child.
http_ticks() { # http_ticks PID
	for each in $1 $(cat "/proc/$1/task/$1/children"); do
		sed 's/.*) //' "/proc/$each/stat"
	done | awk '{ sum += $12 + $13 } END { print sum + 0 }'
}

# One figure: PHASE, NAME, requests a second, p99 in us, requests, 20 MiB fills a second, processor
# time in us a request.
http_ask() { # http_ask PHASE NAME URL PID
	fills=0
	[ "$1" != idle ] && http_fill "${3%/*}"
	ticks=$(http_ticks "$4")
	wrk -t1 -c$http_connections -d${http_seconds}s --latency "$3" >"$out/wrk.log" 2>&1
	ticks=$(($(http_ticks "$4") - ticks))
	[ "$1" != idle ] && http_fill_end
	if ! grep -q 'requests in' "$out/wrk.log" ||
		grep -qE 'Non-2xx|Socket errors' "$out/wrk.log"; then
		cat "$out/wrk.log" >&2
		say "$2, $1 heap: not every request was answered"
		status=1
		return
	fi
	awk -v phase="$1" -v name="$2" -v fills=$((fills / 2)) -v seconds="$http_seconds" \
		-v ticks=$ticks '
		$1 == "99%" { p99_us = $2 * ($2 ~ /us$/ ? 1 : $2 ~ /ms$/ ? 1e3 : 1e6) }
		/requests in/ { requests = $1 }
		$1 == "Requests/sec:" { rate = $2 }
		END {
			printf "%s\t%s\t%.1f\t%.1f\t%d\t%.1f\t%.3f\n", phase, name, rate, p99_us, requests,
				fills / seconds, ticks * 1e4 / requests
		}' "$out/wrk.log" >>"$out/http-figures"
}

http_round() { # http_round PHASE
	http_ask "$1" "oomlab /stats" "$own_url/stats" "$own_pid"
	[ -n "$go_url" ] && http_ask "$1" "Go /stats" "$go_url/stats" "$go_pid"
	http_ask "$1" "oomlab /metrics" "$own_url/metrics" "$own_pid"
	[ "$1" = idle ] && [ -n "$bare_url" ] &&
		http_ask "$1" "bare library" "$bare_url/stats" "$bare_pid"
}

http_table() { # http_table RSS-KIB
	awk -F '\t' -v rss_kib="$1" -v rss_kib_max=$http_rss_kib_max -v ratio_min=$http_ratio_min '
		function median(list, count,   i, j, swap) {
			for (i = 1; i <= count; i++)
				for (j = i + 1; j <= count; j++)
					if (list[j] < list[i]) { swap = list[i]; list[i] = list[j]; list[j] = swap }
			low = list[1]; high = list[count]
			return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
		}
		function column(figures, phase, name, base,   i, list, count) {
			count = 0
			for (i = 1; i <= rounds[phase, name]; i++)
				if (base == "")
					list[++count] = figures[phase, name, i]
				else if (figures[phase, base, i] > 0)
					list[++count] = figures[phase, name, i] / figures[phase, base, i]
			return count == 0 ? 0 : median(list, count)
		}
		function judge(is_known, holds, text) {
			printf "%-8s %s\n", !is_known ? "unknown" : holds ? "holds" : "missed", text
		}
		{
			i = ++rounds[$1, $2]
			rate[$1, $2, i] = $3; p99[$1, $2, i] = $4; fill[$1, $2, i] = $6; cpu[$1, $2, i] = $7
			if ($2 ~ /^oomlab/) requests += $5
		}
		END {
			phases[1] = "idle"; phases[2] = "filling"
			count = split("oomlab /stats,oomlab /metrics,Go /stats,bare library", names, ",")
			for (p = 1; p <= 2; p++) {
				phase = phases[p]
				printf "%s (%d rounds)\n%-18s %9s %9s %9s %8s %8s %8s %8s   %s\n",
					p == 1 ? "an idle heap" : "while 20 MiB slabs are filled",
					rounds[phase, names[1]], "", "request/s", "min", "max", "p99 us", "p99 max",
					"fill/s", "CPU us", "x Go request/s, p99, CPU"
				for (n = 1; n <= count; n++) {
					if (!rounds[phase, names[n]])
						continue
					middle = column(rate, phase, names[n], "")
					printf "%-18s %9.0f %9.0f %9.0f", names[n], middle, low, high
					middle = column(p99, phase, names[n], "")
					printf " %8.0f %8.0f", middle, high
					printf " %8.1f %8.2f", column(fill, phase, names[n], ""),
						column(cpu, phase, names[n], "")
					if (rounds[phase, "Go /stats"])
						printf "   %6.2f %6.3f %6.3f", column(rate, phase, names[n], "Go /stats"),
							column(p99, phase, names[n], "Go /stats"),
							column(cpu, phase, names[n], "Go /stats")
					print ""
				}
				print ""
			}
			print "Aims for the server, as medians of the ratio in the same round"
			for (p = 1; p <= 2; p++) {
				phase = phases[p]
				more = column(rate, phase, names[1], "Go /stats")
				slower = column(p99, phase, names[1], "Go /stats")
				judge(more > 0, more >= ratio_min, sprintf("%s: at least %d x the requests of Go" \
					" (%.2f)", phase, ratio_min, more))
				judge(slower > 0, slower < 1, sprintf("%s: a lower p99 than that of Go (%.3f x)",
					phase, slower))
			}
			judge(rss_kib > 0, rss_kib < rss_kib_max, sprintf("after %.2f million requests: below" \
				" %d MiB of memory (%.1f)", requests / 1e6, rss_kib_max / 1024, rss_kib / 1024))
		}' "$out/http-figures"
	echo
}

http_own_requests() {
	awk -F '\t' '$2 ~ /^oomlab/ { sum += $5 } END { print sum + 0 }' "$out/http-figures"
}

bench_http() {
	if ! command -v wrk >/dev/null || ! command -v curl >/dev/null; then
		say "no wrk or no curl here (Debian's wrk, curl): the server is not measured"
		status=1
		return
	fi
	http_seconds=$((seconds * 3 / 10))
	[ $http_seconds -gt 0 ] || http_seconds=1
	rm -f "$out/http-figures" "$out/http-fill.log"
	http_start oomlab "$oomlab" serve --listen=127.0.0.1:0 --limit=$http_limit || return
	own_url=$http_url
	own_pid=$http_pid
	go_url=
	[ $has_go = yes ] && compile_go go_serve && http_start Go "$out/go_serve" &&
		go_url=$http_url go_pid=$http_pid
	bare_url=
	compile bare_http bare_http.c -lmicrohttpd && http_start bare "$out/bare_http" &&
		bare_url=$http_url bare_pid=$http_pid
	printf 'Statistics over HTTP, asked for by 16 connections (wrk -t1 -c16).\n\n'
	for phase in idle filling; do
		round=0
		while [ $round -lt $http_rounds ]; do
			http_round $phase
			round=$((round + 1))
		done
	done
	tries=0
	while [ $tries -lt 100 ] && [ "$(http_own_requests)" -lt $http_requests ]; do
		http_ask idle "oomlab, more" "$own_url/stats" "$own_pid"
		tries=$((tries + 1))
	done
	rss_kib=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$own_pid/status")
	http_stop
	http_table "${rss_kib:-0}"
}
