/* What the hooks do: the digest at the start, the recall for a prompt, the
 * capture of what was said. The client waits for a hook, so each call has a
 * deadline, and what fails leaves the text empty.
 *
 *   prompt "why is the build slow?"   recall: the facts that fit, each shown
 *                                     once a session
 *   prompt "yes"                      nothing to look for: nothing is asked */
#include "memory-db/cli/lib/hookwork.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/hookbranch.h"
#include "memory-db/cli/lib/hookcapture.h"
#include "memory-db/cli/lib/hookcode.h"
#include "memory-db/cli/lib/hookfence.h"
#include "memory-db/cli/lib/hookuse.h"
#include "memory-db/cli/lib/transcript.h"

/* Bytes of a prompt that are asked with: what follows is pasted. */
#define QUERY_BYTES 4000
/* What a prompt gets at most: facts, and bytes of them. */
#define PROMPT_FACTS 5
#define PROMPT_BYTES 1600
/* Below these a fact does not fit: under the threshold of recall, and far
 * behind the best one. */
#define FLOOR 0.25
#define CUT   0.4
/* Of notes and plans in a digest. */
#define RESUME_TOKENS 180
/* Of the changes since the last session: the newest, from which some names are
 * told. */
#define SINCE_BYTES 16384

/* The reply of a call, or NULL. *ret_code (may be NULL): of a refusal. */
json_t *
hookwork_ask(struct hookwork *w, const char *method, json_t *params_new,
	const char *key, const char **ret_code)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_BUF struct buf b = {0};
	char *reply = NULL;
	json_t *j;
	int rc;

	if (ret_code)
		*ret_code = "unreachable";
	if (!params || jx_dump(params, &b) != 0 || !buf_str(&b))
		return NULL;
	rc = memory_client_call_with(w->c->client, method, b.data,
		w->timeout_ms, key, &reply);
	if (rc == MEMORY_REFUSED && ret_code)
		*ret_code = memory_client_error_code(w->c->client);
	j = rc == MEMORY_OK ? jx_parse(reply, strlen(reply), NULL) : NULL;
	memory_free(reply);
	return j;
}

/* --- when a session begins ------------------------------------------------ */

/* Names of what a change touched, each once. */
static int
collect_names(const json_t *change, json_t *names)
{
	static const char *const lists[] = {"added", "removed", "set"};
	const json_t *x;
	size_t i;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_array_foreach(json_object_get(change, lists[k]), i, x) {
			const char *name = cli_str(x, "entity", NULL);

			if (name && jx_set(names, name, json_true()) != 0)
				return MDB_E_NOMEM;
		}
	return 0;
}

/* "Since 2026-11-28: 5 changes of ada, deploy." */
static void
add_since(struct hookwork *w, int64_t seen, struct buf *out)
{
	AUTO_JSON json_t *reply = NULL, *names = json_object();
	AUTO_BUF struct buf line = {0};
	const json_t *change;
	const char *name, *first = NULL;
	int64_t newest = seen;
	int n = 0, shown = 0;
	size_t i;
	json_t *x;

	reply = hookwork_ask(w, "memory_history",
		seen > 0 ? json_pack("{s:i,s:i,s:I}", "limit", 50, "max_bytes",
				   SINCE_BYTES, "since", (json_int_t)seen)
			 : json_pack("{s:i}", "limit", 1),
		NULL, NULL);
	json_array_foreach(json_object_get(reply, "changes"), i, change) {
		int64_t id = cli_int(change, "change", 0);

		newest = id > newest ? id : newest;
		if (seen == 0 || id <= seen || !names ||
			collect_names(change, names) != 0)
			continue;
		first = cli_str(change, "at", first);
		n++;
	}
	if (newest > 0)
		hookstate_see(w->namespace_, newest);
	if (n == 0 || !first ||
		buf_addf(&line, "- since your last session (%.10s): %d%s %s",
			first, n,
			json_object_get(reply, "next") ? " or more" : "",
			n == 1 ? "change" : "changes") != 0)
		return;
	json_object_foreach(names, name, x) {
		if (shown >= 8 || line.len > 400) {
			if (buf_adds(&line, ", ...") != 0)
				return;
			break;
		}
		if (buf_adds(&line, shown++ == 0 ? " of " : ", ") != 0 ||
			hookfence_plain(name, 60, &line) != 0)
			return;
	}
	if (buf_addc(&line, '\n') == 0)
		(void)!hookfence_add(out, "What changed meanwhile.", &line);
}

/* The facts of a context text ("- #12 (..") count as shown. */
static void
remember_lines(struct hookwork *w, const json_t *reply, const char *context)
{
	AUTO_JSON json_t *facts = json_array();

	for (const char *s = context; (s = strstr(s, "\n- #")) != NULL;) {
		int64_t id = 0;

		for (s += 4; *s >= '0' && *s <= '9' && id < INT64_MAX / 10; s++)
			id = id * 10 + (*s - '0');
		if (id > 0 && hookstate_show(w->state, id) == 0)
			w->state->loaded++;
		if (id > 0 && jx_add(facts, json_integer(id)) != 0)
			return;
	}
	(void)!hookuse_await(w, reply, facts);
}

/* Open notes and plans, and what waits for review: what the session may go on
 * with. Nothing when there is none of it. */
static void
add_resume(struct hookwork *w, int64_t seen)
{
	static const char *const wanted[] = {"handoffs", "plans", "review"};
	AUTO_JSON json_t *reply = NULL;
	const json_t *counts;
	const char *text;
	bool has_any = false;

	reply = hookwork_ask(w, "resume",
		json_pack("{s:i,s:I}", "budget", RESUME_TOKENS, "since",
			(json_int_t)(seen > 0 ? seen + 1 : 1)),
		NULL, NULL);
	counts = json_object_get(reply, "counts");
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		has_any |= cli_int(counts, wanted[i], 0) > 0;
	text = cli_str(reply, "context", "");
	if (has_any && w->text.len + strlen(text) < HOOK_DIGEST_BYTES)
		(void)!buf_adds(&w->text, text);
}

