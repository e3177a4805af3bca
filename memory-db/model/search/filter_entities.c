/* Entities that may pass a filter, when an index tells that they are few. The
 * filters of a search are a conjunction, so one of them that names few
 * entities is enough: those are looked at one by one, and the caller asks each
 * about the other filters. Of [type "person", tag "vip"], with 10,000 persons
 * and 12 entities tagged, the 12 are looked at. The words of a type stand in
 * the text index among all other texts, so a type gives a superset. */
#include "memory-db/model/search/filter_entities.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/vec.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/store/index/filter_index.h"
#include "memory-db/store/facts/labels.h"

#define TYPES_MAX 16

void
filter_ids_done(struct filter_ids *x)
{
	free(x->v);
	idset_done(&x->seen);
	x->v = NULL;
	x->n = x->cap = 0;
}

int
filter_ids_add(void *ctx, int64_t id)
{
	struct filter_ids *x = ctx;

	if (x->looked++ == x->most)
		return 1;
	if (id == 0 || idset_has(&x->seen, id))
		return 0;
	if (vec_room(x->v, x->n, x->cap) != 0)
		return err_nomem(x->e);
	if (!idset_put(&x->seen, id))
		return err_nomem(x->e);
	x->v[x->n++] = id;
	return 0;
}

/* Appends all of these words as an expression. 0: there are none. */
static int
tokens_expression(const struct buf *tokens, struct buf *out, struct err *e)
{
	size_t end, from = out->len;

	for (size_t at = 0; at < tokens->len; at = end + 1) {
		const char *space =
			memchr(tokens->data + at, ' ', tokens->len - at);

		end = space ? (size_t)(space - tokens->data) : tokens->len;
		if (end > at && buf_addf(out, "%s\"%.*s\"",
					out->len > from ? " AND " : "",
					(int)(end - at), tokens->data + at) < 0)
			return err_nomem(e);
	}
	return out->len > from;
}

/* The words of a type. 0: it has none. */
static int
type_expression(struct store *st, const char *stem, int64_t label,
	struct buf *out, struct err *e)
{
	AUTO_BUF struct buf text = {0}, tokens = {0};
	int rc = label_text(st, label, &text, e);

	if (rc <= 0)
		return rc;
	if (text_tokens(text.data ? text.data : "", text.len, stem, &tokens) <
		0)
		return err_nomem(e);
	return tokens_expression(&tokens, out, e);
}

/* The words of a cue that say something: of "from now on", "now". */
static int
cue_expression(const char *cue, const char *stem, struct buf *out,
	struct err *e)
{
	AUTO_BUF struct buf tokens = {0};
	bool all = true;

	for (size_t at = 0, n; cue[at] != '\0';
		at += n + strspn(cue + at + n, " ")) {
		n = strcspn(cue + at, " ");
		if (text_is_stop(cue + at, n))
			continue;
		all = false;
		if (text_tokens(cue + at, n, stem, &tokens) < 0 ||
			buf_addc(&tokens, ' ') < 0)
			return err_nomem(e);
	}
	if (all && text_tokens(cue, strlen(cue), stem, &tokens) < 0)
		return err_nomem(e);
	return tokens_expression(&tokens, out, e);
}

int
filter_instructions(struct store *st, const struct search_range *range,
	const char *stem, search_row_fn fn, void *ctx, struct err *e)
{
	struct search_match match = {.words = 1};
	AUTO_BUF struct buf text = {0};
	const char *cue;

	for (size_t i = 0; (cue = instruction_cue(i)) != NULL; i++) {
		int rc = buf_adds(&text, i > 0 ? ") OR (" : "body : ((") < 0
				 ? err_nomem(e)
				 : cue_expression(cue, stem, &text, e);

		if (rc < 0)
			return rc;
	}
	if (buf_adds(&text, "))") < 0)
		return err_nomem(e);
	match.text = text.data;
	match.n = text.len;
	return search_match(st, range, &match, fn, ctx, e);
}

static int
add_match(void *ctx, const struct search_row *row)
{
	return filter_ids_add(ctx, row->entity);
}

int
filter_types_expression(struct store *st, const char *stem,
	const int64_t *types, int n, struct buf *out, struct err *e)
{
	if (n <= 0 || n > TYPES_MAX)
		return 0;
	if (buf_adds(out, "body : (") < 0)
		return err_nomem(e);
	for (int i = 0; i < n; i++) {
		int rc;

		if (buf_adds(out, i > 0 ? " OR (" : "(") < 0)
			return err_nomem(e);
		rc = type_expression(st, stem, types[i], out, e);
		if (rc <= 0)
			return rc;
		if (buf_addc(out, ')') < 0)
			return err_nomem(e);
	}
	return buf_addc(out, ')') < 0 ? err_nomem(e) : 1;
}

static int
of_types(struct store *st, const struct search_range *range, const char *stem,
	const struct entity_filter *filter, struct filter_ids *ret,
	struct err *e)
{
	struct search_match match = {.words = 1};
	AUTO_BUF struct buf text = {0};
	int rc;

	if (filter->types_n == 0)
		return 0;
	rc = filter_types_expression(st, stem, filter->types, filter->types_n,
		&text, e);
	if (rc <= 0)
		return rc < 0 ? rc : 1;
	match.text = text.data;
	match.n = text.len;
	return search_match(st, range, &match, add_match, ret, e);
}

static int
of_tag(struct store *st, const struct search_range *range, const char *stem,
	const json_t *tag, struct filter_ids *ret, struct err *e)
{
	int64_t label = 0;
	int rc = label_find(st, json_string_value(tag), &label, e);

	filter_ids_done(ret);
	ret->looked = 0;
	if (rc >= 0)
		rc = filter_index_tagged(st, range, label, filter_ids_add, ret,
			e);
	if (rc != 0)
		return rc;
	if (strcmp(json_string_value(tag), INSTRUCTION_TAG) == 0)
		rc = filter_instructions(st, range, stem, add_match, ret, e);
	return rc;
}

int
filter_entities(struct store *st, const struct search_range *range,
	const char *stem, const struct entity_filter *filter,
	struct filter_ids *ret, struct err *e)
{
	const json_t *tag;
	size_t i;
	int rc = 1;

	ret->e = e;
	if (filter->types_n >= 0)
		rc = of_types(st, range, stem, filter, ret, e);
	json_array_foreach(filter->tags, i, tag)
		if (rc == 1)
			rc = of_tag(st, range, stem, tag, ret, e);
	/* Most entities are of tier 0 without having it written. */
	if (rc == 1 && filter->tiers > 1 && !(filter->tiers & 1)) {
		filter_ids_done(ret);
		ret->looked = 0;
		rc = filter_index_of_tiers(st, filter->tiers, filter_ids_add,
			ret, e);
	}
	return rc < 0 ? rc : rc == 0;
}
