/* Finding and writing action sequences. As with similar episodes (gather.c) the
 * candidates for the first step come from the text index, so a fact costs a few
 * dozen looks, however many there are; then both tracks are followed as long as
 * their steps are alike. */
#include "memory-db/model/curate/sequences.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/text.h"
#include "memory-db/model/curate/made.h"
#include "memory-db/model/curate/words.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/recall/recall_candidates.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/derivations.h"

#define CANDIDATES  60
#define WORDS_LEAST 2  /* "done" says nothing of what was done */
#define AHEAD	    64 /* facts looked at for the next one of a track */
#define NAME_WORDS  5
#define PROCEDURE   "procedure" /* type of what is made */

/* --- tracks --------------------------------------------------------------- */
struct sequences_step {
	int64_t fact, entity;
	int64_t source, session; /* labels; both 0: the entity is the track */
	struct word_set words;
};

static bool
is_same_track(const struct sequences_step *a, const struct sequences_step *b)
{
	if (a->source != b->source || a->session != b->session)
		return false;
	return a->source != 0 || a->session != 0 || a->entity == b->entity;
}

struct sequences_looking {
	struct sequences_step *step;
	bool is_step;
	int bad;
};

/* What curation made itself is no step. */
static int
sequences_look_at(void *ctx, const struct fact *f)
{
	struct sequences_looking *l = ctx;

	l->is_step = f->kind == FACT_OBSERVATION && !f->erased &&
		     !(f->flags & FACT_DERIVED);
	if (!l->is_step)
		return 0;
	l->step->fact = f->id;
	l->step->entity = f->entity;
	l->step->source = f->source;
	l->bad = words_add(&l->step->words, f->text, f->text_n);
	return 0;
}

/* 1 it is a visible observation of the namespace. */
static int
read_step(const struct judging *j, int64_t fact, struct sequences_step *ret)
{
	struct sequences_looking l = {.step = ret};
	struct origin origin = {0};
	struct recall_row row;
	int rc = recall_head(j->st, fact, &row, j->e);

	*ret = (struct sequences_step){0};
	if (rc != 1 || row.kind != FACT_OBSERVATION)
		return rc < 0 ? rc : 0;
	rc = fact_get(j->st, fact, sequences_look_at, &l, j->e);
	if (rc < 0 || !l.is_step)
		return rc < 0 ? rc : 0;
	if (l.bad != 0)
		return err_nomem(j->e);
	rc = made_has_end(j->st, ret->entity, j->e);
	if (rc)
		return rc < 0 ? rc : 0;
	if (ret->source == 0) {
		rc = provenance_origin(j->st, fact, &origin, j->e);
		ret->session = origin.session;
	}
	return rc < 0 ? rc : 1;
}

/* The next step of the track, forwards or (by -1) backwards. 1 found. */
static int
neighbour(const struct judging *j, const struct sequences_step *of, int by,
	struct sequences_step *ret)
{
	int64_t ns = fact_namespace(of->fact);

	for (int i = 1; i <= AHEAD; i++) {
		int64_t fact = of->fact + (int64_t)by * i;
		int rc;

		if (fact <= 0 || fact_namespace(fact) != ns)
			return 0;
		rc = read_step(j, fact, ret);
		if (rc < 0 || (rc == 1 && is_same_track(of, ret)))
			return rc;
	}
	return 0;
}

static bool
is_alike(const struct sequences_step *a, const struct sequences_step *b)
{
	return words_likeness(&a->words, &b->words) >= WORDS_ALIKE;
}

/* --- finding -------------------------------------------------------------- */
struct sequences_finding {
	const struct judging *j;
	int64_t ns;
	struct sequences_step steps[SEQUENCE_STEPS]; /* of the leader */
	int n;
	struct sequences_step before; /* fact 0: there is none */
	struct sequence found;
	struct sequences_step first[SEQUENCE_TRACKS]; /* of each track */
	int length[SEQUENCE_TRACKS];
	int begins_earlier; /* tracks in which the step before is alike, too */
	bool is_led;	    /* an older track has it, or it is known */
};

/* 1: what was derived from a step can be seen. What an undo took back cannot, so
 * that a procedure that was undone is made again, and once. */
static int
stop_at_visible(void *ctx, int64_t fact)
{
	const struct judging *j = ctx;
	struct recall_row row;

	return recall_head(j->st, fact, &row, j->e);
}

