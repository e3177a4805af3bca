/* Extracted facts into the memory, within one change.
 *
 * A fact that its entity has is not stored again, be it in other words. What takes
 * the place of another fact or denies it is found by whoever watches the write
 * (model/order/on_conflict.h). */
#ifndef MODEL_EXTRACT_EXTRACT_STORE_H
#define MODEL_EXTRACT_EXTRACT_STORE_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/extract/extract.h"
#include "memory-db/model/write/write.h"

enum extract_state {
	EXTRACT_STORED,
	EXTRACT_KNOWN, /* in these words, or in others: same_as */
};

/* What became of a fact. */
struct extract_kept {
	enum extract_state state;
	int64_t entity, fact;
	char *same_as; /* owned; NULL: it is stored, or was in these words */
};

struct extract_source {
	const char *session; /* NULL: none */
	int64_t at;
	int looks; /* stored facts that are compared, in a change */
};

/* One fact. ret: zeroed before, the caller's to end also when this fails. */
int extract_store(struct write *w, const struct extracted *x,
	const struct extract_source *source, struct extract_kept *ret,
	struct err *e) MUST_CHECK;
void extract_kept_done(struct extract_kept *v, size_t n);

#endif
