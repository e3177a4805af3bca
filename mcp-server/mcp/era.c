/* Which era a message is of: the modern one carries its version in each request,
 * the legacy one has agreed on it at the beginning. */
#include "mcp-server/mcp/era.h"

#include <string.h>

static bool
has_modern_meta(const json_t *params)
{
	json_t *meta = json_object_get(params, "_meta");

	return json_object_get(meta, ERA_META "protocolVersion") != NULL;
}

const struct era *
era_of(const struct session *s, const struct jsonrpc_msg *m)
{
	if (has_modern_meta(m->params) ||
		strcmp(m->method, "server/discover") == 0)
		return era_modern();
	if (s->legacy_version || strcmp(m->method, "initialize") == 0 ||
		strcmp(m->method, "ping") == 0)
		return era_legacy();
	return era_modern();
}
