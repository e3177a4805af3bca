/* Of what use facts were that the hooks showed: gathered when they are shown,
 * judged by the answer that follows. */
#include "memory-db/cli/lib/hookuse.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/usefulness.h"

/* Of an answer that is looked at for what was shown. */
#define ANSWER_BYTES (256 * 1024)

/* The text of a line '(2026-11-29) "infra": "the text"' is looked for in the
 * next answer. */
void
hookuse_await_line(struct hookwork *w, int64_t id, const char *line)
{
	const char *text = strstr(line, ": \""), *nl = strchr(line, '\n');
	AUTO_BUF struct buf own = {0};

	if (text && nl && text < nl &&
		buf_add(&own, text + 2, (size_t)(nl - text) - 2) == 0 &&
		buf_str(&own))
		(void)!hookstate_await(w->state, id, own.data);
}

/* The answer that follows says what became of the facts shown before it. */
void
hookuse_judge(struct hookwork *w, const char *answer)
{
	const char *asked = json_string_value(w->state->asked), *id;
	AUTO_JSON json_t *judged = json_object();
	json_t *text;

	if (!answer || !judged || json_object_size(w->state->pending) == 0)
		return;
	json_object_foreach(w->state->pending, id, text) {
		int what = usefulness_judge(json_string_value(text),
			asked ? asked : "", answer);

		if (what < 0)
			continue;
		w->state->used += what == FACT_USED;
		w->state->contradicted += what == FACT_CONTRADICTED;
		if (jx_set(judged, id, json_integer(what)) != 0)
			return;
	}
	json_object_clear(w->state->pending);
	ledger_add(w->namespace_, judged);
}

/* What the assistant said in these turns. */
int
hookuse_answers(const json_t *turns, struct buf *out)
{
	const json_t *turn;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)turns, i, turn)
		if (strcmp(cli_str(turn, "role", ""), "assistant") == 0 &&
			out->len < ANSWER_BYTES &&
			(buf_adds(out, cli_str(turn, "content", "")) != 0 ||
				buf_addc(out, '\n') != 0))
			return MDB_E_NOMEM;
	return 0;
}
