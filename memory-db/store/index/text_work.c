/* Slices of the index work that waits; text_wait.h has the idea. A row of
 * text_wait says how many words were learnt and how many parts are in the
 * index. A slice moves that on, a stretch of text or one part at a time, and
 * stops when its time is over; the row is written in the same transaction, so
 * a crash costs the slice. */
#include "memory-db/store/index/text_wait.h"

#include "common/clock.h"
#include "memory-db/store/index/erase_words.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/search_wait.h"
#include "memory-db/store/index/text_parts.h"
#include "memory-db/store/index/terms_wait.h"
#include "memory-db/store/index/text_sql.h"

/* Bytes of text between looks at the clock while its words are learnt: at most
 * some 600 words. */
#define LEARN_BYTES 4096

enum { FIRST, MOVE, GONE_TEXT, GONE_FIRST, GONE_MOVE, GONE_DROP };

static const struct stmt_def defs[] = {
	[FIRST] = {"SELECT fact, ix, row, branch, goal, parts, words, size"
		   " FROM text_wait ORDER BY fact, ix, row LIMIT 1",
		0, STMT_WRITER},
	[MOVE] = {"UPDATE text_wait SET parts = ?4, words = ?5"
		  " WHERE fact = ?1 AND ix = ?2 AND row = ?3",
		5, STMT_WRITER},
	[GONE_TEXT] = {"SELECT name, body FROM text_gone WHERE fact = ?1", 1,
		0},
	[GONE_FIRST] = {"SELECT fact, words FROM text_gone ORDER BY fact"
			" LIMIT 1",
		0, STMT_WRITER},
	[GONE_MOVE] = {"UPDATE text_gone SET words = ?2 WHERE fact = ?1", 2,
		STMT_WRITER},
	[GONE_DROP] = {"DELETE FROM text_gone WHERE fact = ?1", 1, STMT_WRITER},
};
const struct stmt_module text_work_module = {"text_work", defs,
	ARRAY_LEN(defs)};

void
text_wait_free(struct store *st)
{
	text_parts_done(st->wait_parts);
	erase_words_free(st);
}

int
text_wait_text(struct store *st, int64_t fact, struct text_indexed *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WORK, GONE_TEXT);
	int rc;

	bind_i(s, 1, fact);
	rc = stmt_row(st, s, e);
	if (rc == 0)
		return text_indexed_of(st, fact, ret, e);
	if (rc < 0)
		return rc;
	ret->name.len = ret->body.len = 0;
	if (buf_add(&ret->name, sqlite3_column_text(s, 0),
		    (size_t)sqlite3_column_bytes(s, 0)) < 0 ||
		buf_add(&ret->body, sqlite3_column_text(s, 1),
			(size_t)sqlite3_column_bytes(s, 1)) < 0)
		return err_nomem(e);
	return 0;
}

/* Where the stretch of a text that begins at `at` ends. A byte of ASCII that is
 * no letter and no digit separates words whatever stands around it. */
