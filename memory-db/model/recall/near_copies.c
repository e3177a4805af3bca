/* Likeness is measured by walking through both texts at once, skipping a few
 * words where they part: what is out of order does not count. The least hashes
 * (Broder, "On the resemblance and containment of documents", 1997) tell which
 * pairs are worth that. */
#include "memory-db/model/recall/near_copies.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/vec.h"
#include "memory-db/model/recall/recall_internal.h"

#define SHARED 0.9
/* Words skipped where two texts part. */
#define SKIP 4
/* Words from which a text of another entity is no coincidence. */
#define LONG 8
/* Least hashes that two long texts have in common, of COPY_MINS: with less they
 * are seldom alike, and comparing them costs. */
#define MINS_ENOUGH 2
#define COSTLY	    64
/* Texts with the same least hash that are compared. */
#define COMPARED 16

struct copy_entry {
	struct copy_text text;
	int32_t next[COPY_MINS]; /* entry with the same hash + 1 */
};

static token_t
mixed(token_t t, token_t salt)
{
	t = (t ^ salt) * 0x9e3779b1u;
	t ^= t >> 15;
	t *= 0x85ebca77u;
	return t ^ t >> 13;
}

void
near_copy_mins(const token_t *v, size_t n, token_t mins[COPY_MINS])
{
	static const token_t salts[COPY_MINS] = {0x2545f491u, 0x7f4a7c15u,
		0x1ce4e5b9u, 0x133111ebu};

	for (int k = 0; k < COPY_MINS; k++) {
		mins[k] = UINT32_MAX;
		for (size_t i = 0; i < n; i++) {
			token_t h = mixed(v[i], salts[k]);

			mins[k] = h < mins[k] ? h : mins[k];
		}
	}
}

