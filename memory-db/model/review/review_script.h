/* The policy of a namespace as a function: a skill that the setting
 * `review_script` names decides of each change that waits.
 *
 *   memoryctl settings 'review_script={"skill": "gate"}'
 *
 * The skill is Lua, stored with save_skill in the namespace itself. It has the change as `change` (also
 * `args`), in the shape of a row of list_staged: session, client, kind, added,
 * removed, set, conflicts, as the change would be on main now. It returns what to
 * do, and why:
 *
 *   if #(change.removed or {}) > 0 then return {"refuse", "nothing is deleted"} end
 *   if change.client == "notes/1" then return "apply" end
 *   return {"stage", "a person should look"}
 *
 * It runs in the jail, without the memory's functions, when the writer has
 * stored the change in the inbox. What it refuses is rejected and told to the
 * agent; where it fails, takes too long, or the change is too large to be shown to
 * it as a whole, the change waits for the operator and the list says why. A change of the skill itself it cannot apply. */
#ifndef MODEL_REVIEW_REVIEW_SCRIPT_H
#define MODEL_REVIEW_REVIEW_SCRIPT_H

#include <jansson.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/effects.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/review_policy.h"

/* A change to ask about. */
struct review_asked {
	int64_t ns, change;
	struct buf skill, code, namespace_; /* owned; NUL behind */
	json_t *row;			    /* owned: `change` */
	int64_t timeout_ms;
	bool is_own;	    /* it touches the skill */
	const char *failed; /* static: there is no code to run, and why */
};
void review_asked_done(struct review_asked *a);

/* The next change that waits and of which no function was asked, after change
 * `after` of namespace ns (both 0: the first). 1 found. Reader, in a
 * snapshot. */
int review_ask_next(struct store *st, struct review_asked *ret, struct err *e)
	MUST_CHECK;

/* What the value says that the skill returned: the reason goes to `why`. 0, or
 * MDB_E_INVALID: it is none of those above. */
int review_answer(const json_t *value, enum review_do *ret, struct buf *why,
	struct err *e) MUST_CHECK;

/* Carries it out, if the change still waits. Writer. What main takes is told by
 * effects, as that of any write. */
int review_answered(struct store *st, const struct review_asked *a,
	enum review_do what, const char *why, struct effects *ret_effects,
	struct err *e) MUST_CHECK;

#endif
