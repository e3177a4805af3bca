/* What differs between two points in time, or between two branches: each is a
 * lens (store/engine/lens.h). Only entities that a change between the two
 * touched can differ, so the log names the candidates; each is then read under
 * both lenses and the sorted fact ids are compared:
 *
 *   from  ada: facts 1, 2        removed  fact 2 "lives in Rome"
 *   to    ada: facts 1, 3        added    fact 3 "lives in Oslo"
 *
 * A page ends behind an entity; its cursor is that entity's id. */
#include "memory-db/model/read/diff.h"

#include <string.h>

#include "common/jx.h"
#include "common/contract/tools.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

int
diff_init(struct diff *d)
{
	d->entities = json_array();
	return !d->entities ? MDB_E_NOMEM : 0;
}

void
diff_done(struct diff *d)
{
	json_decref(d->entities);
	buf_done(&d->lines);
	d->entities = NULL;
}

/* --- one entity under one lens -------------------------------------------- */
struct diff_side {
	struct store *st;
	struct idset facts; /* all but metadata */
	bool exists;
	struct buf name, type, metadata;
	int64_t tier, pin;
	struct err *e;
};

static void
side_done(struct diff_side *s)
{
	idset_done(&s->facts);
	buf_done(&s->name);
	buf_done(&s->type);
	buf_done(&s->metadata);
}
#define AUTO_SIDE __attribute__((cleanup(side_done)))

static int
diff_add_fact(void *ctx, const struct fact *f)
{
	struct diff_side *s = ctx;

	if (f->kind == FACT_METADATA)
		return buf_add(&s->metadata, f->text, f->text_n) != 0
			       ? err_nomem(s->e)
			       : 0;
	return !idset_put(&s->facts, f->id) ? err_nomem(s->e) : 0;
}

static int
diff_read_attrs(struct store *st, int64_t entity, const struct lens *lens,
	struct diff_side *s, struct err *e)
{
	int64_t since;
	int rc = branch_attr(st, entity, ATTR_TIER, lens, &s->tier, &since, e);

	if (rc < 0)
		return rc;
	return branch_attr(st, entity, ATTR_PIN, lens, &s->pin, &since, e);
}

static int
diff_read_side(struct store *st, int64_t entity, const struct lens *lens,
	struct diff_side *s, struct err *e)
{
	unsigned kinds = 1u << FACT_OBSERVATION | 1u << FACT_RELATION |
			 1u << FACT_METADATA | FACT_MARKS;
	int64_t label = 0;
	int rc = lens_apply(st, lens, e);

	s->st = st;
	s->e = e;
	if (rc != 0)
		return rc;
	rc = fact_existence(st, entity, NULL, &label, &s->name, e);
	if (rc < 0)
		return rc;
	s->exists = rc == 1;
	if (s->exists)
		rc = label_text(st, label, &s->type, e);
	if (rc == 1)
		rc = fact_each(st, entity, kinds, diff_add_fact, s, e);
	if (rc == 0 && s->exists)
		rc = diff_read_attrs(st, entity, lens, s, e);
	if (rc < 0)
		return rc;
	if (!buf_str(&s->name) || !buf_str(&s->type) || !buf_str(&s->metadata))
		return err_nomem(e);
	return 0;
}

/* --- the row -------------------------------------------------------------- */
struct diff_row {
	struct diff *d;
	json_t *j, *texts, *relations, *marks;
	struct buf lines;
	const char *sign;
	struct err *e;
};

static int
diff_line(struct diff_row *x, const char *sign, const char *text)
{
	if (x->d->text && buf_addf(&x->lines, "  %s %s\n", sign, text) != 0)
		return err_nomem(x->e);
	return 0;
}

/* {tag, of} or {metadata, of}. The text it is said of is read later: one
 * statement reads both. */
static int
diff_add_mark(struct diff_row *x, const struct fact *f)
{
	json_t *o = json_pack("{s:I}", "fact", (json_int_t)f->supersedes);

	if (jx_add(x->marks, o) != 0)
		return err_nomem(x->e);
	return f->kind == FACT_TAG
		       ? member_set_text(o, "tag", f->text, f->text_n, x->e)
		       : member_set_parsed(o, "metadata", f->text, f->text_n,
				 x->e);
}

static int
name_marks(struct diff_row *x)
{
	AUTO_BUF struct buf text = {0};
	json_t *o;
	size_t i;
	int rc;

	json_array_foreach(x->marks, i, o) {
		const json_t *metadata = json_object_get(o, "metadata");

		rc = member_set_fact(x->d->st, o, "of",
			json_integer_value(json_object_get(o, "fact")), x->e);
		buf_clear(&text, 64 * 1024);
		if (rc != 0)
			return rc;
		if (metadata && jx_dump(metadata, &text) != 0)
			return err_nomem(x->e);
		if (x->d->text &&
			buf_addf(&x->lines, "  %s %s%s of: %s\n", x->sign,
				metadata ? "metadata " : "#",
				metadata ? buf_str(&text) : jx_text(o, "tag"),
				jx_text(o, "of") ? jx_text(o, "of")
						 : "(forgotten)") != 0)
			return err_nomem(x->e);
	}
	return 0;
}

