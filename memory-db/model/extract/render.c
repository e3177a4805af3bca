/* From the words of a speaker to those of somebody who tells of the speaker.
 *
 *   "I live with my sister"        lives with their sister
 *   "I'm flying next Friday"       is flying on 2026-05-15
 *
 * Pronouns change, the verb comes into the third person, and a time that is
 * counted from today becomes a date. A value ends before words that say
 * nothing by themselves ("too", "by the way", "I think"). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "memory-db/model/extract/internal.h"

static const struct {
	const char *low, *is;
} persons[] = {{"my", "their"}, {"mine", "theirs"}, {"me", "them"},
	{"i", "they"}, {"myself", "themselves"}, {"our", "their"},
	{"ours", "theirs"}, {"us", "them"}, {"we", "they"},
	{"ourselves", "themselves"}, {"am", "are"}};

/* Words that end a value and say nothing. */
static const char *const fillers =
	"too|either|btw|lol|haha|hahaha|though|actually|anyway|anyways|right|yeah|"
	"yes|ok|okay|tbh|honestly|now|please|thanks|however|again|already|still|"
	"yet|and|but|or|so|then|also|who|which|that|as|since|because|with|of|"
	"really|lately|currently|nowadays|recently|personally|instead|here|"
	"obviously|basically|etc|cheers|sorry|indeed|xd|mate|dude|man|sir|folks|"
	"guys|everyone|all|just|even|finally|very|while|when|where|if|after|"
	"before|for|to|by|the|a|an|in|ever";
static const char *const tails =
	"as well|for me|for us|by the way|you know|i think|i guess|i believe|i suppose|of course|"
	"right now|these days|at the moment|at all|for now|i mean|you see|to be "
	"honest|if that matters|if you're wondering|so far|in general|for sure|as "
	"usual|i'd say|more than anything|a lot|very much|so much|for what it's "
	"worth|from now on|for the record|i hope|no matter what|and so on|or so|"
	"or something|and stuff|and things like that|and all that|like i said|as "
	"i said|as you know|as of now|as of today|at this point|for a while|most "
	"of the time|as mentioned|as discussed|as agreed|as always|as planned|"
	"as requested|as promised|in the meantime|for a change|by now|or not|"
	"in this repo|in this project|no matter what happens";
/* A value has none of these behind it. */
static const char *const stops =
	"which|who|where|whose|though|although|whereas|"
	"lol|haha|btw";

static int
tail_at(const struct extract_words *w, int end)
{
	for (int n = 1; n < 5 && n <= end; n++)
		if (extract_match(w, end - n, tails) == n)
			return n;
	return 0;
}

/* Is it the name of one of those who speak? */
static bool
is_spoken_to(const struct reader *r, int i)
{
	for (size_t k = 0; k < r->speakers_n; k++)
		if (strcasecmp(r->speakers[k], extract_low(&r->w, i)) == 0)
			return true;
	return false;
}

int
render_trim(const struct reader *r, int first, int end)
{
	const struct extract_words *w = &r->w;
	int n;

	for (int i = first; i < end; i++)
		if ((i > first && w->v[i].flags & W_BREAK) ||
			(i > first && w->v[i].flags & W_COMMA &&
				extract_is(w, i, "so")) ||
			(i > first && extract_in(extract_low(w, i), stops) &&
				!extract_is(w, i - 1, "one"))) {
			end = i;
			break;
		}
	for (;;) {
		n = tail_at(w, end);
		if (n > 0 && end - n > first - 1)
			end -= n;
		/* ", Jon!" is whom it is said to. */
		else if (end > first && end == w->words &&
			 w->v[end - 1].flags & W_COMMA &&
			 w->v[end - 1].flags & W_CAPITAL &&
			 is_spoken_to(r, end - 1) &&
			 r->turn->role == ROLE_PERSON)
			end--;
		else if (end > first &&
			 extract_in(extract_low(w, end - 1), fillers) &&
			 !(w->v[end - 1].flags & W_CAPITAL) &&
			 /* ", guys" ends, "some young guys" are meant */
			 !(extract_in(extract_low(w, end - 1),
				   "folks|guys|man|team|everyone|all") &&
				 !(w->v[end - 1].flags & W_COMMA)))
			end--;
		else
			break;
	}
	return end < first ? first : end;
}

static int
add_space(struct buf *out, const char *between)
{
	if (out->len == 0)
		return 0;
	return buf_adds(out, between);
}

