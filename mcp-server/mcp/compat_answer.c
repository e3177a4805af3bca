/* The reference server answers with the graph twice: as text (indented JSON,
 * inside a JSON string, where each quote takes two bytes) and as
 * structuredContent. Clients read a line of at most 10 MiB. So what is large is
 * made smaller in steps, and each holds the whole graph:
 *
 *   1. indented text and structuredContent, as the reference does
 *   2. the text without indentation, and structuredContent
 *   3. the text without indentation, alone
 *
 * What is then still too large is an error. */
#include "mcp-server/mcp/compat_answer.h"

#include <string.h>

#include "common/err.h"
#include "common/jx.h"
#include "common/limits.h"
#include "mcp-server/mcp/compat.h"

/* The envelope of a line, its id included. */
#define ENVELOPE_BYTES 2048
#define ROOM	       (LIMIT_MCP_ANSWER_BYTES - ENVELOPE_BYTES)

int
compat_answer(const struct tool *t, json_t *structured, const struct buf *plain,
	struct buf *space, const struct buf **ret_text, bool *ret_alone)
{
	size_t once;

	*ret_alone = false;
	*ret_text = space;
	if (compat_write_text(t, structured, plain, space))
		return MDB_E_NOMEM;
	/* A byte of text takes six in a string at the most. */
	if (space->len < ROOM / 8 ||
		jx_quoted_size(space->data, space->len) + plain->len <= ROOM)
		return 0;
	once = jx_quoted_size(plain->data, plain->len);
	if (once > ROOM)
		return MDB_E_LIMIT;
	*ret_alone = once + plain->len > ROOM;
	*ret_text = plain;
	return 0;
}

/* --- sizes ---------------------------------------------------------------- */

/* What a byte takes beyond itself when its string is quoted twice. */
static const unsigned char more_bytes[256] = {[0 ... 7] = 6,
	['\b'] = 2,
	['\t'] = 2,
	['\n'] = 2,
	[11] = 6,
	['\f'] = 2,
	['\r'] = 2,
	[14 ... 31] = 6,
	['"'] = 3,
	['\\'] = 3};

/* Bytes of a string that is quoted as JSON, and that once more. */
static size_t
text_bytes(json_t *value)
{
	const char *s = json_string_value(value);
	size_t n = json_string_length(value);
	size_t bytes = n + 4;

	for (size_t i = 0; s && i < n; i++)
		bytes += more_bytes[(unsigned char)s[i]];
	return bytes;
}

static size_t
member_bytes(const char *name, json_t *value)
{
	return strlen("\\\"\\\":,") + strlen(name) + text_bytes(value);
}

size_t
compat_entity_bytes(json_t *entity)
{
	size_t bytes =
		strlen("{},") + strlen("\\\"observations\\\":[]") +
		member_bytes("name", json_object_get(entity, "name")) +
		member_bytes("entityType", json_object_get(entity, "type"));
	json_t *text;
	size_t i;

	json_array_foreach(json_object_get(entity, "observations"), i, text)
		bytes += text_bytes(text) + (i > 0);
	return bytes;
}

size_t
compat_relation_bytes(json_t *relation)
{
	return strlen("{}") +
	       member_bytes("from", json_object_get(relation, "from")) +
	       member_bytes("to", json_object_get(relation, "to")) +
	       member_bytes("relationType",
		       json_object_get(relation, "relationType"));
}
