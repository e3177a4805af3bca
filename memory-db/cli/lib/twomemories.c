/* A machine has a service for several (socket /tmp/memory-db.sock, of the user
 * memory-db), and a user of it has a memory in ~/.memories from before, or a
 * service of his own session. One of them is asked, the other one lies there
 * unread, and nobody notices but by what is missing. */
#include "memory-db/cli/lib/twomemories.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sock.h"

/* The service of the machine listens there and lets this user in. */
static bool
is_let_in(void)
{
	struct stat st;

	return lstat(TWOMEMORIES_SHARED, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       st.st_uid != geteuid() && sock_is_trusted(st.st_uid) &&
	       access(TWOMEMORIES_SHARED, W_OK) == 0;
}

enum twomemories
twomemories_at(const char *socket, char ret_own[PATH_MAX])
{
	const char *home = getenv("HOME");
	struct stat st;

	if (!home || home[0] != '/' || !is_let_in() ||
		snprintf(ret_own, PATH_MAX, "%s/.memories/memory.db", home) >=
			PATH_MAX)
		return TWOMEMORIES_NO;
	if (strcmp(socket, TWOMEMORIES_SHARED) != 0)
		return TWOMEMORIES_OWN_SERVES;
	return stat(ret_own, &st) == 0 && st.st_size > 0
		       ? TWOMEMORIES_SHARED_SERVES
		       : TWOMEMORIES_NO;
}

const char *
twomemories_advice(enum twomemories which)
{
	switch (which) {
	case TWOMEMORIES_NO:
		return NULL;
	case TWOMEMORIES_SHARED_SERVES:
		return "to bring it along: memoryctl --socket /tmp/own.sock "
		       "--database ~/.memories/memory.db export --current "
		       "own.jsonl, then memoryctl import own.jsonl";
	case TWOMEMORIES_OWN_SERVES:
		return "to use that one: MEMORY_DB_SOCKET=" TWOMEMORIES_SHARED
		       "; to bring your own along: memoryctl export --current "
		       "own.jsonl, then memoryctl "
		       "--socket " TWOMEMORIES_SHARED " import own.jsonl";
	}
	return NULL;
}
