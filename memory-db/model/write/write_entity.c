/* Writing entities, observations and relations from what a request says.
 *
 * For example {"name":"Ada","entityType":"person","observations":["likes
 * tea"]} becomes two facts of one new entity: one that says Ada exists and
 * is a person, and one that says "likes tea". Where Ada exists, only the
 * observation is added; where she has it already, nothing is, and the reply
 * says so. */
#include "memory-db/model/write/write_entity.h"

#include <string.h>

#include "common/clock.h"
#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/contract/tools.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/model/write/repeats.h"
#include "memory-db/model/write/told_again.h"
#include "memory-db/model/write/write_codespan.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/read/entity_tags.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/facts/labels.h"

enum create_mode
write_entity_mode(const char *name)
{
	if (!name || strcmp(name, "merge") == 0)
		return CREATE_MERGE;
	return strcmp(name, "replace") == 0 ? CREATE_REPLACE : CREATE_SKIP;
}

int
write_entity_tier(const char *name)
{
	for (int i = 0; name != NULL && tool_tiers[i] != NULL; i++)
		if (strcmp(name, tool_tiers[i]) == 0)
			return i;
	return -1;
}

/* --- derived facts -------------------------------------------------------- */
/* A member of derived_from: the id of a fact, or the name of an entity. */
static struct observation_source
write_entity_source_of(const json_t *source)
{
	return (struct observation_source){json_string_value(source),
		(int64_t)json_integer_value(source)};
}