static bool
is_negation(token_t t)
{
	static const char *const words[] = {"not", "no", "never", "none",
		"without", "don", "doesn", "didn", "isn", "wasn", "aren", "won",
		"can", "cannot", "shouldn", "nobody", "noth", "nothing",
		"neither", "nor"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (t == recall_token(words[i], strlen(words[i])))
			return true;
	return false;
}

/* Words that a text says the same without; and their stems. */
static bool
is_filler(token_t t)
{
	static const char *const words[] = {"the", "a", "an", "also", "just",
		"please", "pleas"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (t == recall_token(words[i], strlen(words[i])))
			return true;
	return false;
}

/* The words that stand in one of two texts only. */
struct difference {
	bool numbers, fillers;
};

/* What stands in one text only: may copies differ in it? */
static bool
may_differ(const token_t *v, size_t n, struct difference *d)
{
	for (size_t i = 0; i < n; i++) {
		if (is_negation(v[i]))
			return false;
		d->numbers = d->numbers && (v[i] & TOKEN_HAS_DIGIT);
		d->fillers = d->fillers && is_filler(v[i]);
	}
	return true;
}

/* How many words both have when they are read side by side. *d as above; NULL:
 * it does not matter. 0: they are not alike. */
static size_t
shared_words(const struct copy_text *a, const struct copy_text *b,
	struct difference *d)
{
	size_t i = 0, k = 0, shared = 0, most = a->n > b->n ? a->n : b->n;
	size_t lost = (size_t)((1 - SHARED) * (double)most);

	while (i < a->n && k < b->n) {
		size_t skip_a = 1, skip_b = 1, least = 2 * SKIP + 1;

		if (a->v[i] == b->v[k]) {
			shared++;
			i++;
			k++;
			continue;
		}
		for (size_t x = 0; x <= SKIP && i + x < a->n; x++)
			for (size_t y = 0; y <= SKIP && k + y < b->n; y++)
				if (x + y < least &&
					a->v[i + x] == b->v[k + y]) {
					least = x + y;
					skip_a = x;
					skip_b = y;
				}
		if (d && (!may_differ(a->v + i, skip_a, d) ||
				 !may_differ(b->v + k, skip_b, d)))
			return 0;
		i += skip_a;
		k += skip_b;
		if (i > shared + lost || k > shared + lost)
			return 0;
	}
	if (d && (!may_differ(a->v + i, i < a->n ? a->n - i : 0, d) ||
			 !may_differ(b->v + k, k < b->n ? b->n - k : 0, d)))
		return 0;
	return shared;
}

static enum copy_how
words_alike(const struct copy_text *a, const struct copy_text *b)
{
	size_t most = a->n > b->n ? a->n : b->n, shared;
	size_t least = a->n + b->n - most;
	struct difference d = {true, true};
	int mins = 0;

	for (int k = 0; k < COPY_MINS; k++)
		mins += a->mins[k] == b->mins[k];
	if ((mins < MINS_ENOUGH && most >= COSTLY) ||
		(double)least < SHARED * (double)most)
		return COPY_NOT;
	shared = shared_words(a, b, NULL);
	if (shared == most)
		return COPY_SAME;
	/* What differs is looked at only when little does. */
	if ((double)shared <= SHARED * (double)most ||
		shared_words(a, b, &d) == 0)
		return COPY_NOT;
	if (d.fillers)
		return COPY_SAME;
	return d.numbers ? COPY_NUMBERS : COPY_ALMOST;
}

bool
near_copy_names(const struct copy_text *a, const struct copy_text *b)
{
	if (a->entity == b->entity)
		return true;
	if (a->name_n != b->name_n)
		return false;
	for (size_t i = 0; i < a->name_n; i++)
		if (a->name[i] != b->name[i] &&
			!(a->name[i] & b->name[i] & TOKEN_HAS_DIGIT))
			return false;
	return true;
}

enum copy_how
near_copy_compare(const struct copy_text *a, const struct copy_text *b)
{
	bool fits = a->found == b->found &&
		    (a->day == 0 || b->day == 0 || a->day == b->day) &&
		    (a->entity == b->entity || (a->n >= LONG && b->n >= LONG));

	return fits ? words_alike(a, b) : COPY_NOT;
}

void
near_copy_set_done(struct near_copy_set *s)
{
	free(s->v);
	idset_done(&s->heads);
	*s = (struct near_copy_set){0};
}

/* Keys of the heads: the hash, and which of the hashes it is. */
static int64_t
near_copies_key_of(const struct copy_text *t, int k)
{
	return ((int64_t)t->mins[k] << 3) + k + 1;
}

static enum copy_how
near_copies_find(const struct near_copy_set *s, const struct copy_text *t,
	size_t *ret)
{
	for (int k = 0; k < COPY_MINS; k++) {
		const int64_t *head =
			idset_get(&s->heads, near_copies_key_of(t, k));
		int64_t at = head ? *head : 0;

		for (int i = 0; at != 0 && i < COMPARED; i++) {
			const struct copy_entry *x = &s->v[at - 1];

			enum copy_how how = near_copy_compare(&x->text, t);

			if (how != COPY_NOT) {
				*ret = (size_t)at - 1;
				return how;
			}
			at = x->next[k];
		}
	}
	return COPY_NOT;
}

int
near_copy_set_put(struct near_copy_set *s, const struct copy_text *t,
	size_t *ret, enum copy_how *ret_how)
{
	struct copy_entry *x;

	*ret_how = near_copies_find(s, t, ret);
	if (*ret_how != COPY_NOT)
		return 0;
	if (vec_room(s->v, s->n, s->cap) != 0)
		return MDB_E_NOMEM;
	x = &s->v[s->n];
	x->text = *t;
	for (int k = 0; k < COPY_MINS; k++) {
		int64_t *head = idset_put(&s->heads, near_copies_key_of(t, k));

		if (!head)
			return MDB_E_NOMEM;
		x->next[k] = (int32_t)*head;
		*head = (int64_t)s->n + 1;
	}
	*ret = s->n++;
	return 0;
}
