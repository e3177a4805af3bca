/* Time to live, as it is given to entities and observations: `expires_at` (a
 * time) or `ttl_days` from now on; "never" and 0 take it back. What it does is
 * said in model/read/expiry.h. */
#ifndef MODEL_WRITE_WRITE_EXPIRY_H
#define MODEL_WRITE_WRITE_EXPIRY_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* Does it say anything of an end? */
bool write_expiry_says(const json_t *j);
/* Whether what j says can be done. path: of j, for error texts ("": none). */
int write_expiry_check(const struct context *ctx, const json_t *j,
	const char *path, struct err *e) MUST_CHECK;
/* Gives the entity the end that j says. Where it says none, an entity whose
 * time was over goes on without an end: it was written to again. */
int write_expiry(struct write *w, int64_t entity, const json_t *j,
	const char *path, struct err *e) MUST_CHECK;
/* The same for a single fact: the time stands in its metadata (`expires_at`).
 * is_told_again: the fact was there before. */
int write_expiry_fact(struct write *w, int64_t entity, int64_t fact,
	bool is_told_again, const json_t *j, const char *path, struct err *e)
	MUST_CHECK;
/* A fact that is there was told again, and nothing of an end. Where its time is
 * over, it goes on without an end: reads would leave it out otherwise, although
 * the reply says that it is known. */
int write_expiry_told_again(struct write *w, int64_t entity, int64_t fact,
	struct err *e) MUST_CHECK;

/* A fact came to be visible: when it is such a note, its entity knows of it. */
int write_expiry_noted(struct write *w, const struct fact *f, struct err *e)
	MUST_CHECK;

/* Hides the facts of an entity whose time has come, and notes when the next one
 * is due: at once, where that are more than go into a part of a change. *ret_n:
 * how many. */
int write_expire_facts(struct write *w, int64_t entity, int64_t now,
	int64_t *ret_n, struct err *e) MUST_CHECK;

#endif
