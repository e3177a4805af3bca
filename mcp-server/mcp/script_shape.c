#include "mcp-server/mcp/script_shape.h"

#include <string.h>

#include "common/jx.h"

/* In the order in which they are shown. */
enum show {
	SHOW_ALWAYS,
	SHOW_FILLED, /* when it is not null, "", [] or {} */
	SHOW_FAILED  /* the same, and only when the script failed */
};

static const struct {
	const char *name;
	enum show when;
} members[] = {
	{"outcome", SHOW_ALWAYS},
	{"result", SHOW_ALWAYS},
	{"skill", SHOW_FILLED},
	{"stdout", SHOW_FILLED},
	{"dry_run", SHOW_FILLED},
	{"changes", SHOW_FILLED},
	{"change", SHOW_FILLED},
	{"warnings", SHOW_FILLED},
	{"message", SHOW_FAILED},
	{"line", SHOW_FAILED},
	{"traceback", SHOW_FAILED},
	{"limit", SHOW_FAILED},
	{"hint", SHOW_FAILED},
};

static bool
is_filled(const json_t *v)
{
	if (json_is_string(v))
		return json_string_length(v) > 0;
	if (json_is_array(v))
		return json_array_size(v) > 0;
	if (json_is_object(v))
		return json_object_size(v) > 0;
	return v && !json_is_null(v);
}

bool
script_failed(const json_t *reply)
{
	const char *outcome =
		json_string_value(json_object_get(reply, "outcome"));

	return !outcome || strcmp(outcome, "ok") != 0;
}

/* Time and calls: what tells whether the next script may be larger. */
static int
add_usage(const json_t *usage, json_t *shape)
{
	json_t *calls = json_object_get(usage, "api_calls");
	double ms = json_number_value(json_object_get(usage, "wall_ms"));

	if (!json_is_object(usage))
		return 0;
	return jx_set(shape, "usage",
		json_pack("{s:I,s:O*}", "ms", (json_int_t)(ms + 0.5), "calls",
			calls));
}

json_t *
script_shape(json_t *reply)
{
	AUTO_JSON json_t *shape = json_object();
	bool failed = script_failed(reply);

	for (size_t i = 0; shape && i < ARRAY_LEN(members); i++) {
		json_t *v = json_object_get(reply, members[i].name);

		if (!v || (members[i].when != SHOW_ALWAYS && !is_filled(v)) ||
			(members[i].when == SHOW_FAILED && !failed))
			continue;
		/* a script that failed has no result */
		if (failed && json_is_null(v))
			continue;
		if (jx_set(shape, members[i].name, json_incref(v)))
			return NULL;
	}
	if (!shape || add_usage(json_object_get(reply, "usage"), shape))
		return NULL;
	return take_ptr(shape);
}
