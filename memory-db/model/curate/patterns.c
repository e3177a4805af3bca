/* What comes again and again in a memory; patterns.h says what counts as an
 * action and a sequence.
 *
 * One walk over the newest changes of the namespace collects the actions of
 * each session in their order. A sequence is two to four neighbours. All
 * sequences are written down as hashes and sorted, the longest first, so that
 * equal ones lie side by side and one pass counts them; comparing each with
 * each would take the square of the time.
 *
 *   session 1   build, test, deploy    build+test+deploy, build+test,
 *   session 2   build, test, deploy    test+deploy: two sessions each
 *
 * A sequence whose actions all lie within longer ones that were told is not
 * told again: of the three above only the first is. */
#include "memory-db/model/curate/patterns.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "common/vec.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/log.h"

#define CHANGES_MOST 5000
#define ACTIONS_MOST 20000
#define SHOWN	     100 /* bytes of an action that are told */
#define SEQUENCE     4	 /* actions of one */

struct action {
	int64_t session, fact;
	uint64_t hash;
	char text[SHOWN + 1];
};
struct gram {
	uint64_t hash;
	int64_t session;
	size_t first; /* action */
	int n;
};
struct patterns_walk {
	struct store *st;
	const struct patterns_request *q;
	json_t *types, *tags, *days; /* value -> count; owned */
	struct action *actions;	     /* owned */
	size_t n, cap;
	int64_t changes, session; /* session of the change at hand */
	bool partial;
	struct err *e;
};

static int
patterns_count(json_t *of, const char *key, struct err *e)
{
	json_int_t n = json_integer_value(json_object_get(of, key));

	return jx_set(of, key, json_integer(n + 1)) != 0 ? err_nomem(e) : 0;
}

/* --- the walk ------------------------------------------------------------- */
static uint64_t
mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * UINT64_C(0x100000001b3);
}

/* A hash of the words of a text, without numbers and stop words. 0: no word
 * is left. */
static int
action_hash(const char *s, size_t n, uint64_t *ret, struct err *e)
{
	AUTO_BUF struct buf tokens = {0};
	uint64_t h = 0;

	if (text_tokens(s, n, "english", &tokens) != 0 || !buf_str(&tokens))
		return err_nomem(e);
	for (const char *p = tokens.data; *p != '\0'; p += strspn(p, " ")) {
		size_t k = strcspn(p, " ");
		bool keeps = k > 1 && !text_is_stop(p, k);

		for (size_t i = 0; keeps && i < k; i++)
			keeps = !isdigit((unsigned char)p[i]);
		for (size_t i = 0; keeps && i < k; i++)
			h = mix(h ? h : UINT64_C(0xcbf29ce484222325),
				(unsigned char)p[i]);
		if (keeps)
			h = mix(h, ' ');
		p += k;
	}
	*ret = h;
	return 0;
}

static int
add_action(struct patterns_walk *w, const struct fact *f)
{
	size_t n = f->text_n < 400 ? f->text_n : text_cut(f->text, 400);
	struct action *a;
	uint64_t hash;
	int rc = action_hash(f->text, n, &hash, w->e);

	if (rc != 0 || hash == 0 || w->session == 0 || w->n >= ACTIONS_MOST)
		return rc;
	if (vec_room(w->actions, w->n, w->cap) != 0)
		return err_nomem(w->e);
	a = &w->actions[w->n++];
	*a = (struct action){.session = w->session,
		.fact = f->id,
		.hash = hash};
	n = f->text_n <= SHOWN ? f->text_n : text_cut(f->text, SHOWN);
	memcpy(a->text, f->text, n);
	return 0;
}

static int
patterns_add_label(struct patterns_walk *w, json_t *of, int64_t label)
{
	AUTO_BUF struct buf text = {0};
	int rc = label_text(w->st, label, &text, w->e);

	if (rc != 1)
		return rc;
	return !buf_str(&text) ? err_nomem(w->e)
			       : patterns_count(of, text.data, w->e);
}

