/* Finding and writing groups of similar episodes. Candidates come from the text
 * index, as in recall, so a slice looks at a few dozen facts an episode, however
 * many there are. Two episodes are similar when half of all their words (stems,
 * without numbers and words such as "the") are in both. */
#include "memory-db/model/curate/gather.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "memory-db/model/curate/made.h"
#include "memory-db/model/curate/words.h"
#include "memory-db/model/recall/recall_candidates.h"
#include "memory-db/model/scope/observation.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/derivations.h"

#define CANDIDATES  60
#define WORDS_LEAST 3  /* two episodes of two words are no pattern */
#define TEXTS	    12 /* observations of an episode that are read */
#define DAY_MS	    (24 * 3600 * INT64_C(1000))

/* --- an episode ----------------------------------------------------------- */
struct episode {
	struct word_set words;
	struct buf text; /* query: its texts */
	int texts, bad;
};

static void
episode_done(struct episode *x)
{
	buf_done(&x->text);
}
#define AUTO_EPISODE __attribute__((cleanup(episode_done)))

static int
gather_read_text(void *ctx, const struct fact *f)
{
	struct episode *x = ctx;

	if (f->erased)
		return 0;
	x->bad = words_add(&x->words, f->text, f->text_n);
	if (x->bad == 0 && x->text.len < WORDS_BYTES)
		x->bad = buf_addf(&x->text, "%.*s ",
			(int)(f->text_n < WORDS_BYTES ? f->text_n
						      : WORDS_BYTES),
			f->text);
	return x->bad != 0 || ++x->texts >= TEXTS ? 1 : 0;
}

static int
episode_read(const struct judging *j, int64_t entity, struct episode *ret)
{
	int rc = fact_each(j->st, entity, 1u << FACT_OBSERVATION,
		gather_read_text, ret, j->e);

	if (rc >= 0 && ret->bad != 0)
		rc = err_nomem(j->e);
	return rc < 0 ? rc : 0;
}

/* Is it part of a pattern already? */
static int
sees_pattern(void *ctx, const struct fact *f)
{
	return f->label == *(int64_t *)ctx;
}

static int
is_gathered(const struct judging *j, int64_t entity, bool *ret)
{
	int64_t label = 0;
	int rc = label_find(j->st, DERIVED_FROM, &label, j->e);

	if (rc == 1)
		rc = fact_each_incoming(j->st, entity, sees_pattern, &label,
			j->e);
	*ret = rc == 1;
	return rc < 0 ? rc : 0;
}

/* 1 the rule looks at it, and its type; 0 not. */
static int
is_episode(const struct judging *j, int64_t entity, int64_t *ret_type)
{
	const struct curation_rule *r =
		&j->settings->rules[CURATION_consolidate];
	AUTO_BUF struct buf name = {0};
	struct recall_entity x;
	int64_t at = 0;
	bool gathered = false;
	int rc = recall_entity(j->st, entity, &name, &x, j->e);

	if (rc != 1 || x.is_pinned || !(r->from >> x.tier & 1))
		return rc < 0 ? rc : 0;
	*ret_type = x.type;
	rc = curated_content_at(j->st, entity, &at, j->e);
	if (rc != 0)
		return rc;
	rc = is_gathered(j, entity, &gathered);
	if (rc != 0)
		return rc;
	return !gathered &&
	       (double)(j->now - at) >= r->age_days * (double)DAY_MS;
}

/* --- a group -------------------------------------------------------------- */
struct gather_search {
	const struct judging *j;
	int64_t ns, type;
	const struct episode *leader;
	struct gather_group *group;
	bool is_led; /* an older episode is like it */
};

static bool
is_in(const struct gather_group *g, int64_t entity)
{
	for (int i = 0; i < g->n; i++)
		if (g->entity[i] == entity)
			return true;
	return false;
}

/* An episode that tells of the same as the leader is of its group. */
static int
join_if_alike(struct gather_search *s, int64_t entity)
{
	struct gather_group *g = s->group;
	AUTO_EPISODE struct episode x = {0};
	int rc = episode_read(s->j, entity, &x);

	if (rc != 0 ||
		words_likeness(&s->leader->words, &x.words) < WORDS_ALIKE)
		return rc;
	s->is_led |= entity < g->entity[0];
	g->entity[g->n++] = entity;
	return 0;
}

static int
gather_try_one(struct gather_search *s, int64_t fact)
{
	const struct gather_group *g = s->group;
	struct recall_row row;
	int64_t type = 0;
	int rc = fact_namespace(fact) == s->ns
			 ? recall_head(s->j->st, fact, &row, s->j->e)
			 : 0;

	if (rc != 1 || is_in(g, row.entity) || g->n == GATHER_MEMBERS)
		return rc < 0 ? rc : 0;
	rc = is_episode(s->j, row.entity, &type);
	if (rc != 1 || type != s->type)
		return rc < 0 ? rc : 0;
	return join_if_alike(s, row.entity);
}

