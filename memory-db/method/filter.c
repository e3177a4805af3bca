#include "memory-db/method/filter.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/store/facts/labels.h"

int
filter_types(struct call *c, int64_t **ret_labels, int *ret_n, struct err *e)
{
	json_t *types = json_object_get(c->params, "types");
	json_t *type;
	size_t i;

	*ret_n = -1;
	if (json_array_size(types) == 0)
		return 0;
	*ret_labels = calloc(json_array_size(types), sizeof(**ret_labels));
	if (!*ret_labels)
		return err_nomem(e);
	*ret_n = 0;
	json_array_foreach(types, i, type) {
		int rc = label_find(c->st, json_string_value(type),
			&(*ret_labels)[*ret_n], e);

		if (rc < 0)
			return rc;
		*ret_n += rc;
	}
	return 0;
}

unsigned
filter_tiers(const json_t *tiers)
{
	unsigned mask = 0;
	json_t *tier;
	size_t i;

	json_array_foreach(tiers, i, tier)
		for (unsigned k = 0; tool_tiers[k]; k++)
			if (strcmp(json_string_value(tier), tool_tiers[k]) == 0)
				mask |= 1u << k;
	return mask;
}

int
filter_time(struct call *c, const char *key, bool end_of_day, int64_t *ret_ms,
	struct err *e)
{
	const char *text = jx_text(c->params, key);
	int rc;

	if (!text)
		return 0;
	rc = clock_parse_in(text, clock_now_ms(), c->ctx->zone, end_of_day,
		ret_ms, e);
	return rc < 0 ? err_param(e, rc, key, "%s: %s", key, e ? e->text : "")
		      : 0;
}
