/* judge_use, usefulness_report: of what use were the facts that somebody was shown? */
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/prepare.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/secrets/secrets.h"
#include "memory-db/model/useful/question.h"
#include "memory-db/model/useful/useful.h"

#define DAY_MS INT64_C(86400000)
/* Facts told by default. */
#define FACTS_DEFAULT 5
/* A turn of an agent that works by itself takes hours. */
#define RECALLED_MS INT64_C(21600000)

static void
judge_done(void *data)
{
	judge_free(data);
}

/* Long answers are taken apart on a thread of their own, not on the writer's. */
int
prepare_judge_use(struct call *c, struct prepared *ret, struct err *e)
{
	const json_t *asked = json_object_get(c->params, "asked");
	const json_t *answer = json_object_get(c->params, "answer");
	struct judge *j = NULL;
	int rc = judge_new(asked ? json_string_value(asked) : "",
		json_string_length(asked),
		answer ? json_string_value(answer) : "",
		json_string_length(answer), &j, e);

	if (rc != 0)
		return rc;
	*ret = (struct prepared){j, judge_done};
	return 0;
}

/* The questions as receipts keep them: without secrets. Each once: two of the same
 * words in a turn show the same. */
static int
add_query(json_t *queries, const char *text, size_t n, struct err *e)
{
	AUTO_BUF struct buf masked = {0};
	const json_t *known;
	size_t i;

	if (secret_mark(text, n, &masked, NULL) != 0)
		return err_nomem(e);
	json_array_foreach(queries, i, known)
		if (json_string_length(known) == masked.len &&
			strncmp(json_string_value(known), masked.data,
				masked.len) == 0)
			return 0;
	if (!buf_str(&masked) ||
		jx_add(queries, json_stringn(masked.data, masked.len)) != 0)
		return err_nomem(e);
	return 0;
}

/* What one call of the agent asked with. */
static int
add_asked(json_t *queries, const json_t *one, struct err *e)
{
	const json_t *query = json_object_get(one, "query");
	AUTO_BUF struct buf names = {0};
	int rc = 0;

	if (json_string_length(query) > 0)
		rc = add_query(queries, json_string_value(query),
			json_string_length(query), e);
	if (rc != 0)
		return rc;
	if (question_of_names(json_object_get(one, "names"), &names) != 0)
		return err_nomem(e);
	if (names.len > 0)
		rc = add_query(queries, names.data, names.len, e);
	if (rc != 0 || !json_is_true(json_object_get(one, "all")))
		return rc;
	return add_query(queries, QUESTION_ALL, strlen(QUESTION_ALL), e);
}

/* What the agent asked for: by receipt, or by its words. */
static int
read_recalled(struct call *c, json_t *receipts, json_t *queries, struct err *e)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(c->params, "recalled"), i, one) {
		json_t *id = json_object_get(one, "receipt");
		int rc;

		if (id && json_array_append(receipts, id) != 0)
			return err_nomem(e);
		rc = add_asked(queries, one, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
judge_with(struct call *c, struct judge *j, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *receipts = json_array(), *queries = json_array();
	struct useful_shown shown = {.injected = json_object_get(c->params,
					     "shown"),
		.before = json_object_get(c->params, "before"),
		.receipts = receipts,
		.queries = queries,
		.since = clock_now_ms() - RECALLED_MS};
	struct scope s;
	int rc = receipts && queries ? read_recalled(c, receipts, queries, e)
				     : err_nomem(e);

	if (rc != 0)
		return rc;
	rc = jx_int(c->params, "since", JX_OPTIONAL, 0, INT64_MAX, &shown.since,
		e);
	if (rc < 0)
		return rc;
	rc = scope_read(c->st, c->ctx, 0, &s, e);
	if (rc < 0)
		return rc;
	return useful_judge(c->st, &s, j, &shown, clock_now_ms(), ret_result,
		e);
}

int
m_judge_use(struct call *c, json_t **ret_result, struct err *e)
{
	struct prepared own = {.data = NULL};
	int rc = 0;

	if (!c->prepared || !c->prepared->data)
		rc = prepare_judge_use(c, &own, e);
	if (rc == 0)
		rc = judge_with(c, own.data ? own.data : c->prepared->data,
			ret_result, e);
	prepared_done(&own);
	return rc;
}

/* A parameter that names a day; *ret stays where there is none. */
static int
read_day(struct call *c, const char *name, bool is_end, int64_t *ret,
	struct err *e)
{
	const char *text = jx_text(c->params, name);
	int64_t at;
	int rc;

	if (!text || !text[0])
		return 0;
	rc = clock_parse_in(text, clock_now_ms(), c->ctx->zone, is_end, &at, e);
	if (rc != 0)
		return err_param(e, rc, name, "%s: %s", name, e ? e->text : "");
	*ret = at / DAY_MS;
	return 0;
}

int
m_usefulness_report(struct call *c, json_t **ret_result, struct err *e)
{
	int64_t from = 0, to = INT64_MAX, limit = FACTS_DEFAULT;
	struct scope s;
	int rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit,
		e);

	if (rc < 0)
		return rc;
	rc = read_day(c, "since", false, &from, e);
	if (rc != 0)
		return rc;
	rc = read_day(c, "until", true, &to, e);
	if (rc != 0)
		return rc;
	rc = scope_read(c->st, c->ctx, 0, &s, e);
	if (rc < 0)
		return rc;
	return useful_tell(c->st, &s, from, to, (int)limit, ret_result, e);
}
