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
 * been at it. */
static int
put_file(struct syncing *x, const char *file, const struct buf *before,
	const struct buf *now)
{
	AUTO_NEWFILE struct newfile nf = {0};
	AUTO_BUF struct buf there = {0};
	char path[PATH_MAX];
	struct err e = {0};

	if (folderbase_read(x->dir, file, NOTE_BYTES, &there) == 0 &&
		(there.len != before->len ||
			(there.len > 0 && memcmp(there.data, before->data,
						  there.len) != 0))) {
		cli_note(x->c, "%s was changed meanwhile; it comes next time",
			file);
		x->counts->skipped++;
		return CLI_PROBLEM;
	}
	if (snprintf(path, sizeof(path), "%s/%s", x->o->folder, file) >=
		(int)sizeof(path))
		return cli_fail(CLI_SYSTEM, "%s: the path is too long", file);
	if (newfile_open(&nf, path, 0600, &e) != 0 ||
		(now->len > 0 &&
			fwrite(now->data, 1, now->len, nf.f) != now->len) ||
		newfile_commit(&nf, &e) != 0)
		return cli_fail(CLI_SYSTEM, "cannot write %s: %s", path,
			e.text[0] ? e.text : strerror(errno));
	return CLI_OK;
}

/* --- one note ------------------------------------------------------------- */
struct sides {
	json_t *folder, *memory; /* key -> text; borrowed */
	json_t *base;		 /* key -> 1; borrowed, or NULL */
	/* owned; key -> text */
	json_t *to_memory, *from_memory, *to_folder, *from_folder, *both;
};

static void
sides_done(struct sides *s)
{
	json_decref(s->to_memory);
	json_decref(s->from_memory);
	json_decref(s->to_folder);
	json_decref(s->from_folder);
	json_decref(s->both);
}
#define AUTO_SIDES __attribute__((cleanup(sides_done)))

/* What only one side has is new there, or was deleted on the other. */
static int
compare_one(const struct sides *s, json_t *have, json_t *other, json_t *add,
	json_t *remove)
{
	const char *key;
	json_t *text;

	json_object_foreach(have, key, text) {
		json_t *into = json_object_get(s->base, key) ? remove : add;

		if (json_object_get(other, key))
			into = s->both;
		if (jx_set(into, key, json_incref(text)) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static int
compare(struct sides *s)
{
	s->to_memory = json_object();
	s->from_memory = json_object();
	s->to_folder = json_object();
	s->from_folder = json_object();
	s->both = json_object();
	if (!s->to_memory || !s->from_memory || !s->to_folder ||
		!s->from_folder || !s->both ||
		compare_one(s, s->folder, s->memory, s->to_memory,
			s->from_folder) ||
		compare_one(s, s->memory, s->folder, s->to_folder,
			s->from_memory))
		return MDB_E_NOMEM;
	return 0;
}

static void
tell_all(const struct syncing *x, const struct sides *s, const char *file)
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
	struct sides *s)
{
	bool is_stored = false;
	int rc = foldermemory_add(x->c, entity, type, s->to_memory, &is_stored);

	if (rc != CLI_OK)
		return rc;
	x->counts->skipped += !is_stored;
	if (!is_stored)
		return CLI_OK;
	x->counts->to_memory += (int64_t)json_object_size(s->to_memory);
	return json_object_update(s->both, s->to_memory) == 0 ? CLI_OK
							      : cli_nomem();
}

/* With its last fact the entity goes, too. */
static int
remove_from_memory(struct syncing *x, const char *entity, const struct sides *s,
	size_t left)
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
	const struct notefile *f, struct sides *s, bool *ret_later)
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
		if (left == 0 && !e && strcmp(file, INDEX) != 0) {
			if (unlinkat(x->dir, file, 0) < 0 && errno != ENOENT)
				return cli_fail(CLI_SYSTEM,
					"cannot remove %s: %m", file);
		} else {
			rc = put_file(x, file, &f->raw, &now);
		}
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

static int
sync_note(struct syncing *x, const char *file, const char *entity,
	const struct notefile *f)
{
	AUTO_JSON json_t *folder = json_object(), *none = json_object();
	json_t *known = json_object_get(x->base, file);
	bool is_later = false;
	AUTO_SIDES struct sides s = {.folder = folder,
		.base = json_object_get(known, "facts")};
	int rc;

	s.memory = json_object_get(json_object_get(x->memory, entity), "facts");
	if (!s.memory)
		s.memory = none;
	for (size_t i = 0; i < f->n; i++)
		if (jx_set(folder, f->v[i].key, json_string(f->v[i].text)))
			return cli_nomem();
	if (!none || jx_set(x->seen, entity, json_true()) != 0 ||
		compare(&s) != 0)
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
		!json_object_get(x->seen, f->name))
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
		struct notefile empty = {.n = 0};
		int rc;

		if (json_object_get(files, file))
			continue;
		rc = sync_note(x, file, cli_str(known, "entity", ""), &empty);
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
		folderbase_name(entity, files, file);
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
	json_object_foreach(x->base, file, known)
		there += json_object_get(files, file) != NULL;
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
	return folderbase_save(o->folder, whose.data, next);
}
