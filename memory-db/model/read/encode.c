/* An entity and a relation as JSON, written here alone, so that each method
 * gives the same members: {"name": "ada", "facts": [{"id": 3, ...}]}. What would
 * be empty is left out; facts that max_bytes does not hold are `omitted`. */
#include "memory-db/model/read/encode_internal.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/vec.h"
#include "common/contract/tools.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/read/contested.h"
#include "memory-db/model/read/derived_suspect.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

/* Bytes of a token of a model in JSON text, on average. */
#define TOKEN_BYTES 4
/* Room for `from` of an entity, mostly of one session. */
#define FROM_RESERVE 80

size_t
encode_size(const json_t *j)
{
	return jx_dump_size(j);
}

int
encode_budget(const json_t *params, size_t *ret_bytes, struct err *e)
{
	int64_t bytes = LIMIT_REPLY_BYTES, tokens = 0;
	int rc = jx_int(params, "max_bytes", JX_OPTIONAL, 1, LIMIT_REPLY_BYTES,
		&bytes, e);

	if (rc >= 0)
		rc = jx_int(params, "max_tokens", JX_OPTIONAL, 1, INT32_MAX,
			&tokens, e);
	if (rc < 0)
		return rc;
	if (tokens > 0 && tokens * TOKEN_BYTES < bytes)
		bytes = tokens * TOKEN_BYTES;
	*ret_bytes = (size_t)bytes;
	return 0;
}

/* --- facts of an entity --------------------------------------------------- */
struct encode_page {
	struct store *st;
	const struct encode_options *o;
	json_t *list;
	size_t bytes; /* of the entity so far */
	size_t most;  /* that its facts may bring this to; 0: any */
	int64_t left_out;
	bool full;	/* the budget was reached once */
	bool has_notes; /* of facts: one may name code */
	int64_t *ids;	/* of the facts in list; owned */
	size_t ids_n, ids_cap;
	struct provenance_list from; /* without a scope: not told */
	struct err *e;
};

struct fact_source {
	json_t *j;
	struct store *st;
	struct err *e;
};

int
encode_set_label(struct store *st, json_t *j, const char *key, int64_t id,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc = id == 0 ? 0 : label_text(st, id, &text, e);

	if (rc == 1 && jx_set(j, key, json_stringn(text.data, text.len)) != 0)
		return err_nomem(e);
	return rc < 0 ? rc : 0;
}

int
encode_set_time(json_t *j, const char *key, int64_t ms, struct err *e)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(ms, text);
	return jx_set(j, key, json_string(text)) != 0 ? err_nomem(e) : 0;
}

static int
encode_set_change(void *ctx, const struct log_change *c)
{
	struct fact_source *s = ctx;
	int rc = encode_set_time(s->j, "at", c->at, s->e);

	if (rc != 0)
		return rc;
	rc = encode_set_label(s->st, s->j, "session", c->session, s->e);
	if (rc != 0)
		return rc;
	rc = encode_set_label(s->st, s->j, "client", c->client, s->e);
	if (rc != 0)
		return rc;
	return encode_set_label(s->st, s->j, "actor", c->actor, s->e);
}

/* {id, text, change, at, session?, ...}: of the change that first showed it,
 * whichever merge or undo brought it here. */
