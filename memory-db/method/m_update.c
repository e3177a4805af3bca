/* update_entity and rename_entity. Type and name belong to the existence fact
 * of an entity, so a new type or name is a new existence fact in the place of
 * the old one, which carries over where the old one came from. */
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/named_fact.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/model/read/entity_tags.h"
#include "memory-db/store/facts/labels.h"

/* What the existence fact carries on when it is shown anew. */
struct m_update_existence {
	struct fact f;
	struct buf name;
	int64_t label;
};

static void
m_update_existence_done(struct m_update_existence *x)
{
	buf_done(&x->name);
}
#define AUTO_EXISTENCE __attribute__((cleanup(m_update_existence_done)))

static int
copy_provenance(void *ctx, const struct fact *f)
{
	struct m_update_existence *x = ctx;

	x->f.method = f->method;
	x->f.source = f->source;
	x->f.speaker = f->speaker;
	x->f.source_at = f->source_at;
	x->f.confidence = f->confidence;
	return 0;
}

static int
load_existence(struct write *w, int64_t entity, struct m_update_existence *x,
	struct err *e)
{
	int64_t fact = 0;
	int rc = fact_existence(w->st, entity, &fact, &x->label, &x->name, e);

	x->f = write_fact(entity, FACT_EXISTENCE);
	if (rc == 1)
		rc = fact_get(w->st, fact, copy_provenance, x, e);
	if (rc == 1 && !buf_str(&x->name))
		rc = err_nomem(e);
	return rc < 0 ? rc : 0;
}

/* --- update_entity -------------------------------------------------------- */
static int
update_type(struct write *w, int64_t entity, const char *type, struct err *e)
{
	AUTO_EXISTENCE struct m_update_existence x = {0};
	int64_t label;
	int rc = load_existence(w, entity, &x, e);

	if (rc != 0)
		return rc;
	rc = label_intern(w->st, type, &label, e);
	if (rc != 0)
		return rc;
	if (label != x.label)
		return write_entity_existence(w, entity, x.name.data, label,
			&x.f, e);
	return 0;
}

/* Its list of tags is a member of its metadata. */
static int
update_tags(struct write *w, int64_t entity, const json_t *tags, struct err *e)
{
	AUTO_JSON json_t *metadata = NULL;
	int r = entity_tags_replace(w->st, entity, tags, &metadata, e);

	if (r != 0)
		return r;
	return write_entity_metadata(w, entity, metadata, "tags", e);
}

static int
m_update_update(struct write *w, int64_t entity, const json_t *p, struct err *e)
{
	const char *type = jx_text(p, "entityType");
	const json_t *pin = json_object_get(p, "pin");
	const json_t *metadata = json_object_get(p, "metadata");
	const json_t *tags = json_object_get(p, "tags");
	int tier = write_entity_tier(jx_text(p, "tier"));
	int rc = 0;

	if (type)
		rc = update_type(w, entity, type, e);
	if (rc != 0)
		return rc;
	if (tier >= 0)
		rc = write_attr(w, entity, ATTR_TIER, tier, e);
	if (rc != 0)
		return rc;
	if (json_is_boolean(pin))
		rc = write_attr(w, entity, ATTR_PIN, json_is_true(pin), e);
	if (rc != 0)
		return rc;
	if (json_is_object(metadata))
		rc = write_entity_metadata(w, entity, metadata, "metadata", e);
	if (rc != 0)
		return rc;
	if (json_is_array(tags))
		rc = update_tags(w, entity, tags, e);
	return rc ? rc : write_expiry(w, entity, p, "", e);
}

/* --- a fact of it --------------------------------------------------------- */
static int
update_fact(struct write *w, int64_t entity, const json_t *p, struct err *e)
{
	const json_t *metadata = json_object_get(p, "metadata");
	const json_t *tags = json_object_get(p, "tags");
	int64_t fact;
	int rc = named_fact_find(w, entity, p, &fact, e);

	if (rc != 0)
		return rc;
	if (json_is_object(metadata))
		rc = fact_tags_replace(w, entity, fact, metadata, "metadata",
			e);
	if (rc != 0)
		return rc;
	if (json_is_array(tags))
		rc = fact_tags_set(w, entity, fact, tags, e);
	return rc ? rc
		  : write_expiry_fact(w, entity, fact, false, p, "metadata", e);
}

static bool
is_of_fact(const json_t *p)
{
	return json_object_get(p, "observation") != NULL ||
	       json_object_get(p, "fact") != NULL;
}