/* What stood between two words: a comma stays, all else is a space. */
static const char *
between(const struct extract_words *w, int i)
{
	if (w->v[i].flags & W_COMMA)
		return ", ";
	return w->v[i].flags & W_PLUS ? " and " : " ";
}

/* "at 10 AM" is no form of "to be". */
static bool
is_clock(const struct extract_words *w, int i)
{
	return i > 0 && extract_in(extract_low(w, i), "am|pm") &&
	       w->v[i - 1].flags & W_NUMBER;
}

/* A time that became a date has its preposition with it: "in the past week" is "in
 * the week of ..", and "our Friday demo" "their 2026-05-15 demo". Cuts the one that
 * stands before it in out; *ret_bare: the date stands before its noun. */
static void
cut_before_time(const struct extract_words *w, const struct when *when, int end,
	size_t start, struct buf *out, bool *ret_bare)
{
	static const char *const owners[] = {" the", " their", " this", " a",
		" an", " his", " her", " its"};
	static const char *const behind[] = {" in the", " over the", " on the",
		" during the", " at the", " for the", " in", " on", " over",
		" during"};
	int next = when->last + 1;
	bool noun =
		next < end && !(w->v[next].flags & (W_COMMA | W_BREAK)) &&
		!extract_in(extract_low(w, next),
			"and|or|but|at|in|on|with|for|to|from|by|of|because|"
			"so|after|before|until|as|when|where|while|if|that|"
			"which|who|without|about|into|through|via|using|than|"
			"i|we|they|he|she|it|you|morning|evening|afternoon|"
			"night|around|over|since|via|instead");

	*ret_bare = false;
	for (size_t i = 0; noun && i < ARRAY_LEN(owners); i++) {
		size_t n = strlen(owners[i]);

		*ret_bare |= (out->len >= start + n &&
				     memcmp(out->data + out->len - n, owners[i],
					     n) == 0) ||
			     (out->len == start + n - 1 && n > 1 &&
				     memcmp(out->data + start, owners[i] + 1,
					     n - 1) == 0);
	}
	for (size_t i = 0; !*ret_bare && i < ARRAY_LEN(behind); i++) {
		size_t n = strlen(behind[i]);

		if (out->len < start + n ||
			memcmp(out->data + out->len - n, behind[i], n) != 0)
			continue;
		out->len -= n;
		return;
	}
}

