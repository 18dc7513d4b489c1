#!/bin/busybox sh
# init.sh -- The first process of a virtual machine: makes the world, runs its tests, powers off.
#
# world.sh, beside it in the image, sets `hierarchy` and defines world_tests(), which uses the
# functions below. TAP goes to the second serial port, where the kernel does not talk.
set -u
export PATH=/bin:/opt HOME=/tmp TERM=dumb NO_COLOR=1
/bin/busybox --install -s /bin

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
stty -F /dev/ttyS1 raw
exec 3>/dev/ttyS1
printf 'root:x:0:0::/tmp:/bin/sh\nguest:x:1000:1000::/tmp:/bin/sh\n' >/etc/passwd
printf 'root:x:0:\nguest:x:1000:\n' >/etc/group
chmod 1777 /tmp

cgroups=/sys/fs/cgroup
test_count=0
lab_timeout_s=100

# ---- Saying what is so ----

say_result() { # say_result "ok|not ok" SENTENCE
	test_count=$((test_count + 1))
	echo "$1 $test_count - $2" >&3
}

# check SENTENCE COMMAND...: one test; it passes when the command's status is 0.
check() {
	sentence=$1
	shift
	if "$@" >/tmp/check.output 2>&1; then
		say_result ok "$sentence"
	else
		say_result "not ok" "$sentence"
		{
			echo "failed: $*"
			head -c 2000 /tmp/check.output
			echo
			echo "status of the last lab: ${lab_status:-none}"
			head -c 3000 /tmp/lab.stdout
			echo
			head -c 3000 /tmp/lab.stderr
			echo
			tail -n 3 /tmp/wget.stderr
		} 2>/dev/null | sed 's/^/# /' >&3
	fi
}

skip() { # skip SENTENCE REASON
	say_result ok "$1 # SKIP $2"
}

# ---- Running the lab ----

# lab ARGUMENT...: runs oomlab; leaves its output for the functions below.
lab() {
	lab_status=0
	timeout -k 5 "$lab_timeout_s" oomlab "$@" \
		>/tmp/lab.stdout 2>/tmp/lab.stderr </dev/null || lab_status=$?
}

# lab_as_guest PREFIX ARGUMENT...: the same as user 1000, after the shell command PREFIX.
lab_as_guest() {
	prefix=$1
	shift
	lab_status=0
	timeout -k 5 "$lab_timeout_s" sh -c "$prefix; exec su guest -c 'exec oomlab $*'" \
		>/tmp/lab.stdout 2>/tmp/lab.stderr </dev/null || lab_status=$?
}

status_is() {
	[ "$lab_status" -eq "$1" ]
}

# json_has '"key":value': the JSON on stdout, white space aside, holds the text.
json_has() {
	tr -d ' \n\t' </tmp/lab.stdout | grep -F -e "$1"
}

json_number() { # json_number KEY: the first number of that key
	tr -d ' \n\t' </tmp/lab.stdout | sed -n "s/.*\"$1\":\([0-9]*\)[,}].*/\1/p"
}

number_is_at_most() { # number_is_at_most KEY MAXIMUM
	number=$(json_number "$1")
	[ -n "$number" ] && [ "$number" -le "$2" ]
}

outcome_is() {
	status_is 0 && json_has "\"outcome\":\"$1\""
}

stderr_says() {
	grep -i -E -e "$1" /tmp/lab.stderr
}

output_says() {
	cat /tmp/lab.stdout /tmp/lab.stderr | grep -i -E -e "$1"
}

# ---- Facts about the machine ----

swap_used_kib() {
	awk '/^SwapTotal:/ { total = $2 } /^SwapFree:/ { free = $2 } END { print total - free }' \
		/proc/meminfo
}

pages_swapped_out() {
	awk '$1 == "pswpout" { print $2 }' /proc/vmstat
}

no_group_is_left() {
	! find $cgroups -type d -name 'oomlab*' | grep .
}

