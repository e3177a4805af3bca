/* The text indexes: a queue filled while a group runs, emptied once before its
 * COMMIT.
 *
 * An entry is "this fact opens" or "this fact closes". A fact may do both in a
 * group, several times; what counts for ft_live is whether it was open before
 * the group (its first entry closes it) and is open after it (its last entry
 * opens it). Each closing has a row in `past` and its text in ft_past. */
#include "memory-db/store/index/text_index.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/vec.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/terms_wait.h"
#include "memory-db/store/index/text_sql.h"
#include "memory-db/store/index/text_wait.h"

/* Namespaces whose stemmer is remembered. */
#define STEMS 8
/* Arena kept between groups. */
#define ARENA_KEEP (1024 * 1024)
/* What a group may bring into the indexes, or take out, at once: bytes of all
 * texts, of one text, words that were never seen (7 us each, with trigrams).
 * Some 50 ms of the writer at most; the rest waits (text_wait.h). */
#define NOW_BYTES      (256 * 1024)
#define NOW_TEXT_BYTES (16 * 1024)
#define NOW_TERMS      2000

struct text_index_entry {
	int64_t fact;
	bool closes;
	int64_t past;		   /* row of its closing; 0: it never held */
	int64_t branch;		   /* not 0: shown by this branch, */
	int64_t row;		   /* with this row of branch_text */
	size_t at, name_n, body_n; /* name, then body, in the arena */
	size_t seq;		   /* place in the queue */
	bool waits;		   /* what it says is done later */
};
struct text_queue {
	struct text_index_entry *entries;
	size_t n, cap;
	struct buf arena;	 /* raw texts */
	struct text_parts parts; /* tokens of the entry under way */
	size_t savepoint;	 /* n at the last one */
	bool all_now;		 /* nothing waits: the index is written anew */
	struct {
		int64_t ns;
		char stem[NAMESPACE_STEM_SIZE];
	} stems[STEMS];
};

static int
text_queue_connect(struct store *st, struct err *e)
{
	if (st->role == STORE_READER)
		return 0;
	st->index_now.bytes = NOW_BYTES;
	st->index_now.text_bytes = NOW_TEXT_BYTES;
	st->index_now.terms = NOW_TERMS;
	st->queue = calloc(1, sizeof(*st->queue));
	st->wait_parts = calloc(1, sizeof(*st->wait_parts));
	if (!st->queue || !st->wait_parts)
		return err_nomem(e);
	return text_terms_new(st, e);
}

static void
text_queue_close(struct store *st)
{
	struct text_queue *q = st->queue;

	text_terms_free(st);
	if (st->wait_parts)
		text_wait_free(st);
	free(st->wait_parts);
	st->wait_parts = NULL;
	if (!q)
		return;
	free(q->entries);
	buf_done(&q->arena);
	text_parts_done(&q->parts);
	free(q);
	st->queue = NULL;
}

static void
text_queue_savepoint(struct store *st)
{
	/* A group goes on or begins: the one before has committed. */
	st->terms_learnt = false;
	st->queue->savepoint = st->queue->n;
}

static void
text_queue_undone(struct store *st)
{
	struct text_queue *q = st->queue;

	/* Words learnt by a flush whose COMMIT failed. */
	if (st->terms_learnt) {
		text_terms_clear(st);
		terms_wait_undone(st);
		st->terms_learnt = false;
	}
	if (q->savepoint >= q->n)
		return;
	q->n = q->savepoint;
	q->arena.len = q->entries[q->n].at;
}

static void
text_queue_rolled_back(struct store *st)
{
	if (!st->queue)
		return;
	st->queue->savepoint = 0;
	/* An early flush may have learnt some, requests ago. */
	st->terms_learnt = true;
	text_queue_undone(st);
}

static int
enqueue(struct store *st, const struct text_index_entry *new, const char *name,
	const char *body, struct err *e)
{
	struct text_queue *q = st->queue;
	size_t before = q->arena.len;

	if (vec_room(q->entries, q->n, q->cap) != 0)
		return err_nomem(e);
	if ((new->name_n &&buf_add(&q->arena, name, new->name_n) < 0) ||
		(new->body_n &&buf_add(&q->arena, body, new->body_n) < 0)) {
		q->arena.len = before;
		return err_nomem(e);
	}
	q->entries[q->n] = *new;
	q->entries[q->n].at = before;
	q->entries[q->n].seq = q->n;
	q->n++;
	return 0;
}

