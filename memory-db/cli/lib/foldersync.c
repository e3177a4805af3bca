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

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/lib/folderbase.h"
#include "memory-db/cli/lib/foldermemory.h"
#include "memory-db/cli/lib/foldersides.h"
#include "memory-db/cli/lib/newfile.h"
#include "memory-db/cli/lib/notefile.h"

/* Of one note: more is a document, which is imported. */
#define NOTE_BYTES (1024 * 1024)
#define INDEX	   "MEMORY.md"

struct syncing {
	struct cli *c;
	const struct foldersync_options *o;
	struct foldersync_counts *counts;
	int dir;	/* the folder, locked */
	json_t *base;	/* files: name -> {entity, facts: {key: 1}}; owned */
	json_t *next;	/* the same for the next time; owned */
	json_t *memory; /* entity -> {type, facts: {key: text}}; owned */
	json_t *seen;	/* entities that have a note; owned */
	json_t *index;	/* notes that came (name) or went (null); owned */
};

/* --- changing the folder -------------------------------------------------- */

/* Writes a note when it still has the bytes that were read: an editor may have
 * been at it. CLI_PROBLEM: it comes next time. */
static int
put_file(struct syncing *x, const char *file, const struct buf *before,
	const struct buf *now)
{
	int rc = folderbase_put(x->dir, x->o->folder, file, NOTE_BYTES, before,
		now);

	if (rc == 0)
		return CLI_OK;
	if (rc != MDB_E_CONFLICT)
		return cli_fail(CLI_SYSTEM, "cannot write %s/%s: %m",
			x->o->folder, file);
	cli_note(x->c, "%s was changed meanwhile; it comes next time", file);
	x->counts->skipped++;
	return CLI_PROBLEM;
}

/* A note that has no fact any more and says nothing else goes. */
static int
remove_file(struct syncing *x, const char *file, const struct notefile *f,
	const struct buf *now)
{
	if (f->has_more ||
		!folderbase_is_as_read(x->dir, file, NOTE_BYTES, &f->raw))
		return put_file(x, file, &f->raw, now);
	if (unlinkat(x->dir, file, 0) < 0 && errno != ENOENT)
		return cli_fail(CLI_SYSTEM, "cannot remove %s: %m", file);
	return CLI_OK;
}

/* --- one note ------------------------------------------------------------- */
static void
tell_all(const struct syncing *x, const struct foldersides *s, const char *file)
{
	const struct {
		json_t *texts;
		char sign;
		const char *where;
	} rows[] = {{s->to_memory, '+', "memory"},
		{s->from_memory, '-', "memory"}, {s->to_folder, '+', "folder"},
		{s->from_folder, '-', "folder"}};
	const char *key;
	json_t *text;

	for (size_t i = 0; x->o->tell && i < ARRAY_LEN(rows); i++)
		json_object_foreach(rows[i].texts, key, text)
			x->o->tell(x->o->ctx, rows[i].sign, rows[i].where, file,
				json_string_value(text));
}

static int
remember(struct syncing *x, const char *file, const char *entity,
	const json_t *facts)
{
	AUTO_JSON json_t *keys = json_object();
	const char *key;
	json_t *text;

	json_object_foreach((json_t *)(uintptr_t)facts, key, text)
		if (jx_set(keys, key, json_integer(1)) != 0)
			return MDB_E_NOMEM;
	return jx_set(x->next, file,
		json_pack("{s:s,s:O}", "entity", entity, "facts", keys));
}

static int
add_to_memory(struct syncing *x, const char *entity, const char *type,
	struct foldersides *s)
{
	AUTO_JSON json_t *stored = json_object();
	int rc = stored ? foldermemory_add(x->c, entity, type, s->to_memory,
				  stored)
			: cli_nomem();
	size_t n = json_object_size(stored);

	if (rc != CLI_OK)
		return rc;
	x->counts->to_memory += (int64_t)n;
	x->counts->skipped += n < json_object_size(s->to_memory);
	return json_object_update(s->both, stored) == 0 ? CLI_OK : cli_nomem();
}

