/* Facts as numbers: the tokens of a text as hashes, and what else ranks it. A
 * fact never changes, so what was read once is kept with the connection; what
 * is visible the index says, and what is answered is read again. Only the date
 * of one that was not given any is that of the change which shows it: another
 * one after it was removed and shown again, or under another lens. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/vec.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/store.h"

/* Bytes kept by one connection: some 50,000 facts of a line or two. */
#define CACHE_BYTES (10 * 1024 * 1024)
#define BUCKETS	    (1 << 16)
/* Names kept, 140 bytes each. A power of 2. */
#define NAMES (1 << 13)

struct cache {
	struct recall_fact *buckets[BUCKETS];
	size_t bytes, hand;
	struct recall_kept_name names[NAMES]; /* by entity */
	uint32_t state; /* counts up when one of these is another */
	int64_t newest;
	struct lens lens;
};

token_t
recall_token(const char *s, size_t n)
{
	token_t h = 2166136261u; /* FNV-1a */
	bool digit = false;

	for (size_t i = 0; i < n; i++) {
		h = (h ^ (unsigned char)s[i]) * 16777619u;
		digit |= s[i] >= '0' && s[i] <= '9';
	}
	return (h & ~TOKEN_HAS_DIGIT) | (digit ? TOKEN_HAS_DIGIT : 0);
}

int
tokens_add(struct tokens *t, const char *text, size_t n, const char *stem,
	struct buf *tmp, size_t max)
{
	size_t end;

	tmp->len = 0;
	if (text_tokens(text, n, stem, tmp) < 0)
		return MDB_E_NOMEM;
	for (size_t at = 0; at < tmp->len && max > 0; at = end + 1) {
		const char *space = memchr(tmp->data + at, ' ', tmp->len - at);

		end = space ? (size_t)(space - tmp->data) : tmp->len;
		if (end == at)
			continue;
		if (vec_room(t->v, t->n, t->cap) != 0)
			return MDB_E_NOMEM;
		t->v[t->n++] = recall_token(tmp->data + at, end - at);
		max--;
	}
	return 0;
}

/* --- words of time -------------------------------------------------------- */

/* Stems of English, and the words themselves where nothing is stemmed. */
static const char *const time_words[] = {"yesterday", "today", "tonight",
	"tomorrow", "last", "next", "ago", "week", "weekend", "month", "year",
	"years", "day", "days", "recent", "recently", "sinc", "since", "monday",
	"tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
	"januari", "january", "februari", "february", "march", "april", "may",
	"june", "juli", "july", "august", "septemb", "september", "octob",
	"october", "novemb", "november", "decemb", "december", "soon", "now",
	"just", "morn", "morning", "summer", "winter", "fall", "spring"};

/* Those and the years 1900 to 2099 as a set of tokens, made once for each
 * thread. */
#define TIME_SLOTS 1024
struct time_set {
	token_t slots[TIME_SLOTS]; /* 0: empty */
	bool is_made;
};

static bool
time_set_has(const struct time_set *set, token_t t)
{
	size_t i = t % TIME_SLOTS;

	for (; set->slots[i] != 0; i = (i + 1) % TIME_SLOTS)
		if (set->slots[i] == t)
			return true;
	return false;
}

static void
time_set_add(struct time_set *set, const char *word)
{
	token_t t = recall_token(word, strlen(word));
	size_t i = t % TIME_SLOTS;

	while (set->slots[i] != 0)
		i = (i + 1) % TIME_SLOTS;
	set->slots[i] = t;
}

static bool
has_time_word(const struct tokens *t)
{
	static _Thread_local struct time_set set;

	for (size_t i = 0; !set.is_made && i < ARRAY_LEN(time_words); i++)
		time_set_add(&set, time_words[i]);
	for (int year = 1900; !set.is_made && year < 2100; year++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", year);
		time_set_add(&set, text);
	}
	set.is_made = true;
	for (size_t i = 0; i < t->n; i++)
		if (time_set_has(&set, t->v[i]))
			return true;
	return false;
}

/* --- reading -------------------------------------------------------------- */

static int
recall_fact_make(struct store *st, const struct recall_row *row,
	const char *stem, struct tokens *t, struct recall_fact **ret,
	struct err *e)
{
	AUTO_BUF struct buf tmp = {0}, speaker = {0};
	struct recall_fact *f;
	size_t words, said;
	bool time;
	int r = tokens_add(t, row->text, row->text_n, stem, &tmp,
		RECALL_FACT_TOKENS);

