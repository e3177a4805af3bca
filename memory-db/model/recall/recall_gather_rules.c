/* A question that says no more than that it asks for instructions lists them,
 * the newest first: recall {query: "all instructions", tags: ["instruction"]}.
 * What they have in common is in the text index, so that the price is that of
 * the facts with such words. */
#include <string.h>

#include "memory-db/model/read/instruction.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/model/search/filter_entities.h"

/* Facts beside as many as rows are wanted: copies among them are folded. */
#define MORE 100

struct recall_gather_rules_listing {
	struct recalling *r;
	int which;
	size_t wanted;
};

bool
recall_lists_rules(const struct recalling *r)
{
	bool wants = false;
	const json_t *tag;
	size_t i;

	json_array_foreach(r->request->tags, i, tag)
		wants |= strcmp(json_string_value(tag), INSTRUCTION_TAG) == 0;
	return wants && r->question.topics == 0 &&
	       r->question.dates.spans_n == 0;
}

static int
recall_gather_rules_list_row(void *ctx, const struct search_row *row)
{
	struct recall_gather_rules_listing *l = ctx;
	struct recalling *r = l->r;
	int k = recall_add(r, l->which, row->fact, 0, NULL);

	return k < 0 ? k : r->n >= l->wanted || recall_is_late(r);
}

int
recall_gather_rules(struct recalling *r, int which)
{
	struct recall_gather_rules_listing l = {.r = r,
		.which = which,
		.wanted = r->n + (size_t)r->request->limit + MORE};
	int k = 1;

	if (!recall_lists_rules(r))
		return 0;
	/* All that pass are known, unless they are many. */
	for (size_t i = 0; k >= 0 && i < r->few[which].n; i++)
		k = recall_add(r, which, r->few[which].facts[i], 0, NULL);
	if (k < 0 || r->few[which].facts)
		return k < 0 ? k : 0;
	k = filter_instructions(r->st, &r->range[which], r->terms[which].stem,
		recall_gather_rules_list_row, &l, r->e);
	return k < 0 ? k : 0;
}
