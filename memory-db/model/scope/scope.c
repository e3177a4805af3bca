/* Where a call goes: namespace, branch and point in time become a lens.
 *
 * For example a call of the project "shop" with {"as_of":"2026-03-01"}: the
 * namespace is looked up (ns 4), the time is resolved to the last change
 * before it (change 120), and the lens is [(main, 120)]. An agent reads the
 * user's memory beside its project, so the scope has a second namespace,
 * `default`, and one lens serves both, since change ids grow over the whole
 * database. */
#include "memory-db/model/scope/scope.h"

#include "memory-db/model/scope/code_branch.h"

#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/text.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/base.h"

static const char *
scope_namespace_of(const struct context *ctx)
{
	return ctx->user_scope ? "default" : ctx->namespace_;
}

/* A change id: an integer, or its digits in a string, as clients send it that
 * know one type for a parameter. No time is written as digits alone. */
static bool
is_change_id(const json_t *point, int64_t *ret)
{
	if (json_is_integer(point)) {
		*ret = (int64_t)json_integer_value(point);
		return true;
	}
	return text_int(json_string_value(point), 0, INT64_MAX, ret) == 0;
}

/* Neither the namespace of the call nor the user's memory, which is read beside
 * it, has what was before its base. */
static int
scope_check_base(struct store *st, const struct context *ctx, int64_t change,
	struct err *e)
{
	int64_t ns;
	int rc = namespace_find(st, scope_namespace_of(ctx), &ns, e);

	if (rc == 1)
		rc = log_base_check(st, ns, change, e);
	if (rc < 0)
		return rc;
	return log_base_check(st, NAMESPACE_DEFAULT, change, e);
}

static int
scope_resolve_point(struct store *st, const struct context *ctx,
	const json_t *point, bool end_of_day, int64_t *ret_change,
	struct err *e)
{
	int64_t at, newest;
	int rc;

	if (is_change_id(point, &at)) {
		rc = lens_newest(st, &newest, e);
		if (rc != 0)
			return rc;
		if (at < 0)
			return err_set(e, MDB_E_INVALID,
				"a change id is 0 or more; or give a time as "
				"a string");
		*ret_change = at < newest ? at : newest;
		return 0;
	}
	rc = clock_parse_in(json_string_value(point), clock_now_ms(), ctx->zone,
		end_of_day, &at, e);
	if (rc != 0)
		return rc;
	return lens_change_at(st, at, ret_change, e);
}

int
scope_point(struct store *st, const struct context *ctx, const json_t *point,
	bool end_of_day, int64_t *ret_change, struct err *e)
{
	int rc = scope_resolve_point(st, ctx, point, end_of_day, ret_change, e);

	if (rc != 0)
		return rc;
	return scope_check_base(st, ctx, *ret_change, e);
}

static int
resolve_as_of(struct store *st, const struct context *ctx, int64_t newest,
	int64_t *ret_change, struct err *e)
{
	int rc;

	*ret_change = newest;
	if (!ctx->as_of || json_is_null(ctx->as_of))
		return 0;
	rc = scope_point(st, ctx, ctx->as_of, true, ret_change, e);
	if (rc != 0)
		err_prefix(e, "as_of");
	return rc;
}

/* Valid time is the world's, not the log's: milliseconds, not a change. */
static int
read_valid_at(const struct context *ctx, int64_t *ret, struct err *e)
{
	int rc;

	*ret = FACT_NO_TIME;
	if (!ctx->valid_at || json_is_null(ctx->valid_at))
		return 0;
	if (json_is_integer(ctx->valid_at)) {
		*ret = (int64_t)json_integer_value(ctx->valid_at);
		return 0;
	}
	rc = clock_parse_in(json_string_value(ctx->valid_at), clock_now_ms(),
		ctx->zone, false, ret, e);
	if (rc != 0)
		err_prefix(e, "valid_at");
	return rc;
}