	words = t->n;
	time = r == 0 && has_time_word(t);
	if (r == 0 && row->speaker != 0)
		r = label_text(st, row->speaker, &speaker, e);
	if (r >= 0 && speaker.len > 0)
		r = tokens_add(t, speaker.data, speaker.len, stem, &tmp, 16);
	said = t->n - words;
	if (r < 0)
		return r == MDB_E_NOMEM ? err_nomem(e) : r;
	f = malloc(sizeof(*f) + t->n * sizeof(*t->v));
	if (!f)
		return err_nomem(e);
	*f = (struct recall_fact){.id = row->id,
		.entity = row->entity,
		.source = row->source,
		.at = row->at,
		.valid_from = row->valid_from,
		.valid_to = row->valid_to,
		.salience = row->salience,
		.is_observation = row->kind == FACT_OBSERVATION,
		.is_dated = row->is_dated,
		.has_time = time,
		.is_instruction = is_instruction(row->text, row->text_n),
		.is_question =
			row->text_n > 0 && row->text[row->text_n - 1] == '?',
		.words = (uint16_t)words,
		.speaker_words = (uint16_t)said};
	if (t->n > 0)
		memcpy(f->tokens, t->v, t->n * sizeof(*t->v));
	near_copy_mins(f->tokens, words, f->mins);
	*ret = f;
	return 1;
}

static size_t
recall_fact_size_of(const struct recall_fact *f)
{
	return sizeof(*f) + 16 +
	       sizeof(token_t) * ((size_t)f->words + f->speaker_words);
}

static void
cache_free(void *p)
{
	struct cache *c = p;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct recall_fact *f = c->buckets[i], *next; f;
			f = next) {
			next = f->next;
			free(f);
		}
	free(c);
}

static struct cache **
recall_fact_cache_of(struct store *st)
{
	return (struct cache **)store_kept(st, STORE_KEPT_FACTS, cache_free);
}

static bool
recall_fact_is_same(const struct lens *a, const struct lens *b)
{
	bool same = a->now == b->now && a->n == b->n;

	for (int i = 0; same && i < a->n; i++)
		same = a->level[i].branch == b->level[i].branch &&
		       a->level[i].limit == b->level[i].limit;
	return same;
}

int
recall_facts_begin(struct store *st, struct err *e)
{
	struct cache **c = recall_fact_cache_of(st);
	int64_t newest = 0;
	int rc;

	if (!*c && !(*c = calloc(1, sizeof(**c))))
		return err_nomem(e);
	rc = lens_newest(st, &newest, e);
	if (rc < 0)
		return rc;
	if ((*c)->newest != newest ||
		!recall_fact_is_same(&(*c)->lens, lens_of(st))) {
		(*c)->newest = newest;
		(*c)->lens = *lens_of(st);
		(*c)->state++;
	}
	/* Bucket after bucket goes until there is room. */
	while ((*c)->bytes > CACHE_BYTES) {
		struct recall_fact **bucket = &(*c)->buckets[(*c)->hand];

		while (*bucket) {
			struct recall_fact *f = *bucket;

			*bucket = f->next;
			(*c)->bytes -= recall_fact_size_of(f);
			free(f);
		}
		(*c)->hand = ((*c)->hand + 1) % BUCKETS;
	}
	return 0;
}

int
recall_fact(struct store *st, int64_t id, const char *stem,
	const struct recall_fact **ret, struct err *e)
{
	struct cache *c = *recall_fact_cache_of(st);
	struct recall_fact **bucket = &c->buckets[(uint64_t)id % BUCKETS];
	struct recall_fact *f;
	struct recall_row row;
	struct tokens t = {0};
	int rc;

	for (f = *bucket; f && f->id != id; f = f->next)
		;
	if (f && !f->is_dated && f->state != c->state) {
		rc = recall_head(st, id, &row, e);
		if (rc < 0)
			return rc;
		if (rc == 1)
			f->at = row.at;
		f->state = c->state;
	}
	*ret = f;
	if (f)
		return 1;
	rc = recall_row(st, id, &row, e);
	if (rc == 1)
		rc = recall_fact_make(st, &row, stem, &t, &f, e);
	free(t.v);
	if (rc != 1)
		return rc;
	f->state = c->state;
	f->next = *bucket;
	*bucket = f;
	c->bytes += recall_fact_size_of(f);
	*ret = f;
	return 1;
}

struct recall_kept_name *
recall_kept_name(struct store *st, int64_t entity, bool *ret_is_it)
{
	struct cache *c = *recall_fact_cache_of(st);
	struct recall_kept_name *x = &c->names[(uint64_t)entity % NAMES];

	*ret_is_it = x->entity == entity && x->state == c->state;
	if (!*ret_is_it)
		*x = (struct recall_kept_name){.state = c->state};
	return x;
}
