/* Notes that an agent leaves for the next one. A note is claimed by exactly one
 * agent: claiming is a write, and the service has one writer.
 *
 * A note is an entity of the type `handoff_note` with one observation, and nothing
 * of it lies anywhere else (model/plan does the same):
 *
 *   "Handoff for codex: the migration is half done."
 *    metadata {"handoff_note":{"note":"the migration is half done","to":"codex",
 *                         "state":"open"}}
 *    tag      handoff:open
 *
 * To claim it is to put an observation in its place that says so. History,
 * undo (the note is open again), branches, export and forget need no code of
 * their own. Two branches that claim the same note both stand after a merge, as
 * nothing is overwritten. */
#ifndef MODEL_CARRY_HANDOFF_H
#define MODEL_CARRY_HANDOFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

#define HANDOFF_TYPE	 "handoff_note"
#define HANDOFF_OPEN_TAG "handoff:open"

struct handoff {
	int64_t entity, fact;
	json_t *said; /* {note, to?, task?, state}; owned */
	bool is_open;
};
void handoff_done(struct handoff *h);
#define AUTO_HANDOFF __attribute__((cleanup(handoff_done)))

/* Each note of an entity under the lens; the callback may keep h->said by a
 * reference. Non-zero stops and is returned. */
typedef int (*handoff_fn)(void *ctx, const struct handoff *h);
int handoff_each(struct store *st, int64_t entity, handoff_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

/* Leaves a note: `params` of the method handoff. */
int handoff_leave(struct write *w, const json_t *params, struct handoff *ret,
	struct err *e) MUST_CHECK;
/* Claims an open one. MDB_E_CONFLICT: somebody else has it already. */
int handoff_claim(struct write *w, const struct handoff *h, struct handoff *ret,
	struct err *e) MUST_CHECK;

/* Whether a note is for this client: it names nobody, or the client as it calls
 * itself ("codex" is for "codex/0.171"). */
bool handoff_is_for(const struct handoff *h, const char *client);

/* The row of a note, as the method gives it. Returns new. */
int handoff_tell(struct store *st, const struct handoff *h, json_t **ret,
	struct err *e) MUST_CHECK;

#endif
