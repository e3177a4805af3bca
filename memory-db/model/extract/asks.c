/* What a question asks, as the words that its answer goes on with.
 *
 *   "Where do you rehearse?"          rehearses ..
 *   "How long did you live there?"    lived there ..
 *   "What are you bringing on Saturday?"   is bringing .. on 2026-12-05
 *   "Which pool?"                     pool is ..
 *
 * A question has a word that asks ("where", "how long", "which pool"), a helper, whom
 * it is about, and a verb. Only what is asked of the other one ("you") is turned; what
 * is asked without a verb is a noun of his. answers.c reads the answer. */
#include <string.h>

#include "memory-db/model/extract/internal.h"

#define ASKS_WORDS 12

static const char *const helpers =
	"do|does|did|are|is|were|was|have|has|can|will|would";

/* The word that asks: *ret_noun to *ret_noun_end is what is counted or chosen of
 * ("which pool", "how many kids"). Returns the helper's word, 0: it asks otherwise. */
static int
asking(const struct extract_words *w, int i, int *ret_noun, int *ret_noun_end)
{
	int k = i + 1;

	*ret_noun = *ret_noun_end = 0;
	if (extract_is(w, i, "how"))
		k += extract_in(extract_low(w, k),
			"long|often|far|many|much|old|big|late|early|tall");
	else if (!extract_in(extract_low(w, i),
			 "what|which|where|when|who|whose"))
		return 0;
	if (extract_in(extract_low(w, i), "what|which|whose") ||
		extract_in(extract_low(w, i + 1), "many|much")) {
		*ret_noun = k;
		while (k < w->words && k < *ret_noun + 4 &&
			!extract_in(extract_low(w, k), helpers))
			k++;
		*ret_noun_end = k;
		if (*ret_noun == k)
			*ret_noun = *ret_noun_end = 0;
	}
	return extract_in(extract_low(w, k), helpers) ? k : 0;
}

/* "do you rehearse": "rehearses", into out. The word behind the verb; 0: it is no
 * question of this kind; negative: no memory. */
static int
turned(const struct reader *r, int helper, struct buf *out)
{
	const struct extract_words *w = &r->w;
	const char *low = extract_low(w, helper);
	int at = helper + 2, verb, rc;
	unsigned form = 0;
	char room[WORD_BYTES + 4];

	if (!extract_is(w, helper + 1, "you"))
		return 0;
	at += extract_in(extract_low(w, at),
		"still|usually|normally|currently|all|guys|also|now|mostly|"
		"actually|ever|both|then|typically");
	verb = rules_verb(extract_low(w, at), &form);
	if (at >= w->words ||
		extract_in(extract_low(w, at),
			"think|mean|want|say|know|see|feel|suggest|recommend|"
			"tell|like|get|up|doing|saying|talking|looking|"
			"thinking|wondering|ok|okay|sure|feeling|hear|find"))
		return 0;
	if (extract_in(low, "do|can|will|would") && verb != 0 &&
		form & FORM_BASE)
		rc = strcmp(low, "do") == 0
			     ? buf_adds(out, rules_third(verb,
						     extract_low(w, at), room))
			     : buf_addf(out, "%s %s", low, extract_low(w, at));
	else if (strcmp(low, "did") == 0 && verb != 0 && form & FORM_BASE)
		rc = buf_adds(out, rules_past(verb));
	else if (strcmp(low, "have") == 0 && verb != 0 && form & FORM_PART)
		rc = buf_addf(out, "has %s", extract_low(w, at));
	else if (strcmp(low, "have") == 0 && extract_is(w, at, "been"))
		rc = buf_adds(out, "has been");
	else if (extract_in(low, "are|were"))
		rc = buf_addf(out, "%s %s",
			strcmp(low, "are") == 0 ? "is" : "was",
			extract_low(w, at));
	else
		return 0;
	return rc != 0 ? -1 : at + 1;
}

/* "Which pool?", "Any allergies?", "And your notice period?": of a noun. */
static int
of_noun(struct reader *r, int i, struct buf *out)
{
	const struct extract_words *w = &r->w;
	int end = w->words;
	unsigned form = 0;

	i += extract_match(w, i, "what about|how about|and what about");
	i += extract_in(extract_low(w, i), "and|or|any|which|what|whose|but");
	i += extract_in(extract_low(w, i),
		"any|which|what|whose|your|the|kind");
	i += extract_is(w, i, "of");
	while (end > i && extract_in(extract_low(w, end - 1),
				  "then|again|btw|by|now|recently|lately|yet"))
		end--;
	if (end <= i || end - i > 3 || facts_content(w, i, end) == 0 ||
		w->v[i].flags & W_CAPITAL)
		return 0;
	for (int k = i; k < end; k++)
		if (w->v[k].flags & (W_COMMA | W_BREAK) ||
			extract_in(extract_low(w, k), helpers) ||
			extract_in(extract_low(w, k),
				"you|i|we|it|that|this|he|she|they|to|right|"
				"really|for|coffee|tea|ready|serious|sure|lunch|"
				"dinner|problem|problems|question|questions|"
				"thoughts|ideas|plans|idea|help|wait|name|luck|"
				"news|update|updates|from|with|in|on|at|not") ||
			(rules_verb(extract_low(w, k), &form) != 0 &&
				rules_general(rules_verb(extract_low(w, k),
					&form)) != 2 &&
				form & (FORM_PAST | FORM_ING | FORM_PART)))
			return 0;
	return render_words(r, i, end, out) != 0 || buf_adds(out, " is") != 0
		       ? -1
		       : 1;
}

