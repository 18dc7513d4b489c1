#!/bin/sh
# run-world.sh -- Boots one world in a virtual machine and prints the TAP of what happened there.
#
# Usage: tests/vm/run-world.sh WORLD BUILD_DIRECTORY
# WORLD is a file of worlds/. It says what the machine is like, and holds the tests. The machine
# runs the programs of BUILD_DIRECTORY (a test among them) with their shared libraries (if any),
# busybox, and init.sh;
# it writes TAP to its second serial port. Nothing is installed and no privilege is needed. With
# OOMLAB_VM_CONSOLE=1 the machine's console is shown, as TAP comments.
set -u

world=$1
build=$(cd "$2" && pwd) || exit 1
here=$(cd "$(dirname "$0")" && pwd)

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

# What a world may set; its file overrides.
memory_mib=512
cpus=1
swap_mib=0
programs= # More of BUILD_DIRECTORY.
scripts=  # Of tests/, likewise.
kernel_release= # "bullseye" for its older kernel; this system's own otherwise.
kernel_arguments=
timeout_s=240
# shellcheck source=/dev/null
. "$here/worlds/$world.sh"
repeat_count=${REPEAT:-0} # Not 0: the machine soaks, instead of the tests.
timeout_s=$((timeout_s + repeat_count * 60))

[ "$(uname -m)" = x86_64 ] || skip "the virtual machines are x86_64, this is $(uname -m)"
for command in qemu-system-x86_64 busybox cpio flock; do
	command -v $command >/dev/null || skip "$command is not installed"
done
ldd "$(command -v busybox)" >/dev/null 2>&1 && skip "busybox is not static (Debian: busybox-static)"

temporary=$(mktemp -d)
qemu_pid=
tidy_up() {
	[ -z "$qemu_pid" ] || kill "$qemu_pid" 2>/dev/null
	rm -rf "$temporary"
}
trap tidy_up EXIT
trap 'exit 1' INT TERM HUP

kernel=$("$here/kernel.sh" "$build/vm" "$kernel_release" 2>"$temporary/reason") ||
	skip "$(tail -n 1 "$temporary/reason")"

# The root file system: a cpio archive, not compressed, since nothing has to travel far.
root=$temporary/root
mkdir -p "$root/bin" "$root/opt" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/etc"
cp "$(command -v busybox)" "$root/bin/busybox"
for program in oomlab oomlab-subject oomlab-serve tests/cgroup/test_pressure \
	tests/cgroup/test_cage_adopt tests/cgroup/test_cage_notice tests/cgroup/test_cage_programs \
	tests/cgroup/trials $programs; do
	cp -L "$build/$program" "$root/opt/" || exit 1
	ldd "$build/$program" 2>/dev/null | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }'
done | sort -u | while read -r library; do
	mkdir -p "$root${library%/*}"
	cp -L "$library" "$root$library"
done
cp "$here/init.sh" "$root/init"
cp "$here/soak_list.sh" "$root/soak_list.sh"
for script in $scripts; do
	cp "$here/../$script" "$root/opt/"
done
cp "$here/worlds/$world.sh" "$root/world.sh"
printf 'repeat_count=%s\n' "$repeat_count" >"$root/settings.sh"
chmod 755 "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc) >"$temporary/root.cpio" || exit 1

set -- -accel tcg,thread=multi -cpu max -m "$memory_mib" -smp "$cpus" \
	-display none -monitor none -no-reboot -nic none \
	-serial "file:$temporary/console" -serial "file:$temporary/tap" \
	-kernel "$kernel" -initrd "$temporary/root.cpio" \
	-append "console=ttyS0 panic=-1 quiet $kernel_arguments"
if [ "$swap_mib" -gt 0 ]; then
	truncate -s "${swap_mib}M" "$temporary/swap"
	set -- "$@" -drive "file=$temporary/swap,format=raw,if=none,id=swap" \
		-device nvme,serial=swap,drive=swap
fi
timeout --kill-after=5 "$timeout_s" qemu-system-x86_64 "$@" >"$temporary/qemu" 2>&1 &
qemu_pid=$!
wait "$qemu_pid"
status=$?
qemu_pid=

tr -d '\r' <"$temporary/tap" >"$temporary/tap.clean"
cat "$temporary/tap.clean"
has_plan=$(grep -c '^1\.\.[0-9]' "$temporary/tap.clean")
has_failed=$(grep -c '^not ok' "$temporary/tap.clean")
if [ "$has_plan" -eq 0 ] || [ "$has_failed" -gt 0 ] || [ -n "${OOMLAB_VM_CONSOLE-}" ]; then
	# Only complete lines: what the machine was about to write when it ended may be cut.
	echo
	{ cat "$temporary/qemu" && tail -n 60 "$temporary/console"; } |
		tr -d '\r' | sed 's/^/# console: /'
fi
if [ "$has_plan" -eq 0 ]; then
	[ $status -ne 124 ] || echo "Bail out! the virtual machine was still running after $timeout_s s"
	[ $status -eq 124 ] || echo "Bail out! the virtual machine ended early, status $status"
	exit 1
fi
[ "$has_failed" -eq 0 ]
