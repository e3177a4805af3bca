/* Finding and writing summaries of days. What the day was about are the words
 * that most of its facts have; a text says the more of it the more of these it
 * has, and one that is like a text chosen before says nothing new. */
#include "memory-db/model/curate/days.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/model/curate/made.h"
#include "memory-db/model/curate/triple.h"
#include "memory-db/model/curate/words.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/filter_index.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/log/log.h"

#define DAY_MS	  (24 * 3600 * INT64_C(1000))
#define YEAR	  366 /* days that are looked back */
#define TEXTS	  5   /* of a summary */
#define TEXT_MOST 600 /* bytes of one */
#define ENTITIES  20  /* related to it */
#define NAME_SIZE 32
/* Facts of one day that are looked at, those of other namespaces among them. A
 * day on which 100,000 were imported has that many, of which none may count; some
 * 10 us each. What a summary says is of the first of them. */
#define LOOKED 1000

static void
days_name_of(int64_t number, char ret[NAME_SIZE])
{
	char at[CLOCK_TEXT_SIZE];

	clock_format(number * DAY_MS, at);
	snprintf(ret, NAME_SIZE, "day %.10s", at);
}

int
day_name(int64_t number, struct buf *out)
{
	char name[NAME_SIZE];

	days_name_of(number, name);
	return buf_adds(out, name);
}

/* --- which ---------------------------------------------------------------- */
static int
note_day(void *ctx, const struct log_change *c)
{
	*(int64_t *)ctx = c->at / DAY_MS;
	return 1;
}

int
day_range(const struct judging *j, int64_t ns, int64_t *ret_first,
	int64_t *ret_end)
{
	double age = j->settings->rules[CURATION_day_summary].age_days;
	int64_t first = INT64_MAX;
	int rc = log_since(j->st, ns, 0, note_day, &first, j->e);

	/* `age` days behind its end. */
	*ret_end = (j->now - (int64_t)(age * (double)DAY_MS)) / DAY_MS;
	*ret_first = *ret_end - YEAR > first ? *ret_end - YEAR : first;
	return rc < 0 ? rc : 0;
}

/* --- what was noted ------------------------------------------------------- */
struct days_finding {
	const struct judging *j;
	struct day *day;
	int64_t ns;
	int looked, bad;
};

struct days_kind {
	bool is_noted;
};

/* What was derived says nothing of the day on which that was done. */
static int
days_look_at(void *ctx, const struct fact *f)
{
	((struct days_kind *)ctx)->is_noted = f->kind == FACT_OBSERVATION &&
					      !f->erased && f->text_n > 0 &&
					      !(f->flags & FACT_DERIVED);
	return 0;
}

static int
is_noted(struct days_finding *x, int64_t fact)
{
	const struct curation_rule *r =
		&x->j->settings->rules[CURATION_day_summary];
	AUTO_BUF struct buf name = {0};
	struct days_kind kind = {false};
	struct recall_entity entity;
	struct recall_row row;
	int rc = recall_head(x->j->st, fact, &row, x->j->e);

	if (rc != 1 || row.kind != FACT_OBSERVATION)
		return rc < 0 ? rc : 0;
	rc = fact_get(x->j->st, fact, days_look_at, &kind, x->j->e);
	if (rc < 0 || !kind.is_noted)
		return rc < 0 ? rc : 0;
	rc = made_has_end(x->j->st, row.entity, x->j->e);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = recall_entity(x->j->st, row.entity, &name, &entity, x->j->e);
	return rc == 1 ? (int)(r->from >> entity.tier & 1) : rc;
}

static int
days_add_fact(void *ctx, int64_t fact)
{
	struct days_finding *x = ctx;
	int rc;

	if (fact == 0 || fact_namespace(fact) != x->ns)
		return 0;
	if (x->looked++ == LOOKED)
		return 1;
	rc = is_noted(x, fact);
	if (rc < 0) {
		x->bad = rc;
		return 1;
	}
	if (rc == 1)
		x->day->facts[x->day->n++] = fact;
	return x->day->n == DAY_FACTS ? 1 : 0;
}

