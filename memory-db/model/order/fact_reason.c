/* Why two facts are what they are to each other, in a sentence for a person:
 *
 *   of ada  "lives in Rome", "lives in Oslo"
 *   both say of ada 'lives in': 'Rome' and 'Oslo' differ
 *
 * The sentence is made of what the comparison found (struct comparing), so it
 * quotes only words that stand in the two facts. */
#include <string.h>

#include "common/text.h"
#include "memory-db/model/order/fact_compare_internal.h"

/* Words quoted of what both say. */
#define QUOTED 60

const char *
verdict_kind_name(enum verdict_kind kind)
{
	static const char *const names[FACTS_KIND_MAX] = {[FACTS_DIFFERENT] =
								  "different",
		[FACTS_DUPLICATE] = "duplicate",
		[FACTS_UPDATE] = "update",
		[FACTS_CONTRADICTION] = "contradiction",
		[FACTS_SUCCESSION] = "succession"};

	return names[kind];
}

const char *
fact_action(const struct comparing *c)
{
	static const char *const names[FACTS_KIND_MAX] = {[FACTS_DIFFERENT] =
								  "keep_both",
		[FACTS_DUPLICATE] = "merge",
		[FACTS_UPDATE] = "update",
		[FACTS_CONTRADICTION] = "keep_both",
		[FACTS_SUCCESSION] = "update"};

	/* "no longer" says itself which of the two is newer. */
	if (c->ret->kind == FACTS_CONTRADICTION &&
		c->p.b->marks & ~c->p.a->marks & F_ENDED)
		return "update";
	return names[c->ret->kind];
}

/* The verb of both, where no word is known to have a number of values. */
static int
common_verb(const struct comparing *c)
{
	const struct pairing *p = &c->p;

	for (int i = 0; i < p->a->n; i++)
		if (p->a_to[i] >= 0 && p->a->v[i].word == p->a->verb)
			return i;
	return -1;
}

void
fact_name_attribute(const struct comparing *c)
{
	int i = c->attribute >= 0 ? c->attribute : common_verb(c);
	char *to = c->ret->attribute;
	const struct term *x;
	const char *s;
	size_t n;

	*to = '\0';
	if (i < 0 || c->ret->kind != FACTS_UPDATE)
		return;
	x = &c->p.a->v[i];
	s = c->p.a->text + x->at;
	n = x->n;
	if (x->meaning != 0)
		s = lexicon_name(x->meaning, &n);
	if (n < sizeof(c->ret->attribute)) {
		memcpy(to, s, n);
		to[n] = '\0';
	}
}

/* The words of a term as they are written. */
static int
fact_reason_add_term(const struct terms_text *t, int i, struct buf *out)
{
	return buf_add(out, t->text + t->v[i].at, t->v[i].n);
}

/* What both say, in the words of the first. */
static int
add_common(const struct comparing *c, struct buf *out)
{
	const struct pairing *p = &c->p;
	size_t begin = out->len;
	for (int i = 0; i < p->a->n; i++) {
		int rc;

		if (p->a_to[i] < 0 || out->len - begin > QUOTED)
			continue;
		rc = out->len > begin ? buf_addc(out, ' ') : 0;
		if (rc != 0)
			return rc;
		rc = fact_reason_add_term(p->a, i, out);
		if (rc != 0)
			return rc;
	}
	return out->len == begin ? buf_adds(out, "the same") : 0;
}

/* "Rome" and "Oslo" differ */
static int
add_values(const struct comparing *c, const char *end, struct buf *out)
{
	int rc = buf_adds(out, ": '");

	if (rc != 0)
		return rc;
	rc = fact_reason_add_term(c->p.a, c->value_a, out);
	if (rc != 0)
		return rc;
	rc = buf_adds(out, "' and '");
	if (rc != 0)
		return rc;
	rc = fact_reason_add_term(c->p.b, c->value_b, out);
	if (rc != 0)
		return rc;
	return buf_addf(out, "' %s", end);
}

static int
fact_reason_add_head(const struct comparing *c, const char *begin,
	struct buf *out)
{
	const char *subject = *c->b->subject ? c->b->subject : c->a->subject;
	int rc = buf_adds(out, begin);

	if (rc != 0)
		return rc;
	if (*subject &&
		(buf_adds(out, " of ") || text_add_cut(out, subject, 80)))
		return MDB_E_NOMEM;
	rc = buf_adds(out, " '");
	if (rc != 0)
		return rc;
	rc = add_common(c, out);
	if (rc != 0)
		return rc;
	return buf_addc(out, '\'');
}

static int
reason_contradiction(const struct comparing *c, struct buf *out)
{
	const struct pairing *p = &c->p;
	int rc = fact_reason_add_head(c, "both say", out);

	if (rc < 0)
		return rc;
	if (p->a_opposite >= 0) {
		struct comparing x = *c;

		x.value_a = p->a_opposite;
		x.value_b = p->b_opposite;
		return add_values(&x, "exclude each other", out);
	}
	if (p->is_swapped)
		return buf_adds(out, ", in the opposite order");
	return buf_adds(out, ", and one of them denies it");
}

int
fact_reason(const struct comparing *c, struct buf *out)
{
	bool values = c->value_a >= 0 && c->value_b >= 0;
	int rc;

	buf_clear(out, 4096);
	switch (c->ret->kind) {
	case FACTS_DUPLICATE:
		return fact_reason_add_head(c, "both say", out);
	case FACTS_CONTRADICTION:
		return reason_contradiction(c, out);
	case FACTS_UPDATE:
		rc = fact_reason_add_head(c, "both say", out);
		if (rc != 0 || !values)
			return rc;
		return add_values(c, "differ", out);
	case FACTS_SUCCESSION:
		rc = fact_reason_add_head(c, "both say", out);
		if (rc != 0)
			return rc;
		if (values)
			rc = add_values(c, "differ", out);
		if (rc != 0)
			return rc;
		return buf_adds(out, ", one after the other");
	case FACTS_DIFFERENT:
	case FACTS_KIND_MAX:
		break;
	}
	return buf_adds(out, "they say different things");
}
