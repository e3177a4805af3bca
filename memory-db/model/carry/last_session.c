#include "memory-db/model/carry/last_session.h"

#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/sessions.h"

/* Sessions looked at: a client that has not been here for as long begins anew. */
#define SESSIONS_LOOKED 500

size_t
client_name_length(const char *client)
{
	return strcspn(client, "/ ");
}

bool
client_is_same(const char *a, const char *b)
{
	size_t n = client_name_length(a);

	return n > 0 && n == client_name_length(b) && strncasecmp(a, b, n) == 0;
}

struct session_search {
	struct store *st;
	const struct scope *scope;
	const char *client; /* NULL: anybody */
	int64_t own;	    /* label of the caller's session */
	int looked;
	struct last_session *found;
	struct err *e;
};

static int
last_session_is_ours(void *ctx, int64_t ns)
{
	const struct session_search *x = ctx;

	for (int i = 0; i < x->scope->n; i++)
		if (x->scope->ns[i] == ns && ns != 0)
			return 1;
	return 0;
}

/* Stops the walk without an answer; 1 is the answer. */
#define LOOKED_ENOUGH 2

/* 1: it is the one. */
static int
look_at_session(void *ctx, const struct session_row *row)
{
	struct session_search *x = ctx;
	AUTO_BUF struct buf client = {0};
	int rc;

	if (row->session == x->own)
		return 0;
	if (x->looked++ == SESSIONS_LOOKED)
		return LOOKED_ENOUGH;
	if (x->client) {
		rc = label_text(x->st, row->client, &client, x->e);
		if (rc < 0)
			return rc;
		if (rc == 1 && !buf_str(&client))
			return err_nomem(x->e);
		if (rc == 0 || !client_is_same(client.data, x->client))
			return 0;
	}
	rc = last_session_is_ours(x, row->ns);
	if (rc == 0)
		rc = session_namespaces(x->st, row->session,
			last_session_is_ours, x, x->e);
	if (rc != 1)
		return rc;
	*x->found = (struct last_session){row->last_change, row->last_at,
		row->session, row->client};
	return 1;
}

int
last_session(struct store *st, const struct context *ctx,
	const struct scope *scope, struct last_session *ret, struct err *e)
{
	struct session_search x = {.st = st,
		.scope = scope,
		.client = ctx->client && ctx->client[0] ? ctx->client : NULL,
		.own = -1,
		.found = ret,
		.e = e};
	int rc;

	*ret = (struct last_session){0};
	rc = ctx->session ? label_find(st, ctx->session, &x.own, e) : 0;
	if (rc < 0)
		return rc;
	/* What the scope does not see yet is not what it goes on from. */
	rc = session_each(st, scope->change + 1, look_at_session, &x, e);
	return rc < 0 ? rc : rc == 1;
}
