/* Rows of the text indexes in parts; text_parts.h has the idea. Of a text that
 * goes into several parts each word is kept once: a search asks whether a word
 * is there, not how often.
 *
 *   "a b a c ... "  (400 KB)    distinct words, in parts of PART_BYTES
 *   part 0   the name, and the first words      part 1, 2, ..   the rest */
#include "memory-db/store/index/text_parts.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/text_sql.h"

/* Bytes of tokens in a part: some 10 ms of FTS5, with words never seen. */
#define PART_BYTES (64 * 1024)

void
text_parts_done(struct text_parts *p)
{
	buf_done(&p->name);
	buf_done(&p->body);
	*p = (struct text_parts){0};
}

/* Where the part that begins at `at` ends: before a space, or at the end. */
static size_t
part_end(const struct buf *body, size_t at)
{
	const char *space;

	if (body->len - at <= PART_BYTES)
		return body->len;
	space = memchr(body->data + at + PART_BYTES, ' ',
		body->len - at - PART_BYTES);
	return space != NULL ? (size_t)(space - body->data) : body->len;
}

static int
count_parts(const struct buf *body)
{
	size_t at = 0;
	int n = 1;

	while ((at = part_end(body, at)) < body->len) {
		at++;
		n++;
	}
	return n;
}

/* Keeps the first of equal tokens, in order. */
static int
keep_distinct(struct buf *body)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES] = {0};
	size_t slots = 64, to = 0, end;
	struct text_parts_slot {
		size_t at, n;
	} *set AUTO_FREE = NULL;

	while (slots < body->len) /* a token and its space: two bytes */
		slots *= 2;
	set = calloc(slots, sizeof(*set));
	if (!set)
		return MDB_E_NOMEM;
	for (size_t at = 0; at < body->len; at = end + 1) {
		const char *space =
			memchr(body->data + at, ' ', body->len - at);
		size_t n, i;
		uint64_t hash;

		end = space != NULL ? (size_t)(space - body->data) : body->len;
		n = end - at;
		crypto_shorthash((unsigned char *)&hash,
			(unsigned char *)body->data + at, n, key);
		for (i = hash & (slots - 1); set[i].n > 0;
			i = (i + 1) & (slots - 1))
			if (set[i].n == n && memcmp(body->data + set[i].at,
						     body->data + at, n) == 0)
				break;
		if (n == 0 || set[i].n > 0)
			continue;
		/* What is kept never lies behind what is read. */
		memmove(body->data + to, body->data + at, n);
		set[i] = (struct text_parts_slot){to, n};
		to += n;
		body->data[to++] = ' ';
	}
	body->len = to > 0 ? to - 1 : 0;
	return 0;
}

int
text_parts_make(struct text_parts *ret, int64_t fact, const char *stem,
	const char *name, size_t name_n, const char *body, size_t body_n,
	struct err *e)
{
	ret->fact = 0;
	ret->name.len = ret->body.len = 0;
	if ((name_n > 0 &&
		    text_row_tokens(name, name_n, stem, &ret->name) != 0) ||
		(body_n > 0 &&
			text_row_tokens(body, body_n, stem, &ret->body) != 0))
		return err_nomem(e);
	if (ret->body.len > PART_BYTES && keep_distinct(&ret->body) != 0)
		return err_nomem(e);
	ret->fact = fact;
	ret->n = count_parts(&ret->body);
	return 0;
}

void
text_part_get(const struct text_parts *p, int which, struct text_part *ret)
{
	size_t at = 0, end = part_end(&p->body, 0);

	*ret = (struct text_part){.name = "", .body = ""};
	for (int i = 0; i < which; i++) {
		at = end < p->body.len ? end + 1 : end;
		end = part_end(&p->body, at);
	}
	if (end > at) {
		ret->body = p->body.data + at;
		ret->body_n = end - at;
	}
	if (which == 0 && p->name.len > 0) {
		ret->name = p->name.data;
		ret->name_n = p->name.len;
	}
}

static int
run_part(struct store *st, enum text_statement what, int64_t row,
	int64_t branch, const struct text_parts *p, int which, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_TEXT, (int)what);
	struct text_part part;
	char scope[24];

	text_part_get(p, which, &part);
	/* The first part says which branch: every search asks for it. */
	snprintf(scope, sizeof(scope), "b%lld", (long long)branch);
	if (what == TEXT_BRANCH_INSERT || what == TEXT_BRANCH_DELETE)
		bind_t(s, 4, scope, which == 0 ? strlen(scope) : 0);
	bind_i(s, 1, row);
	bind_t(s, 2, part.name, part.name_n);
	bind_t(s, 3, part.body, part.body_n);
	return stmt_run(st, s, e);
}

int
text_parts_put(struct store *st, enum text_ix ix, int64_t row, int64_t branch,
	const struct text_parts *p, int from, int to, struct err *e)
{
	static const enum text_statement put[] = {TEXT_LIVE_INSERT,
		TEXT_PAST_INSERT, TEXT_BRANCH_INSERT};
	int rc = 0;

	for (int i = from; i < to; i++) {
		rc = run_part(st, put[ix], row, branch, p, i, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
text_parts_take(struct store *st, enum text_ix ix, int64_t row, int64_t branch,
	const struct text_parts *p, int from, int to, struct err *e)
{
	static const enum text_statement take[] = {TEXT_LIVE_DELETE,
		TEXT_PAST_DELETE, TEXT_BRANCH_DELETE};
	int rc = 0;

	for (int i = to; i > from; i--) {
		rc = run_part(st, take[ix], row, branch, p, i - 1, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}
