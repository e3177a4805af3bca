#include "memory-db/cli/lib/hooksync.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/owned.h"
#include "memory-db/cli/lib/foldersync.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/statefolder.h"

/* A session waits for its first hook, so that has less time. */
#define START_MS 1500
#define STOP_MS	 2500
/* Notes that are made for what the memory has: an index of more is of no use to
 * the client, which reads its first 200 lines. */
#define NOTES_MOST 100
#define NAMES_MOST 10000

/* --- whether -------------------------------------------------------------- */
/* The folder beside the transcript; false: there is none of this user. */
static bool
find_folder(const struct hookevent *ev, char ret[PATH_MAX])
{
	const char *path = ev->transcript;
	const char *slash = path && path[0] == '/' ? strrchr(path, '/') : NULL;
	struct stat st;

	return slash &&
	       snprintf(ret, PATH_MAX, "%.*s/memory", (int)(slash - path),
		       path) < PATH_MAX &&
	       lstat(ret, &st) == 0 && S_ISDIR(st.st_mode) &&
	       owned_is_ours(st.st_uid);
}

int
hooksync_wants(const struct hook *h, const struct hookevent *ev)
{
	bool is_start = h->what == HOOK_START;
	char folder[PATH_MAX];

	if (strcmp(h->client, "claude-code") != 0 || ev->is_subagent ||
		!(is_start || strcmp(h->event, "Stop") == 0 ||
			strcmp(h->event, "SessionEnd") == 0) ||
		hookstate_is_sync_off() || !find_folder(ev, folder))
		return 0;
	return is_start ? START_MS : STOP_MS;
}

static json_t *
hooksync_ask(struct cli *c, const char *method, json_t *params_new)
{
	json_t *reply = NULL;

	return cli_ask(c, method, params_new, &reply) == CLI_OK ? reply : NULL;
}

/* What agents write waits for a person here, or nobody can tell. */
static bool
hooksync_is_protected(struct cli *c)
{
	AUTO_JSON json_t *reply =
		hooksync_ask(c, "namespace_settings", json_object());
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(reply, "settings"), i, one)
		if (strcmp(cli_str(one, "name", ""), "protect") == 0)
			return !json_is_false(json_object_get(one, "value"));
	return true;
}

/* --- what both sides are now ---------------------------------------------- */
static int64_t
newest_change(struct cli *c)
{
	AUTO_JSON json_t *reply = hooksync_ask(c, "memory_history",
		json_pack("{s:i}", "limit", 1));

	return cli_int(json_array_get(json_object_get(reply, "changes"), 0),
		"change", 0);
}

/* A number of the notes that is another when one was touched: a sum, as they come
 * in no order. */
static bool
sum_notes(const char *folder, uint64_t *ret)
{
	DIR *dir = opendir(folder);
	const struct dirent *d;
	int n = 0;

	*ret = 0;
	while (dir && n < NAMES_MOST && (d = readdir(dir)) != NULL) {
		unsigned char hash[16] = {0};
		char text[NAME_MAX + 80];
		struct stat st;
		uint64_t part;

		if (d->d_name[0] == '.' || fstatat(dirfd(dir), d->d_name, &st,
						   AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		n++;
		snprintf(text, sizeof(text), "%s %lld %lld.%ld", d->d_name,
			(long long)st.st_size, (long long)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec);
		crypto_generichash(hash, sizeof(hash),
			(const unsigned char *)text, strlen(text), NULL, 0);
		memcpy(&part, hash, sizeof(part));
		*ret += part;
	}
	if (dir)
		closedir(dir);
	return dir && n < NAMES_MOST;
}

/* "CHANGE SUM": where both sides are. */
static bool
hooksync_state_of(struct cli *c, const char *folder, char ret[64])
{
	uint64_t sum;

	if (!sum_notes(folder, &sum))
		return false;
	snprintf(ret, 64, "%" PRId64 " %016" PRIx64, newest_change(c), sum);
	return true;
}

/* The file that keeps the state behind the last sync. */
static bool
state_path(const struct cli *c, const char *folder, char ret[PATH_MAX])
{
	unsigned char d[16];
	char text[PATH_MAX + 600];
	size_t n;

	if (!statefolder(ret, true))
		return false;
	snprintf(text, sizeof(text), "%s\n%.255s\n%.255s", folder,
		c->namespace_ ? c->namespace_ : "", c->branch ? c->branch : "");
	crypto_generichash(d, sizeof(d), (const unsigned char *)text,
		strlen(text), NULL, 0);
	n = strlen(ret);
	if (n + 48 > PATH_MAX)
		return false;
	memcpy(ret + n, "/sync-", 6);
	sodium_bin2hex(ret + n + 6, 33, d, sizeof(d));
	return true;
}

static bool
is_as_before(const char *path, const char *state)
{
	AUTO_FD int fd = -1;
	char text[64];
	ssize_t n;

	if (owned_open(path, O_RDONLY, 0, &fd, NULL, NULL) != 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	return n > 0 && (size_t)n == strlen(state) &&
	       memcmp(text, state, (size_t)n) == 0;
}

static void
remember_state(const char *path, const char *state)
{
	AUTO_FD int fd = -1;

	if (owned_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL,
		    NULL) == 0 &&
		write(fd, state, strlen(state)) != (ssize_t)strlen(state))
		(void)unlink(path);
}

/* --- the work ------------------------------------------------------------- */
/* Notes are somebody's own words, to the letter: the connection is the user's, not
 * an agent's, to which what nearly repeats a fact is known. */
static bool
connect_as_user(struct cli *c, int ms, const char *session)
{
	char path[4096], client[64];
	struct memory_options o;

	memory_client_free(c->client);
	c->client = NULL;
	if (cli_client_options(c, &o, path, sizeof(path)) != CLI_OK)
		return false;
	snprintf(client, sizeof(client),
		"notes of claude-code " MEMORY_VERSION);
	o.client = client;
	o.session = session;
	o.timeout_ms = ms;
	o.connect_timeout_ms = ms / 2;
	o.retries = -1;
	c->client = memory_client_new(&o);
	return c->client != NULL;
}

void
hooksync_run(struct cli *c, const struct hook *h, const struct hookevent *ev,
	const char *session)
{
	int ms = h->what == HOOK_START ? START_MS : STOP_MS;
	char folder[PATH_MAX], path[PATH_MAX], before[64], after[64];
	struct foldersync_counts n = {0};
	struct foldersync_options o = {.folder = folder,
		.deadline_ns = clock_mono_ns() + ms * INT64_C(1000000) * 3 / 4,
		.most_new = NOTES_MOST};

	if (!find_folder(ev, folder) || !connect_as_user(c, ms, session) ||
		!state_path(c, folder, path) ||
		!hooksync_state_of(c, folder, before) ||
		is_as_before(path, before) || hooksync_is_protected(c) ||
		foldersync_run(c, &o, &n) != CLI_OK)
		return;
	/* What was left undone is looked at with the next event. */
	if (n.skipped == 0 && hooksync_state_of(c, folder, after))
		remember_state(path, after);
}
