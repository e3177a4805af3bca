#include "memory-db/cli/lib/hookcapture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/owned.h"
#include "common/text.h"
#include "memory-db/cli/lib/hookuse.h"
#include "memory-db/cli/lib/transcript.h"
#include "memory-db/cli/lib/transcriptcalls.h"

/* Text of a call that captures, and how long capturing goes on: what is left
 * comes with the next event. */
#define CHUNK_BYTES (128 * 1024)
#define CAPTURE_MS  3000
/* Of the transcript of a sub-agent. */
#define AGENT_BYTES ((int64_t)4 * 1024 * 1024)

/* A retry of the same stretch is the same write. */
static void
key_of(const struct hookwork *w, int64_t from, int64_t to, char out[65])
{
	unsigned char d[16];
	AUTO_BUF struct buf b = {0};

	if (buf_addf(&b, "%s %s %" PRId64 " %" PRId64 " %" PRId64,
		    w->hook->client, w->state->path, w->state->inode, from,
		    to) != 0) {
		out[0] = '\0';
		return;
	}
	crypto_generichash(d, sizeof(d), (const unsigned char *)b.data, b.len,
		NULL, 0);
	memcpy(out, "hook-", 5);
	for (size_t i = 0; i < sizeof(d); i++)
		snprintf(out + 5 + 2 * i, 3, "%02x", d[i]);
}

/* True: the turns are in the memory, or never will be. */
static bool
keep(struct hookwork *w, const json_t *turns, int64_t from, int64_t to)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_BUF struct buf text = {0};
	const char *code;
	char key[65];
	const json_t *fact;
	size_t i;

	if (json_array_size(turns) == 0)
		return true;
	if (jx_dump(turns, &text) != 0 || !buf_str(&text))
		return false;
	key_of(w, from, to, key);
	reply = hookwork_ask(w, "auto_extract_facts",
		json_pack("{s:s,s:s,s:b}", "conversation_text", text.data,
			"session_id", w->ev->session, "auto_store", 1),
		key[0] ? key : NULL, &code);
	if (!reply)
		/* What it does not like now it will not like later. */
		return strcmp(code, "invalid") == 0 ||
		       strcmp(code, "limit") == 0;
	json_array_foreach(json_object_get(reply, "facts"), i, fact)
		if (strcmp(cli_str(fact, "status", ""), "stored") == 0)
			w->state->captured++;
	return true;
}

/* The transcript of the event, at the place to go on from; -1: none. */
static int
open_transcript(struct hookwork *w)
{
	const char *path = w->ev->transcript;
	struct hookstate *s = w->state;
	struct stat st;
	int fd = -1;

	if (!path || path[0] != '/' || strlen(path) >= sizeof(s->transcript) ||
		owned_open(path, O_RDONLY, 0, &fd, &st, NULL) != 0)
		return -1;
	/* Another file, or one that was begun anew. */
	if (strcmp(s->transcript, path) != 0 ||
		s->inode != (int64_t)st.st_ino || s->cursor > st.st_size)
		s->cursor = 0;
	memcpy(s->transcript, path, strlen(path) + 1);
	s->inode = (int64_t)st.st_ino;
	return fd;
}

static int
add_turn(json_t *turns, const char *role, const char *text)
{
	AUTO_BUF struct buf own = {0};

	if (!text)
		return 0;
	if (transcript_strip(text, strlen(text), &own) != 0 || !buf_str(&own))
		return MDB_E_NOMEM;
	if (own.len == 0)
		return 0;
	if (own.len > CHUNK_BYTES)
		own.data[text_cut(own.data, CHUNK_BYTES)] = '\0';
	return jx_add(turns,
		json_pack("{s:s,s:s}", "role", role, "content", own.data));
}

/* Of a client that sends both sides of a turn: what its agent asked the memory
 * for stands in a file of its own form, or in the event. */
static void
add_calls(struct hookwork *w)
{
	AUTO_FD int fd = -1;
	struct stat st;

	(void)!transcript_calls_of(json_object_get(w->ev->json, "tool_calls"),
		w->state->calls);
	if (w->ev->transcript && w->ev->transcript[0] == '/' &&
		owned_open(w->ev->transcript, O_RDONLY, 0, &fd, &st, NULL) == 0)
		(void)!transcript_calls_read(fd, w->state->calls);
}

