#!/bin/sh
# test.sh -- Builds and runs every test, then says how many passed in one last line.
#
# Three builds: the one people use, with all suites, one under AddressSanitizer and
# UndefinedBehaviorSanitizer with the suites that sanitizers can watch, and one under
# ThreadSanitizer with what has threads, and the server, which is to have none. Their servers start
# the subjects of the first build. The status is 0 when something ran and nothing failed.
set -u

build=${BUILD:-build}
build_asan=${BUILD_ASAN:-build-asan}
build_tsan=${BUILD_TSAN:-build-tsan}

cd "$(dirname "$0")/.." || exit 1
mkdir -p "$build"
rm -rf "$build/meson-logs/testlog.json" "$build/meson-logs/testlog.junit.xml" \
	"$build_asan/meson-logs/testlog.json" "$build_asan/meson-logs/testlog.junit.xml" \
	"$build_tsan/meson-logs/testlog.json" "$build_tsan/meson-logs/testlog.junit.xml"

# A build that fails leaves no test log, which tools/summary.lua counts as a failure.
if tools/build.sh "$build" -Dtests=true -Db_lto=true; then
	meson test -C "$build" --no-rebuild --print-errorlogs </dev/null
fi
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
# Under sanitizers gcc warns of what cannot be; the other build has listened to its warnings.
subject=$(cd "$build" && pwd)/oomlab-subject
if tools/build.sh "$build_asan" -Dtests=true -Db_sanitize=address,undefined -Dwarning_level=0 \
	-Dwerror=false -Dsubject="$subject"; then
	meson test -C "$build_asan" --no-rebuild --print-errorlogs \
		--suite unit --suite lua --suite fuzz --suite http --no-suite page </dev/null
fi
# Of that one only what the four tests below run.
tsan_targets="oomlab oomlab-subject oomlab-serve tests/unit/test_heap tests/unit/test_collector"
if TARGETS=$tsan_targets tools/build.sh "$build_tsan" -Dtests=true -Db_sanitize=thread \
	-Dwarning_level=0 -Dwerror=false -Dsubject="$subject"; then
	meson test -C "$build_tsan" --no-rebuild --print-errorlogs \
		heap collector http_overflow http_faults </dev/null
fi

lua=$(command -v lua5.4 || command -v lua54 || echo lua)
"$lua" tools/summary.lua "plain=$build" "sanitized=$build_asan" "threads=$build_tsan" \
	>"$build/summary.txt"
status=$?
cat "$build/summary.txt"
exit $status