static int
search_group(struct gather_search *s)
{
	struct recall_request q =
		recall_by_words(s->leader->text.data, s->leader->text.len);
	int64_t facts[CANDIDATES];
	int n = 0, rc;

	q.now = s->j->now;
	q.ns[0] = s->ns;
	rc = recall_candidates(s->j->st, &q, CANDIDATES, facts, &n, s->j->e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < n && !s->is_led; i++) {
		rc = gather_try_one(s, facts[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
gather_find(const struct judging *j, int64_t ns, int64_t entity,
	struct gather_group *ret)
{
	const struct curation_rule *r =
		&j->settings->rules[CURATION_consolidate];
	AUTO_EPISODE struct episode leader = {0};
	struct gather_search s = {.j = j,
		.ns = ns,
		.leader = &leader,
		.group = ret};
	int rc = is_episode(j, entity, &s.type);

	*ret = (struct gather_group){.entity = {entity}, .n = 1};
	if (rc == 1)
		rc = episode_read(j, entity, &leader);
	else
		s.is_led = true;
	if (rc == 0 && !s.is_led && leader.words.n >= WORDS_LEAST)
		rc = search_group(&s);
	if (rc < 0 || s.is_led || (double)ret->n < r->uses || ret->n < 2)
		ret->n = 0;
	return rc < 0 ? rc : 0;
}

/* --- writing -------------------------------------------------------------- */
struct quote {
	int64_t fact;
	char *text; /* owned */
	size_t n;
	struct word_set words;
	double score;
};
struct quotes {
	struct quote *v; /* owned */
	int n;
	struct word_set all; /* of one episode */
	struct err *e;
};

static void
quotes_done(struct quotes *q)
{
	for (int i = 0; i < q->n; i++)
		free(q->v[i].text);
	free(q->v);
}

static int
add_quote(void *ctx, const struct fact *f)
{
	struct quotes *q = ctx;
	struct quote *x = &q->v[q->n];

	if (f->erased || f->text_n == 0)
		return 0;
	*x = (struct quote){.fact = f->id, .n = f->text_n};
	x->text = malloc(f->text_n);
	if (!x->text)
		return err_nomem(q->e);
	memcpy(x->text, f->text, f->text_n);
	q->n++;
	if (words_add(&x->words, f->text, f->text_n) != 0)
		return err_nomem(q->e);
	return q->n % TEXTS == 0 ? 1 : 0;
}

static int
read_quotes(struct write *w, const struct gather_group *g, struct quotes *q)
{
	int rc = 0;

	q->v = calloc((size_t)g->n * TEXTS + 1, sizeof(*q->v));
	if (!q->v)
		return err_nomem(q->e);
	for (int i = 0; i < g->n; i++) {
		rc = fact_each(w->st, g->entity[i], 1u << FACT_OBSERVATION,
			add_quote, q, q->e);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

/* The sum of what it has in common with the others; of equals the first. */
static void
score_quotes(struct quotes *q)
{
	for (int i = 0; i < q->n; i++)
		for (int k = 0; k < q->n; k++)
			if (i != k)
				q->v[i].score += words_likeness(&q->v[i].words,
					&q->v[k].words);
}

static int
best_quote(const struct quotes *q, const bool *taken)
{
	int best = -1;

	for (int i = 0; i < q->n; i++)
		if (!taken[i] && (best < 0 || q->v[i].score > q->v[best].score))
			best = i;
	return best;
}

/* Texts with nothing new beside one that is taken go with it. */
static void
take_quote(const struct quotes *q, int which, bool *taken)
{
	for (int i = 0; i < q->n; i++)
		taken[i] |= i == which || words_likeness(&q->v[i].words,
						  &q->v[which].words) >= 0.8;
}

static int
write_quotes(struct write *w, int64_t entity, struct quotes *q)
{
	AUTO_FREE bool *taken = calloc((size_t)q->n + 1, sizeof(*taken));
	if (!taken)
		return err_nomem(q->e);
	score_quotes(q);
	for (int n = 0; n < GATHER_TEXTS; n++) {
		int best = best_quote(q, taken);
		struct observation_in o;
		struct observation_source source;
		int64_t fact;
		int rc;

		if (best < 0)
			return 0;
		source = (struct observation_source){NULL, q->v[best].fact};
		o = observation_in(q->v[best].text, q->v[best].n, METHOD_AUTO);
		o.derived_from = &source;
		o.derived_n = 1;
		rc = write_observation(w, entity, &o, &fact, q->e);
		if (rc < 0)
			return rc;
		take_quote(q, best, taken);
	}
	return 0;
}

static int
type_name(struct write *w, int64_t entity, struct buf *out, struct err *e)
{
	int64_t label = 0;
	int rc = fact_existence(w->st, entity, NULL, &label, NULL, e);

	if (rc == 1)
		rc = label_text(w->st, label, out, e);
	if (rc < 0)
		return rc;
	return buf_str(out) ? 0 : err_nomem(e);
}

int
gather_write(struct write *w, const struct gather_group *g, int64_t *ret_entity,
	struct err *e)
{
	struct fact defaults = write_fact(0, FACT_EXISTENCE);
	struct quotes q __attribute__((cleanup(quotes_done))) = {.e = e};
	AUTO_BUF struct buf name = {0}, type = {0};
	AUTO_BUF struct buf leader = {0};
	int rc = fact_existence(w->st, g->entity[0], NULL, NULL, &leader, e);

	defaults.method = METHOD_AUTO;
	if (rc < 0)
		return rc;
	rc = made_name(w, leader.data, leader.len, "pattern", &name, e);
	if (rc)
		return rc;
	rc = type_name(w, g->entity[0], &type, e);
	if (rc)
		return rc;
	rc = read_quotes(w, g, &q);
	if (rc)
		return rc;
	rc = write_entity_new(w, name.data, type.data, &defaults, ret_entity,
		e);
	if (rc)
		return rc;
	rc = write_attr(w, *ret_entity, ATTR_TIER, 2, e);
	if (rc)
		return rc;
	rc = write_quotes(w, *ret_entity, &q);
	if (rc != 0)
		return rc;
	for (int i = 0; i < g->n; i++) {
		rc = made_relate(w, *ret_entity, g->entity[i], e);
		if (rc != 0)
			return rc;
	}
	return write_note(w, name.data, e);
}