static int
has_something(const json_t *p, struct err *e)
{
	static const char *const members[] = {"entityType", "tier", "pin",
		"metadata", "tags", "expires_at", "ttl_days"};
	bool any = false;

	if (json_object_get(p, "observation") && json_object_get(p, "fact"))
		return err_param(e, MDB_E_INVALID, "fact",
			"give the fact by `observation` or by `fact`, not by "
			"both");
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (!json_object_get(p, members[i]))
			continue;
		if (i < 3 && is_of_fact(p))
			return err_param(e, MDB_E_INVALID, members[i],
				"a single fact has tags, metadata and an end only; "
				"leave out observation (fact) to set %s of "
				"the entity",
				members[i]);
		any = true;
	}
	return any ? 0
		   : err_set(e, MDB_E_INVALID,
			     "nothing to update: give entityType, tier, pin, "
			     "tags, metadata or an end");
}

int
m_update_entity(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	static const char unconfirmed[] =
		"in the user's memory a pin of an "
		"agent counts for projects once the user confirms it "
		"(memoryctl --namespace default pin NAME)";
	static const char *const kept[] = {"entityType", "metadata", "tags",
		NULL};
	AUTO_WRITE struct write w = {0};
	AUTO_GUARD struct guard guard = {0};
	int64_t entity, version, asked = 0;
	int rc = has_something(c->params, e);

	if (rc != 0)
		return rc;
	rc = guard_params(&guard, c, kept, e);
	if (rc != 0)
		return rc;
	rc = write_begin(&w, c, CHANGE_UPDATE, e);
	if (rc != 0)
		return rc;
	rc = write_need_entity(&w, name, "name", &entity, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = is_of_fact(c->params)
			     ? update_fact(&w, entity, c->params, e)
			     : m_update_update(&w, entity, c->params, e);
	if (rc != 0)
		return rc;
	rc = write_end_named(&w, name, entity, &version, e);
	if (rc != 0)
		return rc;
	rc = attr_get(w.st, entity, ATTR_PIN_ASKED, &asked, e);
	if (rc != 0)
		return rc;
	rc = reply_change(&w,
		json_pack("{s:s,s:I,s:I,s:b,s:s*}", "name", name, "entity_id",
			(json_int_t)entity, "version", (json_int_t)version,
			"changed", write_touched(&w, entity), "note",
			json_is_true(json_object_get(c->params, "pin")) &&
					asked != 0
				? unconfirmed
				: NULL),
		ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}

/* --- rename_entity -------------------------------------------------------- */
/* The new name must be free, or lead to this entity already. */
static int
check_free(struct write *w, int64_t entity, const char *name, struct err *e)
{
	AUTO_BUF struct buf now = {0};
	int64_t other;
	bool exists;
	int r = entity_find(w->st, w->ns, name, strlen(name), &other, e);

	if (r != 1 || other == entity)
		return r < 0 ? r : 0;
	r = fact_existence(w->st, other, NULL, NULL, &now, e);
	exists = r == 1;
	if (r == 0) /* on other branches only: free here */
		r = entity_was(w->st, other, e);
	if (r != 1)
		return r;
	if (!buf_str(&now))
		return err_nomem(e);
	if (exists && strcmp(now.data, name) != 0)
		return err_param(e, MDB_E_EXISTS, "new_name",
			"'%s' is another name of '%s' and leads there; choose "
			"another",
			name, now.data);
	return err_param(e, MDB_E_EXISTS, "new_name",
		exists ? "'%s' exists already; add the observations of one to "
			 "the other and delete it"
		       : "'%s' was the name of an entity that is deleted; its "
			 "history keeps the name. Choose another",
		name);
}

static int
rename_it(struct write *w, int64_t entity, const char *new_name, struct err *e)
{
	AUTO_EXISTENCE struct m_update_existence x = {0};
	int rc = check_free(w, entity, new_name, e);

	if (rc != 0)
		return rc;
	rc = load_existence(w, entity, &x, e);
	if (rc != 0)
		return rc;
	if (strcmp(x.name.data, new_name) != 0)
		return write_entity_existence(w, entity, new_name, x.label,
			&x.f, e);
	return 0;
}

int
m_rename_entity(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	static const char *const kept[] = {"new_name", NULL};
	const char *new_name;
	AUTO_WRITE struct write w = {0};
	AUTO_GUARD struct guard guard = {0};
	int64_t entity, version;
	int rc = guard_params(&guard, c, kept, e);

	new_name = jx_text(c->params, "new_name");
	if (rc != 0)
		return rc;
	rc = write_begin(&w, c, CHANGE_RENAME, e);
	if (rc != 0)
		return rc;
	rc = write_need_entity(&w, name, "name", &entity, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = rename_it(&w, entity, new_name, e);
	if (rc != 0)
		return rc;
	rc = write_note(&w, name, e);
	if (rc != 0)
		return rc;
	rc = write_note(&w, new_name, e);
	if (rc != 0)
		return rc;
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	rc = write_version(&w, entity, &version, e);
	if (rc != 0)
		return rc;
	rc = reply_change(&w,
		json_pack("{s:s,s:s,s:I,s:I}", "name", new_name, "old_name",
			name, "entity_id", (json_int_t)entity, "version",
			(json_int_t)version),
		ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}