int
render_words(const struct reader *r, int first, int end, struct buf *out)
{
	const struct extract_words *w = &r->w;
	size_t start = out->len;
	int rc = 0;

	for (int i = first; i < end; i++) {
		const char *is = NULL;
		const struct when *when = NULL;
		const struct extract_word *x = &w->v[i];
		char text[WHEN_BYTES];
		bool bare = false;

		for (int k = 0; k < r->whens_n; k++)
			if (r->whens[k].is_relative && r->whens[k].last < end &&
				(r->whens[k].first == i ||
					(i == first && r->whens[k].first < i &&
						r->whens[k].last >= i)))
				when = &r->whens[k];
		for (size_t k = 0; k < ARRAY_LEN(persons); k++)
			if (strcmp(x->low, persons[k].low) == 0 &&
				!is_clock(w, i))
				is = persons[k].is;
		if (r->me && is && extract_in(x->low, "me|i|myself")) {
			is = r->me;
		} else if (r->me && strcmp(x->low, "my") == 0) {
			if (buf_addf(out, "%s%s's", out->len > start ? " " : "",
				    r->me) != 0)
				return MDB_E_NOMEM;
			continue;
		}
		if (strcmp(x->low, "'s") == 0) {
			if (buf_adds(out, "'s") != 0)
				return MDB_E_NOMEM;
			continue;
		}
		if (when)
			cut_before_time(w, when, end, start, out, &bare);
		if (out->len > start || start > 0)
			rc = add_space(out, i == first ? " " : between(w, i));
		if (rc != 0)
			return rc;
		if (when) {
			extract_when_text(w, when, text);
			/* "on" may stand before `first`. */
			rc = buf_adds(out,
				(bare || when->first < i) && strchr(text, ' ')
					? strchr(text, ' ') + 1
					: text);
			i = when->last;
		} else if (is || x->flags & W_PART || x->n == 0)
			rc = buf_adds(out, is ? is : x->low);
		else if (i + 1 < w->words && w->v[i + 1].flags & W_PART &&
			 strcmp(extract_low(w, i + 1), "'s") != 0)
			rc = buf_adds(out, x->low);
		else
			rc = buf_add(out, x->s, x->n);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* "usually", "never" before the verb. */
static int
add_often(const struct reader *r, const struct clause *c, struct buf *out)
{
	return c->often >= 0
		       ? buf_addf(out, "%s ", extract_low(&r->w, c->often))
		       : 0;
}

/* "My roses are turning yellow": where the noun stands before it. */
static bool
is_of_many(const struct reader *r, const struct clause *c)
{
	if (c->who != WHO_OUR && c->who != WHO_THING && c->who != WHO_MY)
		return false;
	for (int i = c->phrase; i < c->verb_at; i++)
		if (extract_is(&r->w, i, "are"))
			return true;
	return false;
}

int
render_verb(const struct reader *r, const struct clause *c, struct buf *out)
{
	const char *low = extract_low(&r->w, c->verb_at);
	const char *base = c->verb ? rules_base(c->verb) : low;
	bool denied = c->is_denied;
	char room[WORD_BYTES + 4];
	int rc = 0;

	switch (c->tense) {
	case T_NOW:
		/* An unknown verb in the past: "jousted". */
		if (!denied && c->verb == 0 && strlen(low) > 3 &&
			strcmp(low + strlen(low) - 2, "ed") == 0)
			return buf_adds(out, low);
		if (denied)
			return buf_addf(out, "does not %s", base);
		rc = add_often(r, c, out);
		return rc != 0 ? rc
			       : buf_adds(out, rules_third(c->verb, low, room));
	case T_PAST:
		if (denied)
			return buf_addf(out, "did not %s", base);
		rc = add_often(r, c, out);
		return rc != 0 ? rc : buf_adds(out, low);
	case T_GOING_ON:
		return buf_addf(out, "%s %s%s", is_of_many(r, c) ? "are" : "is",
			denied ? "not " : "", low);
	case T_PERFECT:
		if (denied)
			return buf_addf(out, "has not %s", low);
		return buf_addf(out, "has %s%s", c->is_never ? "never " : "",
			low);
	case T_PERFECT_ON:
		return buf_addf(out, "has %sbeen %s", denied ? "not " : "",
			low);
	case T_CAN:
		return buf_addf(out, "can%s %s", denied ? "not" : "", base);
	case T_WILL:
		return buf_addf(out, "will %s%s", denied ? "not " : "", base);
	case T_GOING:
		return buf_addf(out, "%splans to %s",
			denied ? "no longer " : "", base);
	case T_MUST:
		return buf_addf(out, "must %s%s", denied ? "not " : "", base);
	case T_USED:
		return buf_addf(out, "used to %s", base);
	case T_WOULD:
		return buf_addf(out, "would %s%s", denied ? "not " : "", base);
	case T_MAYBE:
		if (c->is_never)
			return buf_addf(out, "should never %s", base);
		return buf_addf(out, "should %s%s", denied ? "not " : "", base);
	case T_IS:
		return buf_addf(out, "is%s", denied ? " not" : "");
	case T_WAS:
		return buf_addf(out, "was%s", denied ? " not" : "");
	case T_BEEN:
		return buf_addf(out, "has been%s", denied ? " not" : "");
	}
	return rc;
}

void
render_low(const char *name, char out[NAME_BYTES])
{
	size_t k = 0, n = strlen(name);

	for (size_t i = 0; i < n && k + 1 < NAME_BYTES; i++)
		out[k++] = (char)tolower((unsigned char)name[i]);
	k = text_cut(out, k);
	out[k] = '\0';
}

void
render_name(const struct extract_words *w, int first, int end,
	char out[NAME_BYTES])
{
	size_t k = 0;

	if (extract_in(extract_low(w, first), "mr|mrs|ms|dr|prof|aunt|uncle") &&
		first + 1 < end)
		first++;
	for (int i = first; i < end; i++) {
		if (k > 0 && k + 1 < NAME_BYTES && !(w->v[i].flags & W_PART))
			out[k++] = ' ';
		for (size_t b = 0; b < w->v[i].n && k + 1 < NAME_BYTES; b++)
			out[k++] = (char)tolower((unsigned char)w->v[i].s[b]);
	}
	k = text_cut(out, k);
	out[k] = '\0';
}
