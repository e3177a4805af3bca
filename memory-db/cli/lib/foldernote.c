/* One note and its entity: what changed on each side since the base changes on
 * the other. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/folderbase.h"
#include "memory-db/cli/lib/foldermemory.h"
#include "memory-db/cli/lib/foldersecret.h"
#include "memory-db/cli/lib/foldersides.h"
#include "memory-db/cli/lib/foldersync_int.h"

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
foldernote_tell_all(const struct syncing *x, const struct foldersides *s,
	const char *file)
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

/* masked: of lines that were added just now (foldermemory_add). */
static int
foldernote_remember(struct syncing *x, const char *file, const char *entity,
	const struct notefile *f, const json_t *facts, json_t *masked)
{
	AUTO_JSON json_t *keys = json_object();
	const char *key;
	json_t *text;

	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].said[0] && json_object_get(facts, f->v[i].key) &&
			jx_set(masked, f->v[i].said,
				json_string(f->v[i].key)) != 0)
			return MDB_E_NOMEM;

	json_object_foreach((json_t *)(uintptr_t)facts, key, text)
		if (jx_set(keys, key, json_integer(1)) != 0)
			return MDB_E_NOMEM;
	return jx_set(x->next, file,
		json_pack("{s:s,s:O,s:O*}", "entity", entity, "facts", keys,
			"masked",
			json_object_size(masked) > 0 ? masked : NULL));
}

static int
add_to_memory(struct syncing *x, const char *entity, const char *type,
	struct foldersides *s, json_t *masked)
{
	AUTO_JSON json_t *stored = json_object();
	int rc = stored ? foldermemory_add(x->c, entity, type, s->to_memory,
				  stored, masked)
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
foldernote_apply(struct syncing *x, const char *file, const char *entity,
	const struct notefile *f, struct foldersides *s, bool *ret_later)
{
	const json_t *e = json_object_get(x->memory, entity);
	const char *type = f->type ? f->type : cli_str(e, "type", "note");
	bool is_new = f->raw.len == 0;
	size_t left = json_object_size(s->both) +
		      json_object_size(s->to_memory) +
		      json_object_size(s->to_folder);
	AUTO_BUF struct buf now = {0};
	AUTO_JSON json_t *masked = json_object();
	int rc = masked ? CLI_OK : cli_nomem();

	if (rc == CLI_OK && json_object_size(s->to_memory) > 0)
		rc = add_to_memory(x, entity, type, s, masked);
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
			       foldernote_remember(x, file, entity, f, s->both,
				       masked) != 0
		       ? cli_nomem()
		       : CLI_OK;
}

/* What the note of an entity had: under this name, or under one that it has no
 * more. */
static json_t *
foldernote_base_of(const struct syncing *x, const char *file,
	const char *entity)
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

/* The only copy of a secret is not given for other words with a marker. */
static void
keep_secrets(struct foldersides *s, const struct notefile *f)
{
	const char *key;
	json_t *text;
	bool has_marker = false;

	json_object_foreach(s->to_folder, key, text)
		has_marker |= foldersecret_has(json_string_value(text));
	for (size_t i = 0; has_marker && i < f->n; i++)
		if (f->v[i].said[0])
			(void)json_object_del(s->from_folder, f->v[i].key);
}

int
foldernote_sync(struct syncing *x, const char *file, const char *entity,
	struct notefile *f)
{
	AUTO_JSON json_t *folder = json_object(), *none = json_object();
	json_t *known = foldernote_base_of(x, file, entity);
	bool is_later = false;
	AUTO_SIDES struct foldersides s = {.folder = folder,
		.base = json_object_get(known, "facts")};
	int rc;

	s.memory = json_object_get(json_object_get(x->memory, entity), "facts");
	if (!s.memory)
		s.memory = none;
	if (foldersecret_resolve(f, json_object_get(known, "masked"),
		    s.memory) != 0)
		return cli_nomem();
	for (size_t i = 0; i < f->n; i++)
		if (jx_set(folder, f->v[i].key, json_string(f->v[i].text)))
			return cli_nomem();
	if (!none || jx_set(x->seen, entity, json_true()) != 0 ||
		foldersides_compare(&s) != 0)
		return cli_nomem();
	keep_secrets(&s, f);
	foldernote_tell_all(x, &s, file);
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
	rc = foldernote_apply(x, file, entity, f, &s, &is_later);
	/* Not done: the next time begins where this one did. */
	if (rc != CLI_OK || !is_later || !known)
		return rc;
	return json_object_set(x->next, file, known) == 0 ? CLI_OK
							  : cli_nomem();
}
