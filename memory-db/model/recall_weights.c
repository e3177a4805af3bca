/* The table of weights by name. */
#include "memory-db/model/recall_weights.h"

#include <stddef.h>
#include <string.h>

#include "common/text.h"

const struct recall_weights recall_weights_default = {
#define X(name, value, most, text) .name = (value),
	RECALL_WEIGHTS(X)
#undef X
};

static const struct row {
	const char *name, *text;
	double most;
	size_t offset;
} rows[] = {
#define X(name, value, most, text)                                             \
	{#name, text, most, offsetof(struct recall_weights, name)},
	RECALL_WEIGHTS(X)
#undef X
};

static const char *const names[] = {
#define X(name, value, most, text) #name,
	RECALL_WEIGHTS(X)
#undef X
	NULL};

int
recall_weights_set(struct recall_weights *w, const char *name, double value,
	struct err *e)
{
	const char *near = text_nearest(name, names);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (!(value >= 0 && value <= rows[i].most))
			return err_set(e, MDB_E_INVALID,
				"weight '%s' must be between 0 and %g", name,
				rows[i].most);
		memcpy((char *)w + rows[i].offset, &value, sizeof(value));
		return 0;
	}
	return err_set(e, MDB_E_INVALID, "no weight '%.40s'%s%s%s", name,
		near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

const char *
recall_weights_at(const struct recall_weights *w, int i, double *ret_value,
	const char **ret_text)
{
	if (i < 0 || (size_t)i >= ARRAY_LEN(rows))
		return NULL;
	memcpy(ret_value, (const char *)w + rows[i].offset,
		sizeof(*ret_value));
	*ret_text = rows[i].text;
	return rows[i].name;
}
