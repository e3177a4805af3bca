# Enhanced Memory. One non-recursive Makefile; `make help` lists the targets.
# Variants: V=release (default), asan, tsan, cov, portable. All output goes to build/.
# ARCH=arm64 (or amd64) builds for another machine than this one, with Debian's
# cross compiler and libraries (`make deps-arm64`).

comma   := ,
V       ?= release
CC      ?= gcc
prefix  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0
SOMAJOR := 0

# An ARCH of the environment means other things: only that of the command line
# counts. TARGET is its name as the kernel says it.
HERE   := $(shell uname -m)
ARCH   := $(HERE)
TARGET := $(patsubst amd64,x86_64,$(patsubst arm64,aarch64,$(ARCH)))
CROSS  := $(if $(filter-out $(HERE),$(TARGET)),$(TARGET)-linux-gnu-)
# What runs while the rest is built is for this machine.
BUILD_CC := $(CC)
ifneq ($(CROSS),)
CC := $(CROSS)gcc
LD := $(CROSS)ld
AR := $(CROSS)ar
OBJCOPY := $(CROSS)objcopy
export PKG_CONFIG_LIBDIR := \
	/usr/lib/$(TARGET)-linux-gnu/pkgconfig:/usr/share/pkgconfig
endif
ELSEWHERE := $(if $(CROSS),-$(TARGET))

B := build/$(V)$(ELSEWHERE)
BIN := $(if $(filter release$(ELSEWHERE),$(V)),build/bin,$(B)/bin)

# libseccomp only helps to build: programs for elsewhere do without theirs.
PKGS := jansson sqlite3 zlib $(if $(CROSS),,libseccomp) lua5.4 libsodium \
	libutf8proc libcurl yaml-0.1
DEBS := gcc libc6-dev make pkg-config libjansson-dev libsqlite3-dev \
	zlib1g-dev libseccomp-dev liblua5.4-dev libev-dev libsodium-dev libutf8proc-dev \
	libstemmer-dev libcurl4-openssl-dev libyaml-dev libcmocka-dev python3 sqlite3

WARN := -std=c11 -Wall -Wextra -Wconversion -Wsign-conversion -Wformat=2 \
	-Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
	-Wcast-qual -Wwrite-strings -Wpointer-arith -Wimplicit-fallthrough
ifeq ($(CI),true)
WARN += -Werror
endif
# No -fcf-protection: a program is marked for it only when all that is linked
# into it is, and Debian's start files and liblua are not.
HARD := -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection=none -ftrivial-auto-var-init=zero
# The same bytes from whatever folder it is built in.
MAP  := -ffile-prefix-map=$(CURDIR)=.
DEFS := -D_GNU_SOURCE -DMEMORY_VERSION='"$(VERSION)"' -I. -I$(B)/gen

CFLAGS_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 $(HARD) $(MAP)
CFLAGS_portable := $(CFLAGS_release)
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -DMEMORY_TEST_BUILD=1
CFLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread \
	-DMEMORY_TEST_BUILD=1
# As asan without its cost: the same tests, over optimised programs.
CFLAGS_plain := -O2 -g $(HARD) -DMEMORY_TEST_BUILD=1
CFLAGS_cov := -O0 -g --coverage -DMEMORY_TEST_BUILD=1
LDFLAGS_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code \
	-Wl,--as-needed
LDFLAGS_portable := $(LDFLAGS_release)
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_plain := $(LDFLAGS_release)
LDFLAGS_cov := --coverage

ALL_CFLAGS = $(WARN) $(CFLAGS_$(V)) -fPIC -pthread $(CFLAGS)
ALL_LDFLAGS = $(LDFLAGS_$(V)) -pthread $(LDFLAGS)

# V=portable: programs that bring their libraries along but for libc (make dist).
STATIC  := $(if $(filter portable,$(V)),-Wl$(comma)-Bstatic)
DYNAMIC := $(if $(filter portable,$(V)),-Wl$(comma)-Bdynamic)
LIBS_common := $(STATIC) -ljansson -lutf8proc -lstemmer $(DYNAMIC)
LIBS_db := $(STATIC) -lsqlite3 -lz -lsodium -lev $(DYNAMIC) -lm $(LIBS_common)

src = $(filter-out $(2),$(wildcard $(1)))
obj = $(patsubst %.c,$(B)/%.o,$(1))

