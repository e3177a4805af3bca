/* What new facts would be to those that the memory has; conflicts.h has the
 * rules.
 *
 * For each new text the candidates are two small lists: the newest facts of
 * its entity, and facts anywhere that share its rarest words. Comparing two
 * facts is cheap, finding them is not, so the number of candidates is bounded
 * and the time of the search as well. What was not looked at is told as
 * `partial`.
 *
 *   new        ada  "lives in Oslo"
 *   newest     ada  "lives in Rome"        compared: an update, sure
 *              ada  "likes tea"            compared: different
 *   by words   Ada Lovelace  "is in Oslo"  a like name: less sure
 *
 * A pair of which somebody has decided that both may stand is not found again.
 */
#include "memory-db/model/order/conflicts.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/vec.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/order/terms.h"
#include "memory-db/model/read/relation_text.h"
#include "memory-db/model/recall/recall_candidates.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/index/recall.h"

/* Facts compared with one text: those with its words, and the newest ones of its
 * entity. */
#define CANDIDATES 200
#define NEWEST	   100
/* Newest facts of an entity among which its relations are sought. */
#define RELATIONS_AMONG 1000
/* Nothing says that both are of the same entity. */
#define UNSURE 0.9
/* The names are alike: "ada", "Ada Lovelace". */
#define ALIKE_NAMES 0.97

struct conflicts_finding {
	struct store *st;
	const struct conflicts_request *request;
	struct conflicts *ret;
	struct err *e;
	size_t which;
	int64_t entity; /* that has the name asked for; 0: none */
	int64_t twin;	/* its fact with just this text; 0: none */
	struct idset seen;
	struct buf text, name;
};

void
conflicts_done(struct conflicts *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].name);
		free(c->v[i].text);
		free(c->v[i].reason);
	}
	free(c->v);
	*c = (struct conflicts){0};
}

static int
conflicts_keep(struct conflicts_finding *f, const struct recall_row *row,
	struct fact_verdict *v)
{
	struct conflicts *c = f->ret;
	struct conflict_found *x;

	if (vec_room(c->v, c->n, c->cap) != 0)
		return err_nomem(f->e);
	x = &c->v[c->n++];
	*x = (struct conflict_found){.kind = v->kind,
		.confidence = v->confidence,
		.action = v->action,
		.is_part = v->is_part,
		.fact = row->id,
		.entity = row->entity,
		.which = f->which,
		.name = strdup(buf_str(&f->name) ? f->name.data : ""),
		.text = strdup(f->text.data),
		.reason = buf_steal(&v->reason)};
	return x->name && x->text && x->reason ? 0 : err_nomem(f->e);
}

/* --- of whom is it said? ---------------------------------------------------- */
static bool
conflicts_is_of_word(char c)
{
	return (c & 0x80) != 0 || isalnum((unsigned char)c);
}

/* b has the words of a in a row: "Ada Lovelace" has "ada", and "Person 10" does
 * not have "Person 1". */
static bool
conflicts_has_words(const char *b, const char *a)
{
	size_t n = strlen(a);

	for (const char *p = b; n > 2 && (p = strcasestr(p, a)); p++)
		if ((p == b || !conflicts_is_of_word(p[-1])) &&
			!conflicts_is_of_word(p[n]))
			return true;
	return false;
}

static bool
are_names_alike(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0 || conflicts_has_words(a, b) ||
	       conflicts_has_words(b, a);
}

int
conflicts_subjects(const char *known, const char *asked, struct fact_said *a,
	struct fact_said *b, double *ret_sure)
{
	bool in_new = false, in_known = false;

	*ret_sure = 1;
	a->subject = b->subject = known;
	if (*asked) {
		if (strcasecmp(known, asked) == 0)
			return 1;
		b->subject = asked;
		if (terms_name_subject(asked, a->text, &in_known) < 0)
			return MDB_E_NOMEM;
		if (in_known)
			a->subject = asked;
		*ret_sure = in_known ? 1 : ALIKE_NAMES;
		return in_known || are_names_alike(known, asked);
	}
	if (terms_name_subject(known, b->text, &in_new) < 0 ||
		terms_name_subject(known, a->text, &in_known) < 0)
		return MDB_E_NOMEM;
	if (!in_new && !in_known)
		a->subject = "";
	if (!in_new) {
		b->subject = "";
		*ret_sure = UNSURE;
	}
	return 1;
}

struct conflicts_earlier {
	struct conflicts_finding *f;
	int64_t fact; /* the one compared with */
	bool is_same, is_kept;
};

