#!/bin/bash
# make_dist.sh NAME DATE: build/dist/NAME.tar.gz with SHA256SUMS and install.sh.
# Its programs need glibc and nothing else; DATE (seconds) is that of all files
# in it, so that two builds of a commit are the same bytes.
set -eu
name=$1 date=$2
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
work=build/dist/work
rm -rf build/dist
mkdir -p "$work/$name"
clean="env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS"
$clean make -s -j"$(nproc)" V=portable all
$clean make -s V=portable prefix="" DESTDIR="$root/$work/$name" \
	docdir=/share/doc/enhanced-memory userunitdir=/share/systemd/user install
# The library for programs in C needs the headers of others: it is in the
# Debian packages.
rm -r "$work/$name/lib/pkgconfig" "$work/$name/include" "$work/$name"/lib/libmemory*
rm -f "$work/$name"/share/man/man3/*
strip --strip-unneeded "$work/$name"/bin/*
for program in "$work/$name"/bin/*; do
	for library in $(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		case $library in
		libc.so.* | libm.so.* | ld-linux*) ;;
		*) echo "$program needs $library" >&2; exit 1 ;;
		esac
	done
done
install -m 755 systemd/install.sh "$work/$name/install.sh"
(cd "$work/$name" && find . -type f ! -name SHA256SUMS -printf '%P\0' |
	LC_ALL=C sort -z | xargs -0 sha256sum > SHA256SUMS)
tar --sort=name --mtime="@$date" --owner=0 --group=0 --numeric-owner \
	--mode=go-w,a+rX -C "$work" -cf - "$name" | gzip -9n > "build/dist/$name.tar.gz"
(cd build/dist && sha256sum "$name.tar.gz" > SHA256SUMS)
rm -rf "$work"
ls "build/dist/$name.tar.gz" build/dist/SHA256SUMS
