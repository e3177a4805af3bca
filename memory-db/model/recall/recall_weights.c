/* The table of weights by name. */
#include "memory-db/model/recall/recall_weights.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
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
		value += 0.0; /* no -0.0, as jx_real */
		memcpy((char *)w + rows[i].offset, &value, sizeof(value));
		return 0;
	}
	return err_set(e, MDB_E_INVALID, "no weight '%.40s'%s%s%s", name,
		near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

/* "name=number" of n bytes. */
static int
parse_one(struct recall_weights *w, const char *s, size_t n, struct err *e)
{
	char name[64];
	const char *sign = memchr(s, '=', n);
	size_t name_n = sign ? (size_t)(sign - s) : n;
	AUTO_JSON json_t *value = NULL;

	snprintf(name, sizeof(name), "%.*s", (int)name_n, s);
	if (sign)
		value = jx_parse_any(sign + 1, n - name_n - 1, NULL);
	if (!json_is_number(value)) {
		/* An unknown name is told before its value. */
		int rc = recall_weights_set(w, name, 0, e);

		return rc < 0 ? rc
			      : err_set(e, MDB_E_INVALID,
					"weight '%.40s' needs a number, as in "
					"%.40s=0.1",
					name, name);
	}
	return recall_weights_set(w, name, json_number_value(value), e);
}

int
recall_weights_parse(struct recall_weights *w, const char *text, struct err *e)
{
	struct recall_weights set = *w;

	while (*text != '\0') {
		size_t blank = strspn(text, " ,"), n;
		int rc = 0;

		text += blank;
		n = strcspn(text, " ,");
		if (n > 0)
			rc = parse_one(&set, text, n, e);
		if (rc != 0)
			return rc;
		text += n;
	}
	*w = set;
	return 0;
}

bool
recall_weights_row(const struct recall_weights *w, int i,
	struct recall_weight *ret)
{
	if (i < 0 || (size_t)i >= ARRAY_LEN(rows))
		return false;
	ret->name = rows[i].name;
	ret->text = rows[i].text;
	ret->most = rows[i].most;
	memcpy(&ret->value, (const char *)w + rows[i].offset,
		sizeof(ret->value));
	return true;
}
