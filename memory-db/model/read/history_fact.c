/* What a change did to one fact, as an object of the history. Names come from
 * a cache, because a change of 1,000 facts names a few entities over and over.
 */
#include "memory-db/model/read/history_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/scope/json_members.h"

/* Borrowed from the cache. */
static int
history_fact_name_of(struct history_reader *rd, int64_t entity, json_t **ret)
{
	char key[24];
	json_t *name;
	int rc;

	snprintf(key, sizeof(key), "%" PRId64, entity);
	name = json_object_get(rd->names, key);
	if (!name) {
		rc = member_entity_name(rd->st, entity, &name, rd->e);
		if (rc != 0)
			return rc;
		rc = member_set_new(rd->names, key, name, rd->e);
		if (rc != 0)
			return rc;
	}
	*ret = name;
	return 0;
}

int
history_set_name(struct history_reader *rd, json_t *o, const char *key,
	int64_t entity)
{
	json_t *name;
	int rc = history_fact_name_of(rd, entity, &name);

	return rc != 0 ? rc : member_set_new(o, key, json_incref(name), rd->e);
}

/* --- a fact as an item ---------------------------------------------------- */
struct fact_telling {
	struct history_reader *rd;
	json_t *o; /* borrowed */
	json_t *name;
	int64_t kind, peer, replaces;
	bool reversed;
};

static int
tell_content(void *ctx, const struct log_fact *f)
{
	struct fact_telling *t = ctx;
	struct err *e = t->rd->e;
	int rc = 0;

	t->kind = f->kind;
	t->peer = f->peer;
	if (!f->salt)
		return member_set_bool(t->o, "forgotten", 1, e);
	switch ((enum fact_kind)f->kind) {
	case FACT_EXISTENCE:
		t->name = member_text(f->text, f->text_n);
		rc = member_set_text(t->o, "entityType", f->label,
			f->label != NULL ? strlen(f->label) : 0, e);
		return !t->name ? err_nomem(e) : rc;
	case FACT_OBSERVATION:
		t->replaces = f->supersedes;
		return member_set_text(t->o, "text", f->text, f->text_n, e);
	case FACT_RELATION:
		t->reversed = f->text_n > 0;
		rc = member_set_text(t->o, "relationType", f->label,
			f->label != NULL ? strlen(f->label) : 0, e);
		if (rc != 0 || f->weight < 0)
			return rc;
		return member_set_real(t->o, "weight", f->weight, e);
	case FACT_TAG:
		t->peer = f->supersedes;
		return member_set_text(t->o, "tag", f->text, f->text_n, e);
	case FACT_NOTE:
	case FACT_METADATA:
		t->peer = f->supersedes;
		return !f->text ? 0
				: member_set_parsed(t->o, "metadata", f->text,
					  f->text_n, e);
	}
	return 0;
}

static int
tell_fact_members(struct history_reader *rd, const struct log_op *op, json_t *o,
	struct fact_telling *t)
{
	int rc = history_set_name(rd, o, "entity", op->entity);

	if (rc != 0)
		return rc;
	rc = log_fact(rd->st, op->fact, tell_content, t, rd->e);
	if (rc < 0)
		return rc;
	if (t->kind == FACT_RELATION)
		rc = history_set_name(rd, o, "to",
			t->reversed ? op->entity : t->peer);
	if (rc < 0)
		return rc;
	if (t->reversed)
		rc = history_set_name(rd, o, "entity", t->peer);
	if (rc < 0)
		return rc;
	if (fact_is_mark(t->kind))
		rc = member_set_fact(rd->st, o, "of", t->peer, rd->e);
	if (rc < 0)
		return rc;
	if (t->replaces != 0)
		rc = member_set_fact(rd->st, o, "replaces", t->replaces, rd->e);
	return rc;
}

int
history_tell_fact(struct history_reader *rd, const struct log_op *op,
	struct item *ret)
{
	AUTO_JSON json_t *o = json_object();
	struct fact_telling t = {.rd = rd, .o = o};
	int rc;

	if (!o)
		return err_nomem(rd->e);
	rc = tell_fact_members(rd, op, o, &t);
	if (rc < 0) {
		json_decref(t.name);
		return rc;
	}
	ret->entity = op->entity;
	ret->kind = t.kind;
	ret->fact = op->fact;
	ret->replaces = t.replaces;
	ret->value = take_ptr(o);
	ret->name = t.name;
	return 0;
}
