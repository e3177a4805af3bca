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
/* "r" and ten letters or digits (store/beside/receipts.h). */
#define RECEIPT_BYTES 11

static const char *const tools[] = {"recall", "search_nodes",
	"assemble_context", "resume"};

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
is_tool(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		size_t k = strlen(tools[i]);

		if (n >= k && strcmp(name + n - k, tools[i]) == 0 &&
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

/* The words in the arguments of a call: an object, or one as text. */
static int
add_words(const json_t *arguments, json_t *calls)
{
	static const char *const keys[] = {"query", "task"};
	AUTO_JSON json_t *parsed = NULL;
	const char *words;

	if (json_is_string(arguments)) {
		parsed = jx_parse(json_string_value(arguments),
			json_string_length(arguments), NULL);
		arguments = parsed;
	}
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
	bool is_ours = false;

	for (size_t i = 0; i < ARRAY_LEN(names) && !is_ours; i++)
		is_ours = is_tool(cli_str(o, names[i], NULL));
	for (size_t i = 0; is_ours && i < ARRAY_LEN(arguments); i++)
		if (add_words(json_object_get(o, arguments[i]), calls) != 0 ||
			add_words(json_object_get(state, arguments[i]),
				calls) != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* What a sub-agent asked is none of the turn's: who answers has not seen it. */
static bool
is_of_another(const json_t *o)
{
	return json_is_true(json_object_get(o, "isSidechain")) ||
	       cli_str(o, "agentId", NULL) ||
	       cli_str(o, "parentToolCallId", NULL) ||
	       cli_str(o, "parent_tool_use_id", NULL);
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

static int
look_into(const json_t *v, int depth, json_t *calls)
{
	const char *key;
	json_t *x;
	size_t i;

	if (depth > DEPTH)
		return 0;
	if (json_is_string(v))
		return add_receipts(json_string_value(v), json_string_length(v),
			calls);
	json_array_foreach((json_t *)(uintptr_t)v, i, x)
		if (look_into(x, depth + 1, calls) != 0)
			return MDB_E_NOMEM;
	if (!json_is_object(v) || is_of_another(v))
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
				 : look_into(x, depth + 1, calls);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
transcript_calls_of(const json_t *value, json_t *calls)
{
	return look_into(value, 0, calls);
}

/* Most lines have none: these are not parsed. */
static bool
has_hint(const char *line, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (memmem(line, n, tools[i], strlen(tools[i])))
			return true;
	return memmem(line, n, "receipt", 7) != NULL;
}

int
transcript_calls(const char *line, size_t n, json_t *calls)
{
	AUTO_JSON json_t *j =
		has_hint(line, n) ? jx_parse(line, n, NULL) : NULL;

	return j ? look_into(j, 0, calls) : 0;
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
		return look_into(whole, 0, calls);
	for (size_t at = 0; at < b.len;) {
		const char *nl = memchr(b.data + at, '\n', b.len - at);
		size_t n = nl ? (size_t)(nl - (b.data + at)) : b.len - at;

		if (transcript_calls(b.data + at, n, calls) != 0)
			return MDB_E_NOMEM;
		at += n + 1;
	}
	return 0;
}
