/* What a question says beside its words: names, dates, "when".
 *
 *   "When did Bob start at Acme in May?"
 *   names     Bob, Acme: words with a capital that are not the first
 *   dates     May: the days of May, and "may" is no word to search for
 *   when      facts that name a time are preferred
 *
 * A question that is nothing but a date ("what happened yesterday?") has no
 * words left to search; its candidates come from the index of dates. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/model/recall/recall_internal.h"

struct recall_query_reading {
	char first[3][16]; /* its first words */
	int n, others, topics;
	bool how_long, how;
};

static bool
any_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static int
recall_query_take_piece(void *ctx, const struct text_piece *p)
{
	struct recall_query_reading *r = ctx;
	bool how = p->n == 3 && memcmp(p->s, "how", 3) == 0;

	if (r->how && p->n == 4 && memcmp(p->s, "long", 4) == 0)
		r->how_long = true;
	r->how = how;
	if (r->n < 3 && p->n < sizeof(r->first[0])) {
		memcpy(r->first[r->n], p->s, p->n);
		r->first[r->n][p->n] = '\0';
	}
	r->n++;
	return 0;
}

static bool
asks_when(const struct recall_query_reading *r)
{
	static const char *const which[] = {"what", "which", NULL};
	static const char *const units[] = {"year", "month", "day", "date",
		"time", "weekday", "week", NULL};

	return r->how_long || strcmp(r->first[0], "when") == 0 ||
	       (any_of(r->first[0], which) && any_of(r->first[1], units));
}

/* Words that ask what there is at a time and nothing else. */
static bool
asks_for_anything(const char *s, size_t n)
{
	static const char *const words[] = {"talk", "talked", "talking",
		"discuss", "discussed", "chat", "chatted", "say", "said",
		"mention", "mentioned", "tell", "told", "happen", "happened",
		"happening", "conversation", "conversations", "speak", "spoke",
		"going", "thing", "things", "anything", "something",
		"everything", "event", "events", "remember", "recall", "list",
		"show", "noted", "wrote", "written", "memory", "memories",
		"facts", "date", "day", "time", NULL};
	char word[16];

	if (n >= sizeof(word))
		return false;
	memcpy(word, s, n);
	word[n] = '\0';
	return any_of(word, words);
}

static bool
recall_query_asks_for_rules(const char *s, size_t n)
{
	static const char *const words[] = {"instruction", "instructions",
		"rule", "rules"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (n == strlen(words[i]) && memcmp(s, words[i], n) == 0)
			return true;
	return false;
}

static int
count_other(void *ctx, const struct text_piece *p)
{
	struct recall_query_reading *r = ctx;

	bool is_other =
		p->kind != TEXT_WORD ||
		(!text_is_stop(p->s, p->n) && !asks_for_anything(p->s, p->n));

	r->others += is_other;
	r->topics += is_other && !recall_query_asks_for_rules(p->s, p->n);
	return 0;
}

static bool
has_letter(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isalpha((unsigned char)s[i]))
			return true;
	return false;
}

int
recall_question(const char *s, size_t n, int64_t today, bool us,
	struct recall_question *ret, struct buf *words)
{
	struct recall_query_reading r = {0};
	char low[1024];
	size_t k = text_cut(s, n < sizeof(low) ? n : sizeof(low) - 1);
	const struct recall_dates *d = &ret->dates;

	*ret = (struct recall_question){0};
	if (text_pieces(s, n, recall_query_take_piece, &r) < 0 ||
		buf_add(words, s, n) < 0)
		return MDB_E_NOMEM;
	ret->asks_when = asks_when(&r);
	for (size_t i = 0; i < k; i++)
		low[i] =
			(char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i]);
	low[k] = '\0';
	recall_dates_read(low, today, us, &ret->dates);
	for (int i = 0; i < d->texts_n; i++)
		memset(words->data + d->texts[i].at, ' ', d->texts[i].n);
	if (text_pieces(words->data ? words->data : "", words->len, count_other,
		    &r) < 0)
		return MDB_E_NOMEM;
	ret->others = r.others;
	ret->topics = r.topics;
	/* Names of months are words, too; of nothing but a date there are none,
	 * "talk" in "what did we talk about in May?" is not looked for. */
	if (d->spans_n > 0 && r.others == 0)
		words->len = 0;
	for (int i = 0; i < d->texts_n && r.others > 0; i++)
		if (has_letter(s + d->texts[i].at, d->texts[i].n))
			memcpy(words->data + d->texts[i].at, s + d->texts[i].at,
				d->texts[i].n);
	return 0;
}

/* Names are in a word of its own, with a capital. The first word of a sentence
 * has one in any case. */
int
recall_question_names(const char *s, size_t n, const char *stem,
	struct recall_question *ret)
{
	AUTO_BUF struct buf tmp = {0};
	bool first = true;
	int k = 0;

	ret->names_n = 0;
	for (size_t i = 0, end; k == 0 && i < n; i = end) {
		struct tokens t = {0};

		end = i + 1;
		if (!isalnum((unsigned char)s[i]) && (unsigned char)s[i] < 0x80)
			continue;
		while (end < n && (isalnum((unsigned char)s[end]) ||
					  (unsigned char)s[end] >= 0x80))
			end++;
		if (!first && s[i] >= 'A' && s[i] <= 'Z' && end - i > 1 &&
			ret->names_n < QUESTION_NAMES) {
			k = tokens_add(&t, s + i, end - i, stem, &tmp, 1);
			if (k == 0 && t.n == 1)
				ret->names[ret->names_n++] = t.v[0];
			free(t.v);
		}
		first = false;
	}
	return k;
}
