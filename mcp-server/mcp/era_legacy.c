/* Revisions 2024-11-05 to 2025-11-25: one initialize, then a session. */
#include <string.h>

#include "common/jx.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/mcp_prompts.h"
#include "mcp-server/mcp/mcp_resources.h"
#include "mcp-server/mcp/mcp_tools.h"
#include "mcp-server/mcp/subscribe.h"

/* Newest first: what is offered to a client with an unknown version. */
static const char *const versions[] = {"2025-11-25", "2025-06-18", "2025-03-26",
	"2024-11-05"};
#define VERSION_WITH_BATCHES "2025-03-26"
#define CODE_NO_RESOURCE     (-32002)

static void
initialize(struct session_request *r)
{
	struct session *s = r->session;
	const char *wanted = request_string(r, "protocolVersion");
	json_t *result;

	if (!wanted)
		return;
	s->legacy_version = versions[0];
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (strcmp(versions[i], wanted) == 0)
			s->legacy_version = versions[i];
	era_client_label(json_object_get(r->params, "clientInfo"), s->client,
		sizeof(s->client));
	result = json_pack("{s:s, s:o, s:o, s:o}", "protocolVersion",
		s->legacy_version, "capabilities", era_capabilities(),
		"serverInfo", era_server_info(), "instructions",
		era_session_instructions(s));
	request_reply(r, result);
}

static void
ping(struct session_request *r)
{
	request_reply(r, json_object());
}

static const struct method methods[] = {
	{"initialize", initialize, -1, NULL},
	{"ping", ping, -1, NULL},
	{"tools/list", mcp_tools_list, -1, NULL},
	{"tools/call", mcp_tools_call, -1, NULL},
	{"resources/list", mcp_resources_list, -1, NULL},
	{"resources/templates/list", mcp_resources_templates, -1, NULL},
	{"resources/read", mcp_resources_read, -1, NULL},
	{"prompts/list", mcp_prompts_list, -1, NULL},
	{"prompts/get", mcp_prompts_get, -1, NULL},
	{"completion/complete", mcp_complete, -1, NULL},
	{"resources/subscribe", subscribe_legacy_add, -1, NULL},
	{"resources/unsubscribe", subscribe_legacy_remove, -1, NULL},
	{NULL, NULL, -1, NULL},
};

static json_t *
era_legacy_finish(const struct session_request *r, json_t *result_new)
{
	(void)r;
	return result_new;
}

static bool
era_legacy_accept_request(struct session_request *r)
{
	memcpy(r->client, r->session->client, sizeof(r->client));
	return true;
}

const struct era *
era_legacy(void)
{
	static const struct era era = {"legacy", methods, CODE_NO_RESOURCE,
		era_legacy_finish, era_legacy_accept_request};

	return &era;
}

bool
era_takes_batches(const struct session *s)
{
	return s->legacy_version &&
	       strcmp(s->legacy_version, VERSION_WITH_BATCHES) == 0;
}
