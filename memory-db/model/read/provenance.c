/* Provenance members -> fact, and a fact -> where it comes from. */
#include "memory-db/model/read/provenance.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/utf8.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/observation.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

/* Sets *ret when j has the member and it is not empty. */
static int
read_time(const struct context *ctx, const json_t *o, const char *key,
	const char *path, int64_t *ret, struct err *e)
{
	const json_t *j = json_object_get(o, key);
	int r;

	if (j == NULL || json_is_null(j) ||
		(json_is_string(j) && json_string_length(j) == 0))
		return 0;
	if (json_is_integer(j)) { /* milliseconds since 1970 */
		*ret = (int64_t)json_integer_value(j);
		return 0;
	}
	r = clock_parse_in(json_string_value(j), clock_now_ms(), ctx->zone,
		false, ret, e);
	if (r != 0)
		err_prefix(e, "%s.%s", path, key);
	return r;
}

static void
provenance_read_method(const char *name, struct observation_in *o)
{
	static const char *const names[] = {"manual", "auto", "import",
		"script"};

	for (size_t i = 0; name != NULL && i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			o->method = (int)i;
}

/* Of these an agent can only say what it thinks. When something holds in the
 * world (valid_from), what it follows from and its tags are part of what it
 * says, not of where that comes from. */
static bool
claims(const json_t *j)
{
	static const char *const members[] = {"source_session",
		"source_timestamp", "speaker", "confidence", "salience"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_object_get(j, members[i]) != NULL)
			return true;
	return false;
}

/* What the members of j say; its text is not looked at. */
static int
provenance_members(const struct context *ctx, const json_t *j, const char *path,
	struct observation_in *o, struct err *e)
{
	const json_t *salience = json_object_get(j, "salience");
	const json_t *confidence = json_object_get(j, "confidence");
	int rc = read_time(ctx, j, "source_timestamp", path, &o->source_at, e);

	if (rc == 0)
		rc = read_time(ctx, j, "valid_from", path, &o->valid_from, e);
	if (rc == 0)
		rc = read_time(ctx, j, "valid_to", path, &o->valid_to, e);
	o->is_claimed = ctx->is_agent && claims(j);
	o->source = jx_text(j, "source_session");
	o->speaker = jx_text(j, "speaker");
	if (json_is_number(salience))
		o->salience = jx_real(salience);
	if (json_is_number(confidence))
		o->confidence = jx_real(confidence);
	provenance_read_method(jx_text(j, "extraction_method"), o);
	return rc;
}

int
provenance_read(struct store *st, const struct context *ctx, const json_t *j,
	const char *path, struct fact *f, struct err *e)
{
	struct observation_in o = observation_in(NULL, 0, METHOD_MANUAL);
	int rc;

	o.method = OBSERVATION_ANY_METHOD;
	rc = provenance_members(ctx, j, path, &o, e);
	return rc ? rc : observation_fact(st, &o, f, e);
}

int
provenance_observation(struct store *st, const struct context *ctx,
	const json_t *j, const char *path, struct fact *f, struct err *e)
{
	const json_t *text = j;
	int r = 0;

	if (json_is_object(j)) {
		r = provenance_read(st, ctx, j, path, f, e);
		text = json_object_get(j, "text");
	}
	f->text = json_string_value(text);
	f->text_n = json_string_length(text);
	return r;
}

/* --- who wrote it --------------------------------------------------------- */
static int
take_change(void *ctx, const struct log_change *c)
{
	struct origin *o = ctx;

	*o = (struct origin){.change = c->id,
		.ns = c->ns,
		.at = c->at,
		.session = c->session,
		.client = c->client,
		.actor = c->actor,
		.upto = c->fact_max};
	return 0;
}

int
provenance_origin(struct store *st, int64_t fact, struct origin *io,
	struct err *e)
{
	int64_t change = 0;
	int r;

	if (io->change != 0 && fact >= io->from && fact <= io->upto)
		return 0;
	r = log_first_shown(st, fact, &change, e);
	if (r == 1 && change != io->change) {
		r = log_get(st, change, take_change, io, e);
		io->from = fact;
	} else if (r == 1 && fact < io->from) {
		io->from = fact;
	}
	return r < 0 ? r : 0;
}

void
provenance_actor(const struct context *ctx, char *out, size_t size)
{
	bool is_other =
		ctx->user_scope && strcmp(ctx->namespace_, "default") != 0;

	if (is_other && (ctx->is_agent || ctx->actor == NULL))
		snprintf(out, size, PROVENANCE_PROJECT "%s", ctx->namespace_);
	else
		snprintf(out, size, "%s",
			ctx->actor != NULL && !ctx->is_agent ? ctx->actor : "");
}

/* The project from which the user's memory was written. 1, or 0: none told. */
static int
project_of(struct store *st, const struct origin *o, struct buf *name,
	struct err *e)
{
	static const size_t n = sizeof(PROVENANCE_PROJECT) - 1;
	int r;

	if (o->actor == 0 || o->ns != NAMESPACE_DEFAULT)
		return 0;
	r = label_text(st, o->actor, name, e);
	if (r != 1)
		return r;
	if (name->len <= n || memcmp(name->data, PROVENANCE_PROJECT, n) != 0)
		return 0;
	memmove(name->data, name->data + n, name->len - n);
	name->len -= n;
	return buf_str(name) == NULL ? err_nomem(e) : 1;
}

/* The same, when it is another one than the reader's. */
static int
other_project(struct store *st, const struct scope *s, const struct origin *o,
	struct buf *name, struct err *e)
{
	int64_t ns = 0;
	int r = project_of(st, o, name, e);

	if (r != 1 || strcmp(name->data, s->reader.namespace_) == 0)
		return r < 0 ? r : 0;
	/* It may have another name by now. */
	r = namespace_find(st, name->data, &ns, e);
	return r < 0 ? r : r == 0 || ns != s->ns[0];
}

static bool
is_other_session(const struct scope *s, const struct origin *o)
{
	return s->reader.is_known && o->session != s->reader.session;
}

/* A label in a few bytes, whatever a client calls itself. */
static int
set_short(struct store *st, json_t *j, const char *key, int64_t label,
	struct err *e)
{
	struct buf text AUTO_BUF = {0};
	int r = label == 0 ? 0 : label_text(st, label, &text, e);

	return r == 1 ? member_set_text(j, key, text.data,
				utf8_cut(text.data, text.len < FROM_BYTES
							    ? text.len
							    : FROM_BYTES),
				e)
		      : r;
}

/* *ret NULL: it is the reader's own. */
static int
provenance_tell(struct store *st, const struct scope *s, const struct origin *o,
	json_t **ret, struct err *e)
{
	struct buf project AUTO_BUF = {0};
	json_t *j AUTO_JSON = json_object();
	int r = j == NULL ? err_nomem(e) : other_project(st, s, o, &project, e);

	if (r == 1)
		r = member_set_text(j, "namespace", project.data,
			utf8_cut(project.data, project.len < FROM_BYTES
						       ? project.len
						       : FROM_BYTES),
			e);
	if (r == 0 && is_other_session(s, o)) {
		r = set_short(st, j, "session", o->session, e);
		if (r == 0 && o->client != s->reader.client)
			r = set_short(st, j, "client", o->client, e);
	}
	if (r < 0)
		return r;
	*ret = json_object_size(j) > 0 ? take_ptr(j) : NULL;
	return 0;
}

int
provenance_is_foreign(struct store *st, const struct scope *s,
	const struct origin *o, struct err *e)
{
	struct buf project AUTO_BUF = {0};

	return other_project(st, s, o, &project, e);
}

int
provenance_from(struct store *st, const struct scope *s, const struct origin *o,
	json_t *j, struct err *e)
{
	json_t *from = NULL;
	int r = provenance_tell(st, s, o, &from, e);

	return r == 0 && from != NULL ? member_set_new(j, "from", from, e) : r;
}

/* --- of several facts ----------------------------------------------------- */
int
provenance_note(struct store *st, struct provenance_list *l, int64_t fact,
	struct err *e)
{
	struct origin *o = &l->last;
	int r = provenance_origin(st, fact, o, e);

	for (int i = 0; r == 0 && i < l->n; i++)
		if (l->rows[i].session == o->session &&
			l->rows[i].client == o->client &&
			l->rows[i].actor == o->actor) {
			l->facts[i]++;
			return 0;
		}
	if (r == 0 && l->n == FROM_MAX)
		l->more++;
	else if (r == 0) {
		l->facts[l->n] = 1;
		l->rows[l->n++] = *o;
	}
	return r;
}

int
provenance_list_set(struct store *st, const struct provenance_list *l,
	json_t *j, struct err *e)
{
	json_t *list AUTO_JSON = json_array();
	int r = list == NULL ? err_nomem(e) : 0;

	for (int i = 0; r == 0 && i < l->n; i++) {
		json_t *from = NULL;

		r = provenance_tell(st, l->scope, &l->rows[i], &from, e);
		if (r != 0 || from == NULL)
			continue;
		if (jx_set(from, "facts", json_integer(l->facts[i])) != 0 ||
			jx_add(list, json_incref(from)) != 0)
			r = err_nomem(e);
		json_decref(from);
	}
	if (r == 0 && l->more > 0 && json_array_size(list) > 0 &&
		jx_add(list, json_pack("{s:I}", "more", (json_int_t)l->more)) !=
			0)
		r = err_nomem(e);
	if (r == 0 && json_array_size(list) > 0 &&
		json_object_set(j, "from", list) != 0)
		r = err_nomem(e);
	return r;
}

/* --- claims --------------------------------------------------------------- */
int
provenance_claims(struct store *st, const struct fact *f, json_t *j,
	struct err *e)
{
	json_t *into = j, *claims_new = NULL;
	int r = 0;

	if (f->flags & FACT_CLAIMED) {
		into = claims_new = json_object();
		if (jx_set(j, "claims", claims_new) != 0)
			return err_nomem(e);
	}
	r = member_set_label(st, into, "speaker", f->speaker, e);
	if (r == 0)
		r = member_set_label(st, into, "source_session", f->source, e);
	if (r == 0 && f->source_at != FACT_NO_TIME)
		r = member_set_time(into, "source_timestamp", f->source_at, e);
	if (r == 0 && f->confidence >= 0)
		r = member_set_real(into, "confidence", f->confidence, e);
	if (r == 0 && f->weight >= 0)
		r = member_set_real(into, "salience", f->weight, e);
	return r;
}
