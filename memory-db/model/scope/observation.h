/* An observation as somebody inside the service gives it: a script, an import,
 * an extractor, a curator. A request says the same as JSON, which becomes this.
 *
 *   struct observation_in o = observation_in(text, n, METHOD_AUTO);
 *
 *   o.confidence = 0.9;
 *   o.source = "2026-11-20 stand-up";
 *   rc = write_observation(w, entity, &o, &fact, e);
 */
#ifndef MODEL_SCOPE_OBSERVATION_H
#define MODEL_SCOPE_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"

#define OBSERVATION_ANY_METHOD (-1)

/* What an observation follows from: all that an entity says now, or a fact. */
struct observation_source {
	const char *entity; /* its name; NULL: */
	int64_t fact;
};

/* All pointers are borrowed. */
struct observation_in {
	const char *text;
	size_t text_n;
	int64_t valid_from, valid_to; /* FACT_NO_TIME: not known */
	int64_t source_at;	      /* when it was said; FACT_NO_TIME */
	double confidence, salience;  /* 0 to 1; negative: not known */
	const char *source, *speaker; /* session and who said it; NULL */
	int method;	 /* enum fact_method, or OBSERVATION_ANY_METHOD */
	bool is_claimed; /* an agent says so: the service does not know it */
	const char *const *tags;
	size_t tags_n;
	const struct observation_source *derived_from;
	size_t derived_n;
};

/* An observation of which only the text and the method are known. */
struct observation_in observation_in(const char *text, size_t n,
	enum fact_method method);

/* Sets what it has on f and leaves the rest: text, times, numbers, source and
 * speaker (as labels: writer only), method, flags. */
int observation_fact(struct store *st, const struct observation_in *o,
	struct fact *f, struct err *e) MUST_CHECK;

#endif
