#include "memory-db/model/write/hiding_budget.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/store/engine/meta.h"

#define SPAN_MS	 10000
#define SPANS	 6 /* a minute */
#define KEY_SIZE (32 + LIMIT_LABEL_BYTES)

/* In order of time, whatever the session. */
static void
hiding_budget_make_key(char out[KEY_SIZE], int64_t span, const char *session)
{
	snprintf(out, KEY_SIZE, META_HIDDEN "%016lld/%s",
		(long long)(span > 0 ? span : 0), session);
}

static int
hiding_budget_get(struct store *st, const char *key, int64_t *ret,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc = meta_get(st, key, &text, e);

	*ret = 0;
	if (rc == 1 && !buf_str(&text))
		return err_nomem(e);
	if (rc == 1 && text_int(text.data, 0, INT32_MAX, ret) != 0)
		*ret = 0;
	return rc < 0 ? rc : 0;
}

static int
hiding_budget_keep(struct store *st, const char *key, int64_t n, int64_t span,
	struct err *e)
{
	char from[KEY_SIZE], to[KEY_SIZE], text[24];
	int64_t have;
	int rc = hiding_budget_get(st, key, &have, e);

	hiding_budget_make_key(from, 0, "");
	hiding_budget_make_key(to, span - SPANS, "");
	snprintf(text, sizeof(text), "%lld", (long long)(have + n));
	if (rc != 0)
		return rc;
	rc = meta_drop(st, from, to, e);
	if (rc != 0)
		return rc;
	return meta_set(st, key, text, strlen(text), e);
}

static int
hiding_budget_refuse(const struct context *ctx, int64_t used, int64_t n,
	struct err *e)
{
	return err_param(e, MDB_E_LIMIT, "confirm",
		"this hides %lld facts, after %lld in the last minute%s; "
		"an agent may hide %d a minute unasked. Nothing was done. "
		"Look at what would go; if all of it is meant, repeat the "
		"call (of a script: execute_code, run_skill) with confirm: "
		"true",
		(long long)n, (long long)used,
		ctx->session != NULL ? " of this session" : "",
		LIMIT_HIDDEN_UNASKED);
}

int
hiding_budget_check(struct store *st, const struct context *ctx, int64_t n,
	struct err *e)
{
	const char *session = ctx->session != NULL ? ctx->session : "";
	int64_t span = clock_now_ms() / SPAN_MS, used = 0, part;
	char key[KEY_SIZE];
	int rc;

	if (!ctx->is_agent || n == 0)
		return 0;
	for (int i = 0; i < SPANS; i++) {
		hiding_budget_make_key(key, span - i, session);
		rc = hiding_budget_get(st, key, &part, e);
		if (rc != 0)
			return rc;
		used += part;
	}
	if (used + n > LIMIT_HIDDEN_UNASKED && !ctx->is_confirmed)
		return hiding_budget_refuse(ctx, used, n, e);
	hiding_budget_make_key(key, span, session);
	return hiding_budget_keep(st, key, n, span, e);
}
