/* Why an entity is related, in words: short, for a model and a person.
 *
 *   "ada works at acme"                  a relation
 *   "both with acme: works at, owns"     two steps away
 *   "both tagged urgent"                 a tag that few have */
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/order/related.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/labels.h"

/* Words named of those that are shared, the rarest. */
#define WORDS_TOLD 4
/* Bytes of a name that a reason quotes. */
#define NAME_BYTES 80

static int
reasons_put(struct buf *out, const char *text, size_t n, struct err *e)
{
	if (n > NAME_BYTES)
		n = text_cut(text, NAME_BYTES);
	return buf_add(out, text, n) != 0 ? err_nomem(e) : 0;
}

static int
reasons_put_label(struct store *st, struct buf *out, int64_t label,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc = label_text(st, label, &text, e);

	return rc == 1 ? reasons_put(out, text.data, text.len, e) : rc;
}

/* The k-th of the shared words, by how few have it; SIZE_MAX: there are fewer. */
static size_t
reasons_next_word(const struct related *r, const struct related_row *row,
	uint64_t told)
{
	size_t best = SIZE_MAX;

	for (size_t w = 0; w < r->words_n; w++)
		if ((row->words & ~told) >> w & 1 &&
			(best == SIZE_MAX ||
				r->words[w].rows < r->words[best].rows))
			best = w;
	return best;
}

static int
reasons_words(const struct related *r, const struct related_row *row,
	struct buf *out, struct err *e)
{
	uint64_t told = 0;

	if (buf_adds(out, "both say: ") != 0)
		return err_nomem(e);
	for (int k = 0; k < WORDS_TOLD; k++) {
		size_t w = reasons_next_word(r, row, told);

		if (w == SIZE_MAX)
			break;
		told |= UINT64_C(1) << w;
		if (buf_addf(out, "%s%s", k > 0 ? ", " : "",
			    r->words[w].word) != 0)
			return err_nomem(e);
	}
	return 0;
}

/* "ada works at acme", or through another: "both with acme: works at, owns". */
static int
reasons_relation(struct store *st, const struct related_why *why,
	const char *from, const char *to, struct buf *out, struct err *e)
{
	AUTO_JSON json_t *via = NULL;
	int rc = 0;

	if (why->via != 0)
		rc = member_entity_name(st, why->via, &via, e);
	if (rc < 0)
		return rc;
	if (why->via != 0) {
		rc = buf_adds(out, "both with ") != 0
			     ? err_nomem(e)
			     : reasons_put(out, json_string_value(via),
				       json_string_length(via), e);
		if (rc != 0)
			return rc;
		if (buf_adds(out, ": ") != 0)
			return err_nomem(e);
		rc = reasons_put_label(st, out, why->label, e);
		if (rc != 0)
			return rc;
		if (buf_adds(out, ", ") != 0)
			return err_nomem(e);
		return reasons_put_label(st, out, why->label_2, e);
	}
	rc = reasons_put(out, why->is_incoming ? to : from,
		strlen(why->is_incoming ? to : from), e);
	if (rc)
		return rc;
	if (buf_addc(out, ' ') != 0)
		rc = err_nomem(e);
	if (rc)
		return rc;
	rc = reasons_put_label(st, out, why->label, e);
	if (rc)
		return rc;
	if (buf_addc(out, ' ') != 0)
		rc = err_nomem(e);
	if (rc)
		return rc;
	return reasons_put(out, why->is_incoming ? from : to,
		strlen(why->is_incoming ? from : to), e);
}

static int
reasons_names(const struct related_request *q, const struct related_why *why,
	const char *name, struct buf *out, struct err *e)
{
	const char *named = why->is_incoming ? q->name : name;
	const char *asked = q->entity == 0 ? "the text" : q->name;
	const char *by = why->is_incoming ? name : asked;
	int rc = reasons_put(out, by, strlen(by), e);

	if (rc)
		return rc;
	if (buf_adds(out, " names ") != 0)
		rc = err_nomem(e);
	if (rc)
		return rc;
	return reasons_put(out, named, strlen(named), e);
}

static int
reasons_one(struct store *st, const struct related_request *q,
	const struct related *r, const struct related_row *row,
	const struct related_why *why, const char *name, struct buf *out,
	struct err *e)
{
	switch (why->kind) {
	case RELATED_RELATIONS:
		return reasons_relation(st, why, q->name, name, out, e);
	case RELATED_WORDS:
		return reasons_words(r, row, out, e);
	case RELATED_NAMES:
		return reasons_names(q, why, name, out, e);
	case RELATED_TAGS:
		return buf_adds(out, "both tagged ") != 0
			       ? err_nomem(e)
			       : reasons_put_label(st, out, why->label, e);
	case RELATED_SESSION:
		return buf_adds(out, "both in session ") != 0
			       ? err_nomem(e)
			       : reasons_put_label(st, out, why->label, e);
	case RELATED_KINDS:
		break;
	}
	return 0;
}

int
related_reasons(struct store *st, const struct related_request *request,
	const struct related *r, const struct related_row *row,
	const char *name, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	if (!list)
		return err_nomem(e);
	for (int i = 0; i < row->why_n; i++) {
		AUTO_BUF struct buf text = {0};
		int rc = reasons_one(st, request, r, row, &row->why[i], name,
			&text, e);

		if (rc < 0)
			return rc;
		if (jx_add(list, member_text(text.data, text.len)))
			return err_nomem(e);
	}
	*ret = take_ptr(list);
	return 0;
}
