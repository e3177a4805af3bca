/* Corrections, and facts of one conversation beside each other.
 *
 * A correction is short and has no verb of its own, so it is understood by its
 * kind: a number mends the newest fact that has a number, a date one that has
 * a date, a name one that has a name.
 *
 *   Bob: The deadline is 4 May.      project  deadline is 2026-05-04
 *   Bob: No, actually 5 May.         project  deadline is 2026-05-05
 *   Bob: The port is 5433, not 5432. looks for 5432, and writes 5433 there
 *
 * At the end of each turn its new facts are compared with those before them
 * (correct_settle): what says the same in other words is kept once, and a
 * newer value takes the place of the older one. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/model/extract/internal.h"
#include "memory-db/model/order/fact_compare.h"

/* Facts back from the newest with which one is compared. */
#define BACK 16
#define SURE 0.85

static const char *const cues =
	"no actually|actually no|no wait|wait no|wait|correction|scratch that|i "
	"meant|i mean|i meant to say|make that|sorry i meant|sorry|my mistake|my "
	"bad|oops|no|nope|actually|rather|not quite|strike that|ignore that|let me "
	"correct that|to correct myself|typo|err|well actually|hold on|make it|"
	"oh right|oh no|yes sorry|yeah sorry|oh wait|ah no|ah sorry|oh sorry|oh|no sorry|no it is|i mean it is";

enum like { LIKE_NOTHING, LIKE_NUMBER, LIKE_NAME, LIKE_DATE };

static enum like
like_of(const struct reader *r, int first, int end)
{
	const struct extract_words *w = &r->w;

	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].first >= first && r->whens[i].last < end)
			return LIKE_DATE;
	for (int i = first; i < end; i++)
		if (w->v[i].flags & W_NUMBER)
			return LIKE_NUMBER;
	for (int i = first; i < end; i++)
		if (w->v[i].flags & W_CAPITAL)
			return LIKE_NAME;
	return LIKE_NOTHING;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is there a piece of such a kind in the value? Where, and how long. */
static bool
find_like(const char *s, enum like like, size_t *ret_at, size_t *ret_n)
{
	for (size_t i = 0; s[i] != '\0'; i++) {
		size_t k = 0;
		bool start = i == 0 || s[i - 1] == ' ';

		if (!start)
			continue;
		if (like == LIKE_DATE && strspn(s + i, "0123456789-") == 10 &&
			s[i + 4] == '-')
			k = 10;
		if (like == LIKE_NUMBER && is_digit(s[i]) &&
			strspn(s + i, "0123456789-") != 10)
			k = strcspn(s + i, " ,");
		if (like == LIKE_NAME && s[i] >= 'A' && s[i] <= 'Z')
			for (;;) {
				k += strcspn(s + i + k, " ,");
				if (s[i + k] == ' ' && s[i + k + 1] >= 'A' &&
					s[i + k + 1] <= 'Z')
					k++;
				else
					break;
			}
		if (k > 0) {
			*ret_at = i;
			*ret_n = k;
			return true;
		}
	}
	return false;
}

/* s with n bytes at `at` taken out for others; returns new. */
static char *
spliced(const char *s, size_t at, size_t n, const struct buf *in)
{
	AUTO_BUF struct buf out = {0};

	if (buf_add(&out, s, at) != 0 ||
		buf_add(&out, in->data, in->len) != 0 ||
		buf_adds(&out, s + at + n) != 0)
		return NULL;
	return buf_steal(&out);
}

static int
mend(struct reader *r, struct extracted *x, const char *old, size_t old_n,
	const struct buf *in, int first, int end, struct err *e)
{
	const char *at = strstr(x->text, x->value);
	size_t place = (size_t)(old - x->value);
	char *value, *text;

	if (!at)
		return 0;
	text = spliced(x->text, (size_t)(at - x->text) + place, old_n, in);
	value = spliced(x->value, place, old_n, in);
	if (!text || !value) {
		free(text);
		free(value);
		return err_nomem(e);
	}
	free(x->text);
	free(x->value);
	x->text = text;
	x->value = value;
	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].first >= first && r->whens[i].last < end)
			x->time = r->whens[i].from * 86400000LL -
				  (int64_t)r->q->zone_minutes * 60000;
	return 1;
}

/* The newest fact that has a piece like this, or exactly `old`, is mended. */
static int
mend_newest(struct reader *r, int first, int end, const char *old,
	struct err *e)
{
	enum like like = like_of(r, first, end);
	AUTO_BUF struct buf in = {0};
	size_t looked = 0;

	if (render_words(r, first, end, &in) != 0)
		return err_nomem(e);
	if (like == LIKE_DATE && in.len > 3 && memcmp(in.data, "on ", 3) == 0)
		buf_consume(&in, 3);
	for (size_t i = r->x->n; i-- > 0 && looked++ < BACK;) {
		struct extracted *x = &r->x->v[i];
		size_t at, n;
		const char *found =
			old && old[0] ? strcasestr(x->value, old) : NULL;

		if (x->is_gone)
			continue;
		if (found)
			return mend(r, x, found, strlen(old), &in, first, end,
				e);
		if (old && old[0])
			continue;
		if (like != LIKE_NOTHING && find_like(x->value, like, &at, &n))
			return mend(r, x, x->value + at, n, &in, first, end, e);
		/* Only what was just said. */
		if (looked > 3)
			break;
	}
	return 0;
}

