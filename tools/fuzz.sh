#!/bin/sh
# fuzz.sh -- Lets libFuzzer loose on a fuzz target for a while.
#
# Usage: tools/fuzz.sh SECONDS [TARGET [CORPUS [DIRECTORY]]]
# Needs clang with its runtime (on Debian: package clang). What is found stands in DIRECTORY/found,
# build-fuzz unless given; an input worth keeping goes to tests/fuzz/corpus/CORPUS by hand.
set -eu

seconds=${1:?Usage: tools/fuzz.sh SECONDS [TARGET [CORPUS [DIRECTORY]]]}
target=${2:-http_headers}
corpus=${3:-headers}
directory=${4:-build-fuzz}
source=$(cd "$(dirname "$0")/.." && pwd)

probe=$(mktemp)
trap 'rm -f "$probe"' EXIT
if ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return 0; }' |
	clang -fsanitize=fuzzer,address,undefined -x c - -o "$probe" 2>/dev/null; then
	echo 'fuzz: clang or its fuzzer runtime is missing' >&2
	exit 1
fi

# The instrumentation goes into every file, the fuzzer's main into the target alone. b_lundef: the
# symbols of clang's sanitizers are defined at the last link only.
if [ ! -f "$directory/build.ninja" ]; then
	CC=clang CFLAGS=-fsanitize=fuzzer-no-link meson setup "$directory" "$source" \
		-Dtests=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
fi
ninja -C "$directory" "tests/fuzz/libfuzzer_$target" >/dev/null
mkdir -p "$directory/found/$corpus"
cd "$directory"
exec "./tests/fuzz/libfuzzer_$target" -artifact_prefix=found/ -max_total_time="$seconds" \
	-max_len=16384 -print_final_stats=1 \
	"found/$corpus" "$source/tests/fuzz/corpus/$corpus"
