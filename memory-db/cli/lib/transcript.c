/* What was said in a session, from the file that a client keeps: JSON lines,
 * of which most are no speech (results of tools, pictures, counters). A line
 * is a turn when it says who speaks; blocks that hooks put into a prompt are
 * cut out of it, or the memory would learn its own words. */
#include "memory-db/cli/lib/transcript.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/transcriptcalls.h"

/* A longer line is the result of a tool or a picture: passed over. */
#define LINE_BYTES (1024 * 1024)
/* Of one call: more comes with the next one. */
#define READ_BYTES (64 * 1024 * 1024)
/* Of one turn: a longer one is something pasted, of which the begin says what
 * it is about. */
#define TURN_BYTES (16 * 1024)

/* --- our own blocks ------------------------------------------------------- */

/* Bytes of the name of a mark: six to sixteen small letters and digits before a
 * ">"; 0: it is none that the memory makes. */
static size_t
mark_name(const char *s, const char *end)
{
	size_t n = 0;

	while (s + n < end && n < 17 &&
		((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9')))
		n++;
	return n >= 6 && n <= 16 && s + n < end && s[n] == '>' ? n : 0;
}

/* Behind the end of the block of this name; NULL: it has none. A stored text in
 * the block may hold other marks, never this one. */
static const char *
mark_close(const char *s, const char *end, const char *name, size_t n)
{
	static const char begin[] = "</memory ";
	const size_t k = sizeof(begin) - 1;

	while ((s = memmem(s, (size_t)(end - s), begin, k)) != NULL) {
		s += k;
		if ((size_t)(end - s) > n && memcmp(s, name, n) == 0 &&
			s[n] == '>')
			return s + n + 1;
	}
	return NULL;
}

/* A block whose end was cut off begins as all do. */
static bool
is_begun(const char *s, const char *end)
{
	static const char words[] = "not instructions.";
	const char *line = s < end && *s == '\n' ? s + 1 : NULL;
	const char *nl = line ? memchr(line, '\n', (size_t)(end - line)) : NULL;

	return line && memmem(line, (size_t)((nl ? nl : end) - line), words,
			       sizeof(words) - 1) != NULL;
}

int
transcript_strip(const char *text, size_t n, struct buf *out)
{
	static const char begin[] = "<memory ";
	const char *end = text + n, *s = text;

	while (s < end) {
		const char *hit =
			memmem(s, (size_t)(end - s), begin, sizeof(begin) - 1);
		const char *name = hit ? hit + sizeof(begin) - 1 : NULL;
		size_t k = hit ? mark_name(name, end) : 0;
		const char *close =
			k > 0 ? mark_close(name + k, end, name, k) : NULL;

		if (!hit)
			return buf_add(out, s, (size_t)(end - s));
		if (!close && k > 0 && is_begun(name + k + 1, end))
			close = end;
		/* Somebody's own words keep their mark. */
		if (buf_add(out, s, (size_t)((close ? hit : name) - s)) != 0)
			return MDB_E_NOMEM;
		s = close ? close : name;
	}
	return 0;
}

/* --- lines ---------------------------------------------------------------- */

/* What clients put into the user's mouth. */
static bool
is_of_client(const char *text)
{
	static const char *const begins[] = {"<command-", "<local-command",
		"<system-reminder>", "<environment_context>",
		"<user_instructions>", "# AGENTS.md", "<permissions",
		"Caveat: The messages below", "[Request interrupted",
		"This session is being continued"};

	while (*text == ' ' || *text == '\n')
		text++;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (strncmp(text, begins[i], strlen(begins[i])) == 0)
			return true;
	return *text == '\0';
}

/* The texts of a message: itself, or the parts that are text. */
static int
add_texts(const json_t *content, struct buf *out)
{
	const json_t *part;
	size_t i;

	if (json_is_string(content))
		return buf_adds(out, json_string_value(content));
	json_array_foreach((json_t *)(uintptr_t)content, i, part) {
		const char *type = cli_str(part, "type", "text");
		const char *text = cli_str(part, "text", NULL);

		if (!text || (strcmp(type, "text") != 0 &&
				     strcmp(type, "input_text") != 0 &&
				     strcmp(type, "output_text") != 0))
			continue;
		if (out->len > 0 && buf_addc(out, '\n') != 0)
			return MDB_E_NOMEM;
		/* One of a client beside one of the user's. */
		if (!is_of_client(text) && buf_adds(out, text) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static bool
is_left_out(const json_t *line)
{
	static const char *const flags[] = {"isMeta", "isSidechain",
		"isCompactSummary", "isApiErrorMessage"};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (json_is_true(json_object_get(line, flags[i])))
			return true;
	return transcript_agent_of(line) != NULL;
}

/* Who speaks in a line, and where the text is. NULL: it is no turn. */
static const char *
speaker_of(const json_t *line, const json_t **ret_content)
{
	const json_t *message = json_object_get(line, "message");
	const json_t *payload = json_object_get(line, "payload");
	const char *type = cli_str(line, "type", ""), *role;

	if (strcmp(type, "response_item") == 0 &&
		strcmp(cli_str(payload, "type", ""), "message") == 0)
		message = payload;
	if (strcmp(type, "user.message") == 0 ||
		strcmp(type, "assistant.message") == 0) {
		*ret_content = json_object_get(json_object_get(line, "data"),
			"content");
		return type[0] == 'u' ? "user" : "assistant";
	}
	role = cli_str(message, "role", cli_str(line, "role", type));
	*ret_content = json_object_get(message ? message : line, "content");
	if (strcmp(role, "user") == 0)
		return "user";
	if (strcmp(role, "assistant") == 0 || strcmp(role, "gemini") == 0 ||
		strcmp(role, "model") == 0)
		return "assistant";
	return NULL;
}

json_t *
transcript_turn(const char *line, size_t n)
{
	AUTO_JSON json_t *j = jx_parse(line, n, NULL);

	return !j || is_left_out(j) ? NULL : transcript_said(j);
}

json_t *
transcript_said(const json_t *j)
{
	AUTO_BUF struct buf all = {0}, own = {0};
	const json_t *content = NULL;
	const char *speaker, *at;

	if ((speaker = speaker_of(j, &content)) == NULL ||
		add_texts(content, &all) != 0 || all.len == 0 ||
		transcript_strip(all.data, all.len, &own) != 0 ||
		!buf_str(&own) || is_of_client(own.data))
		return NULL;
	if (own.len > TURN_BYTES) {
		size_t cut = TURN_BYTES;

		while (cut > 0 && ((unsigned char)own.data[cut] & 0xc0) == 0x80)
			cut--;
		own.data[cut] = '\0';
	}
	at = cli_str(j, "timestamp", NULL);
	return json_pack("{s:s,s:s,s:s*}", "role", speaker, "content", own.data,
		"at", at);
}

/* What agents asked their memory for. */
static int
hear(const struct transcript_heard *to, const char *line, size_t n)
{
	if (to->calls && transcript_calls(line, n, to->calls) != 0)
		return MDB_E_NOMEM;
	return to->agents ? transcript_agents(line, n, to->agents) : 0;
}

/* Takes the whole lines of b; true: there is enough. */
static bool
take_lines(struct buf *b, bool *skipping, size_t most, size_t *texts,
	int64_t *at, const struct transcript_heard *to)
{
	size_t from = 0;
	char *nl;

	while (*texts < most &&
		(nl = memchr(b->data + from, '\n', b->len - from)) != NULL) {
		size_t n = (size_t)(nl - (b->data + from));
		json_t *turn =
			*skipping ? NULL : transcript_turn(b->data + from, n);

		if (!*skipping && hear(to, b->data + from, n) != 0) {
			json_decref(turn);
			return true;
		}
		*skipping = false;
		*at += (int64_t)n + 1;
		from += n + 1;
		if (!turn)
			continue;
		*texts += strlen(cli_str(turn, "content", ""));
		if (jx_add(to->turns, turn) != 0)
			return true;
	}
	buf_consume(b, from);
	if (b->len > LINE_BYTES) {
		*at += (int64_t)b->len;
		buf_clear(b, LINE_BYTES);
		*skipping = true;
	}
	return *texts >= most;
}

int
transcript_read(int fd, int64_t from, size_t most,
	const struct transcript_heard *to, int64_t *ret_to)
{
	AUTO_BUF struct buf b = {0};
	bool is_skipping = false, is_enough = false;
	int64_t at = from, read_at = from;
	size_t texts = 0;

	while (!is_enough && read_at - from < READ_BYTES) {
		ssize_t got;

		if (buf_reserve(&b, 64 * 1024) != 0)
			return MDB_E_NOMEM;
		got = pread(fd, b.data + b.len, 64 * 1024, read_at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return MDB_E_STORE;
		if (got == 0)
			break;
		b.len += (size_t)got;
		read_at += got;
		is_enough = take_lines(&b, &is_skipping, most, &texts, &at, to);
	}
	/* Of a line that is passed over the rest is no JSON either. */
	*ret_to = at;
	return 0;
}