static int
encode_fact(struct encode_page *p, const struct fact *f, json_t **ret)
{
	static const char *const methods[] = {"manual", "auto", "import",
		"script"};
	json_t *j AUTO_JSON = json_pack("{s:I,s:s%,s:I,s:s}", "id",
		(json_int_t)f->id, "text", f->text, f->text_n, "change",
		(json_int_t)f->added, "method", methods[f->method & 3]);
	struct fact_source s = {j, p->st, p->e};
	int64_t origin = f->added;
	int rc;

	if (!j)
		return err_nomem(p->e);
	rc = log_first_shown(p->st, f->id, &origin, p->e);
	if (rc < 0)
		return rc;
	if (origin != f->added &&
		jx_set(j, "change", json_integer((json_int_t)origin)) != 0)
		return err_nomem(p->e);
	rc = log_get(p->st, origin, encode_set_change, &s, p->e);
	if (rc < 0)
		return rc;
	rc = provenance_claims(p->st, f, j, p->e);
	if (rc != 0)
		return rc;
	if (f->valid_from != FACT_NO_TIME)
		rc = encode_set_time(j, "valid_from", f->valid_from, p->e);
	if (rc != 0)
		return rc;
	if (f->valid_to != FACT_NO_TIME)
		rc = encode_set_time(j, "valid_to", f->valid_to, p->e);
	if (rc != 0)
		return rc;
	if (f->supersedes != 0)
		rc = member_set_fact(p->st, j, "replaces", f->supersedes, p->e);
	if (rc != 0)
		return rc;
	if (f->kind == FACT_OBSERVATION && is_instruction(f->text, f->text_n) &&
		jx_set(j, "kind", json_string(INSTRUCTION_TAG)) != 0)
		return err_nomem(p->e);
	rc = fact_tags_encode(p->st, f->entity, f->id, j, p->e);
	if (rc < 0)
		return rc;
	*ret = take_ptr(j);
	return 0;
}

/* Does the folded text contain one of the words of `lead`? */
static int
leads(const char *lead, const struct fact *f)
{
	AUTO_BUF struct buf folded = {0};

	if (text_fold(f->text, f->text_n, &folded) != 0 || !buf_str(&folded))
		return MDB_E_NOMEM;
	while (*lead != '\0') {
		size_t n = strcspn(lead, " ");

		if (n > 0 && memmem(folded.data, folded.len, lead, n))
			return 1;
		lead += n + (lead[n] == ' ');
	}
	return 0;
}

static int
append_fact(struct encode_page *p, const struct fact *f, bool must)
{
	json_t *j = NULL;
	size_t size;
	int rc = 0;

	if (p->o->members & MEMBER_FACTS)
		rc = encode_fact(p, f, &j);
	else
		j = json_stringn(f->text, f->text_n);
	if (rc != 0)
		return rc;
	if (!j)
		return err_nomem(p->e);
	size = encode_size(j) + 1;
	if (p->most > 0 && p->bytes + size > p->most && !must) {
		json_decref(j);
		p->left_out++;
		p->full = true;
		return 0;
	}
	p->bytes += size;
	if (jx_add(p->list, j) != 0 ||
		vec_room(p->ids, p->ids_n, p->ids_cap) != 0)
		return err_nomem(p->e);
	p->ids[p->ids_n++] = f->id;
	return p->from.scope != NULL
		       ? provenance_note(p->st, &p->from, f->id, p->e)
		       : 0;
}

static bool
counts(const struct encode_page *p, const struct fact *f)
{
	int64_t at = p->o->valid_at;

	if (f->erased)
		return false;
	if (at == 0 || at == FACT_NO_TIME)
		return true;
	return (f->valid_from == FACT_NO_TIME || f->valid_from <= at) &&
	       (f->valid_to == FACT_NO_TIME || at < f->valid_to);
}

/* The first fact always stays; once the budget is reached the rest waits for
 * the next look, so that order is kept. */
