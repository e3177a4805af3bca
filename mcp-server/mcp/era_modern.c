/* Revision 2026-07-28: no handshake; each request says its version and the
 * client's capabilities, each result how complete and how fresh it is. */
#include <string.h>

#include "common/jx.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/mcp_prompts.h"
#include "mcp-server/mcp/mcp_resources.h"
#include "mcp-server/mcp/mcp_tools.h"
#include "mcp-server/mcp/subscribe.h"

#define CODE_UNSUPPORTED_VERSION (-32022)
#define HOUR_MS			 3600000

static void
discover(struct session_request *r)
{
	request_reply(r,
		json_pack("{s:[s], s:o, s:o}", "supportedVersions",
			ERA_MODERN_VERSION, "capabilities", era_capabilities(),
			"instructions", era_session_instructions(r->session)));
}

/* Lists depend on the program and its options alone: public, for an hour.
 * What memory holds is the user's own and may change at any time. */
static const struct method methods[] = {
	{"server/discover", discover, HOUR_MS, "public"},
	{"tools/list", mcp_tools_list, HOUR_MS, "public"},
	{"tools/call", mcp_tools_call, -1, NULL},
	{"resources/list", mcp_resources_list, HOUR_MS, "public"},
	{"resources/templates/list", mcp_resources_templates, HOUR_MS,
		"public"},
	{"resources/read", mcp_resources_read, 0, "private"},
	{"prompts/list", mcp_prompts_list, HOUR_MS, "public"},
	{"prompts/get", mcp_prompts_get, -1, NULL},
	{"completion/complete", mcp_complete, -1, NULL},
	{"subscriptions/listen", subscribe_listen, -1, NULL},
	{NULL, NULL, -1, NULL},
};

static json_t *
era_modern_finish(const struct session_request *r, json_t *result_new)
{
	AUTO_JSON json_t *result = result_new;
	json_t *meta = json_object_get(result, "_meta");

	if (jx_set(result, "resultType", json_string("complete")))
		return NULL;
	if (r->entry->ttl_ms >= 0 &&
		(jx_set(result, "ttlMs", json_integer(r->entry->ttl_ms)) ||
			jx_set(result, "cacheScope",
				json_string(r->entry->cache_scope))))
		return NULL;
	if (!meta) {
		meta = json_object();
		if (jx_set(result, "_meta", meta))
			return NULL;
	}
	if (jx_set(meta, ERA_META "serverInfo", era_server_info()))
		return NULL;
	return take_ptr(result);
}

static bool
refuse_version(struct session_request *r, const char *wanted)
{
	session_fail(r, CODE_UNSUPPORTED_VERSION,
		json_pack("{s:[s], s:s}", "supported", ERA_MODERN_VERSION,
			"requested", wanted),
		"unsupported protocol version; earlier revisions begin with "
		"initialize");
	return false;
}

static bool
era_modern_accept_request(struct session_request *r)
{
	json_t *meta = NULL, *capabilities = NULL, *info = NULL;
	const char *version = NULL;
	struct err e = {0};

	if (jx_object(r->params, "_meta", JX_REQUIRED, &meta, &e) ||
		jx_string(meta, ERA_META "protocolVersion", JX_REQUIRED,
			&version, NULL, &e)) {
		session_fail(r, JSONRPC_PARAMS, NULL,
			"invalid params: %s. "
			"Either begin with initialize (2025-11-25 and earlier) "
			"or send _meta with " ERA_META
			"protocolVersion (\"" ERA_MODERN_VERSION
			"\") and " ERA_META
			"clientCapabilities in each request",
			e.text);
		return false;
	}
	if (strcmp(version, ERA_MODERN_VERSION) != 0)
		return refuse_version(r, version);
	if (jx_object(meta, ERA_META "clientCapabilities", JX_REQUIRED,
		    &capabilities, &e) ||
		jx_object(meta, ERA_META "clientInfo", JX_OPTIONAL, &info, &e) <
			0) {
		session_fail(r, JSONRPC_PARAMS, NULL,
			"invalid params._meta: %s", e.text);
		return false;
	}
	era_client_label(info, r->client, sizeof(r->client));
	return true;
}

const struct era *
era_modern(void)
{
	static const struct era era = {"modern", methods, JSONRPC_PARAMS,
		era_modern_finish, era_modern_accept_request};

	return &era;
}
