/* The service that a client starts serves every client of this user. So what
 * stands in the environment of the first one is not for it: neither settings
 * (memory-db.conf holds those), nor keys of other programs, which would stay
 * readable in /proc for as long as it runs, nor libraries to load, proxies and
 * key logs. What is left says where the user's files are and how to write. */
#include "common/client/spawn_env.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

extern char **environ;

static const char *const names[] = {
	"HOME",
	"PATH",
	"TZ",
	"LANG",
	"XDG_RUNTIME_DIR",
	"MEMORY_DB_EXIT_WHEN_IDLE",
#ifdef MEMORY_TEST_BUILD
	"ASAN_OPTIONS",
	"LSAN_OPTIONS",
	"TSAN_OPTIONS",
	"UBSAN_OPTIONS",
	"TMPDIR",
#endif
};

static const char *const prefixes[] = {
	"LC_",
#ifdef MEMORY_TEST_BUILD
	"MEMORY_TEST_",
	"GCOV_",
#endif
};

static bool
spawn_env_is_kept(const char *entry)
{
	size_t n = strcspn(entry, "=");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && memcmp(names[i], entry, n) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

int
spawn_env(const char ***ret_new, struct err *e)
{
	const char **kept;
	size_t all = 0, n = 0;

	while (environ != NULL && environ[all] != NULL)
		all++;
	kept = calloc(all + 1, sizeof(*kept));
	if (kept == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < all; i++)
		if (spawn_env_is_kept(environ[i]))
			kept[n++] = environ[i];
	*ret_new = kept;
	return 0;
}

void
spawn_env_clear(void)
{
	static const char *const own[] = {"MEMORY_DB_SOCKET=",
		"MEMORY_DB_PATH=", "LISTEN_", "NOTIFY_SOCKET=", "WATCHDOG_"};
	size_t n = 0;

	for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
		bool keep = spawn_env_is_kept(environ[i]);

		for (size_t k = 0; k < ARRAY_LEN(own); k++)
			keep |= strncmp(environ[i], own[k], strlen(own[k])) ==
				0;
		if (keep)
			environ[n++] = environ[i];
		else
			explicit_bzero(environ[i], strlen(environ[i]));
	}
	if (environ != NULL)
		environ[n] = NULL;
}