static int
each_fact(void *ctx, const struct fact *f)
{
	struct encode_page *p = ctx;

	if (f->kind == FACT_RELATION)
		return p->o->known->relation(p->o->known->ctx, f);
	if (f->kind == FACT_NOTE) {
		p->has_notes = true;
		return 0;
	}
	if (!counts(p, f))
		return 0;
	if (p->o->expiry) {
		int rc = expiry_fact_is_over(p->o->expiry, f->entity, f->id,
			p->e);

		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	if (p->full) {
		p->left_out++;
		return 0;
	}
	return append_fact(p, f, json_array_size(p->list) == 0);
}

static int
each_leading(void *ctx, const struct fact *f)
{
	struct encode_page *p = ctx;
	int rc = f->erased ? 0 : leads(p->o->lead, f);

	if (rc < 0)
		return err_nomem(p->e);
	return rc == 1 ? each_fact(ctx, f) : 0;
}

static int
each_other(void *ctx, const struct fact *f)
{
	struct encode_page *p = ctx;
	int rc = f->erased ? 1 : leads(p->o->lead, f);

	if (rc < 0)
		return err_nomem(p->e);
	return rc == 0 ? each_fact(ctx, f) : 0;
}

/* From the start: with a lead what leads first, then the others. */
static int
add_facts_again(struct encode_page *p, int64_t entity, size_t before)
{
	unsigned kinds = 1u << FACT_OBSERVATION;
	int rc;

	json_array_clear(p->list);
	p->bytes = before;
	p->left_out = 0;
	p->full = false;
	p->ids_n = 0;
	p->from = (struct provenance_list){.scope = p->from.scope};
	if (!p->o->lead)
		return fact_each(p->st, entity, kinds, each_fact, p, p->e);
	rc = fact_each(p->st, entity, kinds, each_leading, p, p->e);
	if (rc != 0)
		return rc;
	return fact_each(p->st, entity, kinds, each_other, p, p->e);
}

static int
add_facts(struct encode_page *p, int64_t entity)
{
	const struct encode_known *known = p->o->known;
	unsigned kinds = 1u << FACT_OBSERVATION, relations = 1u << FACT_NOTE;
	size_t before = p->bytes;
	int rc;

	if (known && known->relation)
		relations |= 1u << FACT_RELATION;
	rc = fact_each(p->st, entity, kinds | relations, each_fact, p, p->e);

	if (rc != 0 || p->left_out == 0 || !p->o->lead)
		return rc;
	return add_facts_again(p, entity, before);
}

/* Sources are told of the facts that are given, within the same budget: where
 * both have no room, fewer facts are given. Sources take half of it at most. */
static int
add_sources(struct encode_page *p, int64_t entity, size_t before, json_t *j)
{
	AUTO_JSON json_t *list = NULL;
	size_t most = p->o->max_bytes, bytes = 0;
	int rc = encode_sources(p->st, entity, p->ids, p->ids_n, most / 2,
		&list, &bytes, p->e);

	if (rc != 0 || bytes == 0)
		return rc;
	if (most > 0 && p->bytes + bytes > most) {
		p->most = most - bytes;
		rc = add_facts_again(p, entity, before);
		if (rc != 0)
			return rc;
		json_decref(take_ptr(list));
		rc = encode_sources(p->st, entity, p->ids, p->ids_n, bytes,
			&list, &bytes, p->e);
		if (rc != 0 || bytes == 0)
			return rc;
	}
	return json_object_set(j, "sources", list) != 0 ? err_nomem(p->e) : 0;
}

/* --- the whole ------------------------------------------------------------ */
/* id, name and type in front. *ret_ns: the namespace of the entity. */
static int
begin_entity(struct store *st, int64_t entity, const struct encode_options *o,
	json_t *j, int64_t *ret_ns, struct err *e)
{
	AUTO_BUF struct buf name = {0}, type = {0};
	struct encode_end end = {0};
	int rc, bad = 0;

	if (o->known) {
		end = o->known->end;
	} else {
		rc = fact_existence(st, entity, NULL, &end.label, &name, e);
		if (rc == 1)
			rc = entity_first_name(st, entity, &end.ns, NULL, e);
		if (rc != 1)
			return rc;
		end.name = name.data;
		end.name_n = name.len;
	}
	rc = label_text(st, end.label, &type, e);
	if (rc < 0)
		return rc;
	if (o->members & MEMBER_ID)
		bad |= jx_set(j, "id", json_integer(entity));
	if (o->members & (MEMBER_NAME | MEMBER_ALIASES))
		bad |= jx_set(j, "name", json_stringn(end.name, end.name_n));
	if (o->members & MEMBER_TYPE)
		bad |= jx_set(j, "type", json_stringn(type.data, type.len));
	*ret_ns = end.ns;
	return bad ? err_nomem(e) : 1;
}

static int
note_given(const struct encode_page *p)
{
	struct encode_given *g = p->o->given;

	for (size_t i = 0; i < p->ids_n; i++) {
		if (vec_room(g->v, g->n, g->cap) != 0)
			return err_nomem(p->e);
		g->v[g->n++] = p->ids[i];
	}
	return 0;
}

/* Facts, where they were read in code, and for who wants to know which. */
static int
add_all(struct encode_page *p, int64_t entity, bool is_rich, json_t *j)
{
	size_t before = p->bytes;
	int rc = add_facts(p, entity);

	if (rc != 0)
		return rc;
	if (p->has_notes && !is_rich)
		rc = add_sources(p, entity, before, j);
	if (rc != 0)
		return rc;
	return p->o->given ? note_given(p) : 0;
}

static int
set_facts(struct store *st, int64_t entity, const struct encode_options *o,
	json_t *j, struct err *e)
{
	bool rich = o->members & MEMBER_FACTS;
	struct encode_page p = {.st = st,
		.o = o,
		.e = e,
		.most = o->max_bytes,
		.list = json_array()};
	int rc;

	/* Rich facts say themselves where they come from. */
	p.from.scope = rich ? NULL : o->reader;
	p.bytes = encode_size(j) + 20 +
		  (p.from.scope && p.from.scope->reader.is_known ? FROM_RESERVE
								 : 0);
	if (jx_set(j, rich ? "facts" : "observations", p.list) != 0)
		return err_nomem(e);
	if (o->known)
		p.from.last = *o->known->origin;
	rc = add_all(&p, entity, rich, j);
	free(p.ids);
	if (o->known != NULL)
		*o->known->origin = p.from.last;
	if (rc != 0)
		return rc;
	if (p.left_out > 0 &&
		jx_set(j, "omitted", json_integer(p.left_out)) != 0)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	if (p.from.scope)
		rc = provenance_list_set(st, &p.from, j, e);
	return rc;
}

/* `suspect`: reasons, only when there are any. */
static int
encode_set_suspect(struct store *st, int64_t entity, json_t *j, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	int rc = !list ? err_nomem(e)
		       : derived_suspect_reasons(st, entity, list, e);

	if (rc != 0)
		return rc;
	if (json_array_size(list) > 0 &&
		json_object_set(j, "suspect", list) != 0)
		rc = err_nomem(e);
	return rc;
}

int
encode_entity(struct store *st, int64_t entity, const struct encode_options *o,
	json_t **ret, size_t *ret_bytes, struct err *e)
{
	AUTO_JSON json_t *j = json_object();
	int64_t ns = 0;
	int rc;

	if (!j)
		return err_nomem(e);
	rc = begin_entity(st, entity, o, j, &ns, e);
	if (rc != 1)
		return rc;
	rc = encode_set_members(st, entity, ns, o, j, e);
	if (rc != 0)
		return rc;
	if (!o->known || !o->known->is_underived)
		rc = encode_set_suspect(st, entity, j, e);
	if (rc != 0)
		return rc;
	if ((o->members & (MEMBER_OBSERVATIONS | MEMBER_FACTS)) &&
		(!o->known || !o->known->is_uncontested))
		rc = contested_set_entity(st, entity, j, e);
	if (rc != 0)
		return rc;
	if (o->members & (MEMBER_OBSERVATIONS | MEMBER_FACTS))
		rc = set_facts(st, entity, o, j, e);
	if (rc != 0)
		return rc;
	if (ret_bytes != NULL)
		*ret_bytes = encode_size(j);
	*ret = take_ptr(j);
	return 1;
}
