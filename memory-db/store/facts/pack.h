/* Packing the texts of facts in idle time.
 *
 * A write packs a short text quickly, with the dictionary that its namespace has
 * by then; where many clients write at once, it stores it as it is, as packing is
 * a tenth of what a create costs. When nobody writes, a walk over the facts of
 * each namespace packs well what came since. The dictionary is made of texts of the same namespace: a
 * project of another customer shall neither make its texts longer or shorter,
 * which can be measured, nor keep pieces of a text when it is forgotten here. A
 * namespace with few texts has the dictionary that is built in.
 *
 * Example. A project begins:
 *
 *   30 facts      packed with what is built in
 *   100 facts     a dictionary is tried on some of the texts that it was not
 *                 made of; it saves 51 % of them instead of 38. It becomes
 *                 dictionary 1, and the walk begins anew: all facts are packed
 *                 with it
 *   400 facts     tried again: 53 % instead of 51 do not pay. Dictionary 1 stays
 *   1,600 facts   57 % instead of 51 do: dictionary 2, a walk, and at its end
 *                 dictionary 1 goes, for no text needs it
 *
 * A text that is erased may stand in a dictionary. Then a new one is made from
 * what is left, all facts are packed anew, the old one goes; until then what is
 * erased is `pending` (check/erase.h).
 *
 * Facts do not change by this: digests are of texts. Each step is a transaction
 * of its own and the place of the walk stands in the file (table packing), so a
 * crash costs nothing but the step. */
#ifndef STORE_FACTS_PACK_H
#define STORE_FACTS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Appends the body that a write stores. Writer only; a script's view packs
 * nothing. */
int pack_write(struct store *st, int64_t ns, const char *text, size_t n,
	struct buf *out, struct err *e) MUST_CHECK;
/* Gives memory back that the next writes need again. */
void pack_shrink(struct store *st);

/* Are there facts to pack, enough of them or for long enough? Cheap. */
bool pack_wanted(struct store *st);
/* Works until the monotonic time, as transactions of its own. 1 more is to do,
 * 0 done, negative. Writer only, outside a group. */
int pack_step(struct store *st, int64_t until_ns, struct err *e) MUST_CHECK;

/* In the group that erases the text of a fact of namespace ns: its dictionaries
 * shall lose it too. */
int pack_erase(struct store *st, int64_t ns, const char *text, size_t n,
	struct err *e) MUST_CHECK;
/* Does a dictionary hold something that was erased? 1, 0, negative. */
int pack_any_stale(struct store *st, struct err *e) MUST_CHECK;

#endif