static int
derive_all(struct write *w, int64_t entity, const json_t *item,
	const char *path, struct err *e)
{
	const json_t *list = json_object_get(item, "derived_from"), *source;
	int64_t fact = w->last_fact;
	size_t i;
	int rc;

	json_array_foreach(list, i, source) {
		struct observation_source from = write_entity_source_of(source);

		rc = write_source_add(w, entity, fact, &from, path, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The fact that has this text, or one that is to stand for it: *ret_have; 0: none.
 * *ret_said: the one that was told again by it; 0: none was. */
static int
write_entity_find_said(struct repeats *near, const json_t *item,
	const struct fact *f, int64_t *ret_have, int64_t *ret_said,
	struct err *e)
{
	int rc = near->is_bare ? 0
			       : fact_find_text(near->w->st, f->entity,
					 FACT_OBSERVATION, f->text, f->text_n,
					 ret_have, e);

	near->is_bare = false;
	*ret_said = *ret_have;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = repeats_look(near, item, ret_have, e);
	*ret_said = near->alike;
	return rc < 0 ? rc : 0;
}

/* A text that is new, with what it was derived from. */
static int
write_entity_put_observation(struct repeats *near, const json_t *item,
	struct fact *f, int64_t past, const char *path, int64_t *ret_fact,
	struct err *e)
{
	struct write *w = near->w;
	int rc = told_again_add(w, f, past, e);

	*ret_fact = w->last_fact;
	if (rc != 0)
		return rc;
	rc = repeats_put(near, item, *ret_fact, e);
	if (rc != 0 || !(f->flags & FACT_DERIVED))
		return rc;
	return derive_all(w, f->entity, item, path, e);
}

static int
write_entity_add_observation(struct repeats *near, const json_t *item,
	struct fact *f, const char *path, struct err *e)
{
	struct write *w = near->w;
	int64_t have = 0, said = 0, past = 0;
	int rc = write_entity_find_said(near, item, f, &have, &said, e);

	if (rc != 0)
		return rc;
	rc = told_again_of_past(w, &have, f, &past, e);
	if (rc != 0)
		return rc;
	if (said != 0)
		rc = told_again(w, f->entity, said, e);
	if (rc != 0)
		return rc;
	if (have == 0)
		rc = write_entity_put_observation(near, item, f, past, path,
			&have, e);
	if (rc < 0)
		return rc;
	if (json_is_object(item))
		rc = fact_tags_give(w, f->entity, have, item, path, e);
	if (rc < 0)
		return rc;
	rc = write_codespan(w, f->entity, have,
		json_object_get(item, "source") ? item : w->entry, path, e);
	if (rc < 0)
		return rc;
	return write_expiry_fact(w, f->entity, have, said != 0 && said == have,
		item, path, e);
}

int
write_entity_observations(struct write *w, int64_t entity, bool fresh,
	const json_t *list, const struct fact *defaults, const char *path,
	struct err *e)
{
	AUTO_NEAR struct repeats near = {0};
	json_t *item;
	size_t i;
	int rc = repeats_begin(&near, w, entity, fresh, list, e);

	if (rc != 0)
		return rc;
	json_array_foreach(list, i, item) {
		struct fact f = *defaults;

		f.entity = entity;
		f.kind = FACT_OBSERVATION;
		f.label = 0;
		f.flags &= FACT_CLAIMED;
		if (json_array_size(json_object_get(item, "derived_from")) > 0)
			f.flags |= FACT_DERIVED;
		rc = provenance_observation(w->st, w->ctx, item, path, &f, e);
		if (rc != 0)
			return rc;
		rc = write_entity_add_observation(&near, item, &f, path, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Whatever may be wrong with an item is found before the first is written, so
 * that an entry is stored in whole or not at all. */
int
write_entity_check(struct write *w, const json_t *list, const char *path,
	struct err *e)
{
	json_t *item, *source;
	size_t i, k;
	int rc;

	json_array_foreach(list, i, item) {
		struct fact f = write_fact(0, FACT_OBSERVATION);

		if (!json_is_object(item))
			continue;
		rc = provenance_observation(w->st, w->ctx, item, path, &f, e);
		if (rc != 0)
			return rc;
		rc = write_expiry_check(w->ctx, item, path, e);
		if (rc != 0)
			return rc;
		rc = write_codespan_check(item, path, e);
		if (rc != 0)
			return rc;
		json_array_foreach(json_object_get(item, "derived_from"), k,
			source) {
			struct observation_source from =
				write_entity_source_of(source);

			rc = write_source_check(w, &from, path, e);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static int
get_predecessor(void *ctx, const struct fact *f)
{
	*(int64_t *)ctx = f->supersedes;
	return 0;
}

/* The chain of names (store/facts/entity_names.c): the fact that this one
 * replaces, or where that says the same name what it replaced. */
static int
set_predecessor(struct write *w, int64_t entity, const char *name,
	struct fact *f, struct err *e)
{
	AUTO_BUF struct buf now = {0};
	int64_t fact = 0;
	int rc = fact_existence(w->st, entity, &fact, NULL, &now, e);

	if (rc != 1)
		return rc;
	if (!buf_str(&now))
		return err_nomem(e);
	f->supersedes = fact;
	if (strcmp(now.data, name) == 0)
		rc = fact_get(w->st, fact, get_predecessor, &f->supersedes, e);
	return rc < 0 ? rc : 0;
}

/* f: its provenance. */
static int
add_existence(struct write *w, int64_t entity, const char *name,
	int64_t type_label, struct fact *f, struct err *e)
{
	f->entity = entity;
	f->kind = FACT_EXISTENCE;
	f->weight = -1; /* salience is that of observations */
	f->label = type_label;
	f->text = name;
	f->text_n = strlen(name);
	return write_add(w, f, e);
}

int
write_entity_existence(struct write *w, int64_t entity, const char *name,
	int64_t type_label, const struct fact *defaults, struct err *e)
{
	struct fact f = *defaults;
	int rc =
		f.supersedes == 0 ? set_predecessor(w, entity, name, &f, e) : 0;

	if (rc != 0)
		return rc;
	rc = write_hide_others(w, entity, 1u << FACT_EXISTENCE, NULL, e);
	if (rc != 0)
		return rc;
	return add_existence(w, entity, name, type_label, &f, e);
}

static int
set_attributes(struct write *w, int64_t entity, const json_t *entry,
	const char *path, struct err *e)
{
	int tier = write_entity_tier(jx_text(entry, "tier"));
	const json_t *pin = json_object_get(entry, "pin");
	const json_t *metadata = json_object_get(entry, "metadata");
	const json_t *tags = json_object_get(entry, "tags");
	AUTO_JSON json_t *tagged = NULL;
	int rc = 0;

	if (tier >= 0)
		rc = write_attr(w, entity, ATTR_TIER, tier, e);
	if (rc != 0)
		return rc;
	if (json_is_boolean(pin))
		rc = write_attr(w, entity, ATTR_PIN, json_is_true(pin), e);
	if (rc != 0)
		return rc;
	if (json_is_object(metadata))
		rc = write_entity_metadata(w, entity, metadata, path, e);
	if (rc != 0)
		return rc;
	if (json_array_size(tags) > 0)
		rc = entity_tags_add(w->st, entity, tags, &tagged, e);
	if (rc != 0)
		return rc;
	return tagged ? write_entity_metadata(w, entity, tagged, path, e) : 0;
}

/* The name leads to no entity, not even to one that exists no more. */
static int
make_entity(struct write *w, const char *name, int64_t label,
	const struct fact *defaults, int64_t *ret_entity, struct err *e)
{
	struct fact f = *defaults;
	int rc = change_make_entity(w->change, name, strlen(name), ret_entity,
		e);

	if (rc != 0)
		return rc;
	if (w->made_first == 0)
		w->made_first = *ret_entity;
	return add_existence(w, *ret_entity, name, label, &f, e);
}

/* known: the entity that had the name before, 0: none. */
static int
show_entity(struct write *w, const char *name, const char *type,
	const struct fact *defaults, int64_t known, int64_t *ret_entity,
	struct err *e)
{
	int64_t label;
	int rc = label_intern(w->st, type, &label, e);

	if (rc != 0)
		return rc;
	*ret_entity = known;
	rc = known == 0 ? make_entity(w, name, label, defaults, ret_entity, e)
			: write_entity_existence(w, known, name, label,
				  defaults, e);
	w->made_name = name;
	w->made = *ret_entity;
	return rc;
}

int
write_entity_new(struct write *w, const char *name, const char *type,
	const struct fact *defaults, int64_t *ret_entity, struct err *e)
{
	int64_t known = 0;
	int rc = entity_find(w->st, w->ns, name, strlen(name), &known, e);

	if (rc < 0)
		return rc;
	return show_entity(w, name, type, defaults, rc == 1 ? known : 0,
		ret_entity, e);
}

int
write_entity_twin(struct write *w, const char *name, enum create_mode mode,
	const char *path, struct err *e)
{
	char at[96];
	int64_t id;
	int rc;

	/* A program names its namespace and means it. */
	if (!w->ctx->is_agent || w->ctx->own_scope)
		return 0;
	rc = write_user_entity(w, name, &id, e);
	if (rc != 1 || mode == CREATE_SKIP)
		return rc;
	snprintf(at, sizeof(at), "%s.name", path);
	return err_param(e, MDB_E_EXISTS, at,
		"'%s' exists in the user's memory, which you see as well; pass "
		"scope:\"user\" to add to it there, or scope:\"project\" to "
		"make another one of this name in this project alone",
		name);
}

/* 1 it exists where we write; 0 it does not: then *ret is the one that had the
 * name before, 0: none ever had. */
static int
find_known(struct write *w, const char *name, int64_t *ret, struct err *e)
{
	int rc = entity_find(w->st, w->ns, name, strlen(name), ret, e);

	if (rc != 1)
		return rc;
	return fact_existence(w->st, *ret, NULL, NULL, NULL, e);
}

int
write_entity(struct write *w, const json_t *entry, enum create_mode mode,
	const char *path, struct err *e)
{
	const char *name = jx_text(entry, "name");
	const json_t *list = json_object_get(entry, "observations");
	struct fact defaults = write_fact(0, FACT_OBSERVATION);
	int64_t entity = 0;
	int rc = find_known(w, name, &entity, e), exists = rc;

	if (rc == 0)
		rc = write_entity_twin(w, name, mode, path, e);
	if (rc < 0 || (rc == 1 && mode == CREATE_SKIP))
		return rc < 0 ? rc : 0;
	rc = write_entity_check(w, list, path, e);
	if (rc != 0)
		return rc;
	rc = write_expiry_check(w->ctx, entry, path, e);
	if (rc != 0)
		return rc;
	rc = write_codespan_check(entry, path, e);
	if (rc != 0)
		return rc;
	w->entry = entry;
	rc = provenance_read(w->st, w->ctx, entry, path, &defaults, e);
	if (rc != 0)
		return rc;
	if (!exists)
		rc = show_entity(w, name, jx_text(entry, "entityType"),
			&defaults, entity, &entity, e);
	if (rc != 0)
		return rc;
	if (exists && mode == CREATE_REPLACE)
		rc = write_hide_others(w, entity, 1u << FACT_OBSERVATION, list,
			e);
	if (rc != 0)
		return rc;
	rc = write_entity_observations(w, entity, !exists, list, &defaults,
		path, e);
	if (rc != 0)
		return rc;
	rc = set_attributes(w, entity, entry, path, e);
	if (rc != 0 || (!exists && !write_expiry_says(entry)))
		return rc;
	return write_expiry(w, entity, entry, path, e);
}