no_process_is_left() {
	! ls -l /proc/*/exe 2>/dev/null | grep '/opt/oomlab'
}

kernel_is_content() {
	! dmesg | sed '1,/oomlab: the tests begin/d' | grep -E 'BUG|WARNING|Oops|soft lockup|hung task'
}

# ---- A server, and what it answers ----

# serve ARGUMENT...: starts one, and waits until it answers.
serve() {
	ifconfig lo 127.0.0.1 up
	oomlab serve --listen=127.0.0.1:1112 "$@" >/tmp/lab.stdout 2>/tmp/lab.stderr </dev/null &
	server_pid=$!
	for _ in $(seq 100); do
		get /healthz && return
		kill -0 "$server_pid" 2>/dev/null || break
		usleep 100000
	done
}

get() { # get PATH: the answer in /tmp/answer; what is no 200 makes wget say so, and fail
	timeout 20 wget -q -O /tmp/answer "http://127.0.0.1:1112$1" 2>/tmp/wget.stderr
}

answer_has() {
	grep -F -e "$1" /tmp/answer
}

is_refused_with() { # is_refused_with STATUS PATH
	! get "$2" && grep "$1" /tmp/wget.stderr
}

end_server() {
	kill "$server_pid"
	lab_status=0
	wait "$server_pid" || lab_status=$?
}

serve_tests() {
	serve
	check "serve: a slab is added" get '/add?bytes=20M'
	check "serve: the answer is the original's" answer_has 'added:  20971520'
	check "serve: the second slab overflows the cage: 507" is_refused_with 507 '/add?bytes=20M'
	check "serve: the next request meets a fresh heap" get /stats
	check "serve: which is empty" answer_has 'heap alloc: 0'
	check "serve: its lives are told" get /lives
	check "serve: the kernel's kill is told" answer_has '"outcome":"oom-killed"'
	check "serve: and whose limit it was" answer_has 'limit: own'
	end_server
	check "serve: it ends in good order" status_is 0
	check "serve: no control group is left" no_group_is_left
}

# ---- Other people's programs in a cage ----

killed_in_cage_tests() {
	lab cage --format=json --limit=20M -- dd if=/dev/zero of=/dev/null bs=40M count=1
	check "cage: a program is killed at the limit" json_has '"outcome":"oom-killed"'
	check "cage: the kernel counted one kill" json_has '"oom_kill_delta":1'
	check "cage: its status is a killed one's" status_is 137
}

shut_down_in_cage_tests() {
	lab cage --format=json --limit=64M --watchdog=50% --dump=/tmp -- \
		sh -c 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; sleep 0.1; done'
	check "cage: its watchdog ends it in time" json_has '"outcome":"shut-down"'
	check "cage: by the kernel's notice" json_has '"way":"notice"'
	check "cage: and leaves behind what it knows" \
		eval '[ -s "$(ls -d /tmp/oomlab-sh-*)/memory.stat" ]'
	rm -rf /tmp/oomlab-sh-*
}

cage_tests() {
	lab cage --format=json -- sh -c 'exit 7'
	check "cage: the exit status is passed on" status_is 7
	check "cage: who ends by itself survived" json_has '"outcome":"survived"'
	killed_in_cage_tests
	check "cage: by name" json_has '"name":"dd"'
	check "cage: usage never went above the limit" number_is_at_most cage_peak_bytes 20971520
	lab cage --format=json --limit=20M -- \
		sh -c 'dd if=/dev/zero of=/dev/null bs=40M count=1; exit 3'
	check "cage: a child is killed, the command lives on" \
		json_has '"is_command_oom_killed":false'
	check "cage: which is a kill all the same" json_has '"outcome":"oom-killed"'
	lab cage --format=json --timeout=1 -- sleep 60
	check "cage: a time limit" json_has '"outcome":"timed-out"'
	shut_down_in_cage_tests
	recipe_tests
}

# A lab in a cage makes its cage inside: the outer limit is the one that is met.
recipe_tests() {
	ifconfig lo 127.0.0.1 up
	oomlab cage --format=json --limit=100000000 -- oomlab serve recipe --quiet \
		>/tmp/lab.stdout 2>/tmp/lab.stderr </dev/null &
	server_pid=$!
	for _ in $(seq 100); do
		timeout 5 wget -q -O /tmp/answer http://127.0.0.1:8080/ping 2>/dev/null && break
		usleep 100000
	done
	for _ in 1 2 3 4 5; do
		timeout 20 wget -q -O /dev/null http://127.0.0.1:8080/generate-load/memory 2>/dev/null
	done
	end_server
	check "cage: the recipe's service is killed" json_has '"outcome":"oom-killed"'
	check "cage: at its limit, in whole pages" json_has '"cage_peak_bytes":99999744'
	check "cage: the report names the process" json_has '"name":"oomlab-subject"'
	check "cage: the service itself ended in good order" status_is 0
}

# ---- What every world that can run a cage is asked ----

spike_tests() { # spike_tests MODE MEMORY_VERSION
	lab run --format=json
	check "the default run is killed at its limit" outcome_is oom-killed
	check "the kernel counted one kill" json_has '"oom_kill_delta":1'
	check "the limit was the cage's own" json_has '"limited_by":"own"'
	check "the report calls the machine $1" json_has "\"mode\":\"$1\""
	check "the second allocation was the last word" json_has '"request_bytes":3355443'
	check "usage never went above the limit" number_is_at_most cage_peak_bytes 33554432
	check "less than 1 MiB was charged before the first allocation" \
		number_is_at_most baseline_bytes 1048575
	lab run --gc --format=json
	check "a collection before the second allocation saves it" outcome_is survived
	lab run --memlimit=90% --format=json
	check "a memory limit of 90% saves it" outcome_is survived
	lab run --collector=concurrent --format=json
	check "with threads it is killed too" outcome_is oom-killed
	lab run --collector=concurrent --gc --format=json
	check "with threads a collection saves it too" outcome_is survived
	lab run --policy=last-resort --format=json
	check "a policy that collects in time saves it" outcome_is survived
	lab run --limit=4MiB --format=json
	check "a cage of 4 MiB works" status_is 0
	lab run --limit=64MiB --format=json
	check "64 MiB: killed too" outcome_is oom-killed
	lab doctor
	check "the doctor is content" status_is 0
	lab run --limit=nonsense
	check "a bad limit is a usage error" status_is 2
	serve_tests
	cage_tests
}

# ---- What every world with groups is asked about those that are not the lab's ----

# group_tests DIRECTORY PATH LIMIT_FILE: a group made by hand, and this shell's child in it.
group_tests() {
	mkdir "$1"
	echo 33554432 >"$1/$3"
	sh -c "echo 0 >$1/cgroup.procs && exec sleep 1000" &
	sleeper_pid=$!
	until grep -q "^$sleeper_pid\$" "$1/cgroup.procs"; do usleep 10000; done
	lab rss $$ --format=json
	check "rss tells this shell" json_has '"schema":"oomlab.rss/1"'
	lab rss $$
	check "and what the top of the hierarchy is" output_says 'top of the hierarchy'
	lab rss $sleeper_pid --format=json
	check "rss finds the group of a process" json_has "\"path\":\"$2\""
	check "its limit" json_has '"own_limit_bytes":33554432'
	check "and its usage is told apart from the RSS" eval '! json_has "\"differences\":null"'
	lab rss $sleeper_pid
	check "in words, as a sum" output_says 'MiB: usage of the group|KiB: usage of the group'
	lab rss $sleeper_pid 4000000
	check "a process that is not there is said so" stderr_says 'there is no process 4000000'
	check "with status 1" status_is 1
	lab watch --count=2 --every=50ms "$2"
	check "watch shows the group" output_says '(KiB|MiB)  peak .*limit 32.0 MiB|limit 32.0 MiB'
	lab watch --count=2 --every=50ms --format=json $sleeper_pid
	check "watch finds it by its process" json_has "\"path\":\"$2\",\"is_kept\":false"
	sh -c "sleep 1; echo 0 >$1/cgroup.procs; exec dd if=/dev/zero of=/dev/null bs=64M count=1" &
	(sleep 3; kill $sleeper_pid) &
	lab watch --every=50ms $sleeper_pid
	check "watch marks a kill" output_says 'one OOM kill'
	check "and ends with the process" output_says "process $sleeper_pid has ended"
	check "with status 0" status_is 0
	wait $sleeper_pid
	rmdir "$1"
	lab watch
	check "where no lab runs there is no cage to watch" output_says 'no lab has a cage now'
	check "which is no failure" status_is 0
}

# ---- What a world with a swap device is asked ----

# A cage by hand without a swap limit, to see that this machine does swap and that the tests would
# notice.
swaps_without_the_lab() { # swaps_without_the_lab CONTROL_GROUP LIMIT_FILE
	mkdir "$1"
	echo 33554432 >"$1/$2"
	swapped_pages=$(pages_swapped_out)
	sh -c "echo \$\$ >$1/cgroup.procs && dd if=/dev/zero of=/dev/null bs=60M count=1"
	rmdir "$1"
	[ "$(pages_swapped_out)" -gt "$swapped_pages" ]
}

swap_was_not_touched() {
	[ "$(pages_swapped_out)" -eq "$swapped_pages" ] && [ "$(swap_used_kib)" -eq "$used_kib" ]
}

swap_tests() { # swap_tests CONTROL_GROUP LIMIT_FILE
	if [ ! -b /dev/nvme0n1 ]; then
		skip "swap" "this kernel has no driver for the machine's disk"
		return
	fi
	check "the machine swaps where nobody forbids it" swaps_without_the_lab "$1" "$2"
	used_kib=$(swap_used_kib)
	swapped_pages=$(pages_swapped_out)
	lab run --format=json
	check "the default run is killed at its limit" outcome_is oom-killed
	check "usage never went above the limit" number_is_at_most cage_peak_bytes 33554432
	check "not one page went to swap" swap_was_not_touched
	lab run --gc --format=json
	check "a collection before the second allocation saves it" outcome_is survived
	check "again not one page went to swap" swap_was_not_touched
	lab run --swap=64MiB --format=json
	# Which is not what the script expects of itself: status 1.
	check "with swap allowed it survives" json_has '"outcome":"survived"'
	check "on swap" eval '[ "$(pages_swapped_out)" -gt "$swapped_pages" ]'
	lab doctor
	check "the doctor is content" status_is 0
}

# ---- What other programs ask ----

# Each line of TAP is a test of this world.
tap_tests() { # tap_tests NAME
	while read -r line; do
		case $line in
		"ok "*) say_result ok "$1: ${line#ok * - }" ;;
		"not ok "[0-9]*) say_result "not ok" "$1: ${line#not ok * - }" ;;
		"#"*) echo "$line" >&3 ;;
		esac
	done
}

# ---- What a world is asked that tells of memory pressure in its own way ----

# Each line of a program of tests/cgroup/ is a test of this world.
# With PREFIX, a shell command, they run as user 1000 after it.
program_tests() { # program_tests PROGRAM threshold|stall|high [PREFIX]
	command=$1
	name="${1#test_} ($2)"
	[ $# -eq 2 ] || command="$3; exec su guest -c 'exec $1'"
	CMOCKA_MESSAGE_OUTPUT=TAP OOMLAB_PRESSURE=$2 timeout -k 5 "$lab_timeout_s" \
		sh -c "$command" >/tmp/program.tap 2>&1 </dev/null
	tap_tests "$name" </tmp/program.tap
	planned_count=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' /tmp/program.tap)
	check "$name: all of them have run" \
		[ "$(grep -c '^\(not \)*ok [0-9]' /tmp/program.tap)" -eq "${planned_count:-none}" ]
}

pressure_tests() {
	program_tests test_pressure "$@"
}

# What anybody's program may do in a cage.
cage_part_tests() { # cage_part_tests threshold|stall|high [PREFIX]
	program_tests test_cage_adopt "$@"
	program_tests test_cage_notice "$@"
	program_tests test_cage_programs "$@"
}

# Random trials of the verdict: each line is a test of this world.
trial_tests() { # trial_tests COUNT SEED
	timeout -k 5 "$lab_timeout_s" trials "$1" "$2" /opt/oomlab >/tmp/trials.tap 2>&1 </dev/null
	trials_status=$?
	tap_tests trials </tmp/trials.tap
	check "trials: all of them are right" [ $trials_status -eq 0 ]
}

# ---- What a world is asked whose kernel gives a watchdog notice ----

watchdog_tests() {
	lab run apoptosis --format=json
	check "watchdog: a leak is told to end before it is killed" outcome_is shut-down
	check "watchdog: on the kernel's notice" json_has '"way":"notice"'
	check "watchdog: with the cage below its limit" number_is_at_most cage_peak_bytes 33554431
	check "watchdog: the program was not held up on its way out" \
		number_is_at_most wall_ns 9999999999
	directory=$(tr -d ' \n\t' </tmp/lab.stdout | sed -n 's/.*"dump":"\([^"]*\)".*/\1/p')
	check "watchdog: it leaves a heap profile" gzip -t "$directory/heap.pb.gz"
	check "watchdog: and the kernel's figures of that moment" grep -E '^(anon|rss) ' \
		"$directory/memory.stat"
	lab run apoptosis --watchdog=off --format=json
	check "watchdog: without one it is killed" outcome_is oom-killed
	lab run blind-spot --watchdog=75%,every=15s,notice=off --format=json
	check "watchdog: looks alone do not see a spike between them" outcome_is survived
	check "watchdog: and tell that they missed it" json_has '"missed_count":1'
	lab run blind-spot --watchdog=75% --format=json
	check "watchdog: the kernel's notice closes the blind spot" outcome_is shut-down
	lab run blind-spot --watchdog=75% --size=1.1 --length=0 --format=json
	check "watchdog: also where the spike would have killed" outcome_is shut-down
	lab run blind-spot --watchdog=75%,of=rss,every=100ms --format=json
	check "watchdog: looks at resident memory see what lasts as long" outcome_is shut-down
}