/* "not 5432 but 5433", "5433, not 5432". Sets the words of the right value. */
static bool
read_not(const struct extract_words *w, int i, int *ret_first, int *ret_end,
	int *ret_old, int *ret_old_end)
{
	for (int k = i; k < w->words; k++) {
		if (!extract_is(w, k, "not"))
			continue;
		for (int m = k + 1; m < w->words; m++)
			if (extract_is(w, m, "but")) {
				*ret_old = k + 1;
				*ret_old_end = m;
				*ret_first = m + 1;
				*ret_end = w->words;
				return m > k + 1 && m + 1 < w->words;
			}
		if (k > i && w->v[k].flags & (W_COMMA | W_BREAK)) {
			*ret_first = i;
			*ret_end = k;
			*ret_old = k + 1;
			*ret_old_end = w->words;
			return k + 1 < w->words && w->words - k < 6;
		}
	}
	return false;
}

int
correct_read(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = 0, n, first, end, old, old_end;
	bool cued = false;
	AUTO_BUF struct buf text = {0};

	while ((n = extract_match(w, i, cues)) > 0) {
		i += n;
		cued = true;
	}
	if (r->turn->role == ROLE_ASSISTANT || r->x->n == 0 || w->is_question)
		return 0;
	if (extract_match(w, i, "it's|it is|that's|that is|it") > 0 &&
		extract_in(extract_low(w, i + 1), "is|'s|was"))
		i += 2;
	if (read_not(w, i, &first, &end, &old, &old_end) && end - first <= 6) {
		if (render_words(r, old, render_trim(r, old, old_end), &text) !=
				0 ||
			!buf_str(&text))
			return err_nomem(e);
		return mend_newest(r, first, render_trim(r, first, end),
			text.data, e);
	}
	end = render_trim(r, i, w->words);
	/* "No problem, Joanna", "no doubt" correct nothing. */
	if (i > 0 && i < w->words && extract_is(w, i - 1, "no") &&
		!(w->v[i].flags & (W_COMMA | W_BREAK | W_NUMBER | W_CAPITAL)))
		return 0;
	/* "Sorry, she's from Durban" says what it is about itself. */
	if (!cued || end - i > 4 || end <= i ||
		extract_in(extract_low(w, i),
			"i|we|he|she|they|you|my|our|his|her|their"))
		return 0;
	return mend_newest(r, i, end, NULL, e);
}

/* --- beside each other ------------------------------------------------------------- */
static int
settle_pair(struct extracted *old, struct extracted *new, struct err *e)
{
	struct fact_said a = {old->subject, old->text, INT64_MIN, INT64_MAX};
	struct fact_said b = {new->subject, new->text, INT64_MIN, INT64_MAX};
	struct fact_verdict v = {0};
	int rc = fact_compare(&a, &b, &v);

	if (rc != 0)
		return err_nomem(e);
	buf_done(&v.reason);
	if (v.confidence < SURE)
		return 0;
	/* Who says more says it better. */
	if (v.kind == FACTS_DUPLICATE) {
		if (strlen(old->text) >= strlen(new->text)) {
			new->is_gone = true;
			if (old->confidence < new->confidence)
				old->confidence = new->confidence;
		} else {
			old->is_gone = true;
		}
	} else if (v.kind == FACTS_UPDATE && old->from == EXTRACT_NO_TIME &&
		   strcmp(old->attribute, new->attribute) == 0)
		old->is_gone = true;
	return 0;
}

/* Have two facts the beginning of a word in common? Where none is, a comparison finds
 * nothing, and costs a hundred times as much. */
static bool
shares_word(const char *a, const char *b)
{
	while (*a != '\0') {
		size_t n = strcspn(a, " ,");
		char start[4];

		snprintf(start, sizeof(start), "%.*s", n < 3 ? (int)n : 3, a);
		if (n > 0 && (n > 2 || isdigit((unsigned char)a[0])) &&
			strcasestr(b, start))
			return true;
		a += n + (a[n] != '\0');
	}
	return false;
}

int
correct_settle(struct extraction *x, size_t from, struct err *e)
{
	for (size_t i = from; i < x->n; i++) {
		size_t looked = 0;

		for (size_t k = i; k-- > 0 && !x->v[i].is_gone;) {
			struct extracted *old = &x->v[k], *new = &x->v[i];
			int rc;

			if (old->is_gone ||
				strcmp(old->subject, new->subject) != 0)
				continue;
			if (strcmp(old->text, new->text) == 0) {
				new->is_gone = true;
				continue;
			}
			/* The same in other words is of the same kind. */
			if (looked >= BACK ||
				(old->kind != new->kind &&
					old->kind != EXTRACT_PLACE))
				continue;
			looked++;
			if (!shares_word(new->text, old->text))
				continue;
			rc = settle_pair(old, new, e);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}
