/* Where a fact comes from: members shared by entities, additions and single
 * observations (source_session, source_timestamp, speaker, confidence,
 * extraction_method). */
#ifndef MODEL_READ_PROVENANCE_H
#define MODEL_READ_PROVENANCE_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/facts/facts.h"

/* Sets what j has on f and leaves the rest. Writer only (labels). path: of j,
 * for error texts. */
int provenance_read(struct store *st, const struct context *ctx,
	const json_t *j, const char *path, struct fact *f, struct err *e)
	MUST_CHECK;

/* An observation (a string, or an object with text): text and provenance. */
int provenance_observation(struct store *st, const struct context *ctx,
	const json_t *j, const char *path, struct fact *f, struct err *e)
	MUST_CHECK;

/* --- where a fact comes from ---------------------------------------------- */
/* The change that first showed it, whichever merge or undo brought it here. */
struct origin {
	int64_t change, ns, at;
	int64_t session, client, actor; /* labels; 0: none */
	int64_t from, upto;		/* ids of facts that came with it */
};
/* io: zeroed, or of another fact; facts of one change cost one look. Ids of
 * facts are given in order, so those from one of a change up to the highest
 * that was given when it ended are of that change, too. */
int provenance_origin(struct store *st, int64_t fact, struct origin *io,
	struct err *e) MUST_CHECK;

/* The actor of a write: what the caller says, unless it is an agent; of a write
 * to the user's memory out of a project, that project. "" for none. */
#define PROVENANCE_PROJECT "project "
void provenance_actor(const struct context *ctx, char *out, size_t size);

/* Sets j.from = {namespace?, session?, client?} when it was written by another
 * session than the reader's (client: when that differs as well), or into the
 * user's memory out of another project. */
int provenance_from(struct store *st, const struct scope *s,
	const struct origin *o, json_t *j, struct err *e) MUST_CHECK;

/* 1: it was written into the user's memory out of another project than the
 * reader's; else 0. */
int provenance_is_foreign(struct store *st, const struct scope *s,
	const struct origin *o, struct err *e) MUST_CHECK;

/* The same of an entity, for the facts that are given of it: a list, with the
 * number of facts of each. */
#define FROM_MAX   3
#define FROM_BYTES 40
struct provenance_list {
	const struct scope *scope;
	struct origin rows[FROM_MAX], last;
	int64_t facts[FROM_MAX], more;
	int n;
};
int provenance_note(struct store *st, struct provenance_list *l, int64_t fact,
	struct err *e) MUST_CHECK;
int provenance_list_set(struct store *st, const struct provenance_list *l,
	json_t *j, struct err *e) MUST_CHECK;

/* Speaker, session, date, confidence and salience as members of j; in j.claims
 * when an agent said so. */
int provenance_claims(struct store *st, const struct fact *f, json_t *j,
	struct err *e) MUST_CHECK;

#endif