int
text_opens(struct store *st, int64_t fact, const char *name, size_t name_n,
	const char *body, size_t body_n, struct err *e)
{
	struct text_index_entry new = {.fact = fact,
		.name_n = name_n,
		.body_n = body_n};

	return enqueue(st, &new, name, body, e);
}

int
text_closes(struct store *st, int64_t fact, int64_t past, const char *name,
	size_t name_n, const char *body, size_t body_n, struct err *e)
{
	struct text_index_entry new = {.fact = fact,
		.closes = true,
		.past = past,
		.name_n = name_n,
		.body_n = body_n};

	return enqueue(st, &new, name, body, e);
}

int
text_branch_shows(struct store *st, int64_t branch, int64_t fact,
	const char *name, size_t name_n, const char *body, size_t body_n,
	struct err *e)
{
	struct text_index_entry new = {.fact = fact,
		.branch = branch,
		.name_n = name_n,
		.body_n = body_n};
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT, TEXT_BRANCH_ROW);
	int rc;

	bind_i(s, 1, fact);
	bind_i(s, 2, branch);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc; /* 0: it is there already */
	new.row = sqlite3_column_int64(s, 0);
	rc = stmt_row(st, s, e);
	if (rc != 0)
		return rc;
	return enqueue(st, &new, name, body, e);
}

int
text_queue_branch(struct store *st, int64_t row, int64_t branch, int64_t fact,
	const struct text_indexed *text, struct err *e)
{
	struct text_index_entry new = {.fact = fact,
		.branch = branch,
		.row = row,
		.name_n = text->name.len,
		.body_n = text->body.len};

	return enqueue(st, &new, text->name.data, text->body.data, e);
}

/* --- emptying the queue --------------------------------------------------- */

static int
stem_of(struct store *st, int64_t ns, const char **ret, struct err *e)
{
	struct text_queue *q = st->queue;
	size_t slot = (size_t)ns % STEMS;
	int rc;

	*ret = q->stems[slot].stem;
	if (q->stems[slot].ns == ns)
		return 0;
	q->stems[slot].ns = 0;
	rc = namespace_stem(st, ns, q->stems[slot].stem, e);
	if (rc != 0)
		return rc;
	q->stems[slot].ns = ns;
	return 0;
}

static int
make_parts(struct store *st, const struct text_index_entry *x, struct err *e)
{
	struct text_queue *q = st->queue;
	const char *text = q->arena.data + x->at, *stem;
	int rc;

	assert(x->at + x->name_n + x->body_n <= q->arena.len);
	rc = stem_of(st, fact_namespace(x->fact), &stem, e);

	return rc < 0 ? rc
		      : text_parts_make(&q->parts, x->fact, stem, text,
				x->name_n, text + x->name_n, x->body_n, e);
}

