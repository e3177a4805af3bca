#!/bin/bash
# make_dist.sh NAME DATE MACHINE: build/dist/NAME.tar.gz with SHA256SUMS and
# install.sh. Its programs are for MACHINE (x86_64, aarch64), need glibc and
# nothing else; DATE (seconds) is that of all files in it, so that two builds of
# a commit are the same bytes. An archive for another machine that is there
# stays and is named in SHA256SUMS, too.
set -eu
name=$1 date=$2 machine=$3
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
work=build/dist/work
rm -rf "$work" "build/dist/$name.tar.gz" build/dist/SHA256SUMS
mkdir -p "$work/$name"
tools=
[ "$machine" = "$(uname -m)" ] || tools=$machine-linux-gnu-
build="env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s V=portable ARCH=$machine"
$build -j"$(nproc)" all
$build prefix="" DESTDIR="$root/$work/$name" \
	docdir=/share/doc/enhanced-memory userunitdir=/share/systemd/user install
# The library for programs in C needs the headers of others: it is in the
# Debian packages.
rm -r "$work/$name/lib/pkgconfig" "$work/$name/include" "$work/$name"/lib/libmemory*
rm -f "$work/$name"/share/man/man3/*
"${tools}strip" --strip-unneeded "$work/$name"/bin/*
for program in "$work/$name"/bin/*; do
	for library in $("${tools}readelf" -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
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
(cd build/dist && LC_ALL=C && sha256sum -- *.tar.gz > SHA256SUMS)
rm -rf "$work"
ls "build/dist/$name.tar.gz" build/dist/SHA256SUMS
