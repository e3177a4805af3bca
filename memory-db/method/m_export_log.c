/* export_log: the log of a namespace, or of all, as lines in pages.
 *
 * All pages are of one state: the first page notes the newest change, and the
 * cursor carries it together with the place of the page. What is written
 * meanwhile does not come in between. An export of a state whose base is not
 * sealed yet, or of a time before the base, is refused: half of a base proves
 * nothing. */
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/transfer/export.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/base.h"

/* {"lines":[],"success":true,"id":...,"next":"..."} around the lines. */
#define ENVELOPE_BYTES 512

/* What a cursor carries: the change, the namespace (0: all), the mark, and
 * which of the two exports it is. */
enum { CHANGE, NS, CURRENT, COUNTERS, PHASE, MARK_NS, A, B, NUMBERS };

/* A log that ends between a base and the change that seals it would hold a base
 * that nobody vouches for: verify could not tell it from an altered one. */
static int
m_export_log_check_seal(struct call *c, int64_t ns, int64_t change,
	struct err *e)
{
	int64_t seal;
	int rc = log_base_seal(c->st, ns, &seal, e);

	if (rc != 0 || change >= seal)
		return rc;
	return err_set(e, MDB_E_NOT_FOUND,
		"'memoryctl compact' folded the history into a base, which "
		"change %lld seals: a log as of an earlier time is in backups "
		"from before that",
		(long long)seal);
}

static int
first_page(struct call *c, int64_t v[NUMBERS], struct err *e)
{
	bool all = false, current = false, counters = false;
	int64_t base = 0;
	struct scope scope;
	int rc = jx_bool(c->params, "all", JX_OPTIONAL, &all, e);

	if (rc >= 0)
		rc = jx_bool(c->params, "current", JX_OPTIONAL, &current, e);
	if (rc >= 0)
		rc = jx_bool(c->params, "counters", JX_OPTIONAL, &counters, e);
	if (rc >= 0)
		rc = scope_read(c->st, c->ctx, 0, &scope, e);
	if (rc < 0)
		return rc;
	if (!all && scope.ns[0] == 0)
		return err_param(e, MDB_E_NOT_FOUND, "namespace",
			"no namespace '%s'; list_namespaces names them",
			c->ctx->namespace_);
	rc = all ? log_base_newest(c->st, &base, e) : 0;
	if (rc != 0)
		return rc;
	if (scope.change < base)
		return err_set(e, MDB_E_NOT_FOUND,
			"the history up to change %lld was folded into a base "
			"by 'memoryctl compact'; a log as of an earlier time "
			"is in backups from before that",
			(long long)base);
	rc = current ? 0
		     : m_export_log_check_seal(c, all ? 0 : scope.ns[0],
			       scope.change, e);
	if (rc != 0)
		return rc;
	v[CHANGE] = scope.change;
	v[NS] = all ? 0 : scope.ns[0];
	v[CURRENT] = current;
	v[COUNTERS] = counters && !current;
	return 0;
}

static int
m_export_log_next_page(struct call *c, const char *cursor, int64_t v[NUMBERS],
	struct err *e)
{
	struct scope scope;
	int rc = page_cursor_parse(cursor, 'x', v, NUMBERS, e);

	if (rc != 0)
		return rc;
	return scope_read(c->st, c->ctx, v[CHANGE], &scope, e);
}

/* Of the first page: the cursor of the others is behind it. */
static int
m_export_log_read_since(struct call *c, const int64_t v[NUMBERS], int64_t *ret,
	struct err *e)
{
	int64_t base;
	int rc = jx_int(c->params, "since", JX_OPTIONAL, 0, STORE_OPEN_END, ret,
		e);

	if (rc < 0 || *ret == 0)
		return rc < 0 ? rc : 0;
	if (v[CURRENT])
		return err_param(e, MDB_E_INVALID, "since",
			"`since` is for the log; leave `current` out");
	rc = log_base_newest(c->st, &base, e);
	if (rc != 0)
		return rc;
	if (*ret < base)
		return err_param(e, MDB_E_NOT_FOUND, "since",
			"`since` is change %lld, and the history up to change "
			"%lld was folded into a base by 'memoryctl compact': "
			"export all of the log, without `since`",
			(long long)*ret, (long long)base);
	if (*ret > v[CHANGE])
		return err_param(e, MDB_E_INVALID, "since",
			"`since` is change %lld, but the newest one is %lld: "
			"is this another copy of the database?",
			(long long)*ret, (long long)v[CHANGE]);
	return 0;
}

int
m_export_log(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *result = json_object();
	int64_t v[NUMBERS] = {0}, bytes = LIMIT_REPLY_BYTES;
	const char *cursor = NULL;
	json_t *lines = NULL;
	int64_t since = 0;
	bool more = false;
	int rc = !result ? err_nomem(e)
			 : jx_string(c->params, "cursor", JX_OPTIONAL, &cursor,
				   NULL, e);

	if (rc >= 0)
		rc = jx_int(c->params, "max_bytes", JX_OPTIONAL, 256,
			LIMIT_REPLY_BYTES, &bytes, e);
	if (rc >= 0)
		rc = cursor != NULL ? m_export_log_next_page(c, cursor, v, e)
				    : first_page(c, v, e);
	if (rc >= 0 && !cursor)
		rc = m_export_log_read_since(c, v, &since, e);
	if (rc < 0)
		return rc;

	struct export_query q = {.ns = v[NS],
		.since = since,
		.counters = v[COUNTERS] != 0,
		.change = v[CHANGE],
		.max_bytes = (size_t)(bytes > 2 * ENVELOPE_BYTES
					      ? bytes - ENVELOPE_BYTES
					      : bytes / 2)};
	struct export_mark mark = {v[PHASE], v[MARK_NS], v[A], v[B]};

	rc = (v[CURRENT] ? export_current_page : export_log_page)(c->st, &q,
		&mark, &lines, &more, e);
	if (rc != 0)
		return rc;
	rc = member_set_new(result, "lines", lines, e);
	if (rc != 0)
		return rc;
	if (more) {
		int64_t next[NUMBERS] = {v[CHANGE], v[NS], v[CURRENT],
			v[COUNTERS], mark.phase, mark.ns, mark.a, mark.b};
		char text[PAGE_CURSOR_SIZE];

		page_cursor_format(text, 'x', next, NUMBERS);
		rc = member_set_new(result, "next", json_string(text), e);
	}
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(result);
	return rc;
}
