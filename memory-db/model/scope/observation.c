#include "memory-db/model/scope/observation.h"

#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/derivations.h"

struct observation_in
observation_in(const char *text, size_t n, enum fact_method method)
{
	return (struct observation_in){.text = text,
		.text_n = n,
		.valid_from = FACT_NO_TIME,
		.valid_to = FACT_NO_TIME,
		.source_at = FACT_NO_TIME,
		.confidence = -1,
		.salience = -1,
		.method = (int)method};
}

static int
set_label(struct store *st, const char *text, int64_t *ret, struct err *e)
{
	return text && text[0] ? label_intern(st, text, ret, e) : 0;
}

int
observation_fact(struct store *st, const struct observation_in *o,
	struct fact *f, struct err *e)
{
	int rc = set_label(st, o->source, &f->source, e);

	if (rc != 0)
		return rc;
	rc = set_label(st, o->speaker, &f->speaker, e);
	if (rc)
		return rc;
	if (o->text) {
		f->text = o->text;
		f->text_n = o->text_n;
	}
	if (o->valid_from != FACT_NO_TIME)
		f->valid_from = o->valid_from;
	if (o->valid_to != FACT_NO_TIME)
		f->valid_to = o->valid_to;
	if (o->source_at != FACT_NO_TIME)
		f->source_at = o->source_at;
	if (o->salience >= 0) /* observations have no other weight */
		f->weight = o->salience;
	if (o->confidence >= 0)
		f->confidence = o->confidence;
	if (o->method != OBSERVATION_ANY_METHOD)
		f->method = (enum fact_method)o->method;
	f->flags |= o->is_claimed ? FACT_CLAIMED : 0;
	f->flags |= o->derived_n > 0 ? FACT_DERIVED : 0;
	return 0;
}
