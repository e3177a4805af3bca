/* Pieces of a sentence without any verb: a noun, and behind it when, where or how
 * much.
 *
 *   Ada: physio twice a week               ada      physio twice a week
 *   Bob: prod on the 28th                  project  prod on 2026-05-28
 *   Ada: 27 years at the same company      ada      has been 27 years at ..
 *   Ada: Nice weather today!               nothing: it is over tomorrow
 *
 * pieces.c says how a sentence is cut. */
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

#define HEAD_WORDS 4

/* Of whom a thing without an owner is. */
static void
owner_of_piece(const struct reader *r, int first, int end, char out[NAME_BYTES])
{
	if (r->is_notes || (r->is_work && r->turn->role != ROLE_USER) ||
		people_is_of_work(&r->w, first, end))
		sayings_project(r, out);
	else if (r->has_assistant && r->is_work)
		sayings_project(r, out);
	else
		facts_speaker(r, out);
}

/* Is the time there only today, or the day before or after it? */
static bool
is_of_the_day(const struct reader *r, int first, int end)
{
	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].first >= first && r->whens[i].last < end)
			return r->whens[i].from >= r->today - 1 &&
			       r->whens[i].to <= r->today + 1;
	return false;
}

/* What has a number of its own. */
static const char *const amounts =
	"rent|income|salary|car|budget|deposit|gym|insurance|phone|internet|"
	"electricity|fee|fees|price|cost|costs|limit|port|timeout|tax|taxes|"
	"mortgage|groceries|heating|pension|savings|loan|weight|height|age|"
	"size|capacity|wage|bonus|tuition|childcare|daycare|cap|quota|rate";

/* "physio twice a week", "prod on the 28th", "rent 980 warm": a noun, and behind it
 * when, where or how much. */
int
pieces_by_noun(struct reader *r, int first, int end, struct err *e)
{
	const struct extract_words *w = &r->w;
	char subject[NAME_BYTES];
	AUTO_BUF struct buf head = {0};
	unsigned form = 0;
	bool is_tool;
	int at, i = first, proper = 0;

	i += extract_in(extract_low(w, i), "the|our|my|a|an|and|but|so|with");
	end = render_trim(r, i, end);
	if (end - i < 2 || end - i > PIECE_WORDS || w->v[i].flags & W_NUMBER ||
		facts_content(w, i, i + 1) == 0)
		return 0;
	for (at = i + 1; at < end && at <= i + HEAD_WORDS; at++) {
		bool when = false;

		for (int k = 0; k < r->whens_n; k++)
			when = when || r->whens[k].first == at;
		for (int k = 0; k < r->whens_n; k++)
			if (r->whens[k].first <= i && r->whens[k].last >= i)
				return 0;
		if (when || w->v[at].flags & W_NUMBER ||
			extract_in(extract_low(w, at),
				"on|at|in|from|until|till|by|every|twice|once|"
				"since|for|with|via|only|always|never|as"))
			break;
	}
	/* "TAP 1352", "sprint 18" name one thing; "rent 980", "12 kg" measure. */
	if (at < end && w->v[at].flags & W_NUMBER &&
		!(at + 1 < end && facts_is_measure(w, at + 1)) &&
		strpbrk(extract_low(w, at), "%$") == NULL &&
		(w->v[at - 1].flags & W_CAPITAL ||
			!extract_in(extract_low(w, at - 1), amounts)))
		return 0;
	if (extract_in(extract_low(w, i),
		    "maybe|probably|about|around|roughly|almost|nearly|perhaps|"
		    "expected|another|same|just|only|more|less|up|down|back|segfault|error|"
		    "errors|exception|crash|bug|failure|null|warning|typo|leak|test|"
		    "tests|line|lines|file|function|sprint|step|page|version|day"))
		return 0;
	/* "Nice weather today!" */
	if (w->is_loud || is_of_the_day(r, at, end))
		return 0;
	for (int k = i; k < at; k++)
		if (extract_in(extract_low(w, k), signs_passing))
			return 0;
	for (int k = i; k < at; k++)
		proper += (w->v[k].flags & W_CAPITAL) != 0;
	/* "Porto in May": of it nobody knows what. */
	if (proper == at - i &&
		(i > 0 || people_is_first_name(extract_low(w, i))))
		return 0;
	if (at >= end || at > i + HEAD_WORDS || facts_content(w, i, at) == 0)
		return 0;
	/* A verb there makes it another sentence. */
	for (int k = i; k < end; k++) {
		if ((k > i && clause_is_finite(w, k, false, false)) ||
			extract_in(extract_low(w, k),
				"i|we|you|he|she|it|they|this|that|these|those|"
				"what|how|why|not|lol|haha"))
			return 0;
	}
	if (rules_verb(extract_low(w, i), &form) != 0 &&
		!(rules_general(rules_verb(extract_low(w, i), &form)) == 2 &&
			(!(form & (FORM_ING | FORM_PAST | FORM_BASE)) ||
				at == i + 1 || w->v[i].flags & W_CAPITAL ||
				extract_in(extract_low(w, i + 1),
					"up|down"))) &&
		!(form & FORM_BASE && people_is_first_name(extract_low(w, i))))
		return 0;
	is_tool = r->is_work && extract_in(extract_low(w, i), extract_tools) &&
		  extract_in(extract_low(w, at), "for|in|with|via|on");
	if (!is_tool && !facts_is_concrete(w, at, end) &&
		!facts_has_time(r, at, end) &&
		!extract_in(extract_low(w, at),
			"twice|once|every|always|never") &&
		!extract_in(extract_low(w, at + 1),
			"winter|summer|spring|autumn|fall|weekends|weekdays|"
			"mornings|evenings|afternoons"))
		return 0;
	owner_of_piece(r, i, end, subject);
	/* "pnpm for the frontend" */
	if (is_tool) {
		sayings_project(r, subject);
		return sayings_keep(r, EXTRACT_TOOL, subject, "uses", i, end,
			0.7, e);
	}
	if (render_words(r, i, at, &head) != 0)
		return err_nomem(e);
	return sayings_keep(r, EXTRACT_IDENTITY, subject, buf_str(&head), at,
		end, 0.64, e);
}

/* "27 years at the same printing company": how long somebody is where. */
int
pieces_by_duration(struct reader *r, int first, int end, struct err *e)
{
	const struct extract_words *w = &r->w;
	char who[NAME_BYTES];

	end = render_trim(r, first, end);
	if (end - first < 4 || end - first > PIECE_WORDS ||
		!facts_is_concrete(w, first, first + 1) ||
		!extract_in(extract_low(w, first + 1), "years|months") ||
		!extract_in(extract_low(w, first + 2), "at|in|with|as|on") ||
		facts_content(w, first + 3, end) == 0 || r->is_notes)
		return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_IDENTITY, who, "has been", first, end,
		0.68, e);
}