static int
label_of(struct store *st, const char *text, int64_t *ret, struct err *e)
{
	int64_t found = 0;
	int rc;

	if (!text)
		return 0;
	rc = label_find(st, text, &found, e);
	if (rc < 0)
		return rc;
	*ret = rc == 1 ? found : -1;
	return 0;
}

static int
read_reader(struct store *st, const struct context *ctx, struct scope *ret,
	struct err *e)
{
	int rc;

	ret->reader.namespace_ = ctx->namespace_;
	ret->reader.is_agent = ctx->is_agent;
	if (!ctx->session)
		return 0;
	ret->reader.is_known = true;
	rc = label_of(st, ctx->session, &ret->reader.session, e);
	if (rc != 0)
		return rc;
	return label_of(st, ctx->client, &ret->reader.client, e);
}

/* --- the branch ----------------------------------------------------------- */
static bool
is_main(const struct context *ctx)
{
	return strcmp(ctx->branch, "main") == 0;
}

/* Puts a branch in front of all others. */
static void
lens_push(struct lens *lens, int64_t branch, int64_t limit)
{
	memmove(&lens->level[1], &lens->level[0],
		(size_t)lens->n * sizeof(lens->level[0]));
	lens->level[0].branch = branch;
	lens->level[0].limit = limit;
	lens->n++;
	lens->now = false;
}

/* What an agent has staged stands above main as it is now: in the project, and
 * in the user's memory beside it. On a branch of the code the project is not
 * main. */
static int
scope_add_inboxes(struct store *st, const struct context *ctx,
	const struct scope *s, struct lens *lens, struct err *e)
{
	int64_t limit = lens->level[0].limit, branch;
	bool is_code = lens->is_code;

	for (int i = s->n; i-- > 0;) {
		int rc = 0;

		if (!is_code || s->ns[i] == NAMESPACE_DEFAULT)
			rc = inbox_find(st, ctx, s->ns[i], &branch, e);
		if (rc < 0)
			return rc;
		if (rc == 1)
			lens_push(lens, branch, limit);
	}
	return 0;
}

static int
scope_lens(struct store *st, const struct context *ctx, int64_t newest,
	struct scope *s, struct err *e)
{
	int64_t seen = s->change >= newest ? STORE_OPEN_END : s->change;
	bool is_code = code_branch_is(ctx->branch);
	int64_t branch;
	int rc = inbox_check(ctx, ctx->branch, false, e);

	if (rc != 0)
		return rc;
	rc = is_code ? code_branch_find(st, ctx, s->ns[0], &branch, e)
		     : lens_branch(st, s->ns[0], ctx->branch, &branch, e);
	if (rc != 0)
		return rc;
	rc = lens_make(st, branch, seen, &s->lens, e);
	if (rc != 0)
		return rc;
	s->lens.is_code = is_code && branch != STORE_MAIN;
	if (ctx->is_agent && (is_main(ctx) || is_code))
		rc = scope_add_inboxes(st, ctx, s, &s->lens, e);
	if (rc != 0)
		return rc;
	return lens_apply(st, &s->lens, e);
}

int
scope_read(struct store *st, const struct context *ctx, int64_t pinned,
	struct scope *ret, struct err *e)
{
	int64_t newest;
	int rc = lens_newest(st, &newest, e);