static int
diff_add_text(void *ctx, const struct fact *f)
{
	struct diff_row *x = ctx;
	json_t *j = NULL;
	int rc;

	if (fact_is_mark(f->kind))
		return f->erased ? 0 : diff_add_mark(x, f);

	if (f->kind == FACT_OBSERVATION) {
		if (jx_add(x->texts, member_text(f->text, f->text_n)) != 0)
			return err_nomem(x->e);
		return diff_line(x, x->sign,
			f->erased ? "(forgotten)" : f->text);
	}
	rc = encode_relation(x->d->st, f, &j, x->e);
	if (rc == 1)
		rc = jx_add(x->relations, j) != 0 ? err_nomem(x->e) : 0;
	if (rc != 0)
		return rc;
	if (j && x->d->text &&
		buf_addf(&x->lines, "  %s %s -> %s\n", x->sign,
			jx_text(j, "relationType"), jx_text(j, "to")) != 0)
		rc = err_nomem(x->e);
	return rc;
}

static int
diff_ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int
diff_add_texts(struct diff_row *x, const int64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = fact_get(x->d->st, v[i], diff_add_text, x, x->e);

		if (rc < 0)
			return rc;
	}
	return name_marks(x);
}

/* Facts of a that b has not, under the lens a is of. */
static int
add_difference(struct diff_row *x, const struct diff_side *a,
	const struct diff_side *b, const char *texts, const char *relations,
	const char *marks, const char *sign)
{
	AUTO_FREE int64_t *v = calloc(a->facts.n + 1, sizeof(*v));
	size_t n = 0;
	int rc = 0;

	if (!v)
		return err_nomem(x->e);
	for (size_t i = 0; i < a->facts.cap; i++)
		if (a->facts.slots[i].id != 0 &&
			!idset_has(&b->facts, a->facts.slots[i].id))
			v[n++] = a->facts.slots[i].id;
	if (n == 0)
		return 0;
	qsort(v, n, sizeof(*v), diff_ascending);
	x->texts = json_array();
	x->relations = json_array();
	x->marks = json_array();
	x->sign = sign;
	rc = diff_add_texts(x, v, n);
	if (json_array_size(x->texts) > 0 &&
		json_object_set(x->j, texts, x->texts) != 0)
		rc = err_nomem(x->e);
	if (json_array_size(x->relations) > 0 &&
		json_object_set(x->j, relations, x->relations) != 0)
		rc = err_nomem(x->e);
	if (json_array_size(x->marks) > 0 &&
		json_object_set(x->j, marks, x->marks) != 0)
		rc = err_nomem(x->e);
	json_decref(x->texts);
	json_decref(x->relations);
	json_decref(x->marks);
	return rc;
}

static int
diff_add_set(struct diff_row *x, json_t *list, const char *member,
	const char *from, const char *to)
{
	if (strcmp(from, to) == 0)
		return 0;
	if (jx_add(list, json_pack("{s:s,s:s,s:s}", "member", member, "from",
				 from, "to", to)) != 0)
		return err_nomem(x->e);
	if (x->d->text && buf_addf(&x->lines, "  ~ %s: %s -> %s\n", member,
				  from, to) != 0)
		return err_nomem(x->e);
	return 0;
}

static int
add_sets(struct diff_row *x, const struct diff_side *a,
	const struct diff_side *b)
{
	AUTO_JSON json_t *list = json_array();
	int rc;

	if (!list)
		return err_nomem(x->e);
	if (!a->exists || !b->exists)
		return 0;
	rc = diff_add_set(x, list, "name", a->name.data, b->name.data);
	if (rc != 0)
		return rc;
	rc = diff_add_set(x, list, "entityType", a->type.data, b->type.data);
	if (rc != 0)
		return rc;
	rc = diff_add_set(x, list, "tier", tool_tiers[a->tier & 3],
		tool_tiers[b->tier & 3]);
	if (rc != 0)
		return rc;
	rc = diff_add_set(x, list, "pin", a->pin ? "true" : "false",
		b->pin ? "true" : "false");
	if (rc != 0)
		return rc;
	rc = diff_add_set(x, list, "metadata", a->metadata.data,
		b->metadata.data);
	if (rc != 0)
		return rc;
	if (json_array_size(list) > 0 &&
		json_object_set(x->j, "set", list) != 0)
		rc = err_nomem(x->e);
	return rc;
}

