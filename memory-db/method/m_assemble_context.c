/* assemble_context. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/context/context.h"
#include "memory-db/model/scope/scope.h"

#define TOKENS_DEFAULT 1500

static unsigned
read_sources(const json_t *sources)
{
	unsigned mask = 0;
	json_t *source;
	size_t i;

	json_array_foreach(sources, i, source)
		for (unsigned k = 0; context_sources[k]; k++)
			if (strcmp(json_string_value(source),
				    context_sources[k]) == 0)
				mask |= 1u << k;
	return mask;
}

int
m_assemble_context(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *task = json_object_get(c->params, "task");
	struct context_request q = {.task = json_string_value(task),
		.task_n = json_string_length(task),
		.sources = read_sources(json_object_get(c->params, "sources")),
		.now = clock_now_ms(),
		.zone = c->ctx->zone,
		.deadline_ns = c->deadline_ns,
		.question = c->question};
	int64_t tokens = TOKENS_DEFAULT;
	struct scope s;
	int rc = jx_int(c->params, "max_tokens", JX_OPTIONAL, 1, 250000,
		&tokens, e);

	if (rc >= 0)
		rc = scope_read(c->st, c->ctx, 0, &s, e);
	if (rc < 0)
		return rc;
	q.max_tokens = (size_t)tokens;
	return context_json(c->st, &s, &q, ret_result, e);
}
