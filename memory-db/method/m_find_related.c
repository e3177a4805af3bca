/* find_related: what has to do with an entity or a text, with reasons
 * (model/order/related.h). The cursor pins the change of the first page, so
 * that the order stays the same from page to page while others write. */
#include <math.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/order/related.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/labels.h"

#define LIMIT_DEFAULT 10

static unsigned
m_find_related_kinds(const json_t *list)
{
	unsigned mask = 0;
	json_t *kind;
	size_t i;

	json_array_foreach(list, i, kind)
		for (int k = 0; k < RELATED_KINDS; k++)
			if (strcmp(json_string_value(kind),
				    tool_related_kinds[k]) == 0)
				mask |= 1u << k;
	return mask ? mask : (1u << RELATED_KINDS) - 1;
}

static int
m_find_related_missing(struct call *c, const struct scope *s, const char *name,
	struct err *e)
{
	AUTO_BUF struct buf near = {0};
	int rc = scope_similar(c->st, s, name, &near, e);

	if (rc != 0)
		return rc;
	if (!buf_str(&near))
		return err_nomem(e);
	return err_param(e, MDB_E_NOT_FOUND, "entity",
		"no entity '%s'%s%s; with `text` any words can be asked about",
		name, near.len > 0 ? "; similar: " : "",
		near.len > 0 ? near.data : "");
}

/* The entity or the text that is asked about, in the state that a cursor pins. */
static int
m_find_related_read(struct call *c, struct related_request *q, struct scope *s,
	int64_t *ret_offset, struct err *e)
{
	const char *name = jx_text(c->params, "entity");
	const json_t *text = json_object_get(c->params, "text");
	const char *cursor = jx_text(c->params, "cursor");
	int64_t change = 0, unused;
	int rc = 0;

	if ((name != NULL) == (text != NULL))
		return err_param(e, MDB_E_INVALID, "entity",
			"give either `entity`, the name of one, or `text`");
	if (cursor)
		rc = cursor_parse(cursor, &change, ret_offset, &unused, e);
	if (rc)
		return rc;
	rc = scope_read(c->st, c->ctx, change, s, e);
	if (rc != 0)
		return rc;
	q->scope = s;
	q->name = name ? name : "";
	q->text = text ? json_string_value(text) : "";
	q->text_n = json_string_length(text);
	q->kinds = m_find_related_kinds(json_object_get(c->params, "kinds"));
	q->deadline_ns = c->deadline_ns;
	if (!name)
		return 0;
	rc = scope_entity(c->st, s, name, strlen(name), &q->entity, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return m_find_related_missing(c, s, name, e);
}

static int
m_find_related_kinds_of(const struct related_row *row, json_t *o, struct err *e)
{
	json_t *kinds = json_array();

	if (jx_set(o, "kinds", kinds) != 0)
		return err_nomem(e);
	for (int k = 0; k < RELATED_KINDS; k++)
		if (row->kinds >> k & 1 &&
			jx_add(kinds, json_string(tool_related_kinds[k])) != 0)
			return err_nomem(e);
	return 0;
}

/* 1: added; 0: it does not exist under the lens, or lies elsewhere. */
static int
m_find_related_row(struct call *c, const struct related_request *q,
	const struct related *r, const struct related_row *row, json_t *list,
	struct err *e)
{
	AUTO_BUF struct buf name = {0}, type = {0}, ns = {0};
	AUTO_JSON json_t *o = NULL, *why = NULL;
	const struct scope *s = q->scope;
	int64_t fact = 0, label = 0, home;
	int rc = fact_existence(c->st, row->entity, &fact, &label, &name, e);

	if (rc != 1)
		return rc;
	home = fact_namespace(fact);
	if (home != s->ns[0] && (s->n < 2 || home != s->ns[1]))
		return 0;
	rc = label_text(c->st, label, &type, e);
	if (rc >= 0 && home != s->ns[0])
		rc = namespace_name(c->st, home, &ns, e);
	if (rc >= 0 && (!buf_str(&name) || !buf_str(&type) || !buf_str(&ns)))
		rc = err_nomem(e);
	if (rc >= 0)
		rc = related_reasons(c->st, q, r, row, name.data, &why, e);
	if (rc < 0)
		return rc;
	o = json_pack("{s:s%,s:I,s:s%,s:s*,s:f,s:O}", "name", name.data,
		name.len, "id", (json_int_t)row->entity, "type", type.data,
		type.len, "namespace", ns.len > 0 ? ns.data : NULL, "score",
		round(related_score(row) * 1000) / 1000, "why", why);
	if (!o)
		return err_nomem(e);
	rc = m_find_related_kinds_of(row, o, e);
	if (rc)
		return rc;
	if (json_array_append(list, o) != 0)
		rc = err_nomem(e);
	if (rc)
		return rc;
	return 1;
}

/* From the place of the cursor on, `limit` rows; *ret_next: where the next page
 * begins, 0: there is none. */
static int
m_find_related_page(struct call *c, const struct related_request *q,
	const struct related *r, int64_t from, json_t *list, int64_t *ret_next,
	struct err *e)
{
	int64_t limit = LIMIT_DEFAULT;
	int rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit,
		e);
	size_t i = from > 0 ? (size_t)from : 0;

	*ret_next = 0;
	if (rc < 0)
		return rc;
	for (; i < r->n && (int64_t)json_array_size(list) < limit; i++) {
		rc = m_find_related_row(c, q, r, &r->rows[i], list, e);
		if (rc < 0)
			return rc;
	}
	if (i < r->n)
		*ret_next = (int64_t)i;
	return 0;
}

int
m_find_related(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *list = json_array(), *result = NULL;
	AUTO_RELATED struct related found = {0};
	struct related_request q = {0};
	char cursor[CURSOR_SIZE];
	int64_t offset = 0, next = 0;
	struct scope s;
	int rc = !list ? err_nomem(e)
		       : m_find_related_read(c, &q, &s, &offset, e);

	if (rc)
		return rc;
	rc = related_find(c->st, &q, &found, e);
	if (rc)
		return rc;
	rc = m_find_related_page(c, &q, &found, offset, list, &next, e);
	if (rc != 0)
		return rc;
	cursor_format(cursor, s.change, next, 0);
	result = json_pack("{s:O,s:I,s:s*,s:o*}", "related", list, "count",
		(json_int_t)found.n, "next", next > 0 ? cursor : NULL,
		"partial", found.is_partial ? json_true() : NULL);
	if (!result)
		return err_nomem(e);
	*ret_result = take_ptr(result);
	return 0;
}