/* With its last fact the entity goes, too. */
static int
remove_from_memory(struct syncing *x, const char *entity,
	const struct foldersides *s, size_t left)
{
	const json_t *e = json_object_get(x->memory, entity);
	int rc;

	if (json_object_size(s->from_memory) == 0)
		return CLI_OK;
	rc = foldermemory_remove(x->c, entity, s->from_memory);
	if (rc != CLI_OK)
		return rc;
	x->counts->from_memory += (int64_t)json_object_size(s->from_memory);
	return left == 0 && !json_object_get(e, "has_more")
		       ? foldermemory_remove_entity(x->c, entity)
		       : CLI_OK;
}

/* The memory first: what is lost between the two is still in the folder. */
static int
apply(struct syncing *x, const char *file, const char *entity,
	const struct notefile *f, struct foldersides *s, bool *ret_later)
{
	const json_t *e = json_object_get(x->memory, entity);
	const char *type = f->type ? f->type : cli_str(e, "type", "note");
	bool is_new = f->raw.len == 0;
	size_t left = json_object_size(s->both) +
		      json_object_size(s->to_memory) +
		      json_object_size(s->to_folder);
	AUTO_BUF struct buf now = {0}, head = {0};
	int rc = CLI_OK;

	if (json_object_size(s->to_memory) > 0)
		rc = add_to_memory(x, entity, type, s);
	if (rc != CLI_OK)
		return rc;
	rc = remove_from_memory(x, entity, s, left);
	if (rc != CLI_OK)
		return rc;
	x->counts->to_folder += (int64_t)json_object_size(s->to_folder);
	x->counts->from_folder += (int64_t)json_object_size(s->from_folder);
	if (json_object_size(s->to_folder) + json_object_size(s->from_folder) >
		0) {
		if (is_new && strcmp(file, INDEX) != 0 &&
			notefile_head(entity, type, &now) != 0)
			return cli_nomem();
		if (notefile_write(f, s->from_folder, s->to_folder, &now) != 0)
			return cli_nomem();
		/* Facts were all that it had: it goes with them. */
		if (left == 0 && !e && strcmp(file, INDEX) != 0)
			rc = remove_file(x, file, f, &now);
		else
			rc = put_file(x, file, &f->raw, &now);
	}
	*ret_later = rc == CLI_PROBLEM;
	if (*ret_later)
		return CLI_OK;
	if (rc != CLI_OK)
		return rc;
	if (json_object_update(s->both, s->to_folder) != 0)
		return cli_nomem();
	if (left == 0 || is_new)
		if (strcmp(file, INDEX) != 0 &&
			jx_set(x->index, file,
				left == 0 ? json_null()
					  : json_string(entity)) != 0)
			return cli_nomem();
	return json_object_size(s->both) > 0 &&
			       remember(x, file, entity, s->both) != 0
		       ? cli_nomem()
		       : CLI_OK;
}

/* What the note of an entity had: under this name, or under one that it has no
 * more. */
static json_t *
base_of(const struct syncing *x, const char *file, const char *entity)
{
	json_t *known = json_object_get(x->base, file);
	const char *other;

	if (strcmp(cli_str(known, "entity", ""), entity) == 0)
		return known;
	json_object_foreach(x->base, other, known)
		if (strcmp(cli_str(known, "entity", ""), entity) == 0 &&
			folderbase_is_gone(x->dir, other))
			return known;
	return NULL;
}