/* "When does your train get in?": train gets in. */
static int
of_yours(const struct reader *r, int helper, struct buf *out)
{
	const struct extract_words *w = &r->w;
	int first = helper + 2, verb = first + 1, end;
	unsigned form = 0;
	char room[WORD_BYTES + 4];

	if (!extract_in(extract_low(w, helper), "do|does|did"))
		return 0;
	while (verb < w->words && verb < first + 4 &&
		(rules_verb(extract_low(w, verb), &form) == 0 ||
			!(form & FORM_BASE)))
		verb++;
	if (verb >= w->words || verb >= first + 4 ||
		render_words(r, first, verb, out) != 0)
		return 0;
	if (buf_addf(out, " %s",
		    extract_is(w, helper, "did")
			    ? rules_past(
				      rules_verb(extract_low(w, verb), &form))
			    : rules_third(rules_verb(extract_low(w, verb),
						  &form),
				      extract_low(w, verb), room)) != 0)
		return -1;
	/* Its particle; a time there is of the answer. */
	end = verb + 1 +
	      (extract_in(extract_low(w, verb + 1),
		       "in|out|up|off|on|back|over") &&
		      !facts_has_time(r, verb + 1, w->words - 1));
	return end > verb + 1 && render_words(r, verb + 1, end, out) != 0 ? -1
									  : 1;
}

/* "Do you play anything?", "Have you noticed any triggers?": the answer names it. */
static int
of_any(struct reader *r, int i, struct buf *out)
{
	const struct extract_words *w = &r->w;
	int behind, at = 0;

	for (int k = i + 2; k < w->words && k < i + 6; k++)
		if (extract_in(extract_low(w, k),
			    "any|anything|something|some"))
			at = k;
	if (at == 0 || !extract_is(w, i + 1, "you"))
		return 0;
	if (extract_in(extract_low(w, at), "any|some") && at + 1 < w->words &&
		w->words - at < 4)
		return of_noun(r, at, out);
	behind = turned(r, i, out);
	return behind < 0 ? -1 : behind == at && at + 1 == w->words;
}

int
asks_frame(struct reader *r, int i, struct buf *out)
{
	const struct extract_words *w = &r->w;
	int noun, noun_end, at, behind, end = w->words;

	i += extract_in(extract_low(w, i), "and|but|so|or");
	if (w->words - i > ASKS_WORDS || w->words <= i)
		return 0;
	at = asking(w, i, &noun, &noun_end);
	if (at == 0 && extract_in(extract_low(w, i), "do|have|are|did"))
		return of_any(r, i, out);
	if (at == 0)
		return of_noun(r, i, out);
	/* "Which port is it on?", "What type are you?" */
	if (noun_end > noun && extract_in(extract_low(w, i), "what|which") &&
		(w->words - at < 3 ||
			extract_in(extract_low(w, at + 1), "it|that|they")))
		return render_words(r, noun, noun_end, out) != 0 ||
				       buf_adds(out, " is") != 0
			       ? -1
			       : 1;
	if (extract_is(w, at + 1, "your"))
		return of_yours(r, at, out);
	behind = turned(r, at, out);
	if (behind <= 0)
		return behind;
	/* "do you use", "do you have" of "which database", "how many kids" */
	if (noun_end > noun && extract_in(extract_low(w, i), "which|what") &&
		extract_in(extract_low(w, behind - 1),
			"use|using|have|play|run|running|on|speak|take|drive")) {
		out->len = 0;
		return render_words(r, noun, noun_end, out) != 0 ||
				       buf_adds(out, " is") != 0
			       ? -1
			       : 1;
	}
	end = render_trim(r, behind, end);
	for (int k = behind; k < end; k++)
		if (w->v[k].flags & (W_COMMA | W_BREAK))
			end = k;
	/* "How have you been?" */
	if (end == behind &&
		extract_in(extract_low(w, behind - 1), "been|doing|up")) {
		out->len = 0;
		return 0;
	}
	for (int k = behind; k < end; k++)
		if (extract_in(extract_low(w, k),
			    "it|that|this|them|i|me|my|or|he|she|they"))
			return 0;
	if (end - behind > 4)
		return 0;
	/* "Where are you going?" "Siemens." */
	if (end == behind && extract_is(w, i, "where") &&
		extract_is(w, behind - 1, "going") && buf_adds(out, " to") != 0)
		return -1;
	return end > behind && render_words(r, behind, end, out) != 0 ? -1 : 1;
}
