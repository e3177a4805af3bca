/* What came onto main without being compared is compared later.
 *
 * Four methods compare what they write (on_conflict.h). A merge, an approval, an
 * import, an undo, a merge of namespaces bring facts as they are: they were
 * written elsewhere, or before. Where the namespace has the setting on_conflict
 * "queue" or "supersede", the scan looks at these facts behind the write
 * (scan_again), and puts what it finds into the queue.
 *
 * Example: an agent's "lives in Oslo" waits for review, meanwhile somebody
 * stores "lives in Paris". The approval shows Oslo beside Paris; a moment later
 * both are marked as contested. */
#ifndef MODEL_ORDER_LOOK_LATER_H
#define MODEL_ORDER_LOOK_LATER_H

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Before a request: what another one has left behind is of no concern. */
void look_later_begin(struct store *st);
/* Behind a request that stays, in its transaction. Writer. */
int look_later(struct store *st, struct err *e) MUST_CHECK;

#endif
