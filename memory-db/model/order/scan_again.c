/* Facts that are to be looked at again: ranges of ids in the state of a scan,
 * as a flat list [first, last, first, last, ...] in the order in which they
 * came.
 *
 * A look counts how many of them it has done and how far the next one is; the
 * writer takes these from the front. New ranges come at the end meanwhile, and
 * none is ever made longer: a look may have passed it. Only a list that is full
 * becomes one range, and then the look under way is of no use any more: its scan
 * counts as begun anew. */
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/order/scan_internal.h"
#include "memory-db/model/scope/json_members.h"

static int64_t
number_at(const json_t *list, size_t i)
{
	return (int64_t)json_integer_value(json_array_get(list, i));
}

bool
scan_again_range(const struct scan *x, int64_t i, int64_t *ret_first,
	int64_t *ret_last)
{
	const json_t *list = json_object_get(x->state, "again");
	size_t at = 2 * (size_t)i;

	if (at + 1 >= json_array_size(list))
		return false;
	*ret_first = number_at(list, at);
	*ret_last = number_at(list, at + 1);
	return true;
}

/* --- the writer ----------------------------------------------------------- */
static int
set_range(struct scan *x, json_t *list, int64_t first, int64_t last)
{
	if (jx_add(list, json_integer((json_int_t)first)) != 0 ||
		jx_add(list, json_integer((json_int_t)last)) != 0)
		return err_nomem(x->e);
	return 0;
}

/* All of them are one. */
static int
join_ranges(struct scan *x, json_t *list)
{
	int64_t first = INT64_MAX, last = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		int64_t fact = number_at(list, i);

		first = fact < first ? fact : first;
		last = fact > last ? fact : last;
	}
	(void)json_array_clear(list);
	x->started_at++;
	if (jx_set(x->state, "started_at",
		    json_integer((json_int_t)x->started_at)) != 0)
		return err_nomem(x->e);
	return set_range(x, list, first, last);
}

int
scan_again_add(struct scan *x, int64_t first, int64_t last)
{
	json_t *list;
	int rc = scan_load(x);

	if (rc)
		return rc;
	list = json_object_get(x->state, "again");
	if (!list) {
		list = json_array();
		rc = member_set_new(x->state, "again", list, x->e);
		if (rc)
			return rc;
	}
	if (json_array_size(list) >= 2 * LIMIT_SCAN_RANGES)
		rc = join_ranges(x, list);
	return rc ? rc : set_range(x, list, first, last);
}

int
scan_again_done(struct scan *x, const struct scan_place *place)
{
	json_t *list = json_object_get(x->state, "again");

	for (int64_t i = 0; i < 2 * place->again_done; i++)
		(void)json_array_remove(list, 0);
	if (json_array_size(list) == 0) {
		(void)json_object_del(x->state, "again");
		return 0;
	}
	if (place->again_at < number_at(list, 0))
		return 0;
	return json_array_set_new(list, 0,
		       json_integer((json_int_t)place->again_at + 1)) != 0
		       ? err_nomem(x->e)
		       : 0;
}
