/* update_entity, rename_entity. */
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/remember.h"
#include "memory-db/store/names.h"

/* What the existence fact carries on when it is shown anew. */
struct existence {
	struct fact f;
	struct buf name;
	int64_t label;
};

static int
copy_provenance(void *ctx, const struct fact *f)
{
	struct existence *x = ctx;

	x->f.method = f->method;
	x->f.source = f->source;
	x->f.speaker = f->speaker;
	x->f.source_at = f->source_at;
	x->f.confidence = f->confidence;
	return 0;
}

static int
load_existence(struct write *w, int64_t entity, struct existence *x,
	struct err *e)
{
	int64_t fact = 0;
	int r = fact_existence(w->st, entity, &fact, &x->label, &x->name, e);

	x->f = write_fact(entity, FACT_EXISTENCE);
	if (r == 1)
		r = fact_get(w->st, fact, copy_provenance, x, e);
	if (r == 1 && buf_str(&x->name) == NULL)
		r = err_nomem(e);
	return r < 0 ? r : 0;
}

/* --- update_entity ------------------------------------------------------------------ */
static int
update_type(struct write *w, int64_t entity, const char *type, struct err *e)
{
	struct existence x = {0};
	int64_t label;
	int r = load_existence(w, entity, &x, e);

	if (r == 0)
		r = label_intern(w->st, type, &label, e);
	if (r == 0 && label != x.label)
		r = remember_existence(
			w, entity, x.name.data, label, &x.f, e);
	buf_done(&x.name);
	return r;
}

static int
update(struct write *w, int64_t entity, const json_t *p, struct err *e)
{
	const char *type = jx_text(p, "entityType");
	const json_t *pin = json_object_get(p, "pin");
	const json_t *metadata = json_object_get(p, "metadata");
	int tier = remember_tier(jx_text(p, "tier"));
	int r = 0;

	if (type != NULL)
		r = update_type(w, entity, type, e);
	if (r == 0 && tier >= 0)
		r = write_attr(w, entity, ATTR_TIER, tier, e);
	if (r == 0 && json_is_boolean(pin))
		r = write_attr(w, entity, ATTR_PIN, json_is_true(pin), e);
	if (r == 0 && json_is_object(metadata))
		r = remember_metadata(w, entity, metadata, "metadata", e);
	return r;
}

static int
has_something(const json_t *p, struct err *e)
{
	static const char *const members[] = {
		"entityType", "tier", "pin", "metadata"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_object_get(p, members[i]) != NULL)
			return 0;
	return err_set(e, MDB_E_INVALID,
		"nothing to update: give entityType, tier, pin or metadata");
}

int
m_update_entity(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	struct write w AUTO_WRITE = {0};
	int64_t entity, version;
	int r = has_something(c->params, e);

	if (r == 0)
		r = write_begin(&w, c, CHANGE_UPDATE, e);
	if (r == 0)
		r = write_need_entity(&w, name, "name", &entity, e);
	if (r == 0 && !w.replay)
		r = update(&w, entity, c->params, e);
	if (r == 0)
		r = write_note(&w, name, e);
	if (r == 0)
		r = write_end(&w, e);
	if (r == 0)
		r = write_version(&w, entity, &version, e);
	if (r != 0)
		return r;
	return reply_change(&w,
		json_pack("{s:s,s:I,s:I,s:b}", "name", name, "entity_id",
			(json_int_t)entity, "version", (json_int_t)version,
			"changed", write_touched(&w, entity)),
		ret_result, e);
}

/* --- rename_entity --------------------------------------------------------------------- */
/* The new name must be free, or lead to this entity already. */
static int
check_free(struct write *w, int64_t entity, const char *name, struct err *e)
{
	int64_t other;
	int r = entity_find(w->st, w->ns, name, strlen(name), &other, e);

	if (r != 1 || other == entity)
		return r < 0 ? r : 0;
	r = fact_existence(w->st, other, NULL, NULL, NULL, e);
	if (r < 0)
		return r;
	return err_param(e, MDB_E_EXISTS, "new_name",
		r == 1 ? "'%s' exists already; add the observations of one to "
			 "the other and delete it"
		       : "'%s' was the name of an entity that is deleted; its "
			 "history keeps the name. Choose another",
		name);
}

static int
rename_it(struct write *w, int64_t entity, const char *new_name, struct err *e)
{
	struct existence x = {0};
	int r = check_free(w, entity, new_name, e);

	if (r == 0)
		r = load_existence(w, entity, &x, e);
	if (r == 0 && strcmp(x.name.data, new_name) != 0) {
		r = remember_existence(
			w, entity, new_name, x.label, &x.f, e);
		/* Every name it ever had leads to it. */
		if (r == 0)
			r = entity_alias(w->st, w->ns, new_name,
				strlen(new_name), entity, e);
	}
	buf_done(&x.name);
	return r;
}

int
m_rename_entity(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	const char *new_name = jx_text(c->params, "new_name");
	struct write w AUTO_WRITE = {0};
	int64_t entity, version;
	int r = write_begin(&w, c, CHANGE_RENAME, e);

	if (r == 0)
		r = write_need_entity(&w, name, "name", &entity, e);
	if (r == 0 && !w.replay)
		r = rename_it(&w, entity, new_name, e);
	if (r == 0)
		r = write_note(&w, name, e);
	if (r == 0)
		r = write_note(&w, new_name, e);
	if (r == 0)
		r = write_end(&w, e);
	if (r == 0)
		r = write_version(&w, entity, &version, e);
	if (r != 0)
		return r;
	return reply_change(&w,
		json_pack("{s:s,s:s,s:I,s:I}", "name", new_name, "old_name",
			name, "entity_id", (json_int_t)entity, "version",
			(json_int_t)version),
		ret_result, e);
}
