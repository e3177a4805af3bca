/* What the request has shown is asked from the store (shown_late.h), so no way
 * that leads to main can be forgotten. */
#include "memory-db/model/order/look_later.h"

#include "memory-db/model/order/on_conflict.h"
#include "memory-db/model/order/scan.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/store/log/shown_late.h"

void
look_later_begin(struct store *st)
{
	struct shown_late ranges[SHOWN_LATE_MOST];

	(void)shown_late_take(st, ranges);
}

int
look_later(struct store *st, struct err *e)
{
	struct shown_late ranges[SHOWN_LATE_MOST];
	size_t n = shown_late_take(st, ranges);

	for (size_t i = 0; i < n; i++) {
		const struct shown_late *r = &ranges[i];
		int mode = 0;
		int rc = settings_choice(st, r->ns, SETTING_on_conflict, &mode,
			e);

		if (rc < 0)
			return rc;
		if (mode != ON_CONFLICT_QUEUE && mode != ON_CONFLICT_SUPERSEDE)
			continue;
		rc = scan_again(st, r->ns, r->first, r->last, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}