static int
patterns_look_at(void *ctx, const struct fact *f)
{
	struct patterns_walk *w = ctx;

	if (f->erased)
		return 0;
	if (f->kind == FACT_EXISTENCE)
		return patterns_add_label(w, w->types, f->label);
	if (f->kind == FACT_TAG)
		return patterns_add_label(w, w->tags, f->label);
	return f->kind == FACT_OBSERVATION ? add_action(w, f) : 0;
}

static int
look_at_op(void *ctx, const struct log_op *op)
{
	struct patterns_walk *w = ctx;
	struct recall_row row;
	int rc;

	if (op->what != OP_SHOW)
		return 0;
	rc = recall_head(w->st, op->fact, &row, w->e);
	if (rc == 1)
		rc = fact_get(w->st, op->fact, patterns_look_at, w, w->e);
	return rc < 0 ? rc : 0;
}

static int
look_at_change(void *ctx, const struct log_change *c)
{
	struct patterns_walk *w = ctx;
	char day[CLOCK_TEXT_SIZE];

	if (c->at > w->q->until || c->id > w->q->scope->change)
		return 0;
	if (c->at < w->q->since)
		return 1;
	if (w->changes >= CHANGES_MOST ||
		(w->q->deadline_ns != 0 &&
			clock_mono_ns() > w->q->deadline_ns)) {
		w->partial = true;
		return 1;
	}
	w->changes++;
	w->session = c->session;
	clock_format(c->at, day);
	day[10] = '\0';
	if (patterns_count(w->days, day, w->e) != 0)
		return MDB_E_NOMEM;
	return log_ops(w->st, c->id, 0, 0, look_at_op, w, w->e);
}

/* --- sequences ------------------------------------------------------------ */
static int
by_session(const void *a, const void *b)
{
	const struct action *x = a, *y = b;

	return x->session != y->session
		       ? (x->session > y->session) - (x->session < y->session)
		       : (x->fact > y->fact) - (x->fact < y->fact);
}

static int
patterns_by_hash(const void *a, const void *b)
{
	const struct gram *x = a, *y = b;

	if (x->n != y->n)
		return y->n - x->n; /* the longest first */
	if (x->hash != y->hash)
		return x->hash > y->hash ? 1 : -1;
	return (x->session > y->session) - (x->session < y->session);
}

static size_t
make_grams(const struct patterns_walk *w, struct gram *v)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		uint64_t h = w->actions[i].hash;

		for (size_t k = 1;
			k < SEQUENCE && i + k < w->n &&
			w->actions[i + k].session == w->actions[i].session;
			k++) {
			h = mix(h * 31, w->actions[i + k].hash);
			v[n++] = (struct gram){h, w->actions[i].session, i,
				(int)k + 1};
		}
	}
	return n;
}

static int
add_sequence(struct patterns_walk *w, const struct gram *g, int64_t sessions,
	json_t *rows)
{
	AUTO_JSON json_t *steps = json_array();
	AUTO_BUF struct buf text = {0};
	json_t *row;
	int bad = steps ? 0 : -1;

	for (int i = 0; !bad && i < g->n; i++) {
		const char *s = w->actions[g->first + (size_t)i].text;

		bad |= jx_add(steps, member_text(s, strlen(s)));
		bad |= buf_addf(&text, "%s%s", i > 0 ? " -> " : "", s);
	}
	row = bad || !buf_str(&text)
		      ? NULL
		      : json_pack("{s:s,s:o,s:I,s:O}", "kind", "sequence",
				"value", member_text(text.data, text.len),
				"count", (json_int_t)sessions, "steps", steps);
	return !row || jx_add(rows, row) != 0 ? err_nomem(w->e) : 0;
}

/* Is it a part of a longer one that was told? */
static void
cover(const struct patterns_walk *w, bool *covered, const struct gram *g)
{
	(void)w;
	for (int i = 0; i < g->n; i++)
		covered[g->first + (size_t)i] = true;
}

static bool
is_covered(const bool *covered, const struct gram *g)
{
	for (int i = 0; i < g->n; i++)
		if (!covered[g->first + (size_t)i])
			return false;
	return true;
}

