/* Curation that the service does by itself: once a day and namespace, in slices,
 * when nobody writes. The setting `curation` of a namespace (member background)
 * says how much; who wants none sets "off".
 *
 * When the last run of a namespace was is kept in `meta`, so that a restart is
 * no reason for another. One that was interrupted goes on: its end is what is
 * noted. A namespace younger than a day is left alone. */
#ifndef MODEL_CURATE_ALONE_H
#define MODEL_CURATE_ALONE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

struct curation_alone {
	int64_t next_ms; /* wall clock: not looked at before */
	int64_t ns;	 /* that is curated, or was looked at last */
	bool is_running; /* it has more to do */
	struct buf name; /* of it; owned */
};
void curation_alone_done(struct curation_alone *a);

/* Is it time to look? Costs nothing. */
bool curation_alone_wanted(const struct curation_alone *a);
/* One slice, a transaction of its own. 1 more is to do, 0 all is done for now,
 * or negative. Writer. */
int curation_alone_step(struct store *st, struct curation_alone *a,
	int64_t budget_ns, struct err *e) MUST_CHECK;

#endif
