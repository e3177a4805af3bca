/* From the argument to a database: the whole backup and the parts that follow it.
 *
 *   memory_.._c50.db.gz          hash A
 *   memory_.._c50-c62.log.gz     base A, hash B
 *   memory_.._c62-c70.log.gz     base B, hash C     wanted: all three
 *
 * Each part names the hash of the one it follows, so that a missing, exchanged or
 * altered one is found, and named. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/jx.h"
#include "memory-db/cli/lib/backup_file.h"
#include "memory-db/cli/lib/backup_sum.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/replay.h"
#include "memory-db/cli/lib/restore.h"

void
restore_folder_of(const char *path, char out[PATH_MAX])
{
	char *slash;

	snprintf(out, PATH_MAX, "%s", path);
	slash = strrchr(out, '/');
	slash[slash == out ? 1 : 0] = '\0';
}

/* --- files ---------------------------------------------------------------- */
static void
restore_chain_on_tick(void *ctx, int64_t bytes)
{
	progress_at(ctx, -1, bytes >> 20, "MB");
}

int
restore_about(const char *path, const char *identity, json_t **ret,
	struct err *e)
{
	AUTO_READER struct backup_reader reader = {0};
	AUTO_SOURCE struct backup_source in = {.fd = -1, .err_fd = -1};
	int rc = backup_source_open(&in, path, identity, e);

	if (rc)
		return rc;
	rc = backup_reader_open(&reader, in.fd, e);
	if (rc)
		return backup_source_end(&in, rc, e);
	*ret = json_incref(reader.about);
	return 0;
}

static int
unpack(const struct restore *r, struct backup_source *in, int out,
	json_t **ret_about, struct err *e)
{
	AUTO_READER struct backup_reader reader = {0};
	struct progress progress;
	int rc = backup_reader_open(&reader, in->fd, e);

	if (rc)
		return rc;
	progress_start(&progress, r->c, "unpacking");
	rc = backup_reader_copy(&reader, out, restore_chain_on_tick, &progress,
		e);
	progress_clear(&progress);
	if (rc)
		return rc;
	*ret_about = json_incref(reader.about);
	return 0;
}

int
restore_unpack_file(const struct restore *r, const char *from, const char *to,
	json_t **ret_about, struct err *e)
{
	AUTO_SOURCE struct backup_source in = {.fd = -1, .err_fd = -1};
	AUTO_FD int out = -1;
	int rc = backup_sum_check(from, e);

	if (rc)
		return rc;
	rc = backup_source_open(&in, from, r->identity, e);
	if (rc)
		return rc;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return err_set(e, MDB_E_STORE, "cannot write %s: %s", to,
			strerrordesc_np(errno));
	return backup_source_end(&in, unpack(r, &in, out, ret_about, e), e);
}

/* --- the chain ------------------------------------------------------------ */
struct restore_chain {
	struct restore *r;
	struct backup_folder folder;
	size_t *links; /* owned: entries, the whole backup first */
	size_t n;
	json_t *last; /* owned: description of the one before */
};

static void
chain_done(struct restore_chain *x)
{
	backup_folder_done(&x->folder);
	free(x->links);
	json_decref(x->last);
}

static int
fail_broken(const struct restore *r, const char *file, const char *why)
{
	return cli_fail(CLI_PROBLEM,
		"the chain of %s is broken at %s: %s. Nothing was changed; "
		"backups before that one can be restored",
		r->source, file, why);
}

/* The links that lead to entry i. */
static int
restore_chain_collect(struct restore_chain *x, size_t i)
{
	const struct backup_entry *all = x->folder.entries;
	size_t n = 0, at = i;
	char why[160];

	x->links = calloc(x->folder.n, sizeof(*x->links));
	if (!x->links)
		return cli_nomem();
	for (;;) {
		x->links[n++] = at;
		if (all[at].name.is_whole)
			break;
		snprintf(why, sizeof(why),
			"the backup up to change %lld, which it follows, is "
			"missing",
			(long long)all[at].name.from);
		if (!backup_folder_link(&x->folder, at, &at))
			return fail_broken(x->r, all[x->links[n - 1]].file,
				why);
	}
	x->n = n;
	for (size_t a = 0, b = n - 1; a < b; a++, b--) {
		size_t swap = x->links[a];

		x->links[a] = x->links[b];
		x->links[b] = swap;
	}
	return CLI_OK;
}

/* Which entry of its folder the source is, and what comes before it. */
static int
find_chain(struct restore_chain *x)
{
	const char *file = strrchr(x->r->source, '/') + 1;
	struct backup_name name;
	char folder[PATH_MAX];
	struct err e = {0};

	if (!backup_name_parse(file, &name))
		return cli_fail(CLI_PROBLEM,
			"%s is a part of a chain; it needs its name, and those "
			"before it in the same folder",
			x->r->source);
	restore_folder_of(x->r->source, folder);
	if (backup_folder_open(&x->folder, folder, false, &e) != 0 ||
		backup_folder_list(&x->folder, name.id, &e) != 0)
		return cli_fail_err(&e);
	for (size_t i = 0; i < x->folder.n; i++)
		if (strcmp(x->folder.entries[i].file, file) == 0)
			return restore_chain_collect(x, i);
	return cli_fail(CLI_PROBLEM, "cannot read %s", x->r->source);
}

