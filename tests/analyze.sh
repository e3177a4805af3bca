#!/bin/bash
# Static analysis of the product: gcc -fanalyzer and cppcheck. Findings that
# were looked at and are no faults stand in tests/lib/analyze.txt, each with
# its reason; any other finding fails, and so does an entry that no longer
# occurs.
set -u
cd "$(dirname "$0")/.." || exit 111

known=tests/lib/analyze.txt
found=$(mktemp)
one=$(mktemp)
sources=$(find common mcp-server memory-db sandbox -name '*.c' 2>/dev/null |
	sort)
gen=$(mktemp -d)
trap 'rm -rf "$found" "$one" "$gen"' EXIT
python3 memory-db/sql/embed_sql.py --version memory-db/sql/*.sql \
	>"$gen/database_schema.h"
defs="-D_GNU_SOURCE -DMEMORY_VERSION=\"0\" -I. -I$gen"

# FILE FUNCTION WARNING, one a line. Line numbers would change too often.
analyzer()
{
	# The database schema is data: nothing to analyse.
	LC_ALL=C gcc -std=c11 $defs -O1 -fanalyzer -S -o /dev/null "$1" 2>&1 |
		awk -v file="$1" '/In function/ {
			split($0, q, /\047|\342\200\230|\342\200\231/); f = q[2] }
		/warning:.*\[-Wanalyzer/ { match($0, /-Wanalyzer[a-z-]+/)
			print file, f, substr($0, RSTART, RLENGTH)
			print > "/dev/stderr" }'
}
export -f analyzer
export defs
echo "gcc -fanalyzer" >&2
xargs -P 2 -I{} bash -c 'analyzer {}' <<<"$sources" >>"$found"

if command -v cppcheck >/dev/null; then
	echo "cppcheck" >&2
	cppcheck -q -j 2 --std=c11 --inline-suppr $defs --include=tests/lib/analyze.h \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem --error-exitcode=0 \
		--template='{file} {id} cppcheck {line}: {message}' \
		$sources 2>"$one"
	cat "$one" >&2
	awk '$3 == "cppcheck" { print $1, $2, $3 }' "$one" >>"$found"
else
	echo "cppcheck is missing: apt-get install cppcheck" >&2
fi

fail=0
explained=$(grep -v '^#' "$known" | cut -f1 | sort -u)
new=$(sort -u "$found" | comm -23 - <(echo "$explained"))
old=$(comm -13 <(sort -u "$found") <(grep -v '^$' <<<"$explained"))
[ -z "$new" ] || { sed 's/^/not explained: /' <<<"$new"; fail=1; }
[ -z "$old" ] || { sed 's/^/no longer found: /' <<<"$old"; fail=1; }
[ "$fail" = 1 ] || echo "all $(sort -u "$found" | wc -l) findings explained"
exit $fail
