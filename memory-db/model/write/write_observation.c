/* The typed way in: one observation as a struct, for writers inside the
 * service (extraction, curation) that have no JSON. It is checked in whole
 * before its first op, by the same checks as the observation of a call, so no
 * way into the memory is laxer than another. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/model/secrets/secrets.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/model/write/told_again.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/store/log/derivations.h"

/* --- what it follows from ------------------------------------------------- */
struct derivation {
	struct write *w;
	int64_t entity, fact; /* derived */
	struct err *e;
};

static int
write_observation_add_source(void *ctx, const struct fact *f)
{
	struct derivation *d = ctx;

	return f->id == d->fact ? 0
				: change_derive(d->w->change, d->entity,
					  d->fact, f->id, d->e);
}

static int
ignore_fact(void *ctx, const struct fact *f)
{
	(void)ctx;
	(void)f;
	return 0;
}

int
write_source_check(struct write *w, const struct observation_source *s,
	const char *path, struct err *e)
{
	char at[128];
	int64_t unused;
	int rc;

	snprintf(at, sizeof(at), "%s.derived_from", path);
	if (s->entity)
		return write_need_entity(w, s->entity, at, &unused, e);
	rc = fact_get(w->st, s->fact, ignore_fact, NULL, e);
	if (rc == 0 || (rc == 1 && fact_namespace(s->fact) != w->ns))
		return err_param(e, MDB_E_NOT_FOUND, at,
			"no fact %lld here; the member `facts` of a read "
			"gives their ids",
			(long long)s->fact);
	return rc < 0 ? rc : 0;
}

int
write_source_add(struct write *w, int64_t entity, int64_t fact,
	const struct observation_source *s, const char *path, struct err *e)
{
	struct derivation d = {w, entity, fact, e};
	int64_t from;
	int rc = write_source_check(w, s, path, e);

	if (rc)
		return rc;
	if (!s->entity) {
		rc = fact_get(w->st, s->fact, write_observation_add_source, &d,
			e);
		return rc < 0 ? rc : 0;
	}
	rc = write_need_entity(w, s->entity, path, &from, e);
	return rc ? rc
		  : fact_each(w->st, from, 1u << FACT_OBSERVATION,
			    write_observation_add_source, &d, e);
}

/* --- the observation ------------------------------------------------------ */
static int
check_text(const char *text, size_t n, size_t max, const char *param,
	struct err *e)
{
	if (!text || n == 0 || n > max)
		return err_param(e, MDB_E_LIMIT, param,
			"%s has %zu bytes; from 1 to %zu are stored", param, n,
			max);
	if (memchr(text, '\0', n) != NULL || !text_is_utf8(text, n))
		return err_param(e, MDB_E_INVALID, param,
			"%s is no UTF-8 text without NUL", param);
	return 0;
}

static int
check_observation(struct write *w, const struct observation_in *o,
	struct err *e)
{
	int rc = check_text(o->text, o->text_n, LIMIT_OBSERVATION_BYTES, "text",
		e);

	if (rc != 0)
		return rc;
	if (o->confidence > 1 || o->salience > 1)
		rc = err_set(e, MDB_E_INVALID,
			"confidence and salience are numbers from 0 to 1");
	if (rc != 0)
		return rc;
	if (o->tags_n > LIMIT_FACT_TAGS)
		rc = err_param(e, MDB_E_LIMIT, "tags",
			"a fact has at most %d tags", LIMIT_FACT_TAGS);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < o->tags_n; i++) {
		rc = check_text(o->tags[i], strlen(o->tags[i]),
			LIMIT_TYPE_BYTES, "tags", e);
		if (rc != 0)
			return rc;
	}
	for (size_t i = 0; i < o->derived_n; i++) {
		rc = write_source_check(w, &o->derived_from[i], "observation",
			e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
write_observation_add_tags(struct write *w, int64_t entity, int64_t fact,
	const struct observation_in *o, struct err *e)
{
	AUTO_JSON json_t *tags = NULL;

	if (o->tags_n == 0)
		return 0;
	tags = json_array();
	for (size_t i = 0; i < o->tags_n; i++)
		if (jx_add(tags, json_string(o->tags[i])))
			return err_nomem(e);
	return fact_tags_add(w, entity, fact, tags, "tags", e);
}

static int
put_observation(struct write *w, int64_t entity, const struct observation_in *o,
	int64_t *ret_fact, struct err *e)
{
	struct fact f = write_fact(entity, FACT_OBSERVATION);
	int64_t fact = 0;
	int rc = 0, there;

	there = fact_find_text(w->st, entity, FACT_OBSERVATION, o->text,
		o->text_n, &fact, e);
	if (there < 0)
		return there;
	if (there == 1) {
		rc = told_again(w, entity, fact, e);
		if (rc != 0)
			return rc;
		rc = write_expiry_told_again(w, entity, fact, e);
		if (rc != 0)
			return rc;
	}
	if (there == 0) {
		rc = observation_fact(w->st, o, &f, e);
		if (rc != 0)
			return rc;
		rc = write_add_watched(w, &f, e);
		fact = w->last_fact;
		if (rc != 0)
			return rc;
		for (size_t i = 0; i < o->derived_n; i++) {
			rc = write_source_add(w, entity, fact,
				&o->derived_from[i], "observation", e);
			if (rc != 0)
				return rc;
		}
	}
	rc = write_observation_add_tags(w, entity, fact, o, e);
	if (rc)
		return rc;
	*ret_fact = fact;
	return there == 0;
}

int
write_observation(struct write *w, int64_t entity,
	const struct observation_in *given, int64_t *ret_fact, struct err *e)
{
	struct observation_in o = *given;
	AUTO_BUF struct buf marked = {0};
	struct secret s;
	int rc = check_observation(w, &o, e);

	if (rc)
		return rc;
	/* Who writes from inside has nobody to ask for another text. */
	if (w->ctx->secrets != SECRETS_ALLOW &&
		secret_find(o.text, o.text_n, 0, &s)) {
		if (secret_mark(o.text, o.text_n, &marked, NULL))
			return err_nomem(e);
		o.text = marked.data;
		o.text_n = marked.len;
	}
	return put_observation(w, entity, &o, ret_fact, e);
}
