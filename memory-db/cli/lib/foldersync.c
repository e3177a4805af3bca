/* The sync of a folder of notes with a memory; foldersync.h has the three-way
 * rule. Each note goes by itself: its three sides (base, folder, memory) give
 * what is to be added and removed on either side. The memory is changed first,
 * then the file, then the base. So what is lost between two of these steps is
 * still in the folder, and the next run finds it again. */
#include "memory-db/cli/lib/foldersync.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/lib/folderbase.h"
#include "memory-db/cli/lib/foldermemory.h"
#include "memory-db/cli/lib/foldersync_int.h"

/* --- all of them ---------------------------------------------------------- */

static struct foldermemory
foldersync_memory(const struct syncing *x)
{
	return (struct foldermemory){.c = x->c,
		.entities = x->memory,
		.closed = x->seen,
		.renamed = x->renamed};
}

/* An entity that has another name now keeps its note. */
static int
follow_names(struct syncing *x)
{
	const struct foldermemory m = foldersync_memory(x);
	const char *file;
	json_t *known;

	json_object_foreach(x->base, file, known) {
		const char *had = cli_str(known, "entity", "");
		const char *now = foldermemory_name(&m, had);

		if (now != had &&
			jx_set(known, "entity", json_string(now)) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

/* A copy does not take the name from the note that had it. */
static bool
has_other_note(const struct syncing *x, const char *entity)
{
	const char *other;
	json_t *known;

	json_object_foreach(x->base, other, known)
		if (strcmp(cli_str(known, "entity", ""), entity) == 0 &&
			!folderbase_is_gone(x->dir, other))
			return true;
	return false;
}

/* The entity of a note: the one it had, its name, that of the file. */
static int
foldersync_entity_of(const struct syncing *x, const char *file,
	const struct notefile *f, struct buf *out)
{
	const struct foldermemory m = foldersync_memory(x);
	const char *had =
		cli_str(json_object_get(x->base, file), "entity", NULL);
	const char *name = f->name ? foldermemory_name(&m, f->name) : NULL;
	size_t n = strlen(file) - strlen(".md");

	if (had)
		return buf_adds(out, had);
	if (name && strlen(name) <= LIMIT_NAME_BYTES &&
		!json_object_get(x->seen, name) && !has_other_note(x, name))
		return buf_adds(out, name);
	return buf_add(out, file, n);
}

static int
sync_file(struct syncing *x, const char *file)
{
	AUTO_NOTEFILE struct notefile f = {0};
	AUTO_BUF struct buf entity = {0};
	json_t *known = json_object_get(x->base, file);
	int rc = folderbase_read(x->dir, file, NOTE_BYTES, &f.raw);

	if (rc == MDB_E_NOMEM || notefile_parse(&f) != 0 ||
		jx_set(x->done, file, json_true()) != 0)
		return cli_nomem();
	if (foldersync_entity_of(x, file, &f, &entity) != 0 ||
		!buf_str(&entity))
		return cli_nomem();
	/* What is being written says nothing yet. */
	if (rc != 0 || f.is_torn || (f.raw.len == 0 && known) ||
		json_object_get(x->seen, entity.data)) {
		cli_note(x->c, "%s is left alone: %s", file,
			json_object_get(x->seen, entity.data)
				? "its name is another note's, or an entity's "
				  "that is too large"
				: "it cannot be read, or is half written");
		x->counts->skipped++;
		if (jx_set(x->seen, entity.data, json_true()) != 0 ||
			(known && json_object_set(x->next, file, known) != 0))
			return cli_nomem();
		return CLI_OK;
	}
	return foldernote_sync(x, file, entity.data, &f);
}

static int
each_file(struct syncing *x, const json_t *files)
{
	const char *file;
	json_t *unused;

	json_object_foreach((json_t *)(uintptr_t)files, file, unused) {
		int rc;

		x->is_late = x->o->deadline_ns > 0 &&
			     clock_mono_ns() > x->o->deadline_ns;
		if (x->is_late)
			return CLI_OK;
		rc = sync_file(x, file);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

/* Notes that time did not suffice for have the base that they had. */
static int
keep_rest(struct syncing *x)
{
	const char *file;
	json_t *known;

	json_object_foreach(x->base, file, known)
		if (!json_object_get(x->done, file) &&
			json_object_set(x->next, file, known) != 0)
			return cli_nomem();
	x->counts->skipped++;
	return CLI_OK;
}

/* Notes that are gone: the facts that they had were deleted. */
static int
each_gone(struct syncing *x, const json_t *files)
{
	const char *file;
	json_t *known;

	json_object_foreach(x->base, file, known) {
		const char *entity = cli_str(known, "entity", "");
		struct notefile empty = {.n = 0};
		int rc;

		if (json_object_get(files, file))
			continue;
		/* A link or a pipe in its place, or a folder that cannot be
		 * looked into: nobody deleted it. */
		if (!folderbase_is_gone(x->dir, file)) {
			x->counts->skipped++;
			if (jx_set(x->seen, entity, json_true()) != 0 ||
				json_object_set(x->next, file, known) != 0)
				return cli_nomem();
			continue;
		}
		/* It has another name now. */
		if (json_object_get(x->seen, entity)) {
			if (jx_set(x->index, file, json_null()) != 0)
				return cli_nomem();
			continue;
		}
		rc = foldernote_sync(x, file, entity, &empty);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

/* Entities without a note get one. */
static int
each_new(struct syncing *x, json_t *files)
{
	const char *entity;
	json_t *e;
	int rc = CLI_OK;
	size_t n = 0;

	json_object_foreach(x->memory, entity, e)
		n += !json_object_get(x->seen, entity) &&
		     json_object_size(json_object_get(e, "facts")) > 0;
	if (x->o->most_new > 0 && n > x->o->most_new) {
		x->counts->skipped++;
		return CLI_OK;
	}
	json_object_foreach(x->memory, entity, e) {
		struct notefile empty = {.n = 0};
		char file[FOLDERBASE_NAME_SIZE];

		if (rc != CLI_OK || json_object_get(x->seen, entity) ||
			json_object_size(json_object_get(e, "facts")) == 0)
			continue;
		folderbase_name(x->dir, entity, files, file);
		if (jx_set(files, file, json_true()) != 0)
			return cli_nomem();
		rc = foldernote_sync(x, file, entity, &empty);
	}
	return rc;
}

static int
run(struct syncing *x)
{
	AUTO_JSON json_t *files = json_object();
	int rc = files ? folderbase_list(x->dir, files) : MDB_E_NOMEM;
	struct foldermemory m = foldersync_memory(x);
	size_t there = 0;
	const char *file;
	json_t *known;

	if (rc != 0)
		return cli_fail(CLI_SYSTEM, "cannot read %s: %m", x->o->folder);
	json_object_foreach(files, file, known)
		there += strcmp(file, INDEX) != 0;
	/* A disk that is not there looks like that, too. */
	if (json_object_size(x->base) > 0 && there == 0 && !x->o->is_emptied)
		return cli_fail(CLI_PROBLEM,
			"none of the %zu notes of %s is there any more; pass "
			"--emptied if they were deleted on purpose",
			json_object_size(x->base), x->o->folder);
	rc = foldermemory_read(&m);
	if (rc != CLI_OK)
		return rc;
	rc = follow_names(x);
	if (rc != CLI_OK)
		return rc;
	rc = each_file(x, files);
	if (rc != CLI_OK)
		return rc;
	if (x->is_late)
		return keep_rest(x);
	rc = each_gone(x, files);
	if (rc != CLI_OK)
		return rc;
	rc = each_new(x, files);
	if (rc != CLI_OK || x->o->is_dry)
		return rc;
	if (folderbase_index(x->dir, x->o->folder, x->index) != 0)
		cli_note(x->c, "the index %s could not be changed", INDEX);
	return CLI_OK;
}

int
foldersync_run(struct cli *c, const struct foldersync_options *o,
	struct foldersync_counts *ret)
{
	AUTO_JSON json_t *base = NULL, *next = json_object(),
			 *memory = json_object(), *seen = json_object(),
			 *index = json_object(), *done = json_object(),
			 *renamed = json_object();
	AUTO_FD int dir = open(o->folder,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct syncing x = {c, o, ret, dir, NULL, next, memory, seen, index,
		done, false, renamed};
	AUTO_POINT struct folderbase_point point = {.change = 0};
	int rc;

	*ret = (struct foldersync_counts){0};
	if (!next || !memory || !seen || !index || !done || !renamed)
		return cli_nomem();
	if (dir < 0)
		return cli_fail(CLI_USAGE, "cannot open the folder %s: %m",
			o->folder);
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return cli_fail(CLI_PROBLEM, "%s is being synced already",
			o->folder);
	rc = cli_connect(c);
	if (rc != CLI_OK)
		return rc;
	rc = folderbase_point_read(c, &point);
	if (rc != CLI_OK)
		return rc;
	base = folderbase_load(dir, &point);
	if (!base)
		return cli_nomem();
	x.base = base;
	rc = run(&x);
	if (rc != CLI_OK || o->is_dry ||
		json_object_size(next) + json_object_size(base) == 0)
		return rc;
	/* With what this run wrote itself. */
	rc = folderbase_point_read(c, &point);
	if (rc != CLI_OK)
		return rc;
	return folderbase_save(dir, o->folder, &point, next);
}