/* Was it put into a procedure, or the summary of a day, already? */
static int
sequences_is_known(const struct judging *j, int64_t fact, bool *ret)
{
	struct judging of = *j;
	int rc = derivations_each_dependant(j->st, fact, stop_at_visible, &of,
		j->e);

	*ret = rc == 1;
	return rc < 0 ? rc : 0;
}

static int
read_leader(struct sequences_finding *f, int64_t fact)
{
	int rc = read_step(f->j, fact, &f->steps[0]);

	if (rc != 1 || f->steps[0].words.n < WORDS_LEAST)
		return rc < 0 ? rc : 0;
	for (f->n = 1; f->n < SEQUENCE_STEPS; f->n++) {
		rc = neighbour(f->j, &f->steps[f->n - 1], 1, &f->steps[f->n]);
		if (rc < 0)
			return rc;
		if (rc == 0 || f->steps[f->n].words.n < WORDS_LEAST)
			break;
	}
	rc = neighbour(f->j, &f->steps[0], -1, &f->before);
	if (rc < 1)
		f->before.fact = 0;
	return rc < 0 ? rc : f->n >= 2;
}

/* How long a track goes the way of the leader; its facts into place t. */
static int
sequences_follow(struct sequences_finding *f,
	const struct sequences_step *first, int t)
{
	struct sequences_step at = *first, next, before;
	int n = 0, rc = 1;

	while (n < f->n && is_alike(&f->steps[n], &at)) {
		f->found.fact[t][n] = at.fact;
		f->found.entity[t][n++] = at.entity;
		rc = neighbour(f->j, &at, 1, &next);
		if (rc != 1)
			break;
		at = next;
	}
	f->length[t] = n;
	if (rc < 0 || n < 2 || f->before.fact == 0)
		return rc < 0 ? rc : 0;
	rc = neighbour(f->j, first, -1, &before);
	if (rc == 1)
		f->begins_earlier += is_alike(&f->before, &before);
	return rc < 0 ? rc : 0;
}

static int
try_track(struct sequences_finding *f, int64_t fact)
{
	struct sequence *s = &f->found;
	struct sequences_step first;
	bool known = false;
	int rc;

	if (fact_namespace(fact) != f->ns || s->tracks == SEQUENCE_TRACKS)
		return 0;
	rc = read_step(f->j, fact, &first);
	if (rc != 1 || !is_alike(&f->steps[0], &first))
		return rc < 0 ? rc : 0;
	for (int t = 0; t < s->tracks; t++)
		if (is_same_track(&f->first[t], &first))
			return 0;
	rc = sequences_follow(f, &first, s->tracks);
	if (rc || f->length[s->tracks] < 2)
		return rc;
	rc = sequences_is_known(f->j, fact, &known);
	f->is_led |= known || fact < f->steps[0].fact;
	f->first[s->tracks++] = first;
	return rc;
}

static int
sequences_text_of(void *ctx, const struct fact *f)
{
	size_t n = f->text_n < WORDS_BYTES ? f->text_n
					   : text_cut(f->text, WORDS_BYTES);

	return buf_add(ctx, f->text, n);
}