static int
find_sequences(struct patterns_walk *w, json_t *rows)
{
	AUTO_FREE struct gram *v =
		calloc(w->n * (SEQUENCE - 1) + 1, sizeof(*v));
	AUTO_FREE bool *covered = calloc(w->n + 1, sizeof(*covered));
	size_t n;
	int rc = 0;

	if (!v || !covered)
		return err_nomem(w->e);
	if (w->n > 0)
		qsort(w->actions, w->n, sizeof(*w->actions), by_session);
	n = make_grams(w, v);
	qsort(v, n, sizeof(*v), patterns_by_hash);
	for (size_t i = 0, k; i < n; i = k) {
		int64_t sessions = 1;

		for (k = i + 1;
			k < n && v[k].hash == v[i].hash && v[k].n == v[i].n;
			k++)
			sessions += v[k].session != v[k - 1].session;
		if (sessions < w->q->least || is_covered(covered, &v[i]))
			continue;
		for (size_t m = i; m < k; m++)
			cover(w, covered, &v[m]);
		rc = add_sequence(w, &v[i], sessions, rows);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- the answer ----------------------------------------------------------- */
static int
patterns_most_first(const void *a, const void *b)
{
	json_int_t x = json_integer_value(
		json_object_get(*(json_t *const *)a, "count"));
	json_int_t y = json_integer_value(
		json_object_get(*(json_t *const *)b, "count"));

	return x != y ? (x < y) - (x > y)
		      : strcmp(json_string_value(
				       json_object_get(*(json_t *const *)a,
					       "value")),
				json_string_value(
					json_object_get(*(json_t *const *)b,
						"value")));
}

static int
patterns_add_counts(struct patterns_walk *w, const char *kind, const json_t *of,
	json_t *rows)
{
	const json_t *n;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)of, key, n)
		if (json_integer_value(n) >= w->q->least &&
			jx_add(rows, json_pack("{s:s,s:s,s:O}", "kind", kind,
					     "value", key, "count", n)) != 0)
			return err_nomem(w->e);
	return 0;
}

static int
patterns_sorted(struct patterns_walk *w, json_t *rows, json_t *all)
{
	size_t n = json_array_size(rows);
	AUTO_FREE json_t **v = calloc(n + 1, sizeof(json_t *));

	if (!v)
		return err_nomem(w->e);
	for (size_t i = 0; i < n; i++)
		v[i] = json_array_get(rows, i);
	qsort(v, n, sizeof(*v), patterns_most_first);
	for (size_t i = 0; i < n; i++)
		if (jx_add(all, json_incref(v[i])) != 0)
			return err_nomem(w->e);
	return 0;
}

static int
patterns_answer(struct patterns_walk *w, json_t **ret)
{
	AUTO_JSON json_t *all = json_array(), *sequences = json_array();
	AUTO_JSON json_t *counts = json_array();
	int rc = all && sequences && counts ? find_sequences(w, sequences)
					    : err_nomem(w->e);

	if (rc)
		return rc;
	rc = patterns_add_counts(w, "type", w->types, counts);
	if (rc)
		return rc;
	rc = patterns_add_counts(w, "tag", w->tags, counts);
	if (rc)
		return rc;
	rc = patterns_add_counts(w, "day", w->days, counts);
	if (rc)
		return rc;
	rc = patterns_sorted(w, sequences, all);
	if (rc)
		return rc;
	rc = patterns_sorted(w, counts, all);
	if (rc)
		return rc;
	*ret = json_incref(all);
	return 0;
}

int
patterns_find(struct store *st, const struct patterns_request *request,
	json_t **ret, int64_t *ret_changes, bool *ret_partial, struct err *e)
{
	AUTO_JSON json_t *types = json_object(), *tags = json_object();
	AUTO_JSON json_t *days = json_object();
	struct patterns_walk w = {.st = st,
		.q = request,
		.types = types,
		.tags = tags,
		.days = days,
		.e = e};
	int rc = types && tags && days ? 0 : err_nomem(e);

	if (rc == 0 && request->scope->ns[0] != 0)
		rc = log_newest(st, request->scope->ns[0], 0, INT64_MAX,
			look_at_change, &w, e);
	if (rc >= 0)
		rc = patterns_answer(&w, ret);
	free(w.actions);
	*ret_changes = w.changes;
	*ret_partial = w.partial;
	return rc;
}
