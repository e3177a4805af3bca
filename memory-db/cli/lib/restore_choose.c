/* Which backup an argument means: the file itself, or the newest of a folder.
 *
 * A folder may have backups of several databases: of two users of a NAS, or of one
 * that was lost and of the empty one that took its place, which a timer has backed
 * up since. The newest file is then not always the one that is wanted. So what
 * counts is the database in use, and the others are named; where none is in use, or
 * none of its backups is there, a person must say which. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "memory-db/cli/lib/database_use.h"
#include "memory-db/cli/lib/restore.h"

/* Databases that are named; more are there. */
#define NAMED_MOST 8
/* The same of older backups. */
#define OLDER_MOST 3

/* Whether entry i is the newest backup of its database. */
static bool
is_newest(const struct backup_folder *f, size_t i)
{
	for (size_t k = i + 1; k < f->n; k++)
		if (strcmp(f->entries[k].name.id, f->entries[i].name.id) == 0)
			return false;
	return true;
}

/* "FILE (up to change 50), FILE .." of the databases but the one of this id. */
static int
name_others(const struct backup_folder *f, const char *id, struct buf *out)
{
	size_t n = 0;

	for (size_t i = f->n; i-- > 0 && n < NAMED_MOST;) {
		const struct backup_entry *x = &f->entries[i];

		if (!is_newest(f, i) || strcmp(x->name.id, id) == 0)
			continue;
		if (buf_addf(out, "%s%s (up to change %lld)",
			    n++ > 0 ? ", " : "", x->file,
			    (long long)x->name.to) != 0)
			return cli_nomem();
	}
	return buf_str(out) ? CLI_OK : cli_nomem();
}

/* The first digits of the id of the database in use; "" when there is none, or it
 * cannot be opened. */
static void
id_in_use(struct restore *r, char ret[BACKUP_ID_DIGITS + 1])
{
	AUTO_USE struct database_use use = {0};
	AUTO_JSON json_t *status = NULL;
	struct err e = {0};

	ret[0] = '\0';
	if (database_use_open(&use, r->c, false, &e) != CLI_OK ||
		!use.is_there ||
		cli_ask(use.cli, "get_memory_status", json_object(), &status) !=
			CLI_OK)
		return;
	snprintf(ret, BACKUP_ID_DIGITS + 1, "%.*s", BACKUP_ID_DIGITS,
		cli_str(json_object_get(status, "database"), "id", ""));
}

/* The index of the backup that is meant. */
static int
choose_database(struct restore *r, size_t *ret_i)
{
	const struct backup_folder *f = &r->held;
	AUTO_BUF struct buf others = {0};
	char id[BACKUP_ID_DIGITS + 1];
	size_t i = f->n;
	int rc;

	id_in_use(r, id);
	while (i > 0 && strcmp(f->entries[i - 1].name.id, id) != 0)
		i--;
	rc = name_others(f, i > 0 ? id : "", &others);
	if (rc != CLI_OK)
		return rc;
	if (i == 0)
		return cli_fail(CLI_PROBLEM,
			"backups of several databases lie in %s; the newest of "
			"each: %s. Name the file that is meant",
			f->path, others.data);
	cli_note(r->c,
		"backups of other databases lie in %s, too, and are left "
		"alone; the newest of each: %s",
		f->path, others.data);
	*ret_i = i - 1;
	return CLI_OK;
}

void
restore_tell_older(struct restore *r)
{
	const char *file = strrchr(r->source, '/') + 1;
	struct backup_folder *f = &r->held;
	AUTO_BUF struct buf older = {0};
	struct err ignored = {0};
	size_t i, n = 0;

	if (f->fd < 0 || backup_folder_list(f, r->id, &ignored) != 0)
		return;
	for (i = f->n; i > 0 && strcmp(f->entries[i - 1].file, file) != 0; i--)
		;
	for (; i > 1 && n < OLDER_MOST; i--)
		if (buf_addf(&older, "%s%s", n++ > 0 ? ", " : "",
			    f->entries[i - 2].file) != 0)
			return;
	if (n > 0 && buf_str(&older))
		(void)cli_fail(CLI_PROBLEM,
			"an older backup in %s may reach it: %s", f->path,
			older.data);
}

static bool
has_several(const struct backup_folder *f)
{
	for (size_t i = 1; i < f->n; i++)
		if (strcmp(f->entries[i].name.id, f->entries[0].name.id) != 0)
			return true;
	return false;
}

/* The newest of the folder that is open. */
static int
choose_newest(struct restore *r, const char *given)
{
	const struct backup_folder *f = &r->held;
	size_t i;
	int rc;

	if (f->n == 0)
		return cli_fail(CLI_PROBLEM, "no backup is in %s", given);
	i = f->n - 1;
	if (has_several(f)) {
		rc = choose_database(r, &i);
		if (rc != CLI_OK)
			return rc;
	}
	if (snprintf(r->source, sizeof(r->source), "%s/%s", f->path,
		    f->entries[i].file) >= (int)sizeof(r->source))
		return cli_fail(CLI_USAGE, "the path %s is too long", given);
	return CLI_OK;
}

int
restore_choose(struct restore *r, const char *given)
{
	struct backup_folder *f = &r->held;
	char folder[PATH_MAX];
	struct err e = {0};
	struct stat st;

	if (cli_absolute(given, r->source, sizeof(r->source)) != CLI_OK)
		return CLI_USAGE;
	if (stat(r->source, &st) != 0)
		return cli_fail(CLI_PROBLEM, "cannot read %s: %m", given);
	if (!S_ISDIR(st.st_mode)) {
		restore_folder_of(r->source, folder);
		/* One may read a file of a folder that one may not list. */
		if (backup_folder_open(f, folder, false, &e) == 0)
			backup_folder_hold(f);
		return CLI_OK;
	}
	if (backup_folder_open(f, r->source, false, &e) != 0)
		return cli_fail_err(&e);
	backup_folder_hold(f);
	if (backup_folder_list(f, NULL, &e) != 0)
		return cli_fail_err(&e);
	return choose_newest(r, given);
}
