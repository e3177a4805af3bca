/* Tags and metadata of single facts, as reads and filters ask for them. A mark
 * is a fact whose `supersedes` names the observation that it belongs to;
 * fact_tags.h has the idea.
 *
 * A filter with several tags is asked in the cheapest order: tags of the
 * entity hold for all of its facts, so only those that the entity lacks are
 * looked for among the marks. With the filter [work, urgent], of an entity
 * that is tagged `work` only `urgent` is looked for. */
#include "memory-db/model/read/fact_tags.h"

#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/model/read/entity_tags.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/search.h"

struct fact_tags_marks {
	json_t *tags, *metadata; /* owned, or NULL */
	struct err *e;
};

static void
marks_done(struct fact_tags_marks *m)
{
	json_decref(m->tags);
	json_decref(m->metadata);
}
#define AUTO_MARKS __attribute__((cleanup(marks_done)))

bool
fact_tags_is_in(const json_t *list, const char *text, size_t n)
{
	json_t *have;
	size_t i;

	json_array_foreach(list, i, have)
		if (json_string_length(have) == n &&
			memcmp(json_string_value(have), text, n) == 0)
			return true;
	return false;
}

static int
read_mark(void *ctx, const struct fact *f)
{
	struct fact_tags_marks *m = ctx;

	if (f->kind == FACT_NOTE) { /* after a merge the newest counts */
		json_decref(m->metadata);
		m->metadata = jx_parse(f->text, f->text_n, m->e);
		return m->metadata ? 0 : MDB_E_NOMEM;
	}
	if (!m->tags && !(m->tags = json_array()))
		return err_nomem(m->e);
	if (!fact_tags_is_in(m->tags, f->text, f->text_n) &&
		jx_add(m->tags, json_stringn(f->text, f->text_n)) != 0)
		return err_nomem(m->e);
	return 0;
}

static int
read_marks(struct store *st, int64_t entity, int64_t fact, unsigned kinds,
	struct fact_tags_marks *m, struct err *e)
{
	m->e = e;
	return fact_each_mark(st, entity, fact, kinds, read_mark, m, e);
}

int
fact_tags_encode(struct store *st, int64_t entity, int64_t fact, json_t *j,
	struct err *e)
{
	AUTO_MARKS struct fact_tags_marks m = {0};
	int rc = read_marks(st, entity, fact, FACT_MARKS, &m, e);

	if (rc != 0)
		return rc;
	if (m.tags && jx_set(j, "tags", take_ptr(m.tags)) != 0)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	if (m.metadata && jx_set(j, "metadata", take_ptr(m.metadata)) != 0)
		rc = err_nomem(e);
	return rc;
}

int
fact_tags_metadata(struct store *st, int64_t entity, int64_t fact, json_t **ret,
	struct err *e)
{
	AUTO_MARKS struct fact_tags_marks m = {0};
	int rc = read_marks(st, entity, fact, 1u << FACT_NOTE, &m, e);

	if (rc != 0)
		return rc;
	*ret = m.metadata ? take_ptr(m.metadata) : json_object();
	return *ret ? 0 : err_nomem(e);
}

int
fact_tags_list(struct store *st, int64_t entity, int64_t fact, json_t **ret,
	struct err *e)
{
	AUTO_MARKS struct fact_tags_marks m = {0};
	int rc = read_marks(st, entity, fact, 1u << FACT_TAG, &m, e);

	if (rc != 0)
		return rc;
	if (!m.tags && !(m.tags = json_array()))
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(m.tags);
	return rc;
}

/* --- the tag that facts have by their words --- */
static bool
is_rule_tag(const json_t *tag)
{
	return strcmp(json_string_value(tag), INSTRUCTION_TAG) == 0;
}

static int
fact_tags_is_rule(void *ctx, const struct fact *f)
{
	(void)ctx;
	return f->kind == FACT_OBSERVATION && !f->erased &&
	       is_instruction(f->text, f->text_n);
}

static int
note_rule(void *ctx, const struct fact *f)
{
	*(bool *)ctx = fact_tags_is_rule(NULL, f) != 0;
	return 0;
}

static int
fact_is_rule(struct store *st, int64_t fact, struct err *e)
{
	bool is = false;
	int rc = search_text(st, fact, note_rule, &is, e);

	return rc < 0 ? rc : is;
}

int
fact_tags_have(struct store *st, int64_t entity, int64_t fact,
	const json_t *tags, struct err *e)
{
	AUTO_MARKS struct fact_tags_marks m = {0};
	json_t *missing AUTO_JSON = NULL, *tag;
	size_t i;
	int rc = entity_tags_missing(st, entity, tags, &missing, e);

	if (rc < 0 || json_array_size(missing) == 0)
		return rc < 0 ? rc : 1;
	rc = read_marks(st, entity, fact, 1u << FACT_TAG, &m, e);
	if (rc < 0)
		return rc;
	json_array_foreach(missing, i, tag) {
		if (fact_tags_is_in(m.tags, json_string_value(tag),
			    json_string_length(tag)))
			continue;
		rc = is_rule_tag(tag) ? fact_is_rule(st, fact, e) : 0;
		if (rc <= 0)
			return rc;
	}
	return 1;
}

/* Facts with one of the tags: rows must not change under an open loop, and
 * what is looked up by its content needs the statement of the loop. */
struct tagged {
	const char *tag;
	size_t tag_n;
	int64_t *v; /* owned */
	size_t n, cap;
	struct err *e;
};

static int
add_tagged(void *ctx, const struct fact *f)
{
	struct tagged *t = ctx;

	if (f->text_n != t->tag_n || memcmp(f->text, t->tag, t->tag_n) != 0)
		return 0;
	if (vec_room(t->v, t->n, t->cap) != 0)
		return err_nomem(t->e);
	t->v[t->n++] = f->supersedes;
	return 0;
}

static void
tagged_done(struct tagged *t)
{
	free(t->v);
}
#define AUTO_TAGGED __attribute__((cleanup(tagged_done)))

int
fact_tags_any(struct store *st, int64_t entity, const json_t *tags,
	struct err *e)
{
	AUTO_JSON json_t *missing = NULL;
	AUTO_TAGGED struct tagged t = {.e = e};
	const json_t *first;
	int rc = entity_tags_missing(st, entity, tags, &missing, e);

	if (rc < 0 || json_array_size(missing) == 0)
		return rc < 0 ? rc : 1;
	first = json_array_get(missing, 0);
	if (is_rule_tag(first) && json_array_size(missing) > 1)
		first = json_array_get(missing, 1);
	else if (is_rule_tag(first))
		rc = fact_each(st, entity, 1u << FACT_OBSERVATION,
			fact_tags_is_rule, NULL, e);
	if (rc != 0)
		return rc;
	t.tag = json_string_value(first);
	t.tag_n = json_string_length(first);
	rc = fact_each(st, entity, 1u << FACT_TAG, add_tagged, &t, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < t.n; i++) {
		rc = fact_tags_have(st, entity, t.v[i], missing, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}