static int
conflicts_same_relation(void *ctx, const struct fact *f)
{
	struct conflicts_earlier *x = ctx;
	const struct fact *now = x->f->request->said_anew;

	x->is_same = f->kind == FACT_RELATION && f->entity == now->entity &&
		     f->peer == now->peer && f->label == now->label;
	return 0;
}

/* A row of the fact: does it name an earlier form of the relation, which somebody
 * decided to keep beside it? */
static int
conflicts_look_at_earlier(void *ctx, const struct conflict *c)
{
	struct conflicts_earlier *x = ctx;
	int64_t other = c->ours == x->fact ? c->theirs : c->ours;
	int rc = fact_get(x->f->st, other, conflicts_same_relation, x, x->f->e);

	if (rc < 0 || !x->is_same)
		return rc < 0 ? rc : 0;
	rc = queue_is_kept(x->f->st, x->fact, other, x->f->e);
	x->is_kept = rc == 1;
	return rc;
}

/* The new text is known, and somebody decided that it and the other fact may
 * both stand. 1 so it is. */
static int
conflicts_is_kept(struct conflicts_finding *f, int64_t fact)
{
	struct conflicts_earlier x = {.f = f, .fact = fact};
	int rc;

	if (f->request->said_anew) {
		rc = conflict_each_of(f->st, fact, conflicts_look_at_earlier,
			&x, f->e);
		return rc < 0 ? rc : x.is_kept;
	}
	if (f->twin == 0 || f->twin == fact)
		return 0;
	return queue_is_kept(f->st, f->twin, fact, f->e);
}

/* --- comparing -------------------------------------------------------------- */
static int
compare(struct conflicts_finding *f, const struct recall_row *row)
{
	struct fact_said a = {.text = f->text.data,
		.from = row->valid_from,
		.to = row->valid_to == FACT_NO_TIME ? INT64_MAX
						    : row->valid_to};
	struct fact_said b = f->request->said[f->which];
	struct fact_verdict v = {0};
	double sure;
	int rc;

	if (f->request->looked)
		++*f->request->looked;
	if (f->request->pause)
		f->request->pause->fn(f->request->pause->ctx);
	rc = conflicts_subjects(f->name.data, f->request->name, &a, &b, &sure);

	if (rc == 1)
		rc = fact_compare_known(&a, &b, f->request->attributes, &v) < 0
			     ? MDB_E_NOMEM
			     : 1;
	if (rc < 0)
		err_nomem(f->e);
	if (rc == 1 && !v.is_same_subject)
		v.confidence *= sure;
	if (rc == 1 && v.kind != FACTS_DIFFERENT &&
		v.confidence >= f->request->threshold) {
		rc = conflicts_is_kept(f, row->id);
		if (rc == 0)
			rc = conflicts_keep(f, row, &v);
	}
	buf_done(&v.reason);
	return rc < 0 ? rc : 0;
}

/* Loads the text of a fact that is visible and of the kind that is sought; 1,
 * 0: it is another. */
static int
load_text(struct conflicts_finding *f, int64_t fact, struct recall_row *row)
{
	int64_t entity;
	int rc;

	buf_clear(&f->text, 65536);
	if (f->request->is_relation) {
		rc = recall_head(f->st, fact, row, f->e);
		return rc == 1 ? relation_text_of(f->st, fact, &f->text,
					 &entity, f->e)
			       : rc;
	}
	rc = recall_row(f->st, fact, row, f->e);
	if (rc != 1 || row->kind != FACT_OBSERVATION)
		return rc < 0 ? rc : 0;
	if (buf_add(&f->text, row->text, row->text_n) < 0 || !buf_str(&f->text))
		return err_nomem(f->e);
	return 1;
}

static int
conflicts_look_at(struct conflicts_finding *f, int64_t fact)
{
	struct recall_entity entity;
	struct recall_row row;
	int64_t *seen = idset_put(&f->seen, fact);
	int k;

	if (f->request->before != 0 && fact >= f->request->before)
		return 0;
	if (!seen)
		return err_nomem(f->e);
	if ((*seen)++ > 0)
		return 0;
	k = load_text(f, fact, &row);
	if (k != 1)
		return k < 0 ? k : 0;
	buf_clear(&f->name, 65536);
	k = recall_entity(f->st, row.entity, &f->name, &entity, f->e);
	if (k != 1)
		return k < 0 ? k : 0;
	return buf_str(&f->name) ? compare(f, &row) : err_nomem(f->e);
}

/* --- candidates ------------------------------------------------------------- */
static bool
conflicts_is_late(const struct conflicts_finding *f)
{
	return f->request->deadline_ns != 0 &&
	       clock_mono_ns() > f->request->deadline_ns;
}

