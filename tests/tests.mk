# Test targets. `make test` is everything a change must pass.

PY_TESTS := $(sort $(wildcard tests/proto/test_*.py tests/func/test_*.py \
	tests/jail/test_*.py))
LINTS    := tests/lint_layers.sh tests/lint_symbols.py tests/lint_dialect.py \
	tests/lint_heads.py
CORES    := $(shell nproc 2>/dev/null || echo 2)
RUN      := python3 tests/run.py --variant $(V)
# Only jobs whose name matches: make func T=torture
T ?=
ifneq ($(T),)
RUN += --filter '$(T)'
endif

# libFuzzer brings its own main; everywhere else a corpus is replayed.
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -DMEMORY_TEST_BUILD=1 \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

# The tool tables as JSON, for tests that try every parameter.
$(B)/lib/dump_tools: $(B)/tests/lib/dump_tools.o $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_common)

# The labelled pairs are a part of the test.
$(B)/tests/unit/test_fact_compare.o: tests/data/fact_pairs.jsonl
$(B)/tests/unit/test_extract.o: tests/data/dialogues.txt

# Embeds the texts of a test.
$(B)/lib/embed_driver: $(B)/tests/lib/embed_driver.o $(OBJ_db) $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_db)

test-programs: jail-programs $(PROGRAMS) $(SHIMS) $(B)/lib/dump_tools \
	$(B)/lib/embed_driver
test-all: test-programs $(UNIT_TESTS) $(FUZZERS)

# Says how far it is; -s of the caller would silence what is counted.
BUILD := env -u MAKEFLAGS python3 tests/lib/build.py $(MAKEOVERRIDES) \
	-j$(CORES) -Otarget
test: ## Everything a change must pass (ASan+UBSan), a few minutes
	@$(BUILD) V=release all
	@$(BUILD) V=asan test-all
	@$(MAKE) --no-print-directory -s V=asan test-run
# What CI runs a second time: without sanitizers, in half the time, and over
# the code as an optimising compiler makes it.
test-plain: ## The same tests over optimised programs without sanitizers
	@$(BUILD) V=plain test-all
	@$(MAKE) --no-print-directory -s V=plain test-run
test-run:
	$(RUN) --unit $(UNIT_TESTS) --replay $(FUZZERS) --py $(PY_TESTS) \
		--lint $(LINTS)

unit: $(UNIT_TESTS) ## Build and run the unit tests (V=asan: with sanitizers)
	$(RUN) --unit $(UNIT_TESTS)
func: test-programs ## Run the functional tests (V=asan, T=regex)
	$(RUN) --py $(PY_TESTS)
# The objects tell which room calls which; those of asan, when they are there.
lint: ## Layers, rooms, sizes, forbidden calls, man pages
	@$(MAKE) --no-print-directory -s -j$(CORES) objects \
		V=$(if $(wildcard build/asan/memory-db),asan,$(V))
	$(RUN) --lint $(LINTS)
objects: $(OBJ_common) $(OBJ_mcp) $(OBJ_db) $(OBJ_cli) \
	$(call obj,mcp-server/main.c memory-db/main.c memory-db/options.c \
	memory-db/options_path.c \
	memory-db/cli/main.c)

# Some 900 MB, kept in build/npm. Without the registry it says so and is no
# failure.
NPM_CLIENTS := @anthropic-ai/claude-code @openai/codex @google/gemini-cli \
	@modelcontextprotocol/inspector
check-clients: ## Clients from npm accept and start what install writes
	@command -v npm >/dev/null || { echo "skipped: npm is not here"; exit 0; }; \
	if ! npm ping >/dev/null 2>&1; then \
		echo "skipped: the npm registry cannot be reached"; exit 0; fi; \
	npm install --no-audit --no-fund --silent --prefix build/npm \
		$(NPM_CLIENTS) && \
	node build/npm/node_modules/@anthropic-ai/claude-code/install.cjs && \
	$(MAKE) --no-print-directory -s all && \
	$(RUN) --py tests/func/test_real_clients.py

