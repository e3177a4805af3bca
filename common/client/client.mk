# The public client library: libmemory-client (.a, .so, header, pkg-config),
# and make install | uninstall of everything.

# These files of common/client/ and common/ and nothing else. They are compiled a second time,
# with hidden visibility: only memory_* leaves the library.
SRC_client := $(wildcard common/client/memory_client*.c) \
	common/client/settings.c $(addprefix common/, \
	sock.c sock_path.c err.c buf.c frame.c clock.c clock_zone.c jx.c jx_lex.c jx_parse.c jx_scan.c \
	jx_dump.c)
OBJ_client := $(SRC_client:common/%.c=$(B)/client/%.o)
OBJCOPY    ?= objcopy
LIB_client := $(B)/client/libmemory-client
SONAME     := libmemory-client.so.$(SOMAJOR)
LDFLAGS_so := $(filter-out -pie,$(LDFLAGS_$(V))) \
	$(if $(filter release,$(V)),-Wl$(comma)-z$(comma)defs)

client: $(LIB_client).so $(LIB_client).a ## Build libmemory-client (.so and .a) into build/release/client

$(B)/client/%.o: common/%.c $(B)/flags | missing
	@mkdir -p $(@D)
	$(CC) $(DEFS) $(ALL_CFLAGS) -fvisibility=hidden -MMD -MP -c -o $@ $<

$(LIB_client).so.$(VERSION): $(OBJ_client) common/client/libmemory-client.map
	$(CC) -shared -Wl,-soname,$(SONAME) $(LDFLAGS_so) $(LDFLAGS) \
		-Wl,--version-script,common/client/libmemory-client.map \
		-o $@ $(OBJ_client) -ljansson
$(LIB_client).so: $(LIB_client).so.$(VERSION)
	@ln -sf $(<F) $(@D)/$(SONAME)
	@ln -sf $(<F) $@

# One object whose internal names are local: no clash in a static link.
$(LIB_client).a: $(OBJ_client)
	$(LD) -r -o $(@D)/libmemory-client.o $^
	$(OBJCOPY) --localize-hidden $(@D)/libmemory-client.o
	@rm -f $@
	$(AR) rcsD $@ $(@D)/libmemory-client.o