static int
days_by_id(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Ids may come several times, in no order. */
static void
sort_facts(struct day *d)
{
	int n = 0;

	qsort(d->facts, (size_t)d->n, sizeof(d->facts[0]), days_by_id);
	for (int i = 0; i < d->n; i++)
		if (n == 0 || d->facts[n - 1] != d->facts[i])
			d->facts[n++] = d->facts[i];
	d->n = n;
}

int
day_find(const struct judging *j, int64_t ns, int64_t number, struct day *ret)
{
	double least = j->settings->rules[CURATION_day_summary].uses;
	struct days_finding x = {.j = j, .day = ret, .ns = ns};
	char name[NAME_SIZE];
	int64_t entity;
	int rc;

	ret->number = number;
	ret->n = 0;
	days_name_of(number, name);
	rc = entity_find(j->st, ns, name, strlen(name), &entity, j->e);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = filter_index_of_time(j->st, number * DAY_MS,
		(number + 1) * DAY_MS - 1, days_add_fact, &x, j->e);
	if (rc < 0 || x.bad)
		return rc < 0 ? rc : x.bad;
	sort_facts(ret);
	if ((double)ret->n < least || ret->n == 0)
		ret->n = 0;
	return 0;
}

/* --- its texts ------------------------------------------------------------ */
struct noted {
	int64_t fact, entity;
	char *text; /* owned: "ada: likes tea" */
	size_t n;
	struct word_set words;
	double score;
	bool is_taken;
};
struct noting {
	struct store *st;
	struct noted *v; /* owned */
	int n;
	struct err *e;
};

static void
noting_done(struct noting *x)
{
	for (int i = 0; i < x->n; i++)
		free(x->v[i].text);
	free(x->v);
}

static int
note(void *ctx, const struct fact *f)
{
	struct noting *x = ctx;
	struct noted *a = &x->v[x->n];
	AUTO_BUF struct buf text = {0};
	size_t n = f->text_n < TEXT_MOST ? f->text_n
					 : text_cut(f->text, TEXT_MOST);
	int rc = fact_existence(x->st, f->entity, NULL, NULL, &text, x->e);

	if (rc != 1)
		return rc < 0 ? rc : 0;
	if (buf_adds(&text, ": ") != 0 || buf_add(&text, f->text, n) != 0 ||
		!buf_str(&text))
		return err_nomem(x->e);
	*a = (struct noted){.fact = f->id, .entity = f->entity, .n = text.len};
	if (words_add(&a->words, f->text, n) != 0)
		return err_nomem(x->e);
	a->text = take_ptr(text.data);
	x->n++;
	return 0;
}

static int
days_read_all(struct write *w, const struct day *d, struct noting *x)
{
	x->v = calloc((size_t)d->n + 1, sizeof(*x->v));
	if (!x->v)
		return err_nomem(x->e);
	for (int i = 0; i < d->n; i++) {
		int rc = fact_get(w->st, d->facts[i], note, x, x->e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
days_by_hash(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* In how many texts a word is: its place in a sorted list of all. */
static int
days_count_word(const uint32_t *all, size_t n, uint32_t word)
{
	const uint32_t *at = bsearch(&word, all, n, sizeof(*all), days_by_hash);
	int count = 1;

	if (!at)
		return 0;
	for (const uint32_t *p = at; p > all && p[-1] == word; p--)
		count++;
	for (const uint32_t *p = at; p + 1 < all + n && p[1] == word; p++)
		count++;
	return count;
}

static int
score_all(struct noting *x)
{
	size_t n = 0, total = 0;
	AUTO_FREE uint32_t *all = NULL;

	for (int i = 0; i < x->n; i++)
		total += (size_t)x->v[i].words.n;
	all = calloc(total + 1, sizeof(*all));
	if (!all)
		return err_nomem(x->e);
	for (int i = 0; i < x->n; i++)
		for (int k = 0; k < x->v[i].words.n; k++)
			all[n++] = x->v[i].words.v[k];
	qsort(all, n, sizeof(*all), days_by_hash);
	for (int i = 0; i < x->n; i++)
		for (int k = 0; k < x->v[i].words.n; k++)
			x->v[i].score +=
				days_count_word(all, n, x->v[i].words.v[k]) -
				0.5;
	return 0;
}

static struct noted *
days_best_of(struct noting *x)
{
	struct noted *best = NULL;

	for (int i = 0; i < x->n; i++)
		if (!x->v[i].is_taken && (!best || x->v[i].score > best->score))
			best = &x->v[i];
	return best;
}

static int
write_texts(struct write *w, int64_t entity, struct noting *x)
{
	int rc = score_all(x);

	if (rc != 0)
		return rc;
	for (int n = 0; n < TEXTS; n++) {
		struct noted *best = days_best_of(x);

		if (!best)
			return 0;
		rc = made_text(w, entity, best->text, best->n, &best->fact, 1,
			x->e);
		if (rc != 0)
			return rc;
		for (int i = 0; i < x->n; i++)
			x->v[i].is_taken |=
				words_likeness(&x->v[i].words, &best->words) >=
				WORDS_ALIKE;
		best->is_taken = true;
	}
	return 0;
}

static int
days_relate_all(struct write *w, int64_t entity, const struct noting *x)
{
	int related = 0;

	for (int i = 0; i < x->n && related < ENTITIES; i++) {
		bool is_first = true;
		int rc;

		for (int k = 0; k < i && is_first; k++)
			is_first = x->v[k].entity != x->v[i].entity;
		if (!is_first)
			continue;
		rc = made_relate(w, entity, x->v[i].entity, x->e);
		if (rc != 0)
			return rc;
		related++;
	}
	return 0;
}

int
day_write(struct write *w, const struct day *d, int64_t *ret_entity,
	struct err *e)
{
	struct noting x
		__attribute__((cleanup(noting_done))) = {.st = w->st, .e = e};
	struct fact defaults = write_fact(0, FACT_EXISTENCE);
	char name[NAME_SIZE];
	int rc = days_read_all(w, d, &x);

	days_name_of(d->number, name);
	defaults.method = METHOD_AUTO;
	if (rc)
		return rc;
	rc = write_entity_new(w, name, "day_summary", &defaults, ret_entity, e);
	if (rc)
		return rc;
	rc = write_attr(w, *ret_entity, ATTR_TIER, 2, e);
	if (rc)
		return rc;
	rc = write_texts(w, *ret_entity, &x);
	if (rc)
		return rc;
	rc = days_relate_all(w, *ret_entity, &x);
	if (rc != 0)
		return rc;
	for (int i = 0; i < d->n; i++) {
		rc = triple_relate(w, d->facts[i], e);
		if (rc != 0)
			return rc;
	}
	return write_note(w, name, e);
}