static int
sync_note(struct syncing *x, const char *file, const char *entity,
	const struct notefile *f)
{
	AUTO_JSON json_t *folder = json_object(), *none = json_object();
	json_t *known = base_of(x, file, entity);
	bool is_later = false;
	AUTO_SIDES struct foldersides s = {.folder = folder,
		.base = json_object_get(known, "facts")};
	int rc;

	s.memory = json_object_get(json_object_get(x->memory, entity), "facts");
	if (!s.memory)
		s.memory = none;
	for (size_t i = 0; i < f->n; i++)
		if (jx_set(folder, f->v[i].key, json_string(f->v[i].text)))
			return cli_nomem();
	if (!none || jx_set(x->seen, entity, json_true()) != 0 ||
		foldersides_compare(&s) != 0)
		return cli_nomem();
	tell_all(x, &s, file);
	/* Words that were there before are gone on both sides, and others came
	 * on both: they may be two corrections of one fact. */
	if (json_object_size(s.to_memory) > 0 &&
		json_object_size(s.to_folder) > 0 && s.base &&
		json_object_size(s.base) >
			json_object_size(s.both) +
				json_object_size(s.from_folder) +
				json_object_size(s.from_memory)) {
		x->counts->both++;
		cli_note(x->c,
			"%s was changed here and in the memory; both are kept",
			file);
	}
	if (x->o->is_dry) {
		x->counts->to_memory += (int64_t)json_object_size(s.to_memory);
		x->counts->from_memory +=
			(int64_t)json_object_size(s.from_memory);
		x->counts->to_folder += (int64_t)json_object_size(s.to_folder);
		x->counts->from_folder +=
			(int64_t)json_object_size(s.from_folder);
		return CLI_OK;
	}
	rc = apply(x, file, entity, f, &s, &is_later);
	/* Not done: the next time begins where this one did. */
	if (rc != CLI_OK || !is_later || !known)
		return rc;
	return json_object_set(x->next, file, known) == 0 ? CLI_OK
							  : cli_nomem();
}

/* --- all of them ---------------------------------------------------------- */

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
entity_of(const struct syncing *x, const char *file, const struct notefile *f,
	struct buf *out)
{
	const char *had =
		cli_str(json_object_get(x->base, file), "entity", NULL);
	size_t n = strlen(file) - strlen(".md");

	if (had)
		return buf_adds(out, had);
	if (f->name && strlen(f->name) <= LIMIT_NAME_BYTES &&
		!json_object_get(x->seen, f->name) &&
		!has_other_note(x, f->name))
		return buf_adds(out, f->name);
	return buf_add(out, file, n);
}

static int
sync_file(struct syncing *x, const char *file)
{
	AUTO_NOTEFILE struct notefile f = {0};
	AUTO_BUF struct buf entity = {0};
	json_t *known = json_object_get(x->base, file);
	int rc = folderbase_read(x->dir, file, NOTE_BYTES, &f.raw);

	if (rc == MDB_E_NOMEM || notefile_parse(&f) != 0)
		return cli_nomem();
	if (entity_of(x, file, &f, &entity) != 0 || !buf_str(&entity))
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
	return sync_note(x, file, entity.data, &f);
}

static int
each_file(struct syncing *x, const json_t *files)
{
	const char *file;
	json_t *unused;

	json_object_foreach((json_t *)(uintptr_t)files, file, unused) {
		int rc = sync_file(x, file);

		if (rc != CLI_OK)
			return rc;
	}
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
		rc = sync_note(x, file, entity, &empty);
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

	json_object_foreach(x->memory, entity, e) {
		struct notefile empty = {.n = 0};
		char file[FOLDERBASE_NAME_SIZE];

		if (rc != CLI_OK || json_object_get(x->seen, entity) ||
			json_object_size(json_object_get(e, "facts")) == 0)
			continue;
		folderbase_name(x->dir, entity, files, file);
		if (jx_set(files, file, json_true()) != 0)
			return cli_nomem();
		rc = sync_note(x, file, entity, &empty);
	}
	return rc;
}

static int
run(struct syncing *x)
{
	AUTO_JSON json_t *files = json_object();
	int rc = files ? folderbase_list(x->dir, files) : MDB_E_NOMEM;
	struct foldermemory m = {x->c, x->memory, x->seen};
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
	rc = each_file(x, files);
	if (rc != CLI_OK)
		return rc;
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
			 *index = json_object();
	AUTO_FD int dir = open(o->folder,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct syncing x = {c, o, ret, dir, NULL, next, memory, seen, index};
	AUTO_BUF struct buf whose = {0};
	int rc;

	*ret = (struct foldersync_counts){0};
	if (!next || !memory || !seen || !index)
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
	rc = folderbase_whose(c, &whose);
	if (rc != CLI_OK)
		return rc;
	base = folderbase_load(dir, whose.data);
	if (!base)
		return cli_nomem();
	x.base = base;
	rc = run(&x);
	if (rc != CLI_OK || o->is_dry ||
		json_object_size(next) + json_object_size(base) == 0)
		return rc;
	return folderbase_save(dir, o->folder, whose.data, next);
}