	memset(ret, 0, sizeof(*ret));
	if (rc != 0)
		return rc;
	rc = resolve_as_of(st, ctx, newest, &ret->change, e);
	if (rc != 0)
		return rc;
	ret->is_past = ctx->as_of && !json_is_null(ctx->as_of);
	rc = read_valid_at(ctx, &ret->valid_at, e);
	if (rc != 0)
		return rc;
	rc = read_reader(st, ctx, ret, e);
	if (rc != 0)
		return rc;
	if (pinned > 0 && pinned < newest)
		ret->change = pinned;
	rc = namespace_find(st, scope_namespace_of(ctx), &ret->ns[0], e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		ret->ns[0] = 0;
	ret->n = 1;
	fact_home(st, ret->ns[0]);
	if (ret->ns[0] != NAMESPACE_DEFAULT)
		ret->ns[ret->n++] = NAMESPACE_DEFAULT;
	return scope_lens(st, ctx, newest, ret, e);
}

int
scope_write_namespace(struct store *st, const struct context *ctx,
	int64_t *ret_ns, struct err *e)
{
	int rc = namespace_intern(st, scope_namespace_of(ctx), ret_ns, e);

	if (rc != 0)
		return rc;
	fact_home(st, *ret_ns);
	return 0;
}

/* Where a write to the named branch goes. */
static int
scope_write_branch(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e)
{
	/* The user's memory has no branches of code: it is written on main,
	 * and waits for review where that is protected. */
	bool is_code = code_branch_is(ctx->branch), is_guarded = false;
	bool on_main = is_main(ctx) || (is_code && ns == NAMESPACE_DEFAULT);
	int rc = on_main ? inbox_guards(st, ctx, ns, &is_guarded, e)
			 : inbox_check(ctx, ctx->branch, true, e);

	if (rc != 0)
		return rc;
	if (is_code && !on_main)
		return code_branch_open(st, ctx, ns, ret_branch, e);
	if (is_code && !is_guarded) {
		*ret_branch = STORE_MAIN;
		return 0;
	}
	return is_guarded ? inbox_open(st, ctx, ns, ret_branch, e)
			  : lens_branch(st, ns, ctx->branch, ret_branch, e);
}

int
scope_write(struct store *st, const struct context *ctx, int64_t *ret_ns,
	int64_t *ret_branch, struct err *e)
{
	struct lens lens;
	int rc = scope_write_namespace(st, ctx, ret_ns, e);

	if (rc != 0)
		return rc;
	rc = scope_write_branch(st, ctx, *ret_ns, ret_branch, e);
	if (rc != 0)
		return rc;
	rc = lens_make(st, *ret_branch, STORE_OPEN_END, &lens, e);
	if (rc != 0)
		return rc;
	lens.is_code = code_branch_sees(ctx, *ret_ns, *ret_branch);
	return lens_apply(st, &lens, e);
}

int
scope_entity(struct store *st, const struct scope *s, const char *name,
	size_t n, int64_t *ret_entity, struct err *e)
{
	for (int i = 0; i < s->n; i++) {
		int64_t id;
		int rc;

		if (s->ns[i] == 0)
			continue;
		rc = entity_find(st, s->ns[i], name, n, &id, e);
		if (rc == 1)
			rc = fact_existence(st, id, NULL, NULL, NULL, e);
		if (rc < 0)
			return rc;
		if (rc == 1) {
			*ret_entity = id;
			return 1;
		}
	}
	return 0;
}

/* --- cursors -------------------------------------------------------------- */
void
cursor_format(char out[CURSOR_SIZE], int64_t change, int64_t a, int64_t b)
{
	snprintf(out, CURSOR_SIZE, "c%lld.%lld.%lld", (long long)change,
		(long long)a, (long long)b);
}

int
cursor_parse(const char *text, int64_t *ret_change, int64_t *ret_a,
	int64_t *ret_b, struct err *e)
{
	int64_t *const targets[] = {ret_change, ret_a, ret_b};
	char part[32];
	const char *p = text + 1;

	for (size_t i = 0; text[0] == 'c' && i < ARRAY_LEN(targets); i++) {
		size_t n = strcspn(p, ".");

		if (n == 0 || n >= sizeof(part) ||
			(p[n] == '\0') != (i + 1 == ARRAY_LEN(targets)))
			break;
		memcpy(part, p, n);
		part[n] = '\0';
		if (text_int(part, 0, INT64_MAX, targets[i]) != 0)
			break;
		if (p[n] == '\0')
			return 0;
		p += n + 1;
	}
	return err_param(e, MDB_E_INVALID, "cursor",
		"not a cursor; pass the `next` of the page before, unchanged");
}