tsan: ## Unit and functional tests under ThreadSanitizer
	$(MAKE) --no-print-directory V=tsan -j$(CORES) -Otarget test-programs unit-programs
	$(MAKE) --no-print-directory V=tsan tsan-run
unit-programs: $(UNIT_TESTS)
tsan-run:
	$(RUN) --unit $(UNIT_TESTS) --py $(PY_TESTS)

FUZZ_SECONDS ?= 20
fuzz: ## Fuzz each decoder for FUZZ_SECONDS (20) with libFuzzer (clang)
	@command -v clang >/dev/null || { echo "clang is missing: apt-get install clang" >&2; exit 1; }
	$(MAKE) --no-print-directory V=fuzz CC=clang -j$(CORES) fuzz-run
fuzz-run: $(FUZZERS)
	@for f in $(FUZZERS); do \
		name=$$(basename $$f | sed s/fuzz_//); log=$(B)/$$name.log; \
		mkdir -p $(B)/corpus/$$name; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
			-rss_limit_mb=2048 -artifact_prefix=$(B)/crash-$$name- \
			$(B)/corpus/$$name tests/fuzz/corpus/$$name 2>$$log || \
			{ tail -n 60 $$log; exit 1; }; \
		echo "$$name: $$(grep -E '^Done ' $$log)"; \
	done; echo "all fuzzers clean"

cov: ## Line and branch coverage of the unit and functional tests (gcovr)
	@command -v gcovr >/dev/null || { echo "gcovr is missing: apt-get install gcovr" >&2; exit 1; }
	$(MAKE) --no-print-directory V=cov -j$(CORES) test-programs unit-programs
	-find build/cov -name '*.gcda' -delete
	-$(MAKE) --no-print-directory V=cov tsan-run
	gcovr -r . --object-directory build/cov -e tests/ -s --sort-percentage \
		--html-details build/cov/coverage.html > build/cov/coverage.txt
	@tail -25 build/cov/coverage.txt; echo "build/cov/coverage.html"

analyze: ## gcc -fanalyzer and cppcheck; findings explained in tests/lib/analyze.txt
	tests/analyze.sh

bench: ## The figures of the product (QUICK=1: two minutes; PART=scan: one)
	$(MAKE) --no-print-directory V=release bench-programs
	python3 tests/bench/run.py $(if $(QUICK),--quick) $(BENCH_ARGS) \
		$(if $(PART),--only '^$(PART)')
soak: ## Clients for MINUTES (30): memory, descriptors, WAL and p99 stay
	$(MAKE) --no-print-directory V=release all
	python3 tests/bench/soak.py $(if $(MINUTES),--minutes $(MINUTES))
ROUNDS ?= 1000
POWER_ROUNDS ?= $(shell expr $(ROUNDS) / 4)
crash: ## The service dies ROUNDS (1000) times under mixed load; nothing is lost
	@$(MAKE) --no-print-directory -s -j$(CORES) V=release all
	@$(MAKE) --no-print-directory -s -j$(CORES) V=asan all
	TEST_VARIANT=release python3 tests/crash/campaign.py --rounds $(ROUNDS)
	TEST_VARIANT=asan python3 tests/crash/campaign.py --how power \
		--rounds $(POWER_ROUNDS)
	TEST_VARIANT=release python3 tests/crash/campaign.py --rounds 20 \
		--entities 100000 --verify 20 --longest-start 1
bench-programs: jail-programs $(PROGRAMS) $(BENCHES) $(SHIMS) $(B)/unit/test_mcp_calls

demo: ## The product at work: two clients, a crash, nothing lost
	@$(MAKE) --no-print-directory -s -j$(CORES) -Otarget all
	@python3 tests/demo/demo.py

.PHONY: test test-plain test-run test-all test-programs unit unit-programs func lint objects \
	tsan tsan-run fuzz fuzz-run cov analyze bench bench-programs soak crash demo