/* However late it is. */
static int
conflicts_look_at_newest(struct conflicts_finding *f, const int64_t *facts,
	int n)
{
	for (int i = 0; i < n; i++) {
		int rc = conflicts_look_at(f, facts[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
conflicts_look_at_all(struct conflicts_finding *f, const int64_t *facts, int n)
{
	int rc = 0;

	for (int i = 0; i < n && !f->ret->partial; i++) {
		rc = conflicts_look_at(f, facts[i]);
		f->ret->partial = conflicts_is_late(f);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Compares facts anywhere that share words with the text. */
static int
find_by_words(struct conflicts_finding *f, int most)
{
	const struct conflicts_request *q = f->request;
	AUTO_BUF struct buf query = {0};
	int64_t facts[CANDIDATES];
	struct recall_request recall;
	int n = 0, rc;

	if (buf_addf(&query, "%s %s", q->name, q->said[f->which].text) < 0)
		return err_nomem(f->e);
	recall = recall_by_words(query.data, query.len);
	recall.deadline_ns = q->deadline_ns;
	for (int i = 0; i < q->scope->n; i++)
		recall.ns[i] = q->scope->ns[i];
	rc = recall_candidates(f->st, &recall, most, facts, &n, f->e);
	if (rc)
		return rc;
	return conflicts_look_at_all(f, facts, n);
}

/* A relation is compared with the newest ones of the same entity. */
static int
find_for_relation(struct conflicts_finding *f)
{
	const struct conflicts_request *q = f->request;
	int64_t facts[NEWEST];
	int n = 0, rc;

	assert(q->entity != 0 && q->newest > 0 && q->newest <= NEWEST);
	idset_done(&f->seen);
	f->twin = 0;
	rc = recall_newest_relations(f->st, q->entity,
		q->before > 0 ? q->before : INT64_MAX, q->newest,
		RELATIONS_AMONG, facts, &n, f->e);
	if (rc < 0)
		return rc;
	return conflicts_look_at_newest(f, facts, n);
}

static int
find_for_text(struct conflicts_finding *f)
{
	const struct conflicts_request *q = f->request;
	int newest = q->newest > 0 ? q->newest : NEWEST, n = 0, rc = 0;
	int64_t facts[NEWEST];

	assert(newest <= NEWEST && q->candidates <= CANDIDATES);
	idset_done(&f->seen);
	f->twin = 0;
	if (f->entity != 0 && !q->is_bare)
		rc = fact_find_text(f->st, f->entity, FACT_OBSERVATION,
			q->said[f->which].text, strlen(q->said[f->which].text),
			&f->twin, f->e);
	/* The newest facts of the entity itself are few, and what is most often
	 * meant: they are looked at however late it is. Whoever asks on a
	 * machine that is busy is told of "lives in Rome" all the same. */
	if (rc < 0)
		return rc;
	if (f->entity != 0 && !q->is_bare)
		rc = recall_newest_of(f->st, f->entity,
			q->before > 0 ? q->before : INT64_MAX, newest, facts,
			&n, f->e);
	if (rc < 0)
		return rc;
	rc = conflicts_look_at_newest(f, facts, n);
	if (rc < 0)
		return rc;
	if (q->candidates < 0)
		return 0;
	return find_by_words(f, q->candidates > 0 ? q->candidates : CANDIDATES);
}

static int
surest_first(const void *a, const void *b)
{
	const struct conflict_found *x = a, *y = b;

	if (x->confidence != y->confidence)
		return x->confidence > y->confidence ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

static int
find_for_texts(struct conflicts_finding *f)
{
	const struct conflicts_request *q = f->request;
	int rc = 0;

	f->entity = q->entity;
	if (*q->name && f->entity == 0)
		rc = scope_entity(f->st, q->scope, q->name, strlen(q->name),
			&f->entity, f->e);
	if (rc < 0)
		return rc;
	for (; f->which < q->said_n && !f->ret->partial; f->which++) {
		rc = q->is_relation ? find_for_relation(f) : find_for_text(f);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
conflicts_find(struct store *st, const struct conflicts_request *request,
	struct conflicts *ret, struct err *e)
{
	struct conflicts_finding f = {.st = st,
		.request = request,
		.ret = ret,
		.e = e};
	int rc;

	*ret = (struct conflicts){0};
	rc = find_for_texts(&f);
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), surest_first);
	while (ret->n > request->most) {
		struct conflict_found *x = &ret->v[--ret->n];

		ret->more++;
		free(x->name);
		free(x->text);
		free(x->reason);
	}
	idset_done(&f.seen);
	buf_done(&f.text);
	buf_done(&f.name);
	return rc;
}
