/* Two texts, read and compared, and read again with the classes of words.
 *
 *   "is allergic to peanuts"   "must avoid peanuts"
 *   first reading:   peanuts are a pair, two words are left over     different
 *   second reading:  "allergic" and "avoid" are of one class         duplicate
 *
 * The first reading knows fewer words and is sure of them. The others are for what
 * the first finds nothing in. The second one has phrases, which hide words: in it
 * "no internet" is one thing, and its "no" denies nothing any more. So a third one
 * reads with the words of the classes alone. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "memory-db/model/order/fact_compare_internal.h"
#include "memory-db/model/write/repeats_compare.h"

/* A finding that is less sure is looked at again. */
#define SURE 0.85
/* Texts that have no word in common may say the same while they are short: "is an
 * atheist", "believes in God". */
#define SHORT 4
/* A longer text has too much in it for its words to decide. */
#define LONG 20

static int
is_same_text(const char *a, const char *b, bool *ret)
{
	AUTO_FREE struct repeats_text *v = calloc(2, sizeof(*v));

	if (!v || repeats_read(a, strlen(a), &v[0]) < 0 ||
		repeats_read(b, strlen(b), &v[1]) < 0)
		return MDB_E_NOMEM;
	*ret = repeats_compare(&v[0], &v[1]) == ALIKE_SAME;
	return 0;
}

/* Is there something in the two that a second reading may find? */
static bool
is_worth_more(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	double left = p->rest_a.weight + p->rest_b.weight;

	/* "There are no tests", "it is untested": a "no" may be of one meaning
	 * with a word of the other. */
	if (c->ret->kind == FACTS_CONTRADICTION && p->opposites == 0 &&
		left > 0)
		return !p->a->too_long && !p->b->too_long;
	if (c->ret->kind != FACTS_DIFFERENT && c->ret->kind != FACTS_UPDATE &&
		c->ret->confidence >= SURE)
		return false;
	if (p->a->too_long || p->b->too_long || p->a->n > LONG ||
		p->b->n > LONG)
		return false;
	return p->partners + p->opposites > 0 ||
	       (p->a->n <= SHORT && p->b->n <= SHORT);
}

/* Two texts, cut into words once for all readings. */
struct opened {
	const struct fact_said *a, *b;
	const struct fact_attributes *known;
	struct terms_text t[2];
	struct reading *r[2]; /* owned */
};

static void
opened_free(struct opened **x)
{
	if (!*x)
		return;
	free((*x)->r[0]);
	free((*x)->r[1]);
	free(*x);
}

static int
opened_new(const struct fact_said *a, const struct fact_said *b,
	const struct fact_attributes *known, struct opened **ret)
{
	struct opened *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return MDB_E_NOMEM;
	*ret = x;
	x->a = a;
	x->b = b;
	x->known = known;
	rc = terms_open(a->subject, a->text, known, &x->t[0], &x->r[0]);
	if (rc != 0)
		return rc;
	return terms_open(b->subject, b->text, known, &x->t[1], &x->r[1]);
}

/* *more: a second reading is worth its time. 0 or MDB_E_NOMEM. */
static int
compare_once(struct opened *x, enum terms_reading reading,
	struct fact_verdict *ret, bool *more)
{
	struct terms_text *t = x->t;
	struct comparing c = {.a = x->a,
		.b = x->b,
		.ret = ret,
		.value_a = -1,
		.value_b = -1,
		.attribute = -1,
		.rule = -1};
	bool same = false;
	int rc = 0;

	ret->kind = FACTS_DIFFERENT;
	ret->confidence = 0;
	terms_make(x->r[0], reading);
	terms_make(x->r[1], reading);
	pairing_make(&t[0], &t[1], &c.p);
	fact_find_rule(&c, x->known);
	/* Most pairs need no second look word by word. */
	if (reading == READ_PLAIN &&
		(c.p.rest_a.weight == 0 || c.p.rest_b.weight == 0 ||
			t[0].too_long || t[1].too_long))
		rc = is_same_text(x->a->text, x->b->text, &same);
	if (rc < 0)
		return rc;
	c.switched = fact_names_old_value(&t[1], c.p.b_to) !=
		     fact_names_old_value(&t[0], c.p.a_to);
	if (same)
		fact_compare_decide(&c, FACTS_DUPLICATE, 1);
	else if (!t[0].too_long && !t[1].too_long)
		fact_compare_settle(&c);
	*more = is_worth_more(&c);
	ret->is_same_subject = c.p.is_same_subject;
	ret->action = fact_action(&c);
	fact_name_attribute(&c);
	return fact_reason(&c, &ret->reason);
}

/* Two values may be the poles of one thing ("is included", "costs extra") or one
 * value in two words ("maths", "mathematics"). */
static bool
is_better(const struct fact_verdict *again, const struct fact_verdict *first)
{
	if (again->kind == FACTS_DIFFERENT)
		return false;
	if (first->kind == FACTS_CONTRADICTION)
		return again->kind == FACTS_DUPLICATE &&
		       again->confidence >= SURE;
	if (first->kind == FACTS_UPDATE && first->confidence >= SURE)
		return (again->kind == FACTS_CONTRADICTION ||
			       again->kind == FACTS_DUPLICATE) &&
		       again->confidence >= SURE;
	return first->kind == FACTS_DIFFERENT || again->confidence >= SURE;
}

/* Looks for something better than what the first reading found. 0 or MDB_E_NOMEM. */
static int
read_again(struct opened *x, struct fact_verdict *ret)
{
	static const enum terms_reading readings[] = {READ_PHRASES, READ_WORDS};

	for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
		struct fact_verdict again = {0};
		bool more, better;
		int rc;

		/* Without a phrase the third reading is the second. */
		if (i > 0 && !x->t[0].has_phrase && !x->t[1].has_phrase)
			return 0;
		rc = compare_once(x, readings[i], &again, &more);
		better = rc == 0 && is_better(&again, ret);
		if (better) {
			struct buf before = ret->reason;

			*ret = again;
			again.reason = before;
		}
		buf_done(&again.reason);
		if (rc < 0 || better)
			return rc;
	}
	return 0;
}

int
fact_compare_whole(const struct fact_said *a, const struct fact_said *b,
	const struct fact_attributes *known, struct fact_verdict *ret)
{
	__attribute__((cleanup(opened_free))) struct opened *x = NULL;
	bool more = false;
	int rc;

	ret->kind = FACTS_DIFFERENT;
	ret->confidence = 0;
	rc = opened_new(a, b, known, &x);
	if (rc < 0)
		return rc;
	rc = compare_once(x, READ_PLAIN, ret, &more);
	if (rc == 0 && more)
		rc = read_again(x, ret);
	/* Of what failed nothing is left to the caller. */
	if (rc < 0)
		buf_done(&ret->reason);
	return rc;
}