/* Does it follow the one before? */
static const char *
why_not(const json_t *before, const json_t *about)
{
	const char *base = jx_text(about, "base");
	const char *hash = jx_text(before, "hash");

	if (!about || !before)
		return "it has no description";
	if (strcmp(cli_str(about, "database_id", ""),
		    cli_str(before, "database_id", "?")) != 0 ||
		strcmp(cli_str(about, "instance_id", ""),
			cli_str(before, "instance_id", "?")) != 0)
		return "it is of another copy of the database";
	if (!base || !hash || strcmp(base, hash) != 0 ||
		cli_int(about, "from", -1) != cli_int(before, "change", -2))
		return "the backup that it follows is not the one that lies "
		       "before it";
	return NULL;
}

/* How its reading ends; *ret_about new. CLI_OK, or *e says why not. */
static int
read_link(struct restore_chain *x, json_t **ret_about, struct backup_source *in,
	struct err *e)
{
	AUTO_READER struct backup_reader reader = {0};
	const char *why;
	int rc = backup_reader_open(&reader, in->fd, e);

	if (rc)
		return rc;
	why = why_not(x->last, reader.about);
	if (why)
		return err_set(e, MDB_E_CORRUPT, "%s", why);
	rc = log_replay_part(&reader, &x->r->service.cli, e);
	if (rc != CLI_OK)
		return e->text[0] != '\0'
			       ? MDB_E_CORRUPT
			       : err_set(e, MDB_E_CORRUPT,
					 "its log cannot be replayed");
	*ret_about = json_incref(reader.about);
	return 0;
}

static int
replay_link(struct restore_chain *x, size_t i)
{
	const struct backup_entry *entry = &x->folder.entries[x->links[i]];
	AUTO_FREE char *path = backup_folder_path(&x->folder, entry->file);
	AUTO_SOURCE struct backup_source in = {.fd = -1, .err_fd = -1};
	AUTO_JSON json_t *about = NULL;
	struct err e = {0};
	int rc;

	if (!path)
		return cli_nomem();
	rc = backup_sum_check(path, &e);
	if (rc)
		return fail_broken(x->r, entry->file, e.text);
	rc = backup_source_open(&in, path, x->r->identity, &e);
	if (rc)
		return fail_broken(x->r, entry->file, e.text);
	rc = read_link(x, &about, &in, &e);
	rc = backup_source_end(&in, rc, &e);
	if (rc)
		return fail_broken(x->r, entry->file, e.text);
	json_decref(x->last);
	x->last = take_ptr(about);
	x->r->parts++;
	return CLI_OK;
}

/* --- both together -------------------------------------------------------- */
static int
restore_chain_start_service(struct restore *r)
{
	AUTO_JSON json_t *status = NULL;
	struct err e = {0};
	int rc;

	if (private_service_start(&r->service, r->c, r->place.work, true, &e) !=
		0)
		return cli_fail(CLI_PROBLEM,
			"the backup %s does not open: %s. Nothing was changed",
			r->source, e.text);
	rc = cli_call(&r->service.cli, "get_memory_status", json_object(),
		CLI_NOW, &status);
	if (rc != CLI_OK)
		return rc;
	snprintf(r->id, sizeof(r->id), "%s",
		cli_str(json_object_get(status, "database"), "id", ""));
	return CLI_OK;
}

static int
nothing_changed(const char *file, const struct err *e)
{
	return cli_fail(cli_exit_of(e->code), "%s: %s. Nothing was changed",
		file, e->text);
}

int
restore_unpack(struct restore *r)
{
	__attribute__((cleanup(chain_done))) struct restore_chain x = {.r = r,
		.folder = {.fd = -1, .lock_fd = -1}};
	AUTO_JSON json_t *about = NULL;
	char whole[PATH_MAX];
	struct err e = {0};
	int rc;

	if (backup_sum_check(r->source, &e) != 0 ||
		restore_about(r->source, r->identity, &about, &e) != 0)
		return nothing_changed(r->source, &e);
	snprintf(whole, sizeof(whole), "%s", r->source);
	if (strcmp(cli_str(about, "kind", "whole"), "whole") != 0) {
		rc = find_chain(&x);
		if (rc != CLI_OK)
			return rc;
		if (snprintf(whole, sizeof(whole), "%s/%s", x.folder.path,
			    x.folder.entries[x.links[0]].file) >=
			(int)sizeof(whole))
			return cli_fail(CLI_USAGE, "a path is too long");
	}
	if (restore_unpack_file(r, whole, r->place.work, &x.last, &e) != 0)
		return nothing_changed(whole, &e);
	rc = restore_chain_start_service(r);
	if (rc != CLI_OK)
		return rc;
	for (size_t i = 1; i < x.n; i++) {
		rc = replay_link(&x, i);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}