# --- install ---------------------------------------------------------------
bindir     ?= $(prefix)/bin
libdir     ?= $(prefix)/lib
includedir ?= $(prefix)/include
mandir     ?= $(prefix)/share/man
datadir    ?= $(prefix)/share/enhanced-memory
docdir     ?= $(prefix)/share/doc/enhanced-memory
compdir    ?= $(prefix)/share/bash-completion/completions
unitdir    ?= $(prefix)/lib/systemd/system
userunitdir ?= $(prefix)/lib/systemd/user
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
UNITS      := $(wildcard systemd/*.service systemd/*.socket systemd/*.timer)
USER_UNITS := $(wildcard $(addprefix systemd/user/*.,service socket timer))
SYSUSERS   := $(wildcard systemd/sysusers.d/*.conf)
TMPFILES   := $(wildcard systemd/tmpfiles.d/*.conf)
MONITORING := $(wildcard systemd/monitoring/*)
EXAMPLES   := $(wildcard systemd/examples/*.conf)
# With the folders whose names begin with a dot.
PLUGIN     := $(shell cd mcp-server/plugin && find . -type f -printf '%P\n' | sort)
DOCS       := common/contract/PROTOCOL.md $(wildcard README.md CHANGELOG.md LICENSE)
MAN_PAGES  := $(wildcard */*.1 */*.8 */*/*.1 */*/*.3)
PC_FILE    := libmemory-client.pc

install: all ## Install under DESTDIR and prefix (/usr/local)
	install -d $(addprefix $(DESTDIR),$(bindir) $(libdir)/pkgconfig \
		$(includedir) $(datadir) $(docdir))
	install -m 755 $(PROGRAMS) $(DESTDIR)$(bindir)/
	install -m 644 common/client/memory_client.h $(DESTDIR)$(includedir)/
	install -m 644 $(LIB_client).a $(DESTDIR)$(libdir)/
	install -m 755 $(LIB_client).so.$(VERSION) $(DESTDIR)$(libdir)/
	ln -sf libmemory-client.so.$(VERSION) $(DESTDIR)$(libdir)/$(SONAME)
	ln -sf libmemory-client.so.$(VERSION) \
		$(DESTDIR)$(libdir)/libmemory-client.so
# The loader looks into its list, not into the folder.
	@case "$(DESTDIR)$(libdir)" in /usr/lib | /usr/local/lib) \
		ldconfig 2>/dev/null || true;; esac
	sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' \
		-e 's|@version@|$(VERSION)|' common/client/$(PC_FILE).in \
		> $(DESTDIR)$(libdir)/pkgconfig/$(PC_FILE)
	chmod 644 $(DESTDIR)$(libdir)/pkgconfig/$(PC_FILE)
	install -m 755 common/client/memory_client.py $(DESTDIR)$(datadir)/
	install -m 755 systemd/backup_memory.sh $(DESTDIR)$(datadir)/
	install -m 644 $(DOCS) $(DESTDIR)$(docdir)/
	install -D -m 644 memory-db/cli/memoryctl.bash-completion \
		$(DESTDIR)$(compdir)/memoryctl
	@for file in $(UNITS:%=$(unitdir):%) $(USER_UNITS:%=$(userunitdir):%) \
		$(SYSUSERS:%=$(sysusersdir):%) $(TMPFILES:%=$(tmpfilesdir):%) \
		$(MONITORING:%=$(datadir)/monitoring:%) $(EXAMPLES:%=$(docdir):%); do \
		to=$(DESTDIR)$${file%%:*}/$${file##*/}; \
		install -D -m 644 $${file#*:} $$to && \
		sed -i 's|@bindir@|$(bindir)|' $$to || exit 1; \
	done
	@for page in $(MAN_PAGES); do \
		install -D -m 644 $$page \
		$(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/} || exit 1; \
	done
	@for file in $(PLUGIN); do install -D -m 644 mcp-server/plugin/$$file \
		$(DESTDIR)$(datadir)/plugin/$$file || exit 1; done

uninstall: ## Remove what install put there
	rm -f $(addprefix $(DESTDIR)$(bindir)/,$(notdir $(PROGRAMS))) \
		$(DESTDIR)$(includedir)/memory_client.h \
		$(addprefix $(DESTDIR)$(libdir)/,libmemory-client.a \
		libmemory-client.so $(SONAME) libmemory-client.so.$(VERSION) \
		pkgconfig/$(PC_FILE)) $(DESTDIR)$(datadir)/memory_client.py \
		$(DESTDIR)$(datadir)/backup_memory.sh \
		$(addprefix $(DESTDIR)$(docdir)/,$(notdir $(DOCS))) \
		$(DESTDIR)$(compdir)/memoryctl \
		$(addprefix $(DESTDIR)$(unitdir)/,$(notdir $(UNITS))) \
		$(addprefix $(DESTDIR)$(userunitdir)/,$(notdir $(USER_UNITS))) \
		$(addprefix $(DESTDIR)$(sysusersdir)/,$(notdir $(SYSUSERS))) \
		$(addprefix $(DESTDIR)$(tmpfilesdir)/,$(notdir $(TMPFILES))) \
		$(addprefix $(DESTDIR)$(docdir)/,$(notdir $(EXAMPLES)))
	@for page in $(MAN_PAGES); do \
		rm -f $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}; \
	done
	rm -f $(addprefix $(DESTDIR)$(datadir)/monitoring/,$(notdir $(MONITORING))) \
		$(addprefix $(DESTDIR)$(datadir)/plugin/,$(PLUGIN))
	@find $(DESTDIR)$(datadir)/plugin -depth -type d -empty -delete 2>/dev/null || true
	@rmdir $(DESTDIR)$(datadir)/monitoring $(DESTDIR)$(datadir) $(DESTDIR)$(docdir) 2>/dev/null || true

.PHONY: client install uninstall

# --- tests -----------------------------------------------------------------
# Both clients hold the conversations of tests/proto/.
CLIENT_DRIVER := $(B)/client/client_driver
test-programs: $(CLIENT_DRIVER)
$(CLIENT_DRIVER): $(B)/tests/lib/client_driver.o $(LIB_client).so
	$(CC) $(ALL_LDFLAGS) -o $@ $< -L$(@D) -lmemory-client \
		-Wl,-rpath,'$$ORIGIN' -ljansson
