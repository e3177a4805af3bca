/* The two protocol eras: small tables over one set of handlers. */
#ifndef MCP_SERVER_MCP_ERA_H
#define MCP_SERVER_MCP_ERA_H

#include "mcp-server/mcp/session.h"

#define ERA_META	   "io.modelcontextprotocol/"
#define ERA_MODERN_VERSION "2026-07-28"

struct method {
	const char *name;
	/* Answers r, at once or later. */
	void (*handle)(struct session_request *r);
	/* Modern cache hints of the result: < 0 none. */
	int64_t ttl_ms;
	const char *cache_scope;
};

struct era {
	const char *name;
	const struct method *methods; /* ends with a NULL name */
	int code_no_resource;
	/* Puts what the era wants into a result. Takes and returns new, or
	 * NULL: no memory. */
	json_t *(*finish)(const struct session_request *r, json_t *result_new);
	/* Checks what every request must carry; answers r and returns false
	 * when it does not. */
	bool (*accept)(struct session_request *r);
};

const struct era *era_legacy(void);
const struct era *era_modern(void);

/* The era a message belongs to by its form alone: does it carry the modern
 * _meta, or is it a method that only one era knows? */
const struct era *era_of(const struct session *s, const struct jsonrpc_msg *m);

/* Writes "name/version" of a clientInfo object, cut to the label limit. */
void era_client_label(const json_t *info, char *ret, size_t size);

/* serverInfo, capabilities and instructions: the same in both eras. Return
 * new or NULL. */
json_t *era_server_info(void) MUST_CHECK;
json_t *era_capabilities(void) MUST_CHECK;
const char *era_instructions(void);
/* The same, with what is peculiar to this session. */
json_t *era_session_instructions(const struct session *s) MUST_CHECK;

/* 2025-03-26 is the one version in which batches must be received. */
bool era_takes_batches(const struct session *s);

#endif
