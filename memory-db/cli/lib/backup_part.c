/* A part of a chain: the log behind the change that the backup before it reaches,
 * in a file without a name, and what is said of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/backup_make.h"
#include "memory-db/cli/lib/backup_name.h"
#include "memory-db/cli/lib/replay.h"

/* Rows that the description of a part may hold: when more was forgotten, a whole
 * backup is made instead. */
#define ERASURES_MOST 10000
/* A log that will be encrypted touches no disk before: it waits in memory. */
#define IN_MEMORY_MOST (256LL * 1024 * 1024)

struct backup_part {
	FILE *f;      /* owned */
	json_t *head; /* owned; first line of the log */
	int64_t bytes;
	bool is_secret, is_large;
};

static void
part_done(struct backup_part *p)
{
	if (p->f)
		fclose(p->f);
	json_decref(p->head);
}

static int
put_line(void *ctx, const char *line, size_t n)
{
	struct backup_part *p = ctx;

	if (!p->head && (p->head = jx_parse(line, n, NULL)) == NULL)
		return cli_nomem();
	p->bytes += (int64_t)n + 1;
	if (p->is_secret && p->bytes > IN_MEMORY_MOST) {
		p->is_large = true;
		return CLI_PROBLEM;
	}
	if (fwrite(line, 1, n, p->f) == n && putc('\n', p->f) != EOF)
		return CLI_OK;
	return cli_fail(CLI_SYSTEM, "cannot write the log of the changes: %m. "
				    "No backup was made");
}

static int
open_in_memory(FILE **ret)
{
	int fd = (int)syscall(SYS_memfd_create, "log", 1u /* CLOEXEC */);

	*ret = fd < 0 ? NULL : fdopen(fd, "w+");
	if (*ret)
		return CLI_OK;
	if (fd >= 0)
		close(fd);
	return cli_fail(CLI_SYSTEM, "no memory for the log: %m. No backup was "
				    "made");
}

/* Where the backups are: there is room for one, or there will be none. */
static int
open_unnamed(const char *folder, FILE **ret)
{
	AUTO_FREE char *path = NULL;
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 &&
		asprintf(&path, "%s/" BACKUP_UNNAMED "XXXXXX", folder) > 0) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(path);
	}
	if (fd < 0 || (*ret = fdopen(fd, "w+")) == NULL) {
		if (fd >= 0)
			close(fd);
		return cli_fail(CLI_SYSTEM,
			"cannot write into %s: %m. No "
			"backup was made",
			folder);
	}
	return CLI_OK;
}

/* What was forgotten since; -1: too much. */
static int
take_erasures(struct cli *c, int64_t since, json_t *list)
{
	AUTO_FREE char *cursor = NULL;

	do {
		AUTO_JSON json_t *reply = NULL;
		const char *next;
		int rc = cli_call(c, "list_erasures",
			cursor ? json_pack("{s:s}", "cursor", cursor)
			       : json_pack("{s:I}", "since", (json_int_t)since),
			CLI_NOW, &reply);

		if (rc != CLI_OK)
			return rc;
		if (json_array_extend(list,
			    json_object_get(reply, "erasures")) != 0)
			return cli_nomem();
		if (json_array_size(list) > ERASURES_MOST)
			return -1;
		free(take_ptr(cursor));
		next = cli_str(reply, "next", NULL);
		if (next && (cursor = strdup(next)) == NULL)
			return cli_nomem();
	} while (cursor);
	return CLI_OK;
}

/* The newest change of all namespaces, of the heads in the first line. */
static int64_t
newest_of(const json_t *heads, int64_t least)
{
	const json_t *h;
	size_t i;

	json_array_foreach(heads, i, h)
		if (cli_int(h, "change", 0) > least)
			least = cli_int(h, "change", 0);
	return least;
}

/* As snapshot_database tells of a copy. */
static json_t *
reply_of(const struct backup_part *p, const json_t *database, int64_t from)
{
	const json_t *heads = json_object_get(p->head, "heads");

	return json_pack("{s:O,s:O,s:O,s:O?,s:I,s:I,s:I}", "database_id",
		json_object_get(database, "id"), "instance_id",
		json_object_get(database, "instance_id"), "schema",
		json_object_get(database, "schema"), "heads", heads, "change",
		(json_int_t)newest_of(heads, from), "at", (json_int_t)0,
		"bytes", (json_int_t)p->bytes);
}

static bool
is_same_copy(const json_t *database, const json_t *base)
{
	return strcmp(cli_str(database, "id", ""),
		       cli_str(base, "database_id", "?")) == 0 &&
	       strcmp(cli_str(database, "instance_id", ""),
		       cli_str(base, "instance_id", "?")) == 0;
}

/* Is the log since then still there? memoryctl compact may have folded it. */
static bool
has_log_since(struct cli *c, int64_t from)
{
	AUTO_JSON json_t *params = json_pack("{s:b,s:I,s:i}", "all", 1, "since",
		(json_int_t)from, "max_bytes", 256);
	AUTO_BUF struct buf text = {0};
	AUTO_JSON json_t *reply = NULL;
	bool is_refused = false;
	char *line = NULL;

	if (!params || jx_dump(params, &text) != 0 || !buf_str(&text) ||
		cli_call_raw(c, "export_log", text.data, &line, &is_refused) !=
			CLI_OK)
		return true;
	reply = is_refused ? jx_parse(line, strlen(line), NULL) : NULL;
	memory_free(line);
	if (!is_refused)
		return true;
	if (strcmp(cli_str(reply, "code", ""), "not_found") == 0)
		cli_note(c,
			"the changes since the newest backup were folded by "
			"memoryctl compact");
	else
		cli_note(c,
			"the changes since the newest backup cannot be read "
			"alone (%s)",
			cli_str(reply, "error", "no reason was given"));
	return false;
}

int
backup_copy_take_part(struct backup_copy *ret, const json_t *base,
	const char *folder)
{
	__attribute__((cleanup(part_done))) struct backup_part p = {0};
	AUTO_JSON json_t *status = NULL, *erasures = json_array();
	struct cli *c = ret->use.cli;
	int64_t from = cli_int(base, "change", 0);
	const json_t *database;
	int rc;

	/* A log since no change is all of it. */
	if (from == 0)
		return -1;
	rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW, &status);
	if (rc != CLI_OK || !erasures)
		return rc != CLI_OK ? rc : cli_nomem();
	database = json_object_get(status, "database");
	if (!is_same_copy(database, base) || !has_log_since(c, from))
		return -1;
	p.is_secret = ret->recipient != NULL;
	rc = p.is_secret ? open_in_memory(&p.f) : open_unnamed(folder, &p.f);
	if (rc != CLI_OK)
		return rc;
	rc = log_replay_read(c, from, NULL, put_line, &p);
	if (p.is_large)
		return -1;
	if (rc != CLI_OK)
		return rc;
	rc = take_erasures(c, from, erasures);
	if (rc != CLI_OK)
		return rc;
	ret->reply = reply_of(&p, database, from);
	ret->part = json_pack("{s:I,s:O,s:O}", "from", (json_int_t)from, "base",
		json_object_get(base, "hash"), "erasures", erasures);
	if (fflush(p.f) != 0)
		return cli_fail(CLI_SYSTEM,
			"cannot write into %s: %m. No "
			"backup was made",
			folder);
	ret->fd = fcntl(fileno(p.f), F_DUPFD_CLOEXEC, 3);
	return ret->reply && ret->part && ret->fd >= 0 ? CLI_OK : cli_nomem();
}
