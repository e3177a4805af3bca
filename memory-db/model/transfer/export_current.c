/* Today's state as lines, namespace by namespace: entities in order of
 * creation, then their relations. The mark of a page: the namespace, whether
 * its entities or its relations are written, the existence fact of the last
 * entity that is done (a), and the last fact written of the one after (b). */
#include "memory-db/model/transfer/export.h"

#include <string.h>

#include "common/jx.h"
#include "common/contract/tools.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/namespaces.h"

enum export_current_phase { HEADER, ENTITIES, RELATIONS, FILES, DONE };

/* Of one line: an entity with more takes several. The second bound keeps an
 * import of the line within one change. */
#define LINE_BYTES	  (256 * 1024)
#define LINE_OBSERVATIONS 5000

struct current {
	struct export_page *p;
	const struct fact *entity;  /* existence fact being written */
	json_t *texts, *provenance; /* of the line; borrowed */
	size_t bytes;		    /* of the two */
	int64_t last;		    /* fact written last */
	bool cut;
	struct { /* cache of one change */
		int64_t id, at, session, client;
	} origin;
};

static int
export_current_set_namespace(struct export_page *p, json_t *o, int64_t ns)
{
	AUTO_BUF struct buf name = {0};
	int rc;

	if (p->q->ns != 0)
		return 0;
	rc = namespace_name(p->st, ns, &name, p->e);
	return rc < 0 ? rc
		      : member_set_text(o, "namespace",
				name.data != NULL ? name.data : "", name.len,
				p->e);
}

static int
set_label_member(struct export_page *p, json_t *o, const char *key,
	int64_t label)
{
	AUTO_BUF struct buf text = {0};
	int rc = label_text(p->st, label, &text, p->e);

	return rc < 0 ? rc
		      : member_set_text(o, key,
				text.data != NULL ? text.data : "", text.len,
				p->e);
}

/* --- observations --------------------------------------------------------- */
static int
export_current_note_origin(void *ctx, const struct log_change *c)
{
	struct current *x = ctx;

	x->origin.id = c->id;
	x->origin.at = c->at;
	x->origin.session = c->session;
	x->origin.client = c->client;
	return 0;
}

/* When what a fact says is true in the world. */
static int
set_validity(struct export_page *p, json_t *o, const struct fact *f)
{
	int rc =
		f->valid_from == FACT_NO_TIME
			? 0
			: member_set_time(o, "valid_from", f->valid_from, p->e);

	return rc != 0 || f->valid_to == FACT_NO_TIME
		       ? rc
		       : member_set_time(o, "valid_to", f->valid_to, p->e);
}

