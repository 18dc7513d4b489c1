#!/bin/sh
# promtool.sh -- Finds promtool, or fetches it without installing it.
#
# Usage: tests/http/promtool.sh DIRECTORY
# Prints its path: the one in PATH, or one unpacked below DIRECTORY from Debian's package
# prometheus, which would install a service beside it. Where there is none to be had, the last line
# on stderr says why; status 1.
set -u

fail() {
	echo "no promtool: $*" >&2
	exit 1
}

command -v promtool && exit 0
mkdir -p "$1" && cd "$1" || exit 1
if [ ! -x promtool ]; then
	command -v apt-get >/dev/null || fail "no apt-get here; install Prometheus' promtool"
	temporary=$(mktemp -d "$PWD/fetch.XXXXXX")
	trap 'rm -rf "$temporary"' EXIT
	printf 'APT::Sandbox::User "%s";\n' "$(id -un)" >"$temporary/apt.conf"
	(cd "$temporary" && APT_CONFIG=apt.conf apt-get -qq download prometheus >&2) ||
		fail "apt-get could not download the package prometheus"
	dpkg-deb --fsys-tarfile "$temporary"/prometheus_*.deb |
		tar -x -C "$temporary" ./usr/bin/promtool || fail "the package prometheus holds none"
	mv "$temporary/usr/bin/promtool" promtool || exit 1
fi
echo "$PWD/promtool"