/* A row is to be in its index, or out of it: at once, unless it waits. */
static int
set_row(struct store *st, enum text_ix ix, int64_t row,
	const struct text_index_entry *x, bool in, struct err *e)
{
	struct text_row at = {ix, row, x->fact, x->branch,
		(int64_t)(x->name_n + x->body_n)};
	const struct text_parts *parts = &st->queue->parts;
	int rc = in ? text_wait_in(st, &at, x->waits, e)
		    : text_wait_out(st, &at, x->waits, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = make_parts(st, x, e);
	if (rc < 0)
		return rc;
	return in ? text_parts_put(st, ix, row, x->branch, parts, 0, parts->n,
			    e)
		  : text_parts_take(st, ix, row, x->branch, parts, 0, parts->n,
			    e);
}

static int
text_index_by_fact(const void *a, const void *b)
{
	const struct text_index_entry *x = a, *y = b;

	if ((x->branch != 0) != (y->branch != 0)) /* branches behind main */
		return x->branch != 0 ? 1 : -1;
	if (x->fact != y->fact)
		return x->fact < y->fact ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static int
by_past(const void *a, const void *b)
{
	const struct text_index_entry *x = a, *y = b;

	return x->past < y->past ? -1 : x->past > y->past;
}

static int
by_row(const void *a, const void *b)
{
	const struct text_index_entry *x = a, *y = b;

	return x->row < y->row ? -1 : x->row > y->row;
}

/* One pass over the entries sorted by fact: out for facts that were open and are
 * not, in for the reverse. */
static int
flush_live(struct store *st, bool in, struct err *e)
{
	struct text_queue *q = st->queue;
	size_t first, last;

	for (first = 0; first < q->n; first = last + 1) {
		const struct text_index_entry *x = &q->entries[first];
		bool was_open = x->closes, is_open;
		int rc;

		if (x->branch != 0)
			break;
		for (last = first; last + 1 < q->n &&
				   q->entries[last + 1].fact == x->fact &&
				   q->entries[last + 1].branch == 0;
			last++)
			;
		is_open = !q->entries[last].closes;
		if (was_open == is_open || was_open == in)
			continue;
		rc = set_row(st, TEXT_IX_LIVE, x->fact, x, in, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
flush_past(struct store *st, struct err *e)
{
	struct text_queue *q = st->queue;

	qsort(q->entries, q->n, sizeof(*q->entries), by_past);
	for (size_t i = 0; i < q->n; i++) {
		const struct text_index_entry *x = &q->entries[i];
		int rc;

		if (x->past == 0)
			continue;
		rc = set_row(st, TEXT_IX_PAST, x->past, x, true, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
flush_branch(struct store *st, struct err *e)
{
	struct text_queue *q = st->queue;
	int rc = 0;

	qsort(q->entries, q->n, sizeof(*q->entries), by_row);
	for (size_t i = 0; i < q->n; i++) {
		if (q->entries[i].branch != 0)
			rc = set_row(st, TEXT_IX_BRANCH, q->entries[i].row,
				&q->entries[i], true, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* What the group may still do at once. */
struct budget {
	int64_t bytes, terms_until;
};

/* Once something does not fit, all behind it waits: what closes a fact never
 * comes before what opens it. A fact that waits goes on waiting. */
static int
let_wait(struct store *st, struct budget *b, struct text_index_entry *x,
	struct err *e)
{
	int64_t bytes = (int64_t)(x->name_n + x->body_n);
	int rc;

	b->bytes -= bytes;
	if (bytes > st->index_now.text_bytes || st->terms_new >= b->terms_until)
		b->bytes = -1;
	x->waits = b->bytes < 0;
	if (x->waits)
		return 0;
	rc = text_waits_of(st, x->fact, e);
	x->waits = rc == 1;
	return rc < 0 ? rc : 0;
}

static int
learn_words(struct store *st, struct err *e)
{
	struct text_queue *q = st->queue;
	struct budget b = {st->index_now.bytes,
		st->terms_new + st->index_now.terms};
	int rc = 0;

	for (size_t i = 0; i < q->n; i++) {
		struct text_index_entry *x = &q->entries[i];
		const char *text = q->arena.data + x->at;

		if (!q->all_now)
			rc = let_wait(st, &b, x, e);
		if (rc != 0)
			return rc;
		/* Name and body apart: one must not run into the other. */
		if (x->waits || x->closes)
			continue;
		rc = text_terms_learn(st, text, x->name_n, e);
		if (rc != 0)
			return rc;
		rc = text_terms_learn(st, text + x->name_n, x->body_n, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
text_queue_write(struct store *st, struct err *e)
{
	struct text_queue *q = st->queue;
	int rc = learn_words(st, e);

	if (rc != 0)
		return rc;
	rc = terms_wait_flush(st, e);
	if (rc != 0)
		return rc;
	qsort(q->entries, q->n, sizeof(*q->entries), text_index_by_fact);
	rc = flush_live(st, false, e);
	if (rc != 0)
		return rc;
	rc = flush_live(st, true, e);
	if (rc != 0)
		return rc;
	rc = flush_past(st, e);
	if (rc != 0)
		return rc;
	return flush_branch(st, e);
}

int
text_queue_flush(struct store *st, struct err *e)
{
	struct text_queue *q = st->queue;
	int rc;

	if (q->n == 0)
		return 0;
	/* An empty arena (only empty texts) still needs a base. */
	if (buf_reserve(&q->arena, 1) < 0)
		return err_nomem(e);
	rc = text_queue_write(st, e);
	/* On failure the group is aborted: the entries go all the same. */
	q->n = 0;
	buf_clear(&q->arena, ARENA_KEEP);
	return rc;
}

int
text_queue_flush_all(struct store *st, struct err *e)
{
	int rc;

	st->queue->all_now = true;
	rc = text_queue_flush(st, e);
	st->queue->all_now = false;
	return rc;
}

int
text_queue_flush_early(struct store *st, struct err *e)
{
	st->savepoint_is_group = st->queue->savepoint > 0;
	return text_queue_flush(st, e);
}

const struct participant text_queue_participant = {
	.name = "text_queue",
	.connect = text_queue_connect,
	.close = text_queue_close,
	.savepoint = text_queue_savepoint,
	.undone = text_queue_undone,
	.flush = text_queue_flush,
	.rolled_back = text_queue_rolled_back,
};
