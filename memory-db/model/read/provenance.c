/* Where a fact comes from, in both directions: the members of a call become
 * fields of a fact, and a fact becomes members of an answer.
 *
 * Two origins are kept apart. What the service saw itself (session, client,
 * actor, time of the change) stands in the change and cannot be claimed. What
 * the writer says (source_session, speaker, source_timestamp) stands in the
 * fact, and is marked FACT_CLAIMED when an agent says it. An answer tells the
 * origin only where it is not the reader's own: a fact from another session,
 * or written from another project into the user's memory. */
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
provenance_read_time(const struct context *ctx, const json_t *o,
	const char *key, const char *path, int64_t *ret, struct err *e)
{
	const json_t *j = json_object_get(o, key);
	int rc;

	if (!j || json_is_null(j) ||
		(json_is_string(j) && json_string_length(j) == 0))
		return 0;
	if (json_is_integer(j)) { /* milliseconds since 1970 */
		*ret = (int64_t)json_integer_value(j);
		return 0;
	}
	rc = clock_parse_in(json_string_value(j), clock_now_ms(), ctx->zone,
		false, ret, e);
	if (rc != 0)
		err_prefix(e, "%s.%s", path, key);
	return rc;
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
		if (json_object_get(j, members[i]))
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
	int rc = provenance_read_time(ctx, j, "source_timestamp", path,
		&o->source_at, e);

	if (rc != 0)
		return rc;
	rc = provenance_read_time(ctx, j, "valid_from", path, &o->valid_from,
		e);
	if (rc != 0)
		return rc;
	rc = provenance_read_time(ctx, j, "valid_to", path, &o->valid_to, e);
	if (rc != 0)
		return rc;
	o->is_claimed = ctx->is_agent && claims(j);
	o->source = jx_text(j, "source_session");
	o->speaker = jx_text(j, "speaker");
	if (json_is_number(salience))
		o->salience = jx_real(salience);
	if (json_is_number(confidence))
		o->confidence = jx_real(confidence);
	provenance_read_method(jx_text(j, "extraction_method"), o);
	return 0;
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
	int rc = 0;

	if (json_is_object(j)) {
		rc = provenance_read(st, ctx, j, path, f, e);
		text = json_object_get(j, "text");
	}
	f->text = json_string_value(text);
	f->text_n = json_string_length(text);
	return rc;
}

/* --- who wrote it --------------------------------------------------------- */
static int
provenance_take_change(void *ctx, const struct log_change *c)
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
	int rc;

	if (io->change != 0 && fact >= io->from && fact <= io->upto)
		return 0;
	rc = log_first_shown(st, fact, &change, e);
	if (rc == 1 && change != io->change) {
		rc = log_get(st, change, provenance_take_change, io, e);
		io->from = fact;
	} else if (rc == 1 && fact < io->from) {
		io->from = fact;
	}
	return rc < 0 ? rc : 0;
}

void
provenance_actor(const struct context *ctx, char *out, size_t size)
{
	bool is_other =
		ctx->user_scope && strcmp(ctx->namespace_, "default") != 0;

	if (is_other && (ctx->is_agent || !ctx->actor))
		snprintf(out, size, PROVENANCE_PROJECT "%s", ctx->namespace_);
	else
		snprintf(out, size, "%s",
			ctx->actor && !ctx->is_agent ? ctx->actor : "");
}

/* The project from which the user's memory was written. 1, or 0: none told. */
static int
provenance_project_of(struct store *st, const struct origin *o,
	struct buf *name, struct err *e)
{
	static const size_t n = sizeof(PROVENANCE_PROJECT) - 1;
	int rc;

	if (o->actor == 0 || o->ns != NAMESPACE_DEFAULT)
		return 0;
	rc = label_text(st, o->actor, name, e);
	if (rc != 1)
		return rc;
	if (name->len <= n || memcmp(name->data, PROVENANCE_PROJECT, n) != 0)
		return 0;
	memmove(name->data, name->data + n, name->len - n);
	name->len -= n;
	return !buf_str(name) ? err_nomem(e) : 1;
}

/* The same, when it is another one than the reader's. */
static int
other_project(struct store *st, const struct scope *s, const struct origin *o,
	struct buf *name, struct err *e)
{
	int64_t ns = 0;
	int rc = provenance_project_of(st, o, name, e);

