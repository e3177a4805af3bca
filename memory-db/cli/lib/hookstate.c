/* What the hooks of a session remember: small files of this user. Each event
 * is a process of its own, and two may run at once; so a file is read, changed
 * and replaced under a lock, and a file that is broken or gone counts as
 * empty. Old ones are removed on the way. */
#include "memory-db/cli/lib/hookstate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/owned.h"
#include "common/text.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/clients.h"
#include "memory-db/cli/lib/pairname.h"
#include "memory-db/cli/lib/statefolder.h"

#define STATE_BYTES (256 * 1024)
/* Facts that are remembered as shown: a session sees a few hundred. */
#define SHOWN_MAX 4000
#define MONTH_S	  (30 * 24 * 3600)
/* Files whose age is looked at when a session begins: a bound for its latency. */
#define TIDY_FILES 500

static bool
path_in(const char *name, const char *ending, char ret_path[PATH_MAX],
	bool is_making)
{
	char dir[PATH_MAX];

	return statefolder(dir, is_making) &&
	       snprintf(ret_path, PATH_MAX, "%s/%s%s", dir, name, ending) <
		       PATH_MAX;
}

/* --- one session ---------------------------------------------------------- */

/* The file as JSON; NULL: none that can be used. */
static json_t *
hookstate_read(const char *path)
{
	AUTO_FD int fd = -1;
	AUTO_FREE char *text = NULL;
	struct stat st;
	ssize_t got;

	if (owned_open(path, O_RDONLY, 0, &fd, &st, NULL) != 0 ||
		st.st_size <= 0 || st.st_size > STATE_BYTES)
		return NULL;
	text = malloc((size_t)st.st_size);
	if (!text)
		return NULL;
	got = read(fd, text, (size_t)st.st_size);
	return got > 0 ? jx_parse(text, (size_t)got, NULL) : NULL;
}

/* A list of the file, or an empty one; new. */
static json_t *
list_of(const json_t *j, const char *key)
{
	json_t *list = json_object_get(j, key);

	return json_is_array(list) ? json_incref(list) : json_array();
}

static bool
load(struct hookstate *s)
{
	AUTO_JSON json_t *j = hookstate_read(s->path);
	const json_t *x;
	size_t i;

	s->shown = json_object();
	s->pending = list_of(j, "pending");
	s->before = list_of(j, "before");
	s->calls = list_of(j, "calls");
	s->asked = json_incref(json_object_get(j, "asked"));
	s->agents = json_is_object(json_object_get(j, "agents"))
			    ? json_incref(json_object_get(j, "agents"))
			    : json_object();
	if (!s->shown || !s->pending || !s->before || !s->calls || !s->agents)
		return false;
	json_array_foreach(json_object_get(j, "shown"), i, x)
		if (json_is_integer(x) &&
			hookstate_show(s, json_integer_value(x)) != 0)
			return false;
	snprintf(s->transcript, sizeof(s->transcript), "%s",
		cli_str(j, "transcript", ""));
	s->inode = cli_int(j, "inode", 0);
	s->cursor = cli_int(j, "cursor", 0);
	s->loaded = cli_int(j, "loaded", 0);
	s->recalled = cli_int(j, "recalled", 0);
	s->captured = cli_int(j, "captured", 0);
	s->prompts = cli_int(j, "prompts", 0);
	s->silent = cli_int(j, "silent", 0);
	s->used = cli_int(j, "used", 0);
	s->contradicted = cli_int(j, "contradicted", 0);
	s->at_ms = cli_int(j, "at_ms", 0);
	s->judged_ms = cli_int(j, "judged_ms", 0);
	return true;
}

/* VS Code reads the hook files of Copilot CLI as well as its own: in a project
 * that has both, one prompt fires two hooks. They share the notes of the session,
 * so the second one finds everything shown already. */
static const char *
notes_of(const char *client)
{
	return strcmp(client, "vscode") == 0 ? "copilot-cli" : client;
}

bool
hookstate_look(const char *client, const char *session, struct hookstate *ret)
{
	char name[33], path[64];

	*ret = (struct hookstate){.lock = -1};
	pairname(notes_of(client), session, name);
	snprintf(path, sizeof(path), "session-%s", name);
	return path_in(path, ".json", ret->path, false) && load(ret);
}

bool
hookstate_open(const char *client, const char *session, int wait_ms,
	struct hookstate *ret)
{
	char name[33], file[64], lock[PATH_MAX];

