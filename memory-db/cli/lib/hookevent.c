/* Events of hooks, read and answered. Clients send JSON with their own names
 * for the same things ("session_id", "conversationId"), and want the answer in
 * a shape of their own. A table of clients says both; the rest of memoryctl
 * sees one struct. An event that is not understood gets the client's empty
 * answer, which changes nothing. */
#include "memory-db/cli/lib/hookevent.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"

/* A prompt with a pasted file has some MB at most; what is larger is read to
 * its end (the client writes until then) and not looked at. */
#define EVENT_BYTES (8 * 1024 * 1024)

#define HOOK(...) {__VA_ARGS__},
const struct hook hooks[] = {
#include "memory-db/cli/lib/hooks.def"
};
#undef HOOK
const size_t hooks_n = ARRAY_LEN(hooks);

const struct hook *
hookevent_find(const char *client, const char *event)
{
	for (size_t i = 0; i < hooks_n; i++)
		if (strcmp(hooks[i].client, client) == 0 &&
			strcmp(hooks[i].event, event) == 0)
			return &hooks[i];
	return NULL;
}

/* The first member of these names that is a text; NULL: none. */
static const char *
hookevent_text_of(const json_t *o, const char *a, const char *b)
{
	const char *text = cli_str(o, a, NULL);

	return text ? text : cli_str(o, b, NULL);
}

bool
hookevent_parse(const char *s, size_t n, struct hookevent *ret)
{
	json_t *j = jx_parse(s, n, NULL);

	*ret = (struct hookevent){.json = j};
	if (!j)
		return false;
	ret->session = hookevent_text_of(j, "session_id", "sessionId");
	if (!ret->session)
		ret->session = cli_str(j, "conversation_id", NULL);
	ret->transcript =
		hookevent_text_of(j, "transcript_path", "transcriptPath");
	ret->cwd = hookevent_text_of(j, "cwd", "workingDirectory");
	if (!ret->cwd)
		ret->cwd = json_string_value(
			json_array_get(json_object_get(j, "workspace_roots"),
				0));
	ret->prompt = hookevent_text_of(j, "prompt", "transformedPrompt");
	ret->for_model = hookevent_text_of(j, "transformedPrompt", "prompt");
	ret->reply = hookevent_text_of(j, "prompt_response",
		"last_assistant_message");
	ret->source = hookevent_text_of(j, "source", "trigger");
	ret->worktree = hookevent_text_of(j, "worktree_path", "name");
	if (!ret->worktree)
		ret->worktree = cli_str(j, "worktree_name", NULL);
	ret->agent_transcript = hookevent_text_of(j, "agent_transcript_path",
		"agentTranscriptPath");
	/* Cursor has names of its own for what a sub-agent was to do, and what
	 * came of it. */
	if (ret->agent_transcript && !ret->reply)
		ret->reply = cli_str(j, "summary", NULL);
	if (ret->agent_transcript && !ret->prompt)
		ret->prompt = cli_str(j, "task", NULL);
	ret->is_subagent = cli_str(j, "agent_id", NULL) != NULL;
	return true;
}

bool
hookevent_read(int fd, struct hookevent *ret)
{
	AUTO_BUF struct buf b = {0};
	bool is_whole = true;

	*ret = (struct hookevent){0};
	if (isatty(fd))
		return false;
	for (;;) {
		static char room[64 * 1024];
		ssize_t got = read(fd, room, sizeof(room));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		is_whole = is_whole && b.len + (size_t)got <= EVENT_BYTES &&
			   buf_add(&b, room, (size_t)got) == 0;
	}
	return is_whole && b.len > 0 && hookevent_parse(b.data, b.len, ret);
}

void
hookevent_done(struct hookevent *ev)
{
	json_decref(ev->json);
	*ev = (struct hookevent){0};
}

/* The object of an answer; NULL: no memory. */
static json_t *
answer_json(const struct hook *h, const struct hookevent *ev, const char *text)
{
	bool has_text = text[0] != '\0';

	switch (h->answer) {
	case ANSWER_SPECIFIC:
	case ANSWER_SPECIFIC_ALWAYS:
		/* At the top it would be dropped without a word. */
		return has_text ? json_pack("{s:{s:s,s:s}}",
					  "hookSpecificOutput", "hookEventName",
					  h->event, "additionalContext", text)
				: json_object();
	case ANSWER_SNAKE:
		return json_pack("{s:s*}", "additional_context",
			has_text ? text : NULL);
	case ANSWER_CONTINUE:
		return json_pack("{s:b,s:s*}", "continue", 1,
			"additional_context", has_text ? text : NULL);
	case ANSWER_CAMEL:
		return json_pack("{s:s*}", "additionalContext",
			has_text ? text : NULL);
	case ANSWER_PROMPT: {
		AUTO_BUF struct buf all = {0};

		if (!has_text || !ev->for_model)
			return json_object();
		if (buf_addf(&all, "%s\n\n%s", ev->for_model, text) != 0 ||
			!buf_str(&all))
			return NULL;
		return json_pack("{s:s}", "modifiedTransformedPrompt",
			all.data);
	}
	case ANSWER_NOTHING:
	case ANSWER_EMPTY:
	case ANSWER_TEXT:
		break;
	}
	return json_object();
}

int
hookevent_answer(const struct hook *h, const struct hookevent *ev,
	const char *text, struct buf *out)
{
	AUTO_JSON json_t *j = NULL;

	if (h->answer == ANSWER_NOTHING ||
		(h->answer == ANSWER_SPECIFIC && text[0] == '\0'))
		return 0;
	if (h->answer == ANSWER_TEXT)
		return buf_adds(out, text);
	j = answer_json(h, ev, text);
	return !j || jx_dump(j, out) != 0 ? MDB_E_NOMEM : buf_addc(out, '\n');
}
