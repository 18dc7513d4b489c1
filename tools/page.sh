#!/bin/sh
# page.sh -- Fetches the packages that the page is bundled from, where they are missing or old.
#
# Usage: tools/page.sh run|test
# They go into web/node_modules; "test" wants also what drives a browser. Nothing of a package runs
# while it is installed. Where all is there it says nothing and costs a millisecond.
set -eu

cd "$(dirname "$0")/../web"
stamp=node_modules/.oomlab # Holds what was asked for when the packages were fetched.

if [ -f "$stamp" ] && [ -z "$(find package-lock.json -newer "$stamp")" ]; then
	case "${1-run}:$(cat "$stamp")" in
	run:* | test:test) exit 0 ;;
	esac
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

printf 'oomlab: fetching what the page is built from\n' >&2
omit=--omit=dev
if [ "${1-run}" = test ]; then
	omit=--include=dev
fi
if ! npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "$omit" >"$log" 2>&1; then
	tail -n 6 "$log" >&2
	printf 'oomlab: npm could not fetch the packages of web/package-lock.json: %s\n' \
		'see that it reaches its registry, then try again' >&2
	exit 1
fi
printf '%s\n' "${1-run}" >"$stamp"
