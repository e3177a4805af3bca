/* What an entity has one of, carried between machines.
 *
 * A fact is there or not; of a type, a tier or a pin there is always one, so the
 * branch of the other machine is told what it is there, and the merge does the
 * rest by its rules. An example, where both machines had Ada as a person:
 *
 *   there     pin, tag friend              branch remote/3f2a: pin, tag friend
 *   here      type author                  merge: author, pin, tag friend
 *
 * Both set the type: ours stays, and the conflict is kept until somebody decides.
 * Carried are the values that say something of the entity. What says how a
 * machine has used it (reads, judgements, when it was confirmed) stays there, and
 * a pin that an agent asked for and nobody confirmed is none yet.
 */
#include "memory-db/cli/lib/mirror_values.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"

#define NEVER "never"

/* --- of an entity ---------------------------------------------------------- */
json_t *
mirror_values_of(const json_t *entity)
{
	const json_t *metadata = json_object_get(entity, "metadata");
	bool is_pinned = json_is_true(json_object_get(entity, "pin")) &&
			 !json_object_get(entity, "pin_unconfirmed");
	AUTO_JSON json_t *none = json_object();

	if (!none)
		return NULL;
	return json_pack("{s:O,s:s,s:b,s:O,s:s}", "entityType",
		json_object_get(entity, "type"), "tier",
		cli_str(entity, "tier", "semantic"), "pin", is_pinned,
		"metadata", json_is_object(metadata) ? metadata : none,
		"expires_at", cli_str(entity, "expires_at", NEVER));
}

/* A write takes no end that is over. */
static bool
mirror_values_is_over(const json_t *values)
{
	const char *at = cli_str(values, "expires_at", NEVER);
	int64_t ms;

	return strcmp(at, NEVER) != 0 &&
	       clock_parse(at, clock_now_ms(), 0, false, &ms, NULL) == 0 &&
	       ms <= clock_now_ms();
}

json_t *
mirror_values_entry(const char *name, const json_t *values)
{
	AUTO_JSON json_t *o =
		json_pack("{s:s,s:[]}", "name", name, "observations");

	if (!o || json_object_update(o, (json_t *)(uintptr_t)values) != 0)
		return NULL;
	if (mirror_values_is_over(o) ||
		strcmp(cli_str(o, "expires_at", NEVER), NEVER) == 0)
		(void)json_object_del(o, "expires_at");
	if (json_object_size(json_object_get(o, "metadata")) == 0)
		(void)json_object_del(o, "metadata");
	return take_ptr(o);
}

/* --- of a fact ------------------------------------------------------------- */
static bool
has_all(const json_t *list, const json_t *of)
{
	const json_t *x, *y;
	size_t i, k;

	json_array_foreach((json_t *)(uintptr_t)of, i, x) {
		bool is_in = false;

		json_array_foreach((json_t *)(uintptr_t)list, k, y)
			is_in = is_in || json_equal(x, y);
		if (!is_in)
			return false;
	}
	return true;
}

/* In whatever order. */
static bool
is_same_tags(const json_t *a, const json_t *b)
{
	return json_array_size(a) == json_array_size(b) && has_all(a, b);
}

static bool
is_same_metadata(const json_t *a, const json_t *b)
{
	return json_object_size(a) == json_object_size(b) &&
	       (json_object_size(a) == 0 || json_equal(a, b));
}

static bool
is_same_member(const json_t *a, const json_t *b, const char *member)
{
	const json_t *x = json_object_get(a, member);
	const json_t *y = json_object_get(b, member);

	return (!x && !y) || json_equal(x, y);
}

bool
mirror_values_same_body(const json_t *a, const json_t *b)
{
	return is_same_member(a, b, "valid_from") &&
	       is_same_member(a, b, "valid_to") &&
	       is_same_member(a, b, "salience");
}

static bool
is_same_marks(const json_t *a, const json_t *b)
{
	return is_same_tags(json_object_get(a, "tags"),
		       json_object_get(b, "tags")) &&
	       is_same_metadata(json_object_get(a, "metadata"),
		       json_object_get(b, "metadata"));
}

bool
mirror_values_same_fact(const json_t *a, const json_t *b)
{
	return a && b && mirror_values_same_body(a, b) && is_same_marks(a, b);
}

/* --- updates --------------------------------------------------------------- */
struct values_update {
	struct cli *to;
	const char *branch;
	struct mirror_counts *counts;
};

static int
send_update(const struct values_update *u, json_t *params_new)
{
	AUTO_JSON json_t *params = params_new, *reply = NULL;
	int rc;

	if (!params || jx_set(params, "branch", json_string(u->branch)) != 0)
		return cli_nomem();
	rc = cli_ask(u->to, "update_entity", json_incref(params), &reply);
	if (rc == CLI_PROBLEM) {
		u->counts->refused++;
		return CLI_OK;
	}
	if (rc == CLI_OK && json_is_true(json_object_get(reply, "changed")))
		u->counts->changed++;
	return rc;
}

