#include "memory-db/cli/lib/pages.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"

static int
next_params(const struct pages *p, json_t *params, const char *cursor)
{
	int64_t left = p->limit - p->rows;

	json_object_del(params, "as_of");
	if (p->limit > 0 &&
		jx_set(params, "limit",
			json_integer(left < LIMIT_ROWS ? left : LIMIT_ROWS)) !=
			0)
		return MDB_E_NOMEM;
	if (cursor)
		return jx_set(params, "cursor", json_string(cursor));
	return 0;
}

int
pages_read(struct cli *c, struct pages *p, json_t *params_new)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_FREE char *cursor = NULL;
	int rc;

	p->rows = 0;
	if (!params)
		return cli_fail(CLI_USAGE, "an argument is no valid UTF-8");
	do {
		AUTO_JSON json_t *reply = NULL;
		const char *next;

		if (next_params(p, params, cursor) != 0)
			return cli_nomem();
		rc = cli_call(c, p->method, json_incref(params),
			cursor ? CLI_NOW : p->with_as_of, &reply);
		if (rc != CLI_OK)
			return rc;
		p->rows += (int64_t)json_array_size(
			json_object_get(reply, p->list));
		if ((rc = p->page(c, reply, p->ctx)) != CLI_OK)
			return rc;
		free(take_ptr(cursor));
		next = cli_str(reply, "next", NULL);
		if (next && (cursor = strdup(next)) == NULL)
			return cli_nomem();
	} while (cursor && (p->limit == 0 || p->rows < p->limit));
	p->has_more = cursor != NULL;
	return CLI_OK;
}