# ---- What a program does beside its heap ----

# beside_tests OUTCOME [PREFIX]: where a limit is set below what is used, OUTCOME.
beside_tests() {
	lowered_outcome=$1
	shift
	for part in memory:survived fork:oom-killed file:survived "limit:$lowered_outcome"; do
		if [ $# -eq 0 ]; then
			lab run /opt/beside.lua --part="${part%:*}" --format=json
		else
			lab_as_guest "$1" run /opt/beside.lua --part="${part%:*}" --format=json
		fi
		check "beside the heap: ${part%:*}" outcome_is "${part#*:}"
	done
	if [ $# -eq 0 ]; then
		lab run --parent-limit=24M --limit=64M --format=json
	else
		lab_as_guest "$1" run --parent-limit=24M --limit=64M --format=json
	fi
	check "beside the heap: a tighter group around" outcome_is oom-killed-by-ancestor
	check "beside the heap: whose limit it was" json_has '"limited_by":"ancestor"'
}

closing_tests() {
	check "no control group is left" no_group_is_left
	check "no process is left" no_process_is_left
	check "the kernel has nothing to complain about" kernel_is_content
}

soak_one() { # soak_one LIMIT_MIB OUTCOME OPTION...
	repeats=$repeat_count
	[ "$1" -eq 32 ] || repeats=$((repeat_count / 20 + 1))
	outcome=$2
	shift 2
	lab run --quiet --repeat="$repeats" --format=json "$@"
	check "$outcome $repeats of $repeats times: run $*" \
		json_has "\"outcomes\":{\"$outcome\":$repeats}"
}

soak_tests() {
	lab_timeout_s=$((100 + repeat_count * 4))
	. /soak_list.sh
	soak_each soak_one
	trial_tests $((repeat_count * 5 / 2)) 1
}

# ---- Making the world ----

mount_v1() {
	mount -t tmpfs -o mode=755 cgroup $cgroups
	for controller in memory cpu pids; do
		mkdir -p $cgroups/$controller
		mount -t cgroup -o $controller cgroup $cgroups/$controller || rmdir $cgroups/$controller
	done
}

make_hierarchy() {
	case $1 in
	v2)
		mount -t cgroup2 cgroup2 $cgroups
		;;
	v1)
		mount_v1
		;;
	hybrid)
		mount_v1
		mkdir $cgroups/unified
		mount -t cgroup2 cgroup2 $cgroups/unified
		;;
	mixed) # Memory on v2, other controllers on v1.
		mount -t tmpfs -o mode=755 cgroup $cgroups
		mkdir $cgroups/cpu $cgroups/unified
		mount -t cgroup -o cpu cgroup $cgroups/cpu
		mount -t cgroup2 cgroup2 $cgroups/unified
		;;
	none) ;;
	esac
}

. /settings.sh
. /world.sh
make_hierarchy "$hierarchy"
if [ "${swap_mib:-0}" -gt 0 ] && [ -b /dev/nvme0n1 ]; then
	mkswap /dev/nvme0n1 >/dev/null
	swapon /dev/nvme0n1
fi
echo "oomlab: the tests begin" >/dev/kmsg
if [ "$repeat_count" -gt 0 ]; then
	soak_tests
else
	world_tests
fi
closing_tests
echo "1..$test_count" >&3
stty -F /dev/ttyS1 drain 2>/dev/null
sync
poweroff -f