static size_t
stretch_end(const struct buf *text, size_t at)
{
	size_t end = at + LEARN_BYTES;

	for (; end < text->len; end++) {
		unsigned char c = (unsigned char)text->data[end];

		if (c < 0x80 && !(c >= '0' && c <= '9') &&
			!((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return end;
	}
	return text->len;
}

/* What text_wait says of a row. */
struct text_work_state {
	int64_t goal, parts, words, size;
};

struct text_work_progress {
	struct store *st;
	int64_t until_ns;
	bool is_begun; /* a piece of work is done: time counts */
	struct text_indexed text;
	int64_t text_of; /* fact */
	struct err *e;
};

static bool
text_work_is_late(struct text_work_progress *p)
{
	bool late = p->is_begun && clock_mono_ns() >= p->until_ns;

	p->is_begun = true;
	return late;
}

static int
need_text(struct text_work_progress *p, int64_t fact)
{
	int rc = 0;

	if (p->text_of != fact)
		rc = text_wait_text(p->st, fact, &p->text, p->e);
	p->text_of = rc == 0 ? fact : 0;
	return rc;
}

/* The time of the slice is over. */
#define PASS_LATE 1

/* What is left of one of the texts, which begins at `before`. */
static int
pass_text(struct text_work_progress *p, const struct buf *text, int64_t before,
	int64_t *at,
	int (*fn)(struct store *st, const char *s, size_t n, struct err *e))
{
	while (*at >= before && *at < before + (int64_t)text->len) {
		size_t from = (size_t)(*at - before), end;
		int rc;

		if (text_work_is_late(p))
			return PASS_LATE;
		end = stretch_end(text, from);
		rc = fn(p->st, text->data + from, end - from, p->e);
		if (rc != 0)
			return rc;
		*at = before + (int64_t)end;
	}
	return 0;
}

/* Name and body are passed one behind the other; fn gets stretches of them.
 * *at -1: all is passed. */
static int
pass_words(struct text_work_progress *p, int64_t *at,
	int (*fn)(struct store *st, const char *s, size_t n, struct err *e))
{
	const struct buf *text[] = {&p->text.name, &p->text.body};
	int64_t before = 0;
	for (int i = 0; *at >= 0 && i < 2; i++) {
		int rc = pass_text(p, text[i], before, at, fn);

		if (rc != 0)
			return rc == PASS_LATE ? 0 : rc;
		before += (int64_t)text[i]->len;
	}
	*at = -1;
	return 0;
}

/* Stretch by stretch: so few words go into the vocabulary at once that the
 * clock is looked at in between. */
static int
learn_stretch(struct store *st, const char *s, size_t n, struct err *e)
{
	int rc = text_terms_learn(st, s, n, e);

	if (rc != 0)
		return rc;
	return terms_wait_flush(st, e);
}

static int
need_parts(struct text_work_progress *p, int64_t fact)
{
	struct text_parts *parts = p->st->wait_parts;
	char stem[NAMESPACE_STEM_SIZE];
	int rc = 0;

	/* Kept from slice to slice: to make those of 1 MB takes 50 ms. */
	if (parts->fact == fact)
		return 0;
	rc = need_text(p, fact);
	if (rc != 0)
		return rc;
	rc = namespace_stem(p->st, fact_namespace(fact), stem, p->e);
	if (rc < 0)
		return rc;
	return text_parts_make(parts, fact, stem, p->text.name.data,
		p->text.name.len, p->text.body.data, p->text.body.len, p->e);
}

static int
move_parts(struct text_work_progress *p, const struct text_row *row,
	struct text_work_state *s)
{
	const struct text_parts *parts = p->st->wait_parts;
	int rc = need_parts(p, row->fact);

	if (rc < 0)
		return rc;
	if (s->parts < 0)
		s->parts = parts->n;
	if (rc != 0)
		return rc;
	while (s->parts != (s->goal != 0 ? parts->n : 0) &&
		!text_work_is_late(p)) {
		int n = (int)s->parts;

		rc = s->goal != 0 ? text_parts_put(p->st, row->ix, row->row,
					    row->branch, parts, n, n + 1, p->e)
				  : text_parts_take(p->st, row->ix, row->row,
					    row->branch, parts, n - 1, n, p->e);
		if (rc != 0)
			return rc;
		s->parts += s->goal != 0 ? 1 : -1;
	}
	return 0;
}

/* Moves one row on. */
static int
work_row(struct text_work_progress *p, const struct text_row *row,
	struct text_work_state *s)
{
	struct store *st = p->st;
	sqlite3_stmt *m;
	int rc = 0;

	if (s->goal != 0 && s->words >= 0) {
		rc = need_text(p, row->fact);
		if (rc != 0)
			return rc;
		rc = pass_words(p, &s->words, learn_stretch);
	}
	if (rc == 0 && (s->goal == 0 || s->words < 0))
		rc = move_parts(p, row, s);
	if (rc < 0)
		return rc;
	if (s->goal == 0 ? s->parts == 0
			 : s->words < 0 && s->parts == st->wait_parts->n)
		return text_wait_drop(st, row, s->size, p->e);
	m = stmt_use(st, MOD_TEXT_WORK, MOVE);
	bind_i(m, 1, row->fact);
	bind_i(m, 2, (int64_t)row->ix);
	bind_i(m, 3, row->row);
	bind_i(m, 4, s->parts);
	bind_i(m, 5, s->words);
	search_wait_stale(st);
	return stmt_run(st, m, p->e);
}

static int
first_row(struct store *st, struct text_row *row, struct text_work_state *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WORK, FIRST);
	int rc = stmt_row(st, s, e);

	if (rc != 1)
		return rc;
	*row = (struct text_row){.fact = sqlite3_column_int64(s, 0),
		.ix = (enum text_ix)sqlite3_column_int(s, 1),
		.row = sqlite3_column_int64(s, 2),
		.branch = sqlite3_column_int64(s, 3)};
	*ret = (struct text_work_state){sqlite3_column_int64(s, 4),
		sqlite3_column_int64(s, 5), sqlite3_column_int64(s, 6),
		sqlite3_column_int64(s, 7)};
	return 1;
}

/* Words of one erased text, when none of its rows waits. */
static int
work_gone(struct text_work_progress *p, int64_t fact, int64_t words)
{
	sqlite3_stmt *s;
	int rc = need_text(p, fact);

	if (rc != 0)
		return rc;
	rc = pass_words(p, &words, erase_words_of);
	if (rc < 0)
		return rc;
	s = stmt_use(p->st, MOD_TEXT_WORK, words < 0 ? GONE_DROP : GONE_MOVE);
	bind_i(s, 1, fact);
	if (words >= 0)
		bind_i(s, 2, words);
	search_wait_stale(p->st);
	return stmt_run(p->st, s, p->e);
}

static int
first_gone(struct store *st, int64_t *fact, int64_t *words, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WORK, GONE_FIRST);
	int rc = stmt_row(st, s, e);

	if (rc == 1) {
		*fact = sqlite3_column_int64(s, 0);
		*words = sqlite3_column_int64(s, 1);
	}
	return rc;
}

/* Rows first: a word may go only when no text with it is yet to be learnt. */
static int
work_piece(struct text_work_progress *p)
{
	struct text_row row;
	struct text_work_state s;
	int64_t fact, words;
	int rc = first_row(p->st, &row, &s, p->e);

	if (rc == 1) {
		rc = work_row(p, &row, &s);
		return rc < 0 ? rc : 1;
	}
	if (rc < 0)
		return rc;
	rc = first_gone(p->st, &fact, &words, p->e);
	if (rc != 1)
		return rc;
	rc = work_gone(p, fact, words);
	return rc < 0 ? rc : 1;
}

int
text_wait_work(struct store *st, int64_t until_ns, struct err *e)
{
	struct text_work_progress p = {.st = st, .until_ns = until_ns, .e = e};
	int r, done = 0;

	do {
		r = work_piece(&p);
		done |= r == 1;
	} while (r == 1 && !text_work_is_late(&p));
	text_indexed_done(&p.text);
	if (r <= 0) /* all is done, or the group will not commit */
		text_wait_free(st);
	return r < 0 ? r : done;
}
