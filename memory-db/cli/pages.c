#include "memory-db/cli/pages.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"

/* The parameters of the next page. The copy is taken by cli_call. */
static json_t *
page_params(const struct pages *p, const json_t *params, const char *cursor)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)params);
	int64_t left = p->limit - p->rows;

	if (copy != NULL && ((p->limit > 0 && jx_set(copy, "limit",
			json_integer(left < LIMIT_ROWS ? left : LIMIT_ROWS))) ||
		(cursor != NULL && jx_set(copy, "cursor",
			json_string(cursor)) != 0))) {
		json_decref(copy);
		copy = NULL;
	}
	return copy;
}

int
pages_read(struct cli *c, struct pages *p, json_t *params_new)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_FREE char *cursor = NULL;
	int rc;

	p->rows = 0;
	if (params == NULL)
		return cli_fail(CLI_USAGE, "an argument is no valid UTF-8");
	do {
		AUTO_JSON json_t *reply = NULL;
		json_t *page = page_params(p, params, cursor);
		const char *next;

		if (page == NULL)
			return cli_nomem();
		rc = cli_call(c, p->method, page, cursor == NULL ?
			p->with_as_of : CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		p->rows += (int64_t)json_array_size(json_object_get(reply,
			p->list));
		if ((rc = p->page(c, reply, p->ctx)) != CLI_OK)
			return rc;
		free(take_ptr(cursor));
		next = cli_str(reply, "next", NULL);
		if (next != NULL && (cursor = strdup(next)) == NULL)
			return cli_nomem();
	} while (cursor != NULL && (p->limit == 0 || p->rows < p->limit));
	p->has_more = cursor != NULL;
	return CLI_OK;
}
