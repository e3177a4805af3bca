# Packages: `make deb` and `make dist`. Both are the same bytes for the same
# commit, whoever makes them, and in whatever folder.

# Dates inside the packages: that of the commit, else of the changelog's file.
PACKAGE_DATE := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct \
	2>/dev/null || stat -c %Y CHANGELOG.md))
PACKAGE_DIR  := build/deb/enhanced-memory-$(VERSION)
DIST         := enhanced-memory-$(VERSION)-linux-$(TARGET)

# What git knows, or, in an unpacked archive, all but build/.
PACKAGE_FILES = (git ls-files -z -co --exclude-standard 2>/dev/null | grep -z . || \
	find . -path ./build -prune -o -type f -printf '%P\0')

deb: ## Debian packages of programs, library and headers: build/deb/*.deb
	@for p in dpkg-buildpackage dh; do command -v $$p >/dev/null || { \
		echo "$$p is missing: apt-get install debhelper dpkg-dev" >&2; \
		exit 1; }; done
	@rm -rf build/deb && mkdir -p $(PACKAGE_DIR)
	@$(PACKAGE_FILES) | xargs -0 cp --parents -t $(PACKAGE_DIR)
	@mv $(PACKAGE_DIR)/systemd/debian $(PACKAGE_DIR)/debian
	@printf '%s\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n' \
		'enhanced-memory ($(VERSION)) unstable; urgency=medium' \
		"$$(sed -n 's/^Maintainer: //p' systemd/debian/control)" \
		"$$(LC_ALL=C date -R -u -d @$(PACKAGE_DATE))" \
		> $(PACKAGE_DIR)/debian/changelog
	@cd $(PACKAGE_DIR) && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
		SOURCE_DATE_EPOCH=$(PACKAGE_DATE) \
		dpkg-buildpackage -b -us -uc -j$(CORES) > ../build.log 2>&1 || \
		{ tail -n 30 ../build.log >&2; exit 1; }
	@rm -rf $(PACKAGE_DIR) && ls build/deb/*.deb

# Programs that bring their libraries along, but for libc and what an embedding
# provider needs (libcurl is loaded when one is configured).
dist: ## One archive that needs nothing but glibc: build/dist/*.tar.gz (ARCH=arm64)
	@systemd/make_dist.sh $(DIST) $(PACKAGE_DATE) $(TARGET)

# The same programs as in the archive, for clients that take one file.
mcpb: ## A bundle for clients that install from one file: build/mcpb/*.mcpb
	@env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
		$(MAKE) -s -j$(CORES) V=portable ARCH=$(TARGET) all
	@python3 systemd/make_mcpb.py build/portable$(ELSEWHERE)/bin $(VERSION) \
		$(PACKAGE_DATE) build/mcpb/$(DIST).mcpb

check-packages: ## Build the packages twice, look into them, install and run them
	@python3 tests/packages/packages.py

# Beside the others, as it builds everything twice more.
check-arm64: ## The archive for arm64: built twice, its programs under qemu
	@python3 tests/packages/arm64.py

check-systemd: ## Boot a systemd in a container, with the units installed
	@python3 tests/packages/booted.py

.PHONY: deb dist mcpb check-packages check-arm64 check-systemd