	if (rc != 1 || strcmp(name->data, s->reader.namespace_) == 0)
		return rc < 0 ? rc : 0;
	/* It may have another name by now. */
	rc = namespace_find(st, name->data, &ns, e);
	return rc < 0 ? rc : rc == 0 || ns != s->ns[0];
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
	AUTO_BUF struct buf text = {0};
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
	AUTO_BUF struct buf project = {0};
	AUTO_JSON json_t *j = json_object();
	int rc = !j ? err_nomem(e) : other_project(st, s, o, &project, e);

	if (rc == 1)
		rc = member_set_text(j, "namespace", project.data,
			utf8_cut(project.data, project.len < FROM_BYTES
						       ? project.len
						       : FROM_BYTES),
			e);
	if (rc != 0)
		return rc;
	if (is_other_session(s, o)) {
		rc = set_short(st, j, "session", o->session, e);
		if (rc != 0)
			return rc;
		if (o->client != s->reader.client)
			rc = set_short(st, j, "client", o->client, e);
	}
	if (rc < 0)
		return rc;
	*ret = json_object_size(j) > 0 ? take_ptr(j) : NULL;
	return 0;
}

int
provenance_is_foreign(struct store *st, const struct scope *s,
	const struct origin *o, struct err *e)
{
	AUTO_BUF struct buf project = {0};

	return other_project(st, s, o, &project, e);
}

int
provenance_from(struct store *st, const struct scope *s, const struct origin *o,
	json_t *j, struct err *e)
{
	json_t *from = NULL;
	int rc = provenance_tell(st, s, o, &from, e);

	return rc == 0 && from != NULL ? member_set_new(j, "from", from, e)
				       : rc;
}

/* --- of several facts ----------------------------------------------------- */
int
provenance_note(struct store *st, struct provenance_list *l, int64_t fact,
	struct err *e)
{
	struct origin *o = &l->last;
	int rc = provenance_origin(st, fact, o, e);

	if (rc != 0)
		return rc;
	for (int i = 0; i < l->n; i++)
		if (l->rows[i].session == o->session &&
			l->rows[i].client == o->client &&
			l->rows[i].actor == o->actor) {
			l->facts[i]++;
			return 0;
		}
	if (l->n == FROM_MAX)
		l->more++;
	else {
		l->facts[l->n] = 1;
		l->rows[l->n++] = *o;
	}
	return 0;
}

int
provenance_list_set(struct store *st, const struct provenance_list *l,
	json_t *j, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	if (!list)
		return err_nomem(e);
	for (int i = 0; i < l->n; i++) {
		AUTO_JSON json_t *from = NULL;
		int rc = provenance_tell(st, l->scope, &l->rows[i], &from, e);

		if (rc != 0)
			return rc;
		if (!from)
			continue;
		if (jx_set(from, "facts", json_integer(l->facts[i])) != 0 ||
			jx_add(list, json_incref(from)) != 0)
			return err_nomem(e);
	}
	if (l->more > 0 && json_array_size(list) > 0 &&
		jx_add(list, json_pack("{s:I}", "more", (json_int_t)l->more)) !=
			0)
		return err_nomem(e);
	if (json_array_size(list) > 0 && json_object_set(j, "from", list) != 0)
		return err_nomem(e);
	return 0;
}

/* --- claims --------------------------------------------------------------- */
int
provenance_claims(struct store *st, const struct fact *f, json_t *j,
	struct err *e)
{
	json_t *into = j, *claims_new = NULL;
	int rc = 0;

	if (f->flags & FACT_CLAIMED) {
		into = claims_new = json_object();
		if (jx_set(j, "claims", claims_new) != 0)
			return err_nomem(e);
	}
	rc = member_set_label(st, into, "speaker", f->speaker, e);
	if (rc != 0)
		return rc;
	rc = member_set_label(st, into, "source_session", f->source, e);
	if (rc != 0)
		return rc;
	if (f->source_at != FACT_NO_TIME)
		rc = member_set_time(into, "source_timestamp", f->source_at, e);
	if (rc != 0)
		return rc;
	if (f->confidence >= 0)
		rc = member_set_real(into, "confidence", f->confidence, e);
	if (rc != 0)
		return rc;
	if (f->weight >= 0)
		rc = member_set_real(into, "salience", f->weight, e);
	return rc;
}
