# The jail: a static program, the same in every variant, because sanitizers
# need system calls that it must not make.

SRC_sandbox := $(sort $(wildcard sandbox/*.c))
OBJ_sandbox := $(call obj,$(SRC_sandbox))
SRC_jail    := $(sort $(wildcard sandbox/jail/*.c))
J           := build/jail$(ELSEWHERE)

JAIL_DEFS   := -D_GNU_SOURCE -DMEMORY_VERSION='"$(VERSION)"' -I. -I$(J)/gen \
	$(shell pkg-config --cflags lua5.4)
JAIL_CFLAGS := $(WARN) -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 $(HARD) $(MAP) -fPIE
JAIL_LDFLAGS := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
JAIL_GEN    := $(J)/gen/policy.inc $(J)/gen/helpers.inc

$(J)/gen/policy_gen: sandbox/gen/policy_gen.c sandbox/policy.def sandbox/wire.h
	@mkdir -p $(@D)
	$(BUILD_CC) $(JAIL_DEFS) $(WARN) -O1 -o $@ $< -lseccomp
# Numbers of system calls are those of the machine that will run the jail.
$(J)/gen/policy.inc: $(J)/gen/policy_gen
	$< $(TARGET) > $@.new && mv $@.new $@
$(J)/gen/precompile: sandbox/gen/precompile.c
	@mkdir -p $(@D)
	$(BUILD_CC) $(JAIL_DEFS) $(WARN) -O1 -o $@ $< -l:liblua5.4.a -lm
# Code of Lua is the same for all machines of 64 bits and little endian.
$(J)/gen/helpers.inc: sandbox/lua/helpers.lua $(J)/gen/precompile
	$(J)/gen/precompile $< =memory > $@.new && mv $@.new $@
$(J)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(JAIL_DEFS) $(JAIL_CFLAGS)' | cmp -s - $@ || \
	echo '$(CC) $(JAIL_DEFS) $(JAIL_CFLAGS)' > $@

$(J)/%.o: sandbox/jail/%.c $(J)/flags $(JAIL_GEN) | missing
	$(CC) $(JAIL_DEFS) $(JAIL_CFLAGS) -MMD -MP -c -o $@ $<
$(J)/probe/%.o: sandbox/jail/%.c $(J)/flags $(JAIL_GEN) | missing
	@mkdir -p $(@D)
	$(CC) $(JAIL_DEFS) $(JAIL_CFLAGS) -DSANDBOX_PROBE -MMD -MP -c -o $@ $<
# liblua asks for dlopen and for libm; nothing here opens anything.
LIBS_jail := -l:liblua5.4.a -lm

$(BIN)/memory-sandbox: $(patsubst sandbox/jail/%.c,$(J)/%.o,$(SRC_jail))
	@mkdir -p $(@D)
	$(CC) $(JAIL_LDFLAGS) -o $@ $^ $(LIBS_jail)

# For tests: the jail with functions that try to break it, and the inside of
# the jail without walls under the sanitizers.
$(J)/memory-sandbox-probe: $(patsubst sandbox/jail/%.c,$(J)/probe/%.o,$(SRC_jail))
	$(CC) $(JAIL_LDFLAGS) -o $@ $^ $(LIBS_jail)
$(J)/bare/%.o: sandbox/jail/%.c $(J)/flags $(JAIL_GEN) | missing
	@mkdir -p $(@D)
	$(CC) $(JAIL_DEFS) $(WARN) $(CFLAGS_asan) -DSANDBOX_UNJAILED \
		-DSANDBOX_PROBE -MMD -MP -c -o $@ $<
$(J)/memory-sandbox-bare: $(patsubst sandbox/jail/%.c,$(J)/bare/%.o,$(SRC_jail))
	$(CC) $(LDFLAGS_asan) -o $@ $^ -llua5.4 -lm

-include $(wildcard $(J)/*.d $(J)/probe/*.d $(J)/bare/*.d)

OBJ_driver := $(call obj,tests/jail/jail_driver.c tests/jail/made_up.c)
$(B)/jail/jail_driver: $(OBJ_driver) $(OBJ_sandbox) $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_common)
jail-programs: $(BIN)/memory-sandbox $(B)/jail/jail_driver \
	$(J)/memory-sandbox-probe $(J)/memory-sandbox-bare
.PHONY: jail-programs

# The fuzzer of the jail's side is built from its sources, without walls.
OBJ_value := $(patsubst %,$(B)/unjailed/%.o,value io alarm output arena)
$(B)/unjailed/%.o: sandbox/jail/%.c $(B)/flags | missing
	@mkdir -p $(@D)
	$(CC) $(JAIL_DEFS) $(ALL_CFLAGS) -DSANDBOX_UNJAILED -MMD -MP -c -o $@ $<
$(B)/tests/fuzz/fuzz_jail_value.o: DEFS += $(shell pkg-config --cflags lua5.4)
$(B)/fuzz/fuzz_jail_value: $(B)/tests/fuzz/fuzz_jail_value.o $(OBJ_value) \
		$(if $(filter fuzz,$(V)),,$(B)/tests/lib/fuzz_replay.o) \
		$(B)/sandbox/codec.o $(OBJ_common)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -llua5.4 $(LIBS_common)

$(B)/tests/unit/test_sandbox_policy.o: $(J)/gen/policy.inc