static void
start(struct hookwork *w)
{
	const int64_t seen = hookstate_seen(w->namespace_);
	const char *source = w->ev->source ? w->ev->source : "startup";
	AUTO_BUF struct buf since = {0};

	hookstate_tidy();
	/* The context was emptied: what it held may come again. What a resumed
	 * session was given stands in its context still. */
	if (strcmp(source, "compact") == 0 || strcmp(source, "clear") == 0)
		json_object_clear(w->state->shown);
	add_since(w, seen, &since);
	if (strcmp(source, "resume") == 0 &&
		json_object_size(w->state->shown) > 0) {
		if (since.len > 0 && since.len < HOOK_DIGEST_BYTES)
			(void)!buf_add(&w->text, since.data, since.len);
		return;
	}
	/* Tokens are an estimate: less when the bytes are too many. */
	for (int tokens = 450; tokens >= 60; tokens = tokens * 2 / 3) {
		AUTO_JSON json_t *reply = hookwork_ask(w, "assemble_context",
			json_pack("{s:s,s:i,s:[s,s,s]}", "task", "this project",
				"max_tokens", tokens, "sources", "pinned",
				"conflicts", "recent"),
			NULL, NULL);
		AUTO_BUF struct buf text = {0};

		if (hookcode_context(w->c, &w->tree, reply, &text) != 0 ||
			!buf_str(&text))
			break;
		if (text.len + since.len >= HOOK_DIGEST_BYTES)
			continue;
		if (strstr(text.data, "\n- ") &&
			buf_add(&w->text, text.data, text.len) == 0)
			remember_lines(w, reply, text.data);
		break;
	}
	if (since.len > 0 && w->text.len + since.len < HOOK_DIGEST_BYTES)
		(void)!buf_add(&w->text, since.data, since.len);
	add_resume(w, seen);
}

/* --- for a prompt --------------------------------------------------------- */

/* What of a prompt is asked with; false: nothing. */
static bool
query_of(const struct hookevent *ev, struct buf *out)
{
	const char *source = ev->source;
	size_t n;

	/* Loops and systems send prompts as well. */
	if (!ev->prompt || (source && strcmp(source, "user") != 0) ||
		ev->is_subagent)
		return false;
	n = strlen(ev->prompt);
	if (ev->prompt[0] == '/' || ev->prompt[0] == '!' ||
		transcript_strip(ev->prompt, n, out) != 0 || !buf_str(out))
		return false;
	if (out->len > QUERY_BYTES) {
		out->len = text_cut(out->data, QUERY_BYTES);
		out->data[out->len] = '\0';
	}
	return out->len >= 4 && strspn(out->data, " \t\r\n") < out->len;
}

static void
prompt(struct hookwork *w)
{
	AUTO_BUF struct buf query = {0}, lines = {0};
	AUTO_JSON json_t *reply = NULL, *given = json_array();
	const json_t *row;
	int facts = 0;
	size_t i;

	w->state->prompts++;
	w->state->silent++;
	if (!query_of(w->ev, &query))
		return;
	json_decref(w->state->asked);
	w->state->asked = json_stringn(query.data, query.len);
	reply = hookwork_ask(w, "recall",
		json_pack("{s:s,s:i,s:f,s:f}", "query", query.data, "limit",
			PROMPT_FACTS * 3, "min_score", FLOOR, "cut", CUT),
		NULL, NULL);
	if (!json_is_true(json_object_get(reply, "relevant")))
		return;
	json_array_foreach(json_object_get(reply, "results"), i, row) {
		int64_t id = cli_int(row, "id", 0);
		size_t before = lines.len;

		if (facts >= PROMPT_FACTS || hookstate_was_shown(w->state, id))
			continue;
		if (buf_adds(&lines, "- ") != 0 ||
			hookfence_plain(cli_str(row, "name", ""), 120,
				&lines) != 0 ||
			buf_adds(&lines, ": ") != 0 ||
			hookfence_plain(cli_str(row, "text", ""), 600,
				&lines) != 0 ||
			buf_addf(&lines, " (%.10s", cli_str(row, "date", "")) !=
				0 ||
			hookcode_row(w->c, &w->tree, row, ", ", &lines) != 0 ||
			buf_adds(&lines, ")\n") != 0)
			return;
		if (lines.len > PROMPT_BYTES) {
			lines.len = before;
			break;
		}
		if (hookstate_show(w->state, id) != 0 ||
			jx_add(given, json_integer(id)) != 0)
			return;
		facts++;
	}
	if (facts == 0 || hookuse_await(w, reply, given) != 0 ||
		hookfence_add(&w->text, "From the memory, for this prompt.",
			&lines) != 0)
		return;
	w->state->silent--;
	w->state->recalled += facts;
}

void
hookwork_run(struct hookwork *w)
{
	switch (w->hook->what) {
	case HOOK_START:
		hookbranch_begin(w);
		start(w);
		w->is_sync_due = hookbranch_is_due(w);
		break;
	case HOOK_PROMPT:
		prompt(w);
		break;
	case HOOK_CAPTURE:
		hookbranch_begin(w);
		hookcapture(w);
		break;
	case HOOK_SUBAGENT:
		hookcapture_agent(w);
		break;
	case HOOK_BRANCH:
	case HOOK_UNBRANCH:
		hookbranch_worktree(w, w->hook->what == HOOK_UNBRANCH);
		break;
	}
	w->state->at_ms = clock_now_ms();
}
