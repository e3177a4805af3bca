#!/bin/sh
# install.sh [PREFIX]: copies what lies beside it to PREFIX (~/.local, or
# /usr/local as root) after it has compared every file with SHA256SUMS.
# install.sh --remove [PREFIX] takes these files away again. The memory itself
# (~/.memories) is never touched.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
remove=
[ "${1:-}" = --remove ] && { remove=1; shift; }
if [ "$(id -u)" -eq 0 ]; then default=/usr/local; else default=$HOME/.local; fi
prefix=${1:-$default}
case $prefix in
/*) ;;
*) echo "install.sh: '$prefix' is no absolute path" >&2; exit 100 ;;
esac
case $prefix in
*[\"\'\\]*)
	echo "install.sh: '$prefix' has a quote or a backslash, and systemd" \
		"starts no program with one in its path: take another PREFIX" >&2
	exit 100 ;;
esac

cd "$here"
if ! sha256sum --quiet --strict -c SHA256SUMS; then
	echo "install.sh: a file is not as it was packed; nothing was installed" >&2
	exit 1
fi
# Byte 18 of a program says for which machine it is.
case $(od -An -tx1 -j18 -N1 bin/memory-db | tr -d ' ') in
3e) machine=x86_64 ;;
b7) machine=aarch64 ;;
*) machine= ;;
esac
if [ -n "$machine" ] && [ -z "$remove" ] && [ "$machine" != "$(uname -m)" ]; then
	echo "install.sh: these programs are for $machine, and this machine is" \
		"$(uname -m); nothing was installed" >&2
	exit 1
fi
files=$(sed 's/^[0-9a-f]*  //' SHA256SUMS | grep -v '^install\.sh$')
# A path as a unit takes it: in quotes where systemd would cut it at a blank,
# and with each % doubled, as one alone begins a specifier.
unit_path()
{
	case $1 in
	*[!A-Za-z0-9/._+@:-]*) printf '"%s"\n' "$1" | sed 's/%/%%/g' ;;
	*) printf '%s\n' "$1" ;;
	esac
}
if [ -n "$remove" ]; then
	echo "$files" | while read -r file; do rm -f "$prefix/$file"; done
	echo "removed from $prefix; the memory in ~/.memories stays"
	exit 0
fi
echo "$files" | while read -r file; do
	mkdir -p "$prefix/$(dirname "$file")"
	case $file in bin/*) mode=755 ;; *) mode=644 ;; esac
	# A program that runs goes on with its old file.
	install -m "$mode" "$file" "$prefix/$file.new"
	# Units were packed for /bin.
	case $file in
	*.service)
		while IFS= read -r line; do
			case $line in
			ExecStart=/bin/*)
				program=${line#ExecStart=}
				rest=${program#"${program%% *}"}
				line=ExecStart=$(unit_path "$prefix${program%% *}")$rest ;;
			esac
			printf '%s\n' "$line"
		done < "$file" > "$prefix/$file.new" ;;
	esac
	mv "$prefix/$file.new" "$prefix/$file"
done
echo "installed into $prefix/bin: memory-mcp, memory-db, memoryctl"
case ":$PATH:" in
*":$prefix/bin:"*) ;;
*) echo "$prefix/bin is not in PATH: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
echo "next: memoryctl install --client claude-code --dry-run"
