#!/bin/bash
# Rules that no compiler checks: layers, sizes, forbidden calls and words, man
# pages. One TAP line a rule; a broken rule lists its places before it.
set -u
cd "$(dirname "$0")/.." || exit 111

broken=0
# rule NAME: reads the places that break it from stdin.
rule()
{
	local places
	places=$(cat)
	if [ -z "$places" ]; then
		echo "ok - $1"
	else
		broken=1
		sed 's/^/# /' <<<"$places"
		echo "not ok - $1"
	fi
}

product=$(git ls-files -co --exclude-standard 2>/dev/null |
	grep -E '^(common|mcp-server|memory-db|sandbox)/.*\.[ch]$')
[ -n "$product" ] || product=$(find common mcp-server memory-db sandbox \
	-name '*.[ch]' 2>/dev/null)
sources="$product $(find tests -name '*.[ch]')"

# includes FOLDER ALLOWED-REGEX: quoted includes that lead elsewhere.
includes()
{
	grep -nHE '^#include "' $(grep -E "^$1/.*\.[ch]$" <<<"$product") \
		/dev/null | grep -vE "#include \"($2)/[^\"]+\""
}

includes common 'common' |
	rule "common/ includes only itself"
includes mcp-server 'common|mcp-server' |
	rule "mcp-server/ includes only itself and common/"
includes mcp-server/mcp 'common|mcp-server/mcp' |
	rule "mcp/ knows no transport"
includes memory-db/store 'common|memory-db/store' |
	rule "store/ is the lowest layer of memory-db"
includes memory-db/embed 'common|memory-db/embed' |
	rule "embed/ is a leaf"
includes memory-db/model 'common|memory-db/(store|embed|model)' |
	rule "model/ includes nothing above it"
includes memory-db/method 'common|memory-db/(store|embed|model|method)' |
	rule "method/ includes nothing above it"
includes memory-db/work 'common|sandbox|memory-db/(store|embed|model|method|work)' |
	rule "work/ includes nothing above it"
{ includes sandbox 'common|sandbox'; includes sandbox/jail 'sandbox|sandbox/jail'
} | grep -vE '"(common/(limits|utf8)\.h|[a-z]+\.inc)"' |
	rule "sandbox/ knows the jail and common/, no more"
includes memory-db/cli 'common|memory-db/cli' |
	grep -v '"memory-db/figures.def"' |
	rule "memoryctl includes only itself and common/"

grep -nH 'sqlite3\.h' $(grep -v '^memory-db/store/' <<<"$product") |
	grep '#include' | rule "sqlite3.h stays in store/"
grep -nHE '"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA) ' \
	$(grep -v '^memory-db/store/' <<<"$product") |
	rule "SQL stays in store/"
grep -nHE '#include <ev\.h>' \
	$(grep -vE '^memory-db/(net/|main\.c|options\.c)' <<<"$product") |
	rule "libev stays in net/"
grep -nHE '#include "common/contract/rpc\.h"' \
	$(grep -E '^memory-db/(model|store)/' <<<"$product") /dev/null |
	rule "model/ and store/ do not know the request envelope"

# A method is known by its record. Code that calls one says TOOL_NAME(name);
# what is special about it is a flag or a member of the record. memoryctl calls
# by name. The other texts below are words that a method's name happens to be.
tools=$(sed -nE 's/^(LOOP_)?TOOL\(([a-z_]+),.*/\2/p' \
	common/contract/tools/*.def | paste -sd'|')
words='common/client/example_client.c:.* # an example of a call
mcp-server/mcp/era(_legacy|_about)?.c:(ping|subscribe) # of MCP
memory-db/model/recall/(recall_query|receipt).c:recall # a question, a kind
memory-db/model/secrets/.*:.* # words beside a secret
memory-db/model/transfer/(export_log|import_rows).c:recall_weights # a member
memory-db/model/transfer/export.h:recall_weights # a member
memory-db/net/status.c:recall_weights # a member
memory-db/model/transfer/verify.c:repair # a member
memory-db/store/(check|index)/.*:(repair|verify|recall) # modules
memory-db/store/log/change.c:(forget|curate) # kinds of changes
(mcp-server/mcp|memory-db/(method|model/write|net))/.*:confirm # a parameter
memory-db/work/recover.c:verify # an event of the log'
grep -noHE "\"($tools)\"" $(grep -vE '^(common/contract|memory-db/cli)/' \
	<<<"$product") | sed -E 's/:[0-9]+:"(.*)"$/:\1/' |
	grep -vxE "$(sed 's/ #.*//' <<<"$words" | paste -sd'|')" |
	rule "a method's name stands in its record alone"

# tools/list is in this order; of two tools with one number one is never shown.
grep -noHE '\.order = [0-9]+' common/contract/tools/*.def |
	awk -F: 'seen[$3]++ { print }' | rule "no two tools have one place in the list"

words='strtol|strtoul|strtoll|strtoull|atoi|atol|atoll|sprintf|vsprintf'
words="$words|strcpy|stpcpy|strcat|strncpy|strncat|gets|system|alloca"
words="$words|json_copy|json_deep_copy" # they drop members without memory
grep -nHE "\b($words)\s*\(" $product | grep -vE ':\s*(/?\*|//)' |
	rule "no strtol, atoi, sprintf, strcpy and their kin"

for f in $sources; do
	# Lists of cases may be longer.
	case $f in tests/unit/*) most=800 ;; *) most=500 ;; esac
	n=$(wc -l <"$f")
	[ "$n" -le "$most" ] || echo "$f: $n lines"
done | rule "no C file over 500 lines"

# A function begins with its brace at column 1 and ends with another.
awk 'FNR == 1 { start = 0 }
/^{/ { start = FNR }
/^}/ { if (start && FNR - start > 101)
		print FILENAME ":" start ": " FNR - start - 1 " lines"
	start = 0 }' $sources | rule "no function over 100 lines"

git grep -nIE '\b(FIXME|XXX|HACK)\b|(^|[^A-Za-z0-9_.~-])/(home/[a-z]+|root|[w]ork)/' \
	-- . ':!tests/lint_layers.sh' 2>/dev/null |
	rule "no loose ends and no paths of a machine"

# Other versions break other lines.
if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
	xargs -P 2 -n 150 clang-format --dry-run <<<"$sources" 2>&1 |
		grep -E '^[^ ]+:[0-9]+:' | rule "clang-format changes nothing"
fi

pages=$(find . -path ./build -prune -o -name '*.[1-8]' -type f -print)
if command -v mandoc >/dev/null && [ -n "$pages" ]; then
	mandoc -Tlint -W warning $pages 2>&1 |
		rule "man pages pass mandoc -Tlint"
fi
exit $broken
