/* Calls of recall, search_nodes, assemble_context and resume in transcripts.
 *
 * Each client writes a call in its own way, and ways change with versions. But
 * all write the name of the tool and, beside it, its arguments:
 *
 *   Claude Code  {"type": "tool_use", "name": "mcp__memory__recall",
 *                 "input": {"query": "build cache"}}
 *   Codex        {"type": "function_call", "name": "mcp__memory__recall",
 *                 "arguments": "{\"query\": \"build cache\"}"}
 *   Copilot CLI  {"toolName": "memory-recall", "arguments": {"query": ..}}
 *   Gemini CLI   {"name": "recall", "args": {"query": ..}}
 *   OpenCode     {"tool": "memory_recall", "state": {"input": {"query": ..}}}
 *
 * So any object is a call that has a name ending in that of a tool and arguments
 * with words. What it is taken for does no harm: the service counts only what
 * it gave for these words. Answers are looked at for the name of a receipt,
 * which agents see that have memory_why. */
#include "memory-db/cli/lib/transcriptcalls.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/transcript.h"

/* Of a file that is one value; of one that is lines, the end. */
#define WHOLE_BYTES (4 * 1024 * 1024)
#define END_BYTES   (1024 * 1024)
/* Objects within objects that are looked into. */
#define DEPTH 12
/* Of what a sub-agent was asked, and of what it said. */
#define AGENT_BYTES ((size_t)16 * 1024)
/* "r" and ten letters or digits (store/beside/receipts.h). */
#define RECEIPT_BYTES 11

/* What a call of them asked with. */
enum asking { ASKS_WORDS, ASKS_NAMES, ASKS_ALL };

static const struct {
	const char *name;
	enum asking how;
} tools[] = {{"recall", ASKS_WORDS}, {"search_nodes", ASKS_WORDS},
	{"assemble_context", ASKS_WORDS}, {"resume", ASKS_WORDS},
	{"open_nodes", ASKS_NAMES}, {"read_graph", ASKS_ALL}};

/* Names of one call, and bytes of them. */
#define NAMES_MOST 200

static int
add_once(json_t *calls, const char *key, const char *text, size_t n)
{
	const json_t *known;
	size_t i;

	if (n == 0 || n > LIMIT_QUERY_BYTES || !text_is_utf8(text, n) ||
		json_array_size(calls) >= TRANSCRIPT_CALLS)
		return 0;
	json_array_foreach(calls, i, known) {
		const json_t *has = json_object_get(known, key);

		if (json_string_length(has) == n &&
			memcmp(json_string_value(has), text, n) == 0)
			return 0;
	}
	return jx_add(calls, json_pack("{s:s%}", key, text, n));
}

/* --- calls ---------------------------------------------------------------- */

/* "mcp__memory__recall", "memory-recall", "recall"; not "precall". */
static bool
is_tool(const char *name, enum asking *ret_how)
{
	size_t n = name ? strlen(name) : 0;

	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		size_t k = strlen(tools[i].name);

		*ret_how = tools[i].how;
		if (n >= k && strcmp(name + n - k, tools[i].name) == 0 &&
			(n == k || !isalnum((unsigned char)name[n - k - 1])))
			return true;
	}
	return false;
}

static const char *
first_text(const json_t *o, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cli_str(o, keys[i], NULL))
			return cli_str(o, keys[i], NULL);
	return NULL;
}

/* {"names": [..]} or {"all": true}, once. */
static int
add_entry(json_t *calls, json_t *entry_new)
{
	AUTO_JSON json_t *entry = entry_new;
	const json_t *known;
	size_t i;

	if (!entry)
		return MDB_E_NOMEM;
	json_array_foreach(calls, i, known)
		if (json_equal(known, entry))
			return 0;
	return json_array_size(calls) < TRANSCRIPT_CALLS
		       ? json_array_append(calls, entry)
		       : 0;
}

static int
add_names(const json_t *arguments, json_t *calls)
{
	json_t *names = json_object_get(arguments, "names");
	const json_t *name;
	size_t i, bytes = 0;

	json_array_foreach(names, i, name) {
		if (!json_is_string(name))
			return 0;
		bytes += json_string_length(name);
	}
	if (i == 0 || i > NAMES_MOST || bytes > LIMIT_QUERY_BYTES)
		return 0;
	return add_entry(calls, json_pack("{s:O}", "names", names));
}

/* A tool as a client describes it to its model has a schema in the place of
 * arguments. A later page has the question of the first. */
static int
add_all(const json_t *arguments, json_t *calls)
{
	if (!json_is_object(arguments) ||
		json_object_get(arguments, "properties") ||
		json_object_get(arguments, "cursor"))
		return 0;
	return add_entry(calls, json_pack("{s:b}", "all", 1));
}