SRC_common := $(sort $(filter-out common/client/example_%.c,$(wildcard \
	common/*.c common/*/*.c)))
SRC_mcp    := $(sort $(wildcard mcp-server/*/*.c))
SRC_db     := $(sort $(wildcard memory-db/net/*.c memory-db/work/*.c \
	memory-db/work/*/*.c memory-db/method/*.c memory-db/model/*/*.c memory-db/model/*/*/*.c \
	memory-db/store/*.c memory-db/store/*/*.c \
	memory-db/embed/*.c))
SRC_cli    := $(sort $(filter-out memory-db/cli/main.c,$(wildcard \
	memory-db/cli/*.c memory-db/cli/lib/*.c)))
SQL        := $(sort $(wildcard memory-db/sql/*.sql))

OBJ_common := $(call obj,$(SRC_common))
OBJ_mcp    := $(call obj,$(SRC_mcp))
OBJ_db     := $(call obj,$(SRC_db)) $(B)/gen/sql.o $(call obj,$(sort $(wildcard sandbox/*.c)))
OBJ_cli    := $(call obj,$(SRC_cli))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS    := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCHES    := $(patsubst tests/bench/%.c,$(B)/bench/%,$(sort $(wildcard tests/bench/bench_*.c)))
SHIMS      := $(patsubst tests/lib/%.c,$(B)/lib/%.so,$(sort $(wildcard tests/lib/shim_*.c)))

PROGRAMS := $(if $(wildcard mcp-server/main.c),$(BIN)/memory-mcp) \
	$(if $(wildcard memory-db/main.c),$(BIN)/memory-db $(BIN)/memory-sandbox) \
	$(if $(wildcard memory-db/cli/main.c),$(BIN)/memoryctl)

.DEFAULT_GOAL := all
all: $(PROGRAMS) client ## Build the programs into build/bin and the client library

$(B)/%.o: %.c $(B)/flags | missing $(B)/gen/database_schema.h
	@mkdir -p $(@D)
	$(CC) $(DEFS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild when the flags change.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(DEFS) $(ALL_CFLAGS) $(ALL_LDFLAGS)' | cmp -s - $@ || \
	echo '$(CC) $(DEFS) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@
FORCE:

# Say which Debian packages are missing before the first compile error does.
DEPS := deps$(if $(CROSS),-$(patsubst aarch64,arm64,$(TARGET)))
missing:
	@for p in pkg-config $(CROSS)$(if $(CROSS),gcc); do \
		command -v $$p >/dev/null || { \
		echo "$$p is missing: run 'make $(DEPS)'" >&2; exit 1; }; done
	@for p in $(PKGS); do pkg-config --exists $$p || { \
		echo "$$p$(if $(CROSS), for $(TARGET)) is missing: run 'make $(DEPS)'" >&2; \
		exit 1; }; done

# Schema steps are embedded as C strings; the newest is the schema of the build.
EMBED_SQL := memory-db/sql/embed_sql.py
# A step that is deleted is newer than nothing: the list of them is.
$(B)/gen/sql.list: FORCE
	@mkdir -p $(@D)
	@echo '$(SQL)' | cmp -s - $@ || echo '$(SQL)' > $@
$(B)/gen/sql.c: $(SQL) $(EMBED_SQL) $(B)/gen/sql.list
	@mkdir -p $(@D)
	python3 $(EMBED_SQL) $(SQL) > $@
$(B)/gen/database_schema.h: $(SQL) $(EMBED_SQL) $(B)/gen/sql.list
	@mkdir -p $(@D)
	python3 $(EMBED_SQL) --version $(SQL) > $@
$(B)/gen/sql.o: $(B)/gen/sql.c $(B)/flags
	$(CC) $(DEFS) $(ALL_CFLAGS) -c -o $@ $<

# What --version tells of the parts: the jail's Lua is linked statically, so
# that an update of the system's needs a new build.
$(B)/memory-db/options.o: DEFS += \
	-DMEMORY_LUA='"$(shell pkg-config --modversion lua5.4)"'

$(BIN)/memory-mcp: $(call obj,mcp-server/main.c) $(OBJ_mcp) $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_common)
# Test builds of memory-db can lose power (tests/lib/vfs_shim.c).
$(BIN)/memory-db: $(call obj,memory-db/main.c memory-db/options.c \
	memory-db/options_path.c) $(OBJ_db) $(OBJ_common) \
		$(if $(filter asan tsan cov plain,$(V)),$(B)/tests/lib/vfs_shim.o)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_db)
$(BIN)/memoryctl: $(call obj,memory-db/cli/main.c) $(OBJ_cli) $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(STATIC) -lsodium -lyaml -lz $(DYNAMIC) $(LIBS_common)

include sandbox/sandbox.mk

# --- tests ---------------------------------------------------------------
# Allocations go through tests/lib/heap.c, which can make them fail.
WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup
$(B)/unit/%: $(B)/tests/unit/%.o $(OBJ_db) $(OBJ_mcp) $(OBJ_cli) $(OBJ_common) $(B)/tests/lib/heap.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $(WRAP) -o $@ $^ -lcmocka -lyaml $(LIBS_db)
# It counts how often a call is parsed and written.
$(B)/unit/test_mcp_calls: WRAP += -Wl,--wrap=jx_parse,--wrap=jx_parse_any,--wrap=jx_dump
# Random configurations of clients.
$(B)/unit/test_client_edits: $(call obj,tests/lib/client_texts.c \
	tests/lib/client_texts_json.c tests/lib/client_texts_toml.c \
	tests/lib/client_texts_yaml.c)
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(if $(filter fuzz,$(V)),,$(B)/tests/lib/fuzz_replay.o) $(OBJ_db) $(OBJ_mcp) $(OBJ_cli) $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lyaml $(LIBS_db)
$(B)/bench/%: $(B)/tests/bench/%.o $(B)/tests/bench/words.o $(B)/tests/bench/samples.o $(OBJ_db) $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_db)
$(B)/lib/%.so: tests/lib/%.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -D_GNU_SOURCE -Wall -shared -fPIC -o $@ $< -ldl

include tests/tests.mk
include common/client/client.mk
include systemd/packages.mk

deps: ## Install the Debian packages (sudo when not root)
	@if [ "$$(id -u)" = 0 ]; then S=; else S=sudo; fi; \
	$$S apt-get update -q && \
	DEBIAN_FRONTEND=noninteractive $$S apt-get install -y -q --no-install-recommends $(DEBS)

# The same libraries for arm64, a compiler that makes its programs, and an
# emulator that runs them. libseccomp and the test library are not linked.
DEBS_arm64 := crossbuild-essential-arm64 qemu-user libc6-dev:arm64 \
	$(patsubst %,%:arm64,$(filter-out libc6-dev libcmocka-dev libseccomp-dev, \
	$(filter lib%-dev zlib1g-dev,$(DEBS))))
deps-arm64: ## Install what `make dist ARCH=arm64` needs beside deps
	@if [ "$$(id -u)" = 0 ]; then S=; else S=sudo; fi; \
	$$S dpkg --add-architecture arm64 && $$S apt-get update -q && \
	DEBIAN_FRONTEND=noninteractive $$S apt-get install -y -q \
		--no-install-recommends $(DEBS_arm64)

# Two builds in two folders must not differ. OTHER is made and removed.
OTHER := $(or $(TMPDIR),/tmp)/enhanced-memory-other-$(shell id -u)
reproducible: $(PROGRAMS) ## Build in another folder and compare the programs
	@rm -rf $(OTHER) && mkdir -m 700 $(OTHER) && \
	git ls-files -z | xargs -0 cp --parents -t $(OTHER) && \
	$(MAKE) --no-print-directory -s -C $(OTHER) V=release all && \
	for p in $(notdir $(PROGRAMS)); do \
		cmp $(BIN)/$$p $(OTHER)/build/bin/$$p || exit 1; \
	done && echo "the same: $(notdir $(PROGRAMS))"; \
	status=$$?; rm -rf $(OTHER); exit $$status

sbom: $(PROGRAMS) ## What the programs are made of, as CycloneDX: build/sbom.json
	@python3 tests/lib/sbom.py $(VERSION) $(PROGRAMS) > build/sbom.json.new && \
	mv build/sbom.json.new build/sbom.json && echo build/sbom.json

clean: ## Remove build/
	rm -rf build

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 20

.PHONY: all deps deps-arm64 reproducible sbom clean help missing FORCE
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
