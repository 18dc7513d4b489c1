#!/bin/sh
# build.sh -- Configures a build directory where needed, then compiles it, quietly.
#
# Usage: tools/build.sh DIRECTORY [MESON OPTION...]
# The options are given to a new directory; an old one keeps its own, except -Dtests=true, which
# is switched on when it is asked for and off (`make run` builds without tests, since they need
# more packages), and -Dsubject=PATH. TARGETS in the environment names what is built; else that is
# all.
set -eu

directory=$1
shift
tools=$(dirname "$0")

log=$(mktemp)
trap 'rm -f "$log"' EXIT

has_option() { # has_option -DNAME=VALUE
	assignment=${1#-D}
	grep -q -e "\"name\": \"${assignment%%=*}\", \"value\": \"\{0,1\}${assignment#*=}\"\{0,1\}," \
		"$directory/meson-info/intro-buildoptions.json"
}

# The page's packages; those that drive a browser too, where tests are built.
fetch_page() { # fetch_page MESON OPTION...
	case " $* " in
	*" -Dtests=true "*) "$tools/page.sh" test ;;
	*) "$tools/page.sh" run ;;
	esac
}

quietly() {
	"$@" >"$log" 2>&1 || {
		status=$?
		cat "$log" >&2
		return $status
	}
}

fetch_page "$@"
if [ ! -f "$directory/build.ninja" ]; then
	printf 'oomlab: configuring %s\n' "$directory" >&2
	rm -rf "$directory/meson-private" "$directory/meson-info" # Of a set-up that failed half way.
	quietly meson setup "$directory" "$@"
else
	for option; do
		case $option in
		-Dtests=true | -Dsubject=*)
			if ! has_option "$option"; then
				quietly ninja -C "$directory" build.ninja # It may not know the option yet.
				quietly meson configure "$directory" "$option"
			fi
			;;
		esac
	done
fi

# Where a meson.build changed, meson has a long story to tell; only its failures are of interest.
quietly ninja -C "$directory" build.ninja

# shellcheck disable=SC2086
if ninja -C "$directory" -n ${TARGETS-} | grep -q 'no work to do'; then
	exit 0
fi
printf 'oomlab: building %s\n' "$directory" >&2
if [ -t 2 ]; then
	# On a terminal ninja keeps to one line by itself.
	# shellcheck disable=SC2086
	NINJA_STATUS='oomlab: %f/%t ' ninja -C "$directory" ${TARGETS-} >&2
else
	# shellcheck disable=SC2086
	quietly ninja -C "$directory" --quiet ${TARGETS-}
fi