static int
update_entity(const struct values_update *u, const char *name,
	const json_t *want, const json_t *have)
{
	AUTO_JSON json_t *params = json_pack("{s:s}", "name", name);
	const char *member;
	json_t *value;

	if (!params)
		return cli_nomem();
	json_object_foreach((json_t *)(uintptr_t)want, member, value) {
		if (json_equal(value, json_object_get(have, member)) ||
			(strcmp(member, "expires_at") == 0 &&
				mirror_values_is_over(want)))
			continue;
		if (json_object_set(params, member, value) != 0)
			return cli_nomem();
	}
	return json_object_size(params) == 1
		       ? CLI_OK
		       : send_update(u, json_incref(params));
}

/* `metadata` takes the place of the object that is there, but for the lines of
 * code that the fact was read in: those go when they are null. */
static json_t *
marks_metadata(const json_t *want, const json_t *have)
{
	AUTO_JSON json_t *o = json_object();
	const json_t *to = json_object_get(want, "metadata");

	if (!o || (to && json_object_update(o, (json_t *)(uintptr_t)to) != 0))
		return NULL;
	if (json_object_get(json_object_get(have, "metadata"), "source") &&
		!json_object_get(o, "source") &&
		jx_set(o, "source", json_null()) != 0)
		return NULL;
	return take_ptr(o);
}

static int
update_fact(const struct values_update *u, const char *name, const char *text,
	const json_t *want, const json_t *have)
{
	AUTO_JSON json_t *metadata = marks_metadata(want, have), *none = NULL;
	json_t *tags = json_object_get(want, "tags");

	none = json_array();
	if (!metadata || !none)
		return cli_nomem();
	return send_update(u, json_pack("{s:s,s:s,s:O,s:O}", "name", name,
				      "observation", text, "metadata", metadata,
				      "tags", tags ? tags : none));
}

int
mirror_values_update(struct cli *to, const char *branch,
	const struct mirror_side *theirs, const struct mirror_side *ours,
	struct mirror_counts *counts)
{
	const struct values_update u = {to, branch, counts};
	const char *name, *text;
	json_t *row, *fact;
	int rc;

	json_object_foreach(theirs->entities, name, row) {
		const json_t *mine = json_object_get(ours->entities, name);
		const json_t *facts = json_object_get(mine, "facts");

		/* One that is new was made as it is. */
		if (!mine)
			continue;
		rc = update_entity(&u, name, json_object_get(row, "values"),
			json_object_get(mine, "values"));
		if (rc != CLI_OK)
			return rc;
		json_object_foreach(json_object_get(row, "facts"), text, fact) {
			const json_t *have = json_object_get(facts, text);

			if (!have || !mirror_values_same_body(fact, have) ||
				is_same_marks(fact, have))
				continue;
			rc = update_fact(&u, name, text, fact, have);
			if (rc != CLI_OK)
				return rc;
		}
	}
	return CLI_OK;
}

/* --- what is usual --------------------------------------------------------- */
bool
mirror_values_is_usual(const char *member, const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_object(value))
		return json_object_size(value) == 0;
	if (text && strcmp(member, "tier") == 0)
		return strcmp(text, "working") == 0;
	if (text)
		return strcmp(text, NEVER) == 0;
	return json_is_false(value);
}

static const char *
tag_text(const json_t *tag)
{
	return json_is_string(tag) ? json_string_value(tag) : "";
}

static int
mark_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *
mirror_values_marks(const json_t *fact)
{
	const json_t *given = json_object_get(fact, "tags");
	json_t *metadata = json_object_get(fact, "metadata");
	size_t n = json_array_size(given);
	AUTO_FREE const char **names = calloc(n + 1, sizeof(*names));
	AUTO_JSON json_t *marks = json_object(), *tags = json_array();

	if (!names || !marks || !tags)
		return NULL;
	for (size_t i = 0; i < n; i++)
		names[i] = tag_text(json_array_get(given, i));
	qsort(names, n, sizeof(*names), mark_order);
	for (size_t i = 0; i < n; i++)
		if (jx_add(tags, json_string(names[i])) != 0)
			return NULL;
	if (n > 0 && json_object_set(marks, "tags", tags) != 0)
		return NULL;
	if (json_object_size(metadata) > 0 &&
		json_object_set(marks, "metadata", metadata) != 0)
		return NULL;
	return take_ptr(marks);
}

int
mirror_values_set_marks(json_t *fact, const json_t *marks)
{
	(void)json_object_del(fact, "tags");
	(void)json_object_del(fact, "metadata");
	return json_object_update(fact, (json_t *)(uintptr_t)marks) == 0
		       ? CLI_OK
		       : cli_nomem();
}
