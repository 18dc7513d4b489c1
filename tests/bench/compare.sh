#!/bin/sh
# compare.sh -- What `oomlab compare` gains by making several runs at a time.
#
# Usage: tests/bench/compare.sh OOMLAB [ROUNDS]
# The same 36 runs, six scenarios by six policies: one `oomlab run` after another, then compared.
# In turns, ROUNDS (5) times; of each kind the fastest round counts, since everything else that the
# machine does only ever adds. The aim: at most 1.3 times the sum of the runs divided by the
# processors. Prints one line; a missed aim is a finding, not a failure.
set -u

oomlab=$1
rounds=${2:-5}
policies="go last-resort memory-limit percent-of-limit watermark gogctuner"
scripts=$(mktemp -d) || exit 1
trap 'rm -rf "$scripts"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Six of one kind that differ in how much they do: some 15 to 100 ms each.
number=0
while [ $number -lt 6 ]; do
	number=$((number + 1))
	cat >"$scripts/churn$number.lua" <<END
-- churn$number.lua -- Allocates and drops.
local lab = require "lab"
return lab.scenario {
	title = "$number x 64 MiB allocated, 8 MiB kept",
	limit = 32 * lab.MiB,
	program = function (heap)
		local kept = {}
		for i = 0, $number * 1024 - 1 do
			local place = i % 128
			if kept[place] then kept[place]:release() end
			kept[place] = heap:slab(65536)
		end
	end,
}
END
done

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

run_alone() {
	for script in "$scripts"/*.lua; do
		for policy in $policies; do
			"$oomlab" run -q --policy="$policy" "$script" >/dev/null || exit 1
		done
	done
}

best_alone=
best_together=
while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	begin=$(now_ms)
	run_alone
	middle=$(now_ms)
	"$oomlab" compare -q --policy="$(echo "$policies" | tr ' ' ,)" "$scripts"/*.lua \
		>/dev/null || exit 1
	end=$(now_ms)
	alone=$((middle - begin))
	together=$((end - middle))
	[ -z "$best_alone" ] || [ $alone -lt "$best_alone" ] && best_alone=$alone
	[ -z "$best_together" ] || [ $together -lt "$best_together" ] && best_together=$together
done
processors=$(nproc)
percent=$((100 * best_together * processors / best_alone))
printf '36 runs one by one %d ms, compared %d ms: %d %% of the sum over %d processors' \
	"$best_alone" "$best_together" $percent "$processors"
echo ' (aim: 130 %)'