static int
search_tracks(struct sequences_finding *f)
{
	AUTO_BUF struct buf text = {0};
	struct recall_request q;
	int64_t facts[CANDIDATES];
	int n = 0, rc;

	rc = fact_get(f->j->st, f->steps[0].fact, sequences_text_of, &text,
		f->j->e);
	if (rc < 0 || !buf_str(&text))
		return rc < 0 && rc != MDB_E_NOMEM ? rc : err_nomem(f->j->e);
	q = recall_by_words(text.data, text.len);
	q.now = f->j->now;
	q.ns[0] = f->ns;
	rc = recall_candidates(f->j->st, &q, CANDIDATES, facts, &n, f->j->e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < n && !f->is_led; i++) {
		rc = try_track(f, facts[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Of the tracks those are kept that go the longest way which `least` of them
 * have in common. */
static void
keep_longest(struct sequences_finding *f, double least)
{
	struct sequence *s = &f->found;
	int kept = 0, steps;

	for (steps = f->n; steps >= 2; steps--) {
		int have = 0;

		for (int t = 0; t < s->tracks; t++)
			have += f->length[t] >= steps;
		if ((double)have >= least && have >= 2)
			break;
	}
	for (int t = 0; steps >= 2 && t < s->tracks; t++) {
		if (f->length[t] < steps)
			continue;
		memmove(s->fact[kept], s->fact[t], sizeof(s->fact[t]));
		memmove(s->entity[kept++], s->entity[t], sizeof(s->entity[t]));
	}
	s->tracks = kept;
	s->steps = steps;
}

int
sequence_find(const struct judging *j, int64_t ns, int64_t fact,
	struct sequence *ret)
{
	double least = j->settings->rules[CURATION_procedure].uses;
	struct sequences_finding f = {.j = j, .ns = ns};
	bool known = false;
	int rc = read_leader(&f, fact);

	ret->tracks = 0;
	if (rc != 1)
		return rc;
	rc = sequences_is_known(j, fact, &known);
	if (rc || known)
		return rc;
	f.first[0] = f.steps[0];
	f.length[0] = f.n;
	f.found.tracks = 1;
	for (int i = 0; i < f.n; i++) {
		f.found.fact[0][i] = f.steps[i].fact;
		f.found.entity[0][i] = f.steps[i].entity;
	}
	rc = search_tracks(&f);
	/* Where the step before comes again as well, it is the first one. */
	if (rc || f.is_led || (double)(f.begins_earlier + 1) >= least)
		return rc;
	keep_longest(&f, least);
	*ret = f.found;
	return 0;
}

/* --- writing -------------------------------------------------------------- */
/* The first words of the first step. */
static int
sequences_name_of(struct write *w, const char *text, struct buf *out,
	struct err *e)
{
	size_t n = 0;

	for (int i = 0; i < NAME_WORDS && text[n] != '\0'; i++) {
		n += strspn(text + n, " \t\n");
		n += strcspn(text + n, " \t\n");
	}
	return made_name(w, text, n, PROCEDURE, out, e);
}

static int
sequences_write_step(struct write *w, const struct sequence *s, int step,
	int64_t entity, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int64_t sources[SEQUENCE_TRACKS];
	int rc = buf_addf(&text, "%d. ", step + 1);

	if (rc < 0)
		return err_nomem(e);
	rc = fact_get(w->st, s->fact[0][step], sequences_text_of, &text, e);
	if (rc < 0 || !buf_str(&text))
		return rc < 0 && rc != MDB_E_NOMEM ? rc : err_nomem(e);
	for (int t = 0; t < s->tracks; t++)
		sources[t] = s->fact[t][step];
	return made_text(w, entity, text.data, text.len, sources, s->tracks, e);
}

static int
sequences_relate_all(struct write *w, const struct sequence *s, int64_t entity,
	struct err *e)
{
	const int64_t *all = &s->entity[0][0];
	int n = s->tracks * SEQUENCE_STEPS, rc = 0;

	for (int i = 0; i < n; i++) {
		bool is_first = i % SEQUENCE_STEPS < s->steps;

		for (int k = 0; is_first && k < i; k++)
			is_first = k % SEQUENCE_STEPS >= s->steps ||
				   all[k] != all[i];
		if (is_first)
			rc = made_relate(w, entity, all[i], e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
sequence_write(struct write *w, const struct sequence *s, int64_t *ret_entity,
	struct err *e)
{
	struct fact defaults = write_fact(0, FACT_EXISTENCE);
	AUTO_BUF struct buf text = {0}, name = {0};
	int rc = fact_get(w->st, s->fact[0][0], sequences_text_of, &text, e);

	defaults.method = METHOD_AUTO;
	if (rc < 0 || !buf_str(&text))
		return rc < 0 && rc != MDB_E_NOMEM ? rc : err_nomem(e);
	rc = sequences_name_of(w, text.data, &name, e);
	if (rc)
		return rc;
	rc = write_entity_new(w, name.data, PROCEDURE, &defaults, ret_entity,
		e);
	if (rc)
		return rc;
	rc = write_attr(w, *ret_entity, ATTR_TIER, 3, e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < s->steps; i++) {
		rc = sequences_write_step(w, s, i, *ret_entity, e);
		if (rc != 0)
			return rc;
	}
	rc = sequences_relate_all(w, s, *ret_entity, e);
	if (rc != 0)
		return rc;
	return write_note(w, name.data, e);
}