	*ret = (struct hookstate){.lock = -1};
	pairname(notes_of(client), session, name);
	snprintf(file, sizeof(file), "session-%s", name);
	if (!path_in(file, ".json", ret->path, true) ||
		!path_in(file, ".lock", lock, false) ||
		owned_open(lock, O_RDWR | O_CREAT, 0600, &ret->lock, NULL,
			NULL) != 0)
		return false;
	for (int waited = 0; flock(ret->lock, LOCK_EX | LOCK_NB) < 0;
		waited += 10) {
		if (errno != EWOULDBLOCK || waited >= wait_ms)
			return false;
		usleep(10000);
	}
	return load(ret);
}

int
hookstate_save(struct hookstate *s)
{
	AUTO_JSON json_t *shown = json_array(), *j = NULL;
	AUTO_BUF struct buf text = {0};
	char temp[PATH_MAX + 8];
	AUTO_FD int fd = -1;
	const char *id;
	json_t *x;

	json_object_foreach(s->shown, id, x) {
		int64_t n;

		if (text_int(id, 0, INT64_MAX, &n) == 0 &&
			jx_add(shown, json_integer(n)) != 0)
			return MDB_E_NOMEM;
	}
	/* A path that is no UTF-8 is read from its begin next time. */
	j = json_pack(
		"{s:O,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:O,s:O,s:O*,s:I,s:I,s:O,s:O,s:I}",
		"shown", shown, "transcript",
		text_is_utf8(s->transcript, strlen(s->transcript))
			? s->transcript
			: "",
		"inode", (json_int_t)s->inode, "cursor", (json_int_t)s->cursor,
		"loaded", (json_int_t)s->loaded, "recalled",
		(json_int_t)s->recalled, "captured", (json_int_t)s->captured,
		"prompts", (json_int_t)s->prompts, "silent",
		(json_int_t)s->silent, "at_ms", (json_int_t)clock_now_ms(),
		"pending", s->pending, "before", s->before, "asked", s->asked,
		"used", (json_int_t)s->used, "contradicted",
		(json_int_t)s->contradicted, "calls", s->calls, "agents",
		s->agents, "judged_ms", (json_int_t)s->judged_ms);
	if (!j || jx_dump(j, &text) != 0)
		return MDB_E_NOMEM;
	/* No sync: after a power cut some facts may be shown twice. */
	snprintf(temp, sizeof(temp), "%s.new", s->path);
	if (owned_open(temp, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL,
		    NULL) != 0 ||
		write(fd, text.data, text.len) != (ssize_t)text.len ||
		rename(temp, s->path) < 0)
		return MDB_E_STORE;
	return 0;
}

void
hookstate_done(struct hookstate *s)
{
	json_decref(s->shown);
	json_decref(s->pending);
	json_decref(s->before);
	json_decref(s->calls);
	json_decref(s->agents);
	json_decref(s->asked);
	if (s->lock >= 0)
		close(s->lock);
	*s = (struct hookstate){.lock = -1};
}

bool
hookstate_was_shown(const struct hookstate *s, int64_t fact)
{
	char id[32];

	snprintf(id, sizeof(id), "%" PRId64, fact);
	return json_object_get(s->shown, id) != NULL;
}

int
hookstate_show(struct hookstate *s, int64_t fact)
{
	char id[32];

	if (json_object_size(s->shown) >= SHOWN_MAX)
		return 0;
	snprintf(id, sizeof(id), "%" PRId64, fact);
	return jx_set(s->shown, id, json_true());
}

/* --- what lies beside ----------------------------------------------------- */

static bool
fired_path(const char *client, const char *event, char path[PATH_MAX],
	bool is_making)
{
	char name[128];

	snprintf(name, sizeof(name), "fired-%s-%s", client, event);
	return path_in(name, "", path, is_making);
}

void
hookstate_fired(const char *client, const char *event)
{
	char path[PATH_MAX];
	AUTO_FD int fd = -1;

	if (fired_path(client, event, path, true) &&
		owned_open(path, O_WRONLY | O_CREAT, 0600, &fd, NULL, NULL) ==
			0)
		(void)futimens(fd, NULL);
}

