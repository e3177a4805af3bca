/* Of what use facts were that the hooks showed: gathered when they are shown,
 * judged by the service when the answer is there.
 *
 *   prompt 1   shown: fact 12 of receipt r1     pending r1 [12]
 *   stop 1     the answer is sent with r1       before r1
 *   prompt 2   "no, that moved to falcon"       asked
 *   stop 2     r1 may be denied by that prompt  before: what prompt 2 was shown
 *
 * A sub-agent is asked, recalls and answers by itself: what it was shown is held
 * against its own answer, when it stops (a file of its own) or with the turn whose
 * lines it stands among.
 *
 * What the agent asked for by itself is found in the transcript at the stop
 * (transcriptcalls.h) and judged with the rest; the service knows which facts
 * it gave for these words.
 *
 * What cannot be sent, as no service answers, waits for the next stop. */
#include "memory-db/cli/lib/hookuse.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"

/* Of a prompt and an answer that are looked at for what was shown. */
#define SAID_BYTES (64 * 1024)
/* Receipts that wait: more prompts without an answer are none of a session. */
#define PENDING_MAX 40
/* Receipts that the next prompt may deny. */
#define BEFORE_MAX 80
/* A turn of an agent that works by itself. */
#define TURN_MS (6 * 3600 * 1000LL)

int
hookuse_await(struct hookwork *w, const json_t *reply, const json_t *facts)
{
	const char *receipt = cli_str(reply, "receipt", NULL);

	if (!receipt || json_array_size(facts) == 0 ||
		json_array_size(w->state->pending) >= PENDING_MAX)
		return 0;
	return jx_add(w->state->pending,
		json_pack("{s:s,s:O}", "receipt", receipt, "facts", facts));
}

/* Texts of a client may hold bytes that are no UTF-8. */
static json_t *
said(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n > SAID_BYTES)
		n = text_cut(text, SAID_BYTES);
	return n > 0 && text_is_utf8(text, n) ? json_stringn(text, n)
					      : json_string("");
}

/* What was judged now may be denied by the next prompt. */
static int
judged(struct hookwork *w, const json_t *reply)
{
	const json_t *one;
	size_t i;

	w->state->used += cli_int(reply, "used", 0);
	w->state->contradicted += cli_int(reply, "contradicted", 0) +
				  cli_int(reply, "corrected", 0);
	json_array_clear(w->state->before);
	json_array_foreach(w->state->pending, i, one)
		if (jx_add(w->state->before,
			    json_incref(json_object_get(one, "receipt"))) != 0)
			return MDB_E_NOMEM;
	json_array_foreach(json_object_get(reply, "receipts"), i, one)
		if (json_array_size(w->state->before) < BEFORE_MAX &&
			json_array_append(w->state->before,
				(json_t *)(uintptr_t)one) != 0)
			return MDB_E_NOMEM;
	w->state->judged_ms = clock_now_ms();
	json_array_clear(w->state->calls);
	return json_array_clear(w->state->pending);
}

/* Before the last answer that was judged nothing of this turn was asked for. A
 * session that has none yet may have begun hours ago. */
static int64_t
since_of(const struct hookstate *s)
{
	return s->judged_ms > 0 ? s->judged_ms : clock_now_ms() - TURN_MS;
}

void
hookuse_judge(struct hookwork *w, const char *answer)
{
	struct hookstate *s = w->state;
	AUTO_JSON json_t *reply = NULL;

	if (!answer || json_array_size(s->pending) +
				       json_array_size(s->before) +
				       json_array_size(s->calls) ==
			       0)
		return;
	reply = hookwork_ask(w, "judge_use",
		json_pack("{s:o,s:o,s:O,s:O,s:O,s:I}", "asked",
			said(json_string_value(s->asked)), "answer",
			said(answer), "shown", s->pending, "before", s->before,
			"recalled", s->calls, "since", (json_int_t)since_of(s)),
		NULL, NULL);
	if (reply)
		(void)!judged(w, reply);
}

/* What the assistant said in these turns. */
int
hookuse_answers(const json_t *turns, struct buf *out)
{
	const json_t *turn;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)turns, i, turn)
		if (strcmp(cli_str(turn, "role", ""), "assistant") == 0 &&
			out->len < SAID_BYTES &&
			(buf_adds(out, cli_str(turn, "content", "")) != 0 ||
				buf_addc(out, '\n') != 0))
			return MDB_E_NOMEM;
	return 0;
}

bool
hookuse_agent(struct hookwork *w, const json_t *agent)
{
	const json_t *calls = json_object_get(agent, "calls");
	AUTO_JSON json_t *reply = NULL;

	if (json_array_size(calls) == 0 ||
		cli_str(agent, "answer", "")[0] == '\0')
		return false;
	/* It may have begun before the last answer of the one that sent it. */
	reply = hookwork_ask(w, "judge_use",
		json_pack("{s:o,s:o,s:O,s:I}", "asked",
			said(cli_str(agent, "asked", "")), "answer",
			said(cli_str(agent, "answer", "")), "recalled", calls,
			"since", (json_int_t)(clock_now_ms() - TURN_MS)),
		NULL, NULL);
	w->state->used += cli_int(reply, "used", 0);
	w->state->contradicted += cli_int(reply, "contradicted", 0);
	return reply != NULL;
}

void
hookuse_agents(struct hookwork *w)
{
	const char *name;
	json_t *agent;
	void *next;

	json_object_foreach_safe(w->state->agents, next, name, agent)
		if (json_array_size(json_object_get(agent, "calls")) == 0 ||
			hookuse_agent(w, agent))
			json_object_del(w->state->agents, name);
}
