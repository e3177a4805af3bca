/* Observations that an entity has already, in nearly the same words: looking
 * for them. repeats.h says what becomes of them.
 *
 * For example, Ada has "likes green tea." An agent adds "Likes green tea":
 * equal but for case and punctuation, so nothing is stored and the reply
 * names the fact that is there. It adds "likes green teas": nearly the same,
 * stored and told.
 *
 * The newest texts of the entity are loaded once a request, and only those
 * of a length that could be alike, so that an entity with thousands of facts
 * costs no more than one with some hundred. */
#include "memory-db/model/write/repeats.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/vec.h"

/* What is looked at in one write is bounded: a list of ten thousand is stored
 * like any other, and its end is no longer compared. */
static bool
is_spent(struct write *w)
{
	return w->looks >= LIMIT_ALIKE_LOOKS;
}

static const json_t *
repeats_text_of(const json_t *item)
{
	return json_is_object(item) ? json_object_get(item, "text") : item;
}

static size_t
repeats_bytes_of(const json_t *item)
{
	return json_string_length(repeats_text_of(item));
}

void
repeats_done(struct repeats *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->v[i].text);
	free(x->v);
	x->v = NULL;
	x->n = 0;
}

static size_t
most_of(const struct write *w)
{
	return w->ctx->is_agent && !w->ctx->in_script
		       ? LIMIT_ALIKE_FACTS
		       : LIMIT_ALIKE_FACTS_PROGRAM;
}

static int
repeats_keep(struct repeats *x, int64_t fact, const char *text, size_t n,
	struct err *e)
{
	struct repeats_text read;
	struct near_text *t;

	if (vec_room(x->v, x->n, x->cap) != 0)
		return err_nomem(e);
	if (repeats_read(text, n, &read) != 0)
		return err_nomem(e);
	t = &x->v[x->n];
	*t = (struct near_text){.fact = fact, .n = n, .text = malloc(n + 1)};
	if (!t->text)
		return err_nomem(e);
	memcpy(t->text, text, n);
	repeats_sketch(&read, &t->sketch);
	x->n++;
	return 0;
}

struct repeats_loading {
	struct repeats *x;
	struct err *e;
};

static int
repeats_load_one(void *ctx, const struct fact *f)
{
	struct repeats_loading *l = ctx;

	l->x->w->looks++;
	return repeats_keep(l->x, f->id, f->text, f->text_n, l->e);
}

/* Facts that a text of low to high bytes can be like. */
static int
repeats_load(struct repeats *x, size_t low, size_t high, struct err *e)
{
	struct repeats_loading l = {x, e};
	int rc = fact_each_newest(x->w->st, x->entity, (int64_t)(low * 2 / 3),
		(int64_t)(high * 3 / 2 + 8), (int64_t)most_of(x->w),
		repeats_load_one, &l, e);

	for (size_t i = 0, k = x->n; i + 1 < k; i++, k--) {
		struct near_text t = x->v[i];

		x->v[i] = x->v[k - 1];
		x->v[k - 1] = t;
	}
	return rc;
}

int
repeats_begin(struct repeats *x, struct write *w, int64_t entity, bool fresh,
	const json_t *list, struct err *e)
{
	size_t low = LIMIT_ALIKE_BYTES, high = 0, i;
	const json_t *item;

	*x = (struct repeats){.w = w, .entity = entity, .is_bare = fresh};
	x->is_on = w->watch &&
		   !(fresh && (json_array_size(list) < 2 || !w->ctx->is_agent));
	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		size_t n = repeats_bytes_of(item);

		if (n > LIMIT_ALIKE_BYTES)
			continue;
		low = n < low ? n : low;
		high = n > high ? n : high;
	}
	if (high == 0 || is_spent(w))
		x->is_on = false;
	return x->is_on && !fresh ? repeats_load(x, low, high, e) : 0;
}

/* --- looking -------------------------------------------------------------- */
struct hits {
	const struct near_text *same; /* NULL: none */
	const struct near_text *similar[REPEATS_TOLD];
	size_t n;
};

static int
repeats_search(const struct repeats *x, const char *text, size_t n,
	struct hits *ret, struct err *e)
{
	size_t most = most_of(x->w), first = x->n > most ? x->n - most : 0;
	struct repeats_text read, other;
	struct repeats_sketch sketch;

	*ret = (struct hits){0};
	x->w->looks++;
	if (repeats_read(text, n, &read) != 0)
		return err_nomem(e);
	repeats_sketch(&read, &sketch);
	for (size_t i = x->n; i-- > first && !ret->same;) {
		const struct near_text *t = &x->v[i];
		enum alike kind;

		if (t->n < n * 2 / 3 || t->n > n * 3 / 2 + 8 ||
			!repeats_maybe(&sketch, &t->sketch))
			continue;
		x->w->looks++;
		if (repeats_read(t->text, t->n, &other) != 0)
			return err_nomem(e);
		kind = repeats_compare(&read, &other);
		if (kind == ALIKE_SAME && x->w->ctx->is_agent)
			ret->same = t;
		else if (kind != ALIKE_NOT && ret->n < REPEATS_TOLD)
			ret->similar[ret->n++] = t;
	}
	return 0;
}

/* {same} or {similar: [..]}, or NULL for neither. */
static int
repeats_note_of(const struct hits *h, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *texts = NULL;

	*ret = NULL;
	if (h->same) {
		*ret = json_pack("{s:s%}", "same", h->same->text, h->same->n);
		return !*ret ? err_nomem(e) : 0;
	}
	if (h->n == 0)
		return 0;
	texts = json_array();
	for (size_t i = 0; i < h->n; i++)
		if (jx_add(texts, json_stringn(h->similar[i]->text,
					  h->similar[i]->n)) != 0)
			return err_nomem(e);
	*ret = json_pack("{s:O}", "similar", texts);
	return !*ret ? err_nomem(e) : 0;
}

