/* A line of a client: parsed, taken apart, and scanned for its id. What is
 * refused must say why; what is taken must have the shape it claims. */
#include <assert.h>
#include <stdint.h>

#include "mcp-server/mcp/jsonrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(json_t *value)
{
	struct jsonrpc_error e = {0};
	struct jsonrpc_msg m;
	enum jsonrpc_kind kind = jsonrpc_read(value, &m, &e);

	switch (kind) {
	case JSONRPC_BAD:
		assert(e.code != 0 && e.text[0] != '\0');
		break;
	case JSONRPC_REQUEST:
		assert(json_is_string(m.id) || json_is_integer(m.id));
		/* fall through */
	case JSONRPC_NOTIFICATION:
		assert(m.method && (!m.params || json_is_object(m.params)));
		break;
	case JSONRPC_RESPONSE:
		break;
	}
	json_decref(e.id);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *line = (const char *)data;
	struct jsonrpc_error e = {0};
	struct jsonrpc_scan scan;
	AUTO_JSON json_t *value = jsonrpc_parse(line, n, &e);
	AUTO_JSON json_t *id = NULL;
	json_t *entry;
	size_t i;

	jsonrpc_scan_init(&scan);
	jsonrpc_scan_feed(&scan, line, n);
	id = jsonrpc_scan_id(&scan);
	if (!value) {
		assert(e.code != 0 && e.text[0] != '\0');
		json_decref(e.id);
		return 0;
	}
	check(value);
	json_array_foreach(value, i, entry)
		check(entry);
	/* Of what can be parsed, the scan finds the same id (unless an escape
	 * hides the key, or the id is longer than it keeps). */
	entry = json_object_get(value, "id");
	if (id && entry && json_is_integer(entry))
		assert(json_equal(id, entry));
	return 0;
}
