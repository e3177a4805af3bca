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

#include "common/err.h"
#include "common/jx.h"
#include "common/limits.h"
#include "mcp-server/mcp/compat.h"

/* The envelope of a line, its id included. */
#define ENVELOPE_BYTES 2048
#define ROOM	       (LIMIT_MCP_ANSWER_BYTES - ENVELOPE_BYTES)

/* The text of a tool that shows a part of its result: the message, or the list. */
static int
compat_answer_part(const struct tool *t, json_t *structured, size_t room,
	struct buf *out)
{
	json_t *part = json_object_get(structured, t->compat.shows);
	AUTO_BUF struct buf plain = {0};

	if (json_is_string(part))
		return jx_quote(json_string_value(part),
			json_string_length(part), out);
	return jx_dump(part, &plain) ? MDB_E_NOMEM
				     : compat_quote_pretty(&plain, room, out);
}

int
compat_answer(const struct tool *t, json_t *structured, const struct buf *plain,
	struct buf *out, bool *ret_alone)
{
	size_t left = plain->len < ROOM ? ROOM - plain->len : 0, once;
	int rc = t->compat.shows ? compat_answer_part(t, structured, left, out)
				 : compat_quote_pretty(plain, left, out);

	*ret_alone = false;
	if (rc != MDB_E_LIMIT)
		return rc;
	once = jx_quoted_size(plain->data, plain->len);
	if (once > ROOM)
		return MDB_E_LIMIT;
	*ret_alone = once > left;
	return jx_quote(plain->data, plain->len, out);
}
