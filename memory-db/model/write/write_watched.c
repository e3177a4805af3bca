/* An observation, or a relation, under the eyes of the watcher of its write. */
#include "memory-db/model/write/write.h"

int
write_add_watched(struct write *w, const struct fact *given, struct err *e)
{
	struct write_watcher *x = w->watcher;
	struct fact f = *given;
	int64_t fact;
	int rc = x ? x->before(x, w, &f, e) : 0;

	if (rc != 0)
		return rc;
	rc = write_add(w, &f, e);
	if (rc != 0 || !x)
		return rc;
	fact = w->last_fact;
	rc = x->after(x, w, &f, fact, e);
	w->last_fact = fact;
	return rc;
}