static void
repeats_key_of(const json_t *item, char key[24])
{
	snprintf(key, 24, "%p", (const void *)item);
}

int
repeats_look(struct repeats *x, const json_t *item, int64_t *ret_fact,
	struct err *e)
{
	struct hits hits;
	json_t *note;
	char key[24];
	int rc;

	*ret_fact = 0;
	x->alike = 0;
	if (is_spent(x->w))
		x->is_on = false;
	if (!x->is_on || repeats_bytes_of(item) > LIMIT_ALIKE_BYTES)
		return 0;
	rc = repeats_search(x, json_string_value(repeats_text_of(item)),
		repeats_bytes_of(item), &hits, e);
	if (rc != 0)
		return rc;
	rc = repeats_note_of(&hits, &note, e);
	if (rc != 0 || !note)
		return rc;
	if (hits.same != NULL)
		*ret_fact = hits.same->fact;
	x->alike = hits.same ? hits.same->fact : hits.similar[0]->fact;
	if (!x->w->alike)
		x->w->alike = json_object();
	repeats_key_of(item, key);
	return jx_set(x->w->alike, key, note) != 0 ? err_nomem(e) : 0;
}

int
repeats_put(struct repeats *x, const json_t *item, int64_t fact, struct err *e)
{
	if (!x->is_on || repeats_bytes_of(item) > LIMIT_ALIKE_BYTES)
		return 0;
	return repeats_keep(x, fact, json_string_value(repeats_text_of(item)),
		repeats_bytes_of(item), e);
}

/* --- what is meant -------------------------------------------------------- */
void
nearest_done(struct nearest *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->v[i].text);
	x->n = 0;
}

/* Of a text that has what is sought in it, as whole words: where that is much of
 * the text, it is meant; a short piece is only told as the nearest. */
#define SHARE_PART  0.9
#define SHARE_PIECE 0.55
#define PART_OF	    4 /* much: one byte of so many */

struct seeking {
	struct nearest *found;
	const char *text;
	size_t n;
	struct repeats_text wanted;
	struct err *e;
};

static bool
is_in_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static double
share_of_part(const struct seeking *s, const struct fact *f)
{
	const char *at = f->text, *end = f->text + f->text_n;

	while (s->n > 0 &&
		(at = memmem(at, (size_t)(end - at), s->text, s->n)) != NULL) {
		if ((at == f->text || !is_in_word(at[-1])) &&
			(at + s->n == end || !is_in_word(at[s->n])))
			return s->n * PART_OF >= f->text_n ? SHARE_PART
							   : SHARE_PIECE;
		at++;
	}
	return 0;
}

/* Keeps the best few, best first; of equal ones the newer. */
static int
seek_one(void *ctx, const struct fact *f)
{
	struct seeking *s = ctx;
	struct nearest *x = s->found;
	struct repeats_text read;
	double share, part;
	size_t at;
	char *text;

	if (repeats_read(f->text, f->text_n, &read) != 0)
		return err_nomem(s->e);
	share = repeats_share(&s->wanted, &read);
	part = share_of_part(s, f);
	if (part > share)
		share = part;
	if (share < REPEATS_LEAST)
		return 0;
	for (at = x->n; at > 0 && x->v[at - 1].share < share; at--)
		;
	if (at == REPEATS_FOUND)
		return 0;
	text = malloc(f->text_n + 1);
	if (!text)
		return err_nomem(s->e);
	memcpy(text, f->text, f->text_n);
	if (x->n == REPEATS_FOUND)
		free(x->v[--x->n].text);
	memmove(&x->v[at + 1], &x->v[at], (x->n - at) * sizeof(x->v[0]));
	x->v[at] = (struct nearest_text){f->id, share, text, f->text_n};
	x->n++;
	return 0;
}

int
repeats_find(struct write *w, int64_t entity, const char *text, size_t n,
	struct nearest *ret, struct err *e)
{
	struct seeking s = {.found = ret, .text = text, .n = n, .e = e};

	*ret = (struct nearest){0};
	if (w->searches++ >= LIMIT_ALIKE_SEARCHES)
		return 0;
	if (repeats_read(text, n, &s.wanted) != 0)
		return err_nomem(e);
	return fact_each_newest(w->st, entity, 0, 8 * LIMIT_ALIKE_BYTES,
		LIMIT_ALIKE_SOUGHT, seek_one, &s, e);
}

/* --- telling -------------------------------------------------------------- */
static int
repeats_tell(json_t *row, const char *member, size_t index, json_t *text,
	struct err *e)
{
	json_t *list = json_object_get(row, member);

	if (!list) {
		list = json_array();
		if (jx_set(row, member, list) != 0)
			return err_nomem(e);
	}
	return jx_add(list, json_pack("{s:I,s:O}", "index", (json_int_t)index,
				    "text", text)) != 0
		       ? err_nomem(e)
		       : 0;
}

static int
tell_note(json_t *row, size_t index, const json_t *note, struct err *e)
{
	json_t *text = json_object_get(note, "same");
	size_t i;
	int rc = 0;

	if (text)
		return repeats_tell(row, "same_as", index, text, e);
	json_array_foreach(json_object_get(note, "similar"), i, text) {
		rc = repeats_tell(row, "similar", index, text, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
repeats_row(struct write *w, const json_t *list, json_t *row, struct err *e)
{
	const json_t *item;
	char key[24];
	size_t i;
	if (!w->alike)
		return 0;
	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		int rc;

		repeats_key_of(item, key);
		rc = tell_note(row, i, json_object_get(w->alike, key), e);
		if (rc != 0)
			return rc;
	}
	return 0;
}
