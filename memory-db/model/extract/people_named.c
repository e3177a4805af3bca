/* Whom a sentence named, so that the next ones know who is meant.
 *
 *   "My greyhound Pepper keeps running away."   Pepper is the greyhound
 *   "She is three."                             of her: the one named last */
#include <stdio.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

static bool
is_many(const char *low)
{
	size_t n = strlen(low);

	return (n > 2 && low[n - 1] == 's' && low[n - 2] != 's') ||
	       strcmp(low, "children") == 0;
}

/* "my greyhound Pepper keeps", "my mentee Julia": a name behind what it is. */
static bool
is_called(const struct extract_words *w, int i)
{
	static const char *const no_heads =
		"old|new|favorite|favourite|first|second|last|own|little|big|"
		"dear|poor|beloved|local|current|best|next|fellow|only|young|"
		"whole|great|late|former|used|trusty|vintage|of|in|at|from|to|"
		"and|with|for|on|the|my|our|a|an|is|was|like|by|than|or|but";
	const char *low = extract_low(w, i - 1);

	return extract_in(extract_low(w, i - 2), "my|our") &&
	       !extract_in(low, no_heads) &&
	       !(w->v[i - 1].flags & (W_CAPITAL | W_NUMBER)) &&
	       (people_is_first_name(extract_low(w, i)) ||
		       extract_in(extract_low(w, i + 1),
			       "is|was|has|had|loves|keeps|lives|works|will|"
			       "wants|likes|got|said|says|came|always"));
}

/* Who is named in a sentence is "he" or "she" in what follows, also further on in
 * it: "the chef, Rosa, is a mentor. She ..". Not who is spoken to. */
void
people_named_note(struct reader *r)
{
	const struct extract_words *w = &r->w;

	for (int i = 0; i < w->words; i++) {
		char name[NAME_BYTES];
		char speaker[NAME_BYTES];
		bool last = i + 1 == w->words ||
			    w->v[i + 1].flags & (W_COMMA | W_BREAK);

		/* "my sister applied there. She .." */
		if (i > 0 && clause_is_kin(extract_low(w, i)) &&
			extract_is(w, i - 1, "my") &&
			!(i + 1 < w->words && w->v[i + 1].flags & W_CAPITAL) &&
			!extract_is(w, i + 1, "'s") && !is_many(w->v[i].low)) {
			facts_speaker(r, speaker);
			facts_person(r, speaker, extract_low(w, i));
		}
		if (!(w->v[i].flags & W_CAPITAL) ||
			!people_is_first_name(extract_low(w, i)) ||
			w->is_question)
			continue;
		/* "Thanks, Bob", "Bob, I .." */
		if (last && (i == 0 || (w->v[i].flags & W_COMMA &&
					       !extract_is(w, i + 1, "who") &&
					       (i < 3 || i + 1 == w->words))))
			continue;
		if ((i == 0 && !clause_is_finite(w, 1, false, false)) ||
			extract_in(extract_low(w, i - 1),
				"thanks|hey|hi|hello|ok|yeah|wow|dear"))
			continue;
		render_name(w, i, i + 1, name);
		facts_person(r, name, "");
	}
}

/* "with my husband Tom. He ..": the one who was named last beside what he is. That
 * Tom is the husband is a fact of its own. */
int
people_named_kin(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int rc;

	for (int i = 2; i < w->words; i++) {
		char name[NAME_BYTES], speaker[NAME_BYTES];
		AUTO_BUF struct buf what = {0};
		int end = i + 1;

		if (!(w->v[i].flags & W_CAPITAL) || w->v[i].flags & W_BREAK ||
			w->v[i].flags & W_PART || extract_is(w, i, "i") ||
			(!clause_is_kin(extract_low(w, i - 1)) &&
				!is_called(w, i)))
			continue;
		while (end < w->words && end < i + 2 &&
			w->v[end].flags & W_CAPITAL &&
			!(w->v[end].flags & (W_COMMA | W_BREAK | W_PART)))
			end++;
		render_name(w, i, end, name);
		facts_person(r, name, "");
		if ((!extract_in(extract_low(w, i - 2), "my|our") &&
			    !extract_in(extract_low(w, i - 3), "my|our")) ||
			extract_is(w, end, "'s") ||
			is_many(extract_low(w, i - 1)))
			continue;
		facts_speaker(r, speaker);
		if (buf_addf(&what, "%s is", extract_low(w, i - 1)) != 0)
			return err_nomem(e);
		rc = sayings_keep(r, EXTRACT_RELATION, speaker, buf_str(&what),
			i, end, 0.86, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}