static int
set_provenance(struct current *x, json_t *o, const struct fact *f)
{
	static const char *const methods[] = {"manual", "auto", "import",
		"script"};
	struct export_page *p = x->p;
	int rc = 0;

	if (x->origin.id != f->added)
		rc = log_get(p->st, f->added, export_current_note_origin, x,
			p->e);
	if (rc < 0)
		return rc;
	rc = member_set_time(o, "at", x->origin.at, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(p->st, o, "session", x->origin.session, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(p->st, o, "client", x->origin.client, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(p->st, o, "source_session", f->source, p->e);
	if (rc != 0)
		return rc;
	if (f->source_at != FACT_NO_TIME)
		rc = member_set_time(o, "source_timestamp", f->source_at, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(p->st, o, "speaker", f->speaker, p->e);
	if (rc != 0)
		return rc;
	if (f->confidence >= 0)
		rc = member_set_real(o, "confidence", f->confidence, p->e);
	if (rc != 0)
		return rc;
	if (f->kind == FACT_OBSERVATION && f->weight >= 0)
		rc = member_set_real(o, "salience", f->weight, p->e);
	if (rc != 0)
		return rc;
	rc = set_validity(p, o, f);
	if (rc != 0)
		return rc;
	if (f->method != METHOD_MANUAL &&
		(size_t)f->method < ARRAY_LEN(methods))
		rc = member_set_text(o, "method", methods[f->method],
			strlen(methods[f->method]), p->e);
	if (rc != 0)
		return rc;
	if (f->kind == FACT_OBSERVATION)
		return fact_tags_encode(p->st, f->entity, f->id, o, p->e);
	return 0;
}

static int
export_current_add_observation(void *ctx, const struct fact *f)
{
	struct current *x = ctx;
	AUTO_JSON json_t *text = NULL;
	AUTO_JSON json_t *o = NULL;
	size_t limit = x->p->q->max_bytes / 2, bytes;
	int rc;

	if (f->id <= x->p->mark->b || f->erased)
		return 0;
	text = member_text(f->text, f->text_n);
	o = json_object();
	if (!text || !o)
		return err_nomem(x->p->e);
	rc = set_provenance(x, o, f);
	if (rc < 0)
		return rc;
	bytes = encode_size(text) + encode_size(o) + 2;
	if (json_array_size(x->texts) > 0 &&
		(json_array_size(x->texts) >= LINE_OBSERVATIONS ||
			x->bytes + bytes >
				(limit < LINE_BYTES ? limit : LINE_BYTES))) {
		x->cut = true;
		return 1;
	}
	x->bytes += bytes;
	x->last = f->id;
	if (jx_add(x->texts, take_ptr(text)) != 0 ||
		jx_add(x->provenance, take_ptr(o)) != 0)
		return err_nomem(x->p->e);
	return 0;
}

/* --- an entity ------------------------------------------------------------ */
static int
export_current_set_metadata(void *ctx, const struct fact *f)
{
	return f->erased ? 0
			 : member_set_parsed(ctx, "metadata", f->text,
				   f->text_n, NULL);
}

static int
export_current_add_alias(void *ctx, const char *name, size_t n)
{
	return jx_add(ctx, member_text(name, n));
}

static int
export_current_set_aliases(struct export_page *p, json_t *o, int64_t entity)
{
	AUTO_JSON json_t *aliases = json_array();
	int rc;

	if (!aliases)
		return err_nomem(p->e);
	rc = entity_aliases(p->st, entity, export_current_add_alias, aliases,
		p->e);
	if (rc < 0)
		return rc == MDB_E_NOMEM ? err_nomem(p->e) : rc;
	return json_array_size(aliases) == 0
		       ? 0
		       : member_set_new(o, "aliases", json_incref(aliases),
				 p->e);
}

static int
export_current_set_times(struct export_page *p, json_t *o, int64_t entity)
{
	struct entity_times times;
	int64_t expires = 0;
	int r = entity_times(p->st, entity, &times, p->e);

	if (r != 0)
		return r;
	r = member_set_time(o, "created_at", times.created_at, p->e);
	if (r != 0)
		return r;
	r = attr_get(p->st, entity, ATTR_EXPIRES, &expires, p->e);
	return r != 0 || expires <= 0
		       ? r
		       : member_set_time(o, "expires_at", expires, p->e);
}

static int
export_current_set_numbers(struct export_page *p, json_t *o, int64_t entity)
{
	int64_t tier = 0, pin = 0, asked = 0;
	int r = attr_get(p->st, entity, ATTR_TIER, &tier, p->e);

	if (r != 0)
		return r;
	r = attr_get(p->st, entity, ATTR_PIN, &pin, p->e);
	if (r != 0)
		return r;
	r = attr_get(p->st, entity, ATTR_PIN_ASKED, &asked, p->e);
	if (r != 0)
		return r;
	if (tier > 0 && tier < 4)
		r = member_set_new(o, "tier", json_string(tool_tiers[tier]),
			p->e);
	if (r != 0)
		return r;
	/* Lines say nothing of who pinned: only what is confirmed. */
	if (pin != 0 && asked == 0)
		r = member_set_bool(o, "pin", 1, p->e);
	return r;
}

/* What stands on the first line of an entity only. */
static int
export_current_set_first(struct export_page *p, json_t *o, int64_t entity)
{
	int r = export_current_set_numbers(p, o, entity);

	if (r != 0)
		return r;
	r = fact_each(p->st, entity, 1u << FACT_METADATA,
		export_current_set_metadata, o, p->e);
	if (r == MDB_E_NOMEM)
		return err_nomem(p->e);
	if (r != 0)
		return r;
	r = export_current_set_aliases(p, o, entity);
	return r != 0 ? r : export_current_set_times(p, o, entity);
}

static int
export_current_set_entity(struct current *x, json_t *o)
{
	struct export_page *p = x->p;
	const struct fact *f = x->entity;
	int rc = member_set_text(o, "name", f->text, f->text_n, p->e);

	if (rc != 0)
		return rc;
	rc = set_label_member(p, o, "entityType", f->label);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "observations", x->texts = json_array(), p->e);
	if (rc != 0)
		return rc;
	rc = export_current_set_namespace(p, o, p->mark->ns);
	if (rc != 0)
		return rc;
	if (p->mark->b == 0)
		rc = export_current_set_first(p, o, f->entity);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "provenance", x->provenance = json_array(),
		p->e);
	if (rc != 0)
		return rc;
	rc = fact_each(p->st, f->entity, 1u << FACT_OBSERVATION,
		export_current_add_observation, x, p->e);
	if (rc < 0)
		return rc;
	if (json_array_size(x->provenance) == 0)
		json_object_del(o, "provenance");
	return 0;
}

static int
push_entity(void *ctx, const struct fact *f)
{
	struct export_page *p = ctx;
	int rc = 0;

	do {
		struct current x = {.p = p, .entity = f};
		AUTO_JSON json_t *o = json_pack("{s:s}", "type", "entity");

		if (!o)
			return err_nomem(p->e);
		rc = export_current_set_entity(&x, o);
		if (rc != 0)
			return rc;
		rc = export_push(p, take_ptr(o));
		if (rc != 0)
			return rc;
		p->mark->b = x.cut ? x.last : 0;
	} while (p->mark->b != 0);
	p->mark->a = f->id;
	return 0;
}

/* --- relations ------------------------------------------------------------ */
static int
push_relation(void *ctx, const struct fact *f)
{
	struct current *x = ctx;
	struct export_page *p = x->p;
	bool reversed = fact_is_reversed(f);
	AUTO_JSON json_t *o = NULL;
	AUTO_BUF struct buf peer = {0};
	int64_t there = 0;
	int rc;

	if (f->id <= p->mark->b)
		return 0;
	rc = fact_existence(p->st, f->peer, &there, NULL, &peer, p->e);
	if (rc != 1)
		return rc;
	o = json_pack("{s:s}", "type", "relation");
	if (!o)
		return err_nomem(p->e);
	rc = member_set_text(o, reversed ? "to" : "from", x->entity->text,
		x->entity->text_n, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_text(o, reversed ? "from" : "to", peer.data, peer.len,
		p->e);
	if (rc != 0)
		return rc;
	if (fact_namespace(there) != fact_namespace(f->id))
		rc = member_set_text(o,
			reversed ? "from_namespace" : "to_namespace", "default",
			7, p->e);
	if (rc != 0)
		return rc;
	rc = set_label_member(p, o, "relationType", f->label);
	if (rc != 0)
		return rc;
	if (f->weight >= 0)
		rc = member_set_real(o, "weight", f->weight, p->e);
	if (rc != 0)
		return rc;
	rc = set_validity(p, o, f);
	if (rc != 0)
		return rc;
	rc = export_current_set_namespace(p, o, p->mark->ns);
	if (rc != 0)
		return rc;
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->b = f->id;
	return 0;
}

static int
push_relations(void *ctx, const struct fact *f)
{
	struct export_page *p = ctx;
	struct current x = {.p = p, .entity = f};
	int rc = fact_each(p->st, f->entity, 1u << FACT_RELATION, push_relation,
		&x, p->e);

	if (rc != 0)
		return rc;
	p->mark->a = f->id;
	p->mark->b = 0;
	return rc;
}

/* --- a namespace ---------------------------------------------------------- */
static int
push_part(struct export_page *p, int64_t phase, int64_t next, fact_fn fn)
{
	int rc;

	if (p->mark->phase != phase)
		return 0;
	rc = fact_each_entity(p->st, p->mark->ns, p->mark->a, fn, p, p->e);
	if (rc != 0)
		return rc;
	p->mark->phase = next;
	p->mark->a = p->mark->b = 0;
	return rc;
}

static int
export_current_push_namespace(void *ctx, const struct namespace_row *row)
{
	struct export_page *p = ctx;
	int rc;

	if (row->id < p->mark->ns)
		return 0;
	p->mark->ns = row->id;
	rc = push_part(p, ENTITIES, RELATIONS, push_entity);
	if (rc != 0)
		return rc;
	rc = push_part(p, RELATIONS, ENTITIES, push_relations);
	if (rc != 0)
		return rc;
	p->mark->ns = row->id + 1;
	return rc;
}

int
export_current_page(struct store *st, const struct export_query *q,
	struct export_mark *mark, json_t **ret, bool *ret_more, struct err *e)
{
	AUTO_JSON json_t *lines = json_array();
	struct export_page p = {.st = st,
		.q = q,
		.mark = mark,
		.lines = lines,
		.e = e};
	int rc = 0;

	if (!lines)
		return err_nomem(e);
	if (mark->phase == HEADER) {
		rc = export_header(&p, EXPORT_CURRENT_FORMAT);
		if (rc != 0)
			return rc;
		mark->phase = ENTITIES;
	}
	if (mark->phase != FILES) {
		rc = namespace_each(st, q->ns, export_current_push_namespace,
			&p, e);
		if (rc < 0)
			return rc;
		if (!p.full)
			*mark = (struct export_mark){.phase = FILES};
	}
	if (rc == 0 && mark->phase == FILES)
		rc = export_files(&p, false);
	if (rc < 0)
		return rc;
	if (!p.full)
		mark->phase = DONE;
	*ret_more = p.full;
	*ret = take_ptr(lines);
	return 0;
}