void
hookcapture(struct hookwork *w)
{
	const int64_t end = clock_mono_ns() + CAPTURE_MS * 1000000LL;
	AUTO_BUF struct buf answer = {0};
	AUTO_FD int fd = -1;

	if (w->ev->is_subagent || !w->ev->session)
		return;
	/* Clients that send both sides of the turn keep no JSON lines. */
	if (w->ev->prompt && w->ev->reply) {
		AUTO_JSON json_t *turns = json_array();

		if (turns && add_turn(turns, "user", w->ev->prompt) == 0 &&
			add_turn(turns, "assistant", w->ev->reply) == 0)
			(void)keep(w, turns, clock_now_ms(), 0);
		add_calls(w);
		hookuse_judge(w, w->ev->reply);
		return;
	}
	fd = open_transcript(w);
	(void)!transcript_calls_of(json_object_get(w->ev->json, "tool_calls"),
		w->state->calls);
	while (fd >= 0 && clock_mono_ns() < end) {
		AUTO_JSON json_t *turns = json_array();
		int64_t to = w->state->cursor;

		if (!turns ||
			transcript_read(fd, w->state->cursor, CHUNK_BYTES,
				&(struct transcript_heard){turns,
					w->state->calls, w->state->agents},
				&to) != 0 ||
			to == w->state->cursor ||
			hookuse_answers(turns, &answer) != 0 ||
			!keep(w, turns, w->state->cursor, to))
			break;
		w->state->cursor = to;
	}
	if (answer.len == 0 && w->ev->reply && buf_adds(&answer, w->ev->reply))
		return;
	hookuse_agents(w);
	if (answer.len > 0)
		hookuse_judge(w, buf_str(&answer));
}

/* --- sub-agents ----------------------------------------------------------- */

/* Of a long transcript the end. */
static int
open_agent(const struct hookwork *w, int64_t *ret_from)
{
	const char *path = w->ev->agent_transcript;
	struct stat st;
	int fd = -1;

	*ret_from = 0;
	if (!path || path[0] != '/' ||
		owned_open(path, O_RDONLY, 0, &fd, &st, NULL) != 0)
		return -1;
	if (st.st_size > AGENT_BYTES)
		*ret_from = st.st_size - AGENT_BYTES;
	return fd;
}

/* What is said in its file, where the client has one for each: the lines of some
 * bear its name, those of others are as any agent's. All are one. */
static int
hear_agent(struct hookwork *w, json_t *turns, json_t *calls)
{
	AUTO_JSON json_t *agents = json_object();
	struct transcript_heard heard = {turns, calls, agents};
	const char *name;
	json_t *agent;
	int64_t from, to;
	AUTO_FD int fd = open_agent(w, &from);
	int rc = agents ? 0 : MDB_E_NOMEM;

	/* OpenCode sends them along. */
	if (rc == 0)
		rc = transcript_calls_of(json_object_get(w->ev->json,
						 "tool_calls"),
			calls);
	if (fd >= 0 && rc == 0)
		rc = transcript_read(fd, from, AGENT_BYTES, &heard, &to);
	if (rc != 0)
		return rc;
	json_object_foreach(agents, name, agent) {
		rc = json_array_extend(calls, json_object_get(agent, "calls"));
		if (rc != 0)
			return rc;
		rc = add_turn(turns, "user", cli_str(agent, "asked", ""));
		if (rc != 0)
			return rc;
		rc = add_turn(turns, "assistant", cli_str(agent, "answer", ""));
		if (rc != 0)
			return rc;
	}
	/* The last answer may be written behind this event. */
	return add_turn(turns, "assistant", w->ev->reply);
}

static const char *
first_asked(const struct hookwork *w, const json_t *turns)
{
	const json_t *turn;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)turns, i, turn)
		if (strcmp(cli_str(turn, "role", ""), "user") == 0)
			return cli_str(turn, "content", "");
	return w->ev->prompt ? w->ev->prompt : "";
}

void
hookcapture_agent(struct hookwork *w)
{
	AUTO_JSON json_t *turns = json_array(), *calls = json_array(),
			 *agent = NULL;
	AUTO_BUF struct buf answer = {0};

	if (!turns || !calls || hear_agent(w, turns, calls) != 0 ||
		hookuse_answers(turns, &answer) != 0 || !buf_str(&answer))
		return;
	agent = json_pack("{s:s,s:s,s:O}", "asked", first_asked(w, turns),
		"answer", answer.data, "calls", calls);
	if (agent)
		(void)hookuse_agent(w, agent);
}