static int
begin_row(struct diff_row *x, const struct diff_side *a,
	const struct diff_side *b)
{
	const struct diff_side *s = b->exists ? b : a;
	bool is_changed = a->exists && b->exists;
	const char *status = b->exists ? "created" : "deleted";
	const char *said = b->exists ? ", created" : ", deleted";

	if (is_changed)
		status = "changed";
	x->j = json_pack("{s:s,s:s}", "entity", s->name.data, "status", status);
	if (!x->j)
		return err_nomem(x->e);
	if (x->d->text && buf_addf(&x->lines, "%s (%s)%s\n", s->name.data,
				  s->type.data, is_changed ? "" : said) != 0)
		return err_nomem(x->e);
	return 0;
}

/* 0 done or nothing differs, 2 no room. */
static int
keep_row(struct diff_row *x, bool differs)
{
	size_t bytes;

	if (!differs)
		return 0;
	bytes = encode_size(x->j) + x->lines.len * 2 + 1;
	if (json_array_size(x->d->entities) > 0 &&
		x->d->bytes + bytes > x->d->max_bytes)
		return 2;
	x->d->bytes += bytes;
	if (json_array_append(x->d->entities, x->j) != 0 ||
		buf_add(&x->d->lines,
			x->lines.data != NULL ? x->lines.data : "",
			x->lines.len) != 0)
		return err_nomem(x->e);
	return 0;
}

static void
diff_row_done(struct diff_row *x)
{
	json_decref(x->j);
	buf_done(&x->lines);
}

int
diff_entity(struct diff *d, int64_t entity, struct err *e)
{
	AUTO_SIDE struct diff_side a = {0}, b = {0};
	__attribute__((cleanup(diff_row_done))) struct diff_row x = {.d = d,
		.e = e};
	int rc = diff_read_side(d->st, entity, &d->from, &a, e);

	if (rc != 0)
		return rc;
	rc = diff_read_side(d->st, entity, &d->to, &b, e);
	if (rc != 0 || (!a.exists && !b.exists))
		return rc;
	rc = begin_row(&x, &a, &b);
	if (rc != 0)
		return rc;
	rc = lens_apply(d->st, &d->from, e); /* names of then */
	if (rc != 0)
		return rc;
	rc = add_difference(&x, &a, &b, "removed", "relations_removed",
		"marks_removed", "-");
	if (rc != 0)
		return rc;
	rc = lens_apply(d->st, &d->to, e);
	if (rc != 0)
		return rc;
	rc = add_difference(&x, &b, &a, "added", "relations_added",
		"marks_added", "+");
	if (rc != 0)
		return rc;
	rc = add_sets(&x, &a, &b);
	if (rc != 0)
		return rc;
	return keep_row(&x, a.exists != b.exists || json_object_size(x.j) > 2);
}

/* --- everything ----------------------------------------------------------- */
struct diff_candidates {
	struct idset ids;
	struct err *e;
};

static int
diff_add_candidate(void *ctx, int64_t entity)
{
	struct diff_candidates *c = ctx;

	return entity != 0 && !idset_put(&c->ids, entity) ? err_nomem(c->e) : 0;
}

static int64_t
limit_of(const struct lens *lens, int64_t branch)
{
	for (int i = 0; i < lens->n; i++)
		if (lens->level[i].branch == branch)
			return lens->level[i].limit;
	return 0;
}

/* Entities that changes of the levels' branches between the two limits
 * touched. */
static int
diff_collect(struct diff *d, const struct lens *levels,
	struct diff_candidates *c)
{
	int rc = 0;

	for (int i = 0; i < levels->n; i++) {
		int64_t branch = levels->level[i].branch;
		int64_t a = limit_of(&d->from, branch);
		int64_t b = limit_of(&d->to, branch);

		if (a != b)
			rc = log_entities(d->st, d->ns, branch, a < b ? a : b,
				a < b ? b : a, diff_add_candidate, c, c->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void
diff_candidates_done(struct diff_candidates *c)
{
	idset_done(&c->ids);
}

int
diff_all(struct diff *d, int64_t *after, struct err *e)
{
	__attribute__((cleanup(
		diff_candidates_done))) struct diff_candidates c = {.e = e};
	AUTO_FREE int64_t *v = NULL;
	size_t n = 0;
	int rc = diff_collect(d, &d->from, &c);

	if (rc != 0)
		return rc;
	rc = diff_collect(d, &d->to, &c);
	if (rc != 0)
		return rc;
	v = calloc(c.ids.n + 1, sizeof(*v));
	if (!v)
		return err_nomem(e);
	for (size_t i = 0; i < c.ids.cap; i++)
		if (c.ids.slots[i].id > *after)
			v[n++] = c.ids.slots[i].id;
	if (n > 0)
		qsort(v, n, sizeof(*v), diff_ascending);
	for (size_t i = 0; i < n; i++) {
		rc = diff_entity(d, v[i], e);
		if (rc != 0)
			return rc;
		*after = v[i];
	}
	return 0;
}