int64_t
hookstate_last_fired(const char *client, const char *event)
{
	char path[PATH_MAX];
	struct stat st;

	if (!fired_path(client, event, path, false) || lstat(path, &st) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

static bool
seen_path(const char *namespace_, char path[PATH_MAX], bool is_making)
{
	char name[33], file[64];

	pairname("namespace", namespace_, name);
	snprintf(file, sizeof(file), "seen-%s", name);
	return path_in(file, ".json", path, is_making);
}

int64_t
hookstate_seen(const char *namespace_)
{
	char path[PATH_MAX];

	if (!seen_path(namespace_, path, false))
		return 0;
	AUTO_JSON json_t *j = hookstate_read(path);

	return cli_int(j, "change", 0);
}

void
hookstate_see(const char *namespace_, int64_t change)
{
	char path[PATH_MAX], temp[PATH_MAX + 8], text[64];
	AUTO_FD int fd = -1;
	int n = snprintf(text, sizeof(text), "{\"change\":%" PRId64 "}",
		change);

	if (!seen_path(namespace_, path, true))
		return;
	snprintf(temp, sizeof(temp), "%s.new", path);
	if (owned_open(temp, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL,
		    NULL) == 0 &&
		write(fd, text, (size_t)n) == n)
		(void)rename(temp, path);
}

/* The next file that grows old; NULL: no more. */
static struct dirent *
next_note(DIR *dir)
{
	struct dirent *d;

	while ((d = readdir(dir)) != NULL &&
		strncmp(d->d_name, "session-", 8) != 0 &&
		strncmp(d->d_name, "code-", 5) != 0)
		;
	return d;
}

/* Some of them each time, from a place that is another one each time: of many
 * all are looked at in the end. */
void
hookstate_tidy(void)
{
	char path[PATH_MAX];
	struct dirent *d;
	uint32_t n = 0, from = 0;
	DIR *dir;

	if (!statefolder(path, false) || (dir = opendir(path)) == NULL)
		return;
	while (next_note(dir))
		n++;
	if (n > TIDY_FILES)
		from = randombytes_uniform(n);
	rewinddir(dir);
	for (uint32_t i = 0; (d = next_note(dir)) != NULL; i++) {
		bool is_meant = i >= from ? i - from < TIDY_FILES
					  : i + n - from < TIDY_FILES;
		struct stat st;

		if (!is_meant || fstatat(dirfd(dir), d->d_name, &st,
					 AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		/* A branch of the code may rest for long. */
		if (clock_now_ms() / 1000 - st.st_mtim.tv_sec >
			(d->d_name[0] == 's' ? MONTH_S : 6 * MONTH_S))
			(void)unlinkat(dirfd(dir), d->d_name, 0);
	}
	closedir(dir);
}

/* --- the switch ----------------------------------------------------------- */

static bool
switch_path(enum hookstate_part part, char path[PATH_MAX])
{
	static const char *const patterns[] =
		{[HOOKSTATE_ALL] = "@config/enhanced-memory/hooks.off",
			[HOOKSTATE_SYNC] =
				"@config/enhanced-memory/hooks-sync.off"};

	return clients_expand(patterns[part], strlen(patterns[part]), false,
		getenv, path);
}

const char *
hookstate_off_variable(enum hookstate_part part)
{
	static const char *const variables[] = {[HOOKSTATE_ALL] =
							"MEMORY_HOOKS",
		[HOOKSTATE_SYNC] = "MEMORY_HOOKS_SYNC"};
	const char *said = getenv(variables[part]);

	return said && strcasecmp(said, "off") == 0 ? variables[part] : NULL;
}

static bool
is_switched_off(enum hookstate_part part)
{
	char path[PATH_MAX];

	return hookstate_off_variable(part) ||
	       (switch_path(part, path) && access(path, F_OK) == 0);
}

bool
hookstate_is_off(void)
{
	return is_switched_off(HOOKSTATE_ALL);
}

bool
hookstate_is_sync_off(void)
{
	return is_switched_off(HOOKSTATE_SYNC);
}

int
hookstate_switch(enum hookstate_part part, bool is_off, char ret_path[PATH_MAX],
	struct err *e)
{
	AUTO_FD int fd = -1;
	char dir[PATH_MAX];

	if (!switch_path(part, ret_path))
		return err_set(e, MDB_E_NOT_FOUND, "HOME is not set");
	if (!is_off) {
		if (unlink(ret_path) < 0 && errno != ENOENT)
			return err_set(e, MDB_E_STORE, "cannot remove %s: %s",
				ret_path, strerrordesc_np(errno));
		statefolder_remove_above(ret_path);
		return 0;
	}
	(void)!statefolder_make_above(ret_path, dir);
	return owned_open(ret_path, O_WRONLY | O_CREAT, 0600, &fd, NULL, e);
}
