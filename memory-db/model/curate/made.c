/* See made.h. */
#include "memory-db/model/curate/made.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/model/scope/observation.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/derivations.h"

#define NAMES_TRIED 1000
#define SOURCES	    16

static int
without_numbers(const char *s, size_t n, struct buf *out)
{
	bool blank = true;

	for (size_t i = 0; i < n; i++) {
		bool drop = isdigit((unsigned char)s[i]) ||
			    strchr(" -_:/.#,", s[i]) != NULL;

		if (!drop &&
			buf_addf(out, "%s%c", blank && out->len > 0 ? " " : "",
				s[i]) != 0)
			return MDB_E_NOMEM;
		blank = drop;
	}
	return 0;
}

int
made_name(struct write *w, const char *text, size_t n, const char *kind,
	struct buf *out, struct err *e)
{
	AUTO_BUF struct buf base = {0};

	if (without_numbers(text, n, &base) != 0)
		return err_nomem(e);
	for (int i = 1; i < NAMES_TRIED; i++) {
		char number[16] = "";
		int64_t other;
		int rc;

		if (i > 1)
			snprintf(number, sizeof(number), " %d", i);
		out->len = 0;
		if (buf_addf(out, "%.900s (%s%s)",
			    base.len > 0 ? buf_str(&base) : "episodes", kind,
			    number) != 0 ||
			!buf_str(out))
			return err_nomem(e);
		rc = entity_find(w->st, w->ns, out->data, out->len, &other, e);
		/* One that a run made and an undo took back is free. */
		if (rc == 1)
			rc = fact_existence(w->st, other, NULL, NULL, NULL, e);
		if (rc <= 0)
			return rc;
	}
	return err_set(e, MDB_E_LIMIT, "a thousand entities have this name");
}

int
made_has_end(struct store *st, int64_t entity, struct err *e)
{
	int64_t at = 0, facts_at = 0;
	int rc = attr_get(st, entity, ATTR_EXPIRES, &at, e);

	if (rc)
		return rc;
	rc = attr_get(st, entity, ATTR_FACT_EXPIRES, &facts_at, e);
	return rc ? rc : at != 0 || facts_at != 0;
}

int
made_relate(struct write *w, int64_t entity, int64_t to, struct err *e)
{
	struct fact f = write_fact(entity, FACT_RELATION);
	int rc = label_intern(w->st, DERIVED_FROM, &f.label, e);

	f.peer = to;
	f.method = METHOD_AUTO;
	f.flags = FACT_DERIVED;
	return rc ? rc : write_add(w, &f, e);
}

int
made_text(struct write *w, int64_t entity, const char *text, size_t n,
	const int64_t *sources, int sources_n, struct err *e)
{
	struct observation_in o = observation_in(text, n, METHOD_AUTO);
	struct observation_source from[SOURCES];
	int64_t fact;
	int rc;

	for (int i = 0; i < sources_n && i < SOURCES; i++) {
		from[i] = (struct observation_source){NULL, sources[i]};
		o.derived_n++;
	}
	o.derived_from = from;
	rc = write_observation(w, entity, &o, &fact, e);
	return rc < 0 ? rc : 0;
}