/* What is in the arguments of a call: an object, or one as text. */
static int
add_asked(const json_t *arguments, enum asking how, json_t *calls)
{
	static const char *const keys[] = {"query", "task"};
	AUTO_JSON json_t *parsed = NULL;
	const char *words;

	if (json_is_string(arguments)) {
		parsed = jx_parse(json_string_value(arguments),
			json_string_length(arguments), NULL);
		arguments = parsed;
	}
	if (how == ASKS_NAMES)
		return add_names(arguments, calls);
	if (how == ASKS_ALL)
		return add_all(arguments, calls);
	words = first_text(arguments, keys, ARRAY_LEN(keys));
	return words ? add_once(calls, "query", words, strlen(words)) : 0;
}

static int
add_call(const json_t *o, json_t *calls)
{
	static const char *const names[] = {"name", "toolName", "tool",
		"tool_name"};
	static const char *const arguments[] = {"input", "arguments", "args",
		"parameters", "params", "tool_input"};
	const json_t *state = json_object_get(o, "state");
	enum asking how = ASKS_WORDS;
	bool is_ours = false;

	for (size_t i = 0; i < ARRAY_LEN(names) && !is_ours; i++)
		is_ours = is_tool(cli_str(o, names[i], NULL), &how);
	for (size_t i = 0; is_ours && i < ARRAY_LEN(arguments); i++)
		if (add_asked(json_object_get(o, arguments[i]), how, calls) !=
				0 ||
			add_asked(json_object_get(state, arguments[i]), how,
				calls) != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* What a sub-agent asked is none of the turn's: who answers has not seen it.
 * Which one it was; NULL: none. */
static const char *
agent_of(const json_t *o)
{
	static const char *const keys[] = {"agentId", "parentToolCallId",
		"parent_tool_use_id"};
	const char *id = first_text(o, keys, ARRAY_LEN(keys));

	/* Older files have no names for them. */
	if (!id && json_is_true(json_object_get(o, "isSidechain")))
		id = "sidechain";
	return id;
}

/* --- answers -------------------------------------------------------------- */

/* Is there the name of a receipt at s, behind signs of JSON? Its begin. */
static const char *
receipt_at(const char *s, const char *end)
{
	const char *most = s + 12 < end ? s + 12 : end;

	while (s < most && strchr("\\\": ", *s))
		s++;
	if (end - s < RECEIPT_BYTES || *s != 'r')
		return NULL;
	for (int i = 1; i < RECEIPT_BYTES; i++)
		if (!islower((unsigned char)s[i]) &&
			!isdigit((unsigned char)s[i]))
			return NULL;
	if (end - s > RECEIPT_BYTES &&
		isalnum((unsigned char)s[RECEIPT_BYTES]) != 0)
		return NULL;
	return s;
}

static int
add_receipts(const char *text, size_t n, json_t *calls)
{
	static const char word[] = "receipt";
	const char *end = text + n, *s = text;

	while ((s = memmem(s, (size_t)(end - s), word, sizeof(word) - 1))) {
		const char *id = receipt_at(s += sizeof(word) - 1, end);

		if (id && add_once(calls, "receipt", id, RECEIPT_BYTES) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

/* --- values --------------------------------------------------------------- */

/* own: a sub-agent whose calls are wanted; NULL: those of none. */
static int
look_into(const json_t *v, int depth, const char *own, json_t *calls)
{
	const char *agent;
	const char *key;
	json_t *x;
	size_t i;

	if (depth > DEPTH)
		return 0;
	if (json_is_string(v))
		return add_receipts(json_string_value(v), json_string_length(v),
			calls);
	json_array_foreach((json_t *)(uintptr_t)v, i, x)
		if (look_into(x, depth + 1, own, calls) != 0)
			return MDB_E_NOMEM;
	agent = json_is_object(v) ? agent_of(v) : NULL;
	if (!json_is_object(v) || (agent && (!own || strcmp(agent, own) != 0)))
		return 0;
	if (add_call(v, calls) != 0)
		return MDB_E_NOMEM;
	json_object_foreach((json_t *)(uintptr_t)v, key, x) {
		int rc = strcmp(key, "receipt") == 0 && json_is_string(x) &&
					 receipt_at(json_string_value(x),
						 json_string_value(x) +
							 json_string_length(x))
				 ? add_once(calls, key, json_string_value(x),
					   json_string_length(x))
				 : look_into(x, depth + 1, own, calls);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
transcript_calls_of(const json_t *value, json_t *calls)
{
	return look_into(value, 0, NULL, calls);
}

/* Most lines have none: these are not parsed. */
static bool
has_hint(const char *line, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (memmem(line, n, tools[i].name, strlen(tools[i].name)))
			return true;
	return memmem(line, n, "receipt", 7) != NULL;
}

int
transcript_calls(const char *line, size_t n, json_t *calls)
{
	AUTO_JSON json_t *j =
		has_hint(line, n) ? jx_parse(line, n, NULL) : NULL;

	return j ? look_into(j, 0, NULL, calls) : 0;
}

/* --- sub-agents ------------------------------------------------------------ */

/* A line that a sub-agent may have said. */
static bool
has_agent_hint(const char *line, size_t n)
{
	static const char *const hints[] = {"\"agentId\"",
		"\"parentToolCallId\"", "\"parent_tool_use_id\"",
		"\"isSidechain\":true", "\"isSidechain\": true"};

	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (memmem(line, n, hints[i], strlen(hints[i])))
			return true;
	return false;
}

const char *
transcript_agent_of(const json_t *line)
{
	const char *id = agent_of(line);

	/* Copilot CLI says it of the data of the event. */
	return id ? id : agent_of(json_object_get(line, "data"));
}

/* {asked, answer, calls} of this one, made when it is new; NULL: they are too
 * many, or no memory. Borrowed. */
static json_t *
agent_entry(json_t *agents, const char *id)
{
	json_t *own = json_object_get(agents, id);

	if (own || json_object_size(agents) >= TRANSCRIPT_AGENTS)
		return own;
	own = json_pack("{s:s,s:s,s:[]}", "asked", "", "answer", "", "calls");
	return own && json_object_set_new(agents, id, own) == 0 ? own : NULL;
}

/* Of an answer the end is kept, where it is long. */
static int
agent_said(json_t *own, const char *role, const char *text)
{
	const char *had = cli_str(own, "answer", "");
	size_t n = strlen(text), from = 0;
	AUTO_BUF struct buf all = {0};

	if (strcmp(role, "user") == 0) {
		if (n > AGENT_BYTES)
			n = text_cut(text, AGENT_BYTES);
		return cli_str(own, "asked", "")[0] != '\0'
			       ? 0
			       : jx_set(own, "asked", json_stringn(text, n));
	}
	if (buf_addf(&all, "%s%s%s", had, had[0] ? "\n" : "", text) != 0)
		return MDB_E_NOMEM;
	if (all.len > AGENT_BYTES)
		from = all.len - AGENT_BYTES;
	while (from < all.len && ((unsigned char)all.data[from] & 0xc0) == 0x80)
		from++;
	return jx_set(own, "answer",
		json_stringn(all.data + from, all.len - from));
}

int
transcript_agents(const char *line, size_t n, json_t *agents)
{
	AUTO_JSON json_t *j =
		has_agent_hint(line, n) ? jx_parse(line, n, NULL) : NULL;
	AUTO_JSON json_t *turn = NULL;
	const char *id = j ? transcript_agent_of(j) : NULL;
	json_t *own;

	own = id ? agent_entry(agents, id) : NULL;
	if (!own)
		return 0;
	turn = transcript_said(j);
	if (turn && agent_said(own, cli_str(turn, "role", ""),
			    cli_str(turn, "content", "")) != 0)
		return MDB_E_NOMEM;
	return look_into(j, 0, id, json_object_get(own, "calls"));
}

/* --- files ---------------------------------------------------------------- */

int
transcript_calls_read(int fd, json_t *calls)
{
	AUTO_BUF struct buf b = {0};
	AUTO_JSON json_t *whole = NULL;
	struct stat st;
	int64_t from = 0;

	if (fstat(fd, &st) != 0 || st.st_size <= 0)
		return 0;
	if (st.st_size > WHOLE_BYTES)
		from = st.st_size - END_BYTES;
	while (from < st.st_size && b.len <= WHOLE_BYTES) {
		ssize_t got;

		if (buf_reserve(&b, 64 * 1024) != 0)
			return MDB_E_NOMEM;
		got = pread(fd, b.data + b.len, 64 * 1024, from);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		b.len += (size_t)got;
		from += got;
	}
	if (b.len == 0 || !has_hint(b.data, b.len))
		return 0;
	whole = jx_parse(b.data, b.len, NULL);
	if (whole)
		return look_into(whole, 0, NULL, calls);
	for (size_t at = 0; at < b.len;) {
		const char *nl = memchr(b.data + at, '\n', b.len - at);
		size_t n = nl ? (size_t)(nl - (b.data + at)) : b.len - at;

		if (transcript_calls(b.data + at, n, calls) != 0)
			return MDB_E_NOMEM;
		at += n + 1;
	}
	return 0;
}
