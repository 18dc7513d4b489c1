#!/bin/sh
# setup.sh -- Installs what building, testing or measuring needs, and only what is missing.
#
# Usage: tools/setup.sh run|test|bench
# Where nothing is missing it says nothing and costs some milliseconds. With apt it installs the
# packages, through sudo when not root. Elsewhere it names them and ends with status 1.
set -u

# Debian's and Ubuntu's package, and how to see without dpkg that it is there:
# command:NAME, pkg:PKG-CONFIG-NAME, header:FILE or lua:MODULE; one of several by commas.
run_needs='
gcc               command:gcc
libc6-dev         header:stdio.h
meson             command:meson
ninja-build       command:ninja
pkg-config        command:pkg-config
lua5.4            command:lua5.4,lua54,lua
liblua5.4-dev     pkg:lua5.4,lua-5.4,lua54
libcgroup-dev     pkg:libcgroup
libmicrohttpd-dev pkg:libmicrohttpd
libjansson-dev    pkg:jansson
zlib1g-dev        pkg:zlib
libedit-dev       pkg:libedit
npm               command:npm
'
test_needs="$run_needs"'
libcmocka-dev     pkg:cmocka
lua-busted        command:busted
lua-check         command:luacheck
lua-cjson         lua:cjson
lua-filesystem    lua:lfs
valgrind          command:valgrind
clang-format      command:clang-format
clang-tidy        command:clang-tidy
qemu-system-x86   command:qemu-system-x86_64
busybox-static    command:busybox
cpio              command:cpio
chromium          command:chromium
golang-go         command:go
curl              command:curl
librsvg2-bin      command:rsvg-convert
'
bench_needs="$run_needs"'
golang-go         command:go
libgc-dev         pkg:bdw-gc
libmimalloc-dev   header:mimalloc.h
wrk               command:wrk
curl              command:curl
cgroup-tools      command:cgexec
time              command:time
'

say() {
	printf 'oomlab: %s\n' "$*" >&2
}

lua=$(command -v lua5.4 || command -v lua54 || echo lua)
is_there() { # is_there KIND:NAME,NAME...
	for name in $(printf '%s' "${1#*:}" | tr , ' '); do
		case $1 in
		command:*) command -v "$name" >/dev/null ;;
		pkg:*) pkg-config --exists "$name" 2>/dev/null ;;
		header:*) printf '#include <%s>\n' "$name" | gcc -E - >/dev/null 2>&1 ;;
		lua:*) "$lua" -e "require '$name'" >/dev/null 2>&1 ;;
		esac && return 0
	done
	return 1
}

case ${1-} in
run) needs=$run_needs ;;
test) needs=$test_needs ;;
bench) needs=$bench_needs ;;
*)
	say "usage: tools/setup.sh run|test|bench"
	exit 2
	;;
esac

packages=$(printf '%s' "$needs" | while read -r package _; do printf '%s ' "$package"; done)
installed=
if command -v dpkg-query >/dev/null; then
	# One call for all.
	# shellcheck disable=SC2086
	installed=" $(dpkg-query -W -f='${Package}=${db:Status-Status} ' $packages 2>/dev/null) "
fi
# What dpkg does not know may be there all the same: under another name, or not from Debian at all.
absent=$(printf '%s' "$needs" | while read -r package probe; do
	case $installed in
	*" ${package:-none}=installed "*) ;;
	*) [ -z "$package" ] || is_there "$probe" || printf '%s %s\n' "$package" "${probe#*:}" ;;
	esac
done)
[ -n "$absent" ] || exit 0
missing=$(printf '%s\n' "$absent" | while read -r package _; do printf ' %s' "$package"; done)

as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
fi
if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
	# Nothing can be installed from here.
	if command -v apt-get >/dev/null; then
		say "cannot install packages: not root, and there is no sudo"
		say "run as root: apt-get install$missing"
	else
		list=$(printf '%s\n' "$absent" | while read -r package looked_for; do
			printf '%s (%s), ' "$package" "$looked_for"
		done)
		say "this system has no apt-get. Please install, under the names your system gives them"
		say "(Debian's package, what is looked for): ${list%, }"
	fi
	exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Runs apt-get with its story in the log; what the filter lets through is the progress.
apt_get() { # apt_get FILTER ARGUMENT...
	filter=$1
	shift
	{
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
			-o Dpkg::Use-Pty=0 "$@" </dev/null 2>&1
		echo "oomlab-status $?"
	} | tee "$log" | awk -v wanted="$packages" -v filter="$filter" '
		BEGIN { count = split(wanted, names); for (i = 1; i <= count; i++) is_wanted[names[i]] = 1 }
		$1 == "oomlab-status" { status = $2 }
		filter == "install" && /^Setting up / {
			name = $3; sub(/:.*/, "", name)
			if (is_wanted[name]) { print "oomlab:   " name > "/dev/stderr" }
		}
		END { exit status }'
}

say "installing what is missing:$missing"
if ! apt_get none update -qq; then
	say "apt-get update failed; going on with the package lists that are there"
fi
# shellcheck disable=SC2086
if ! apt_get install install -y --no-install-recommends $missing; then
	grep -v "^oomlab-status" "$log" | tail -n 20 >&2
	say "apt-get could not install:$missing (its last lines are above)"
	exit 1
fi
