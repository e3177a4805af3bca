/* Reads a memory as sets, page by page: of each entity its values and its facts
 * by their texts, and the relations by from, type and to. So a fact of one memory
 * is looked up in the other by its text alone. */
#include "memory-db/cli/lib/mirror_side.h"

#include "common/jx.h"
#include "memory-db/cli/lib/mirror_values.h"
#include "memory-db/cli/lib/pages.h"

#define PAGE_ROWS 200

void
mirror_side_done(struct mirror_side *s)
{
	json_decref(s->entities);
	json_decref(s->relations);
}

static json_t *
mirror_side_content(const json_t *fact)
{
	static const char *const members[] = {"text", "tags", "metadata",
		"valid_from", "valid_to", "salience"};
	AUTO_JSON json_t *o = json_object();

	for (size_t i = 0; o && i < ARRAY_LEN(members); i++) {
		json_t *v = json_object_get(fact, members[i]);

		if (v && json_object_set(o, members[i], v) != 0)
			return NULL;
	}
	return take_ptr(o);
}

static int
mirror_side_entity(struct mirror_side *s, const json_t *entity)
{
	const char *name = jx_text(entity, "name");
	json_t *row = json_pack("{s:O,s:o,s:{}}", "type",
		json_object_get(entity, "type"), "values",
		mirror_values_of(entity), "facts");
	const json_t *fact;
	size_t i;

	if (!name || jx_set(s->entities, name, row) != 0)
		return cli_nomem();
	/* What is missing here would be deleted on the other machine. */
	if (cli_int(entity, "omitted", 0) > 0)
		return cli_fail(CLI_PROBLEM,
			"%s has more facts than one reply holds (%lld were "
			"left out): split it over several entities, then push "
			"and pull again",
			name, (long long)cli_int(entity, "omitted", 0));
	json_array_foreach(json_object_get(entity, "facts"), i, fact) {
		const char *text = jx_text(fact, "text");

		if (text && jx_set(json_object_get(row, "facts"), text,
				    mirror_side_content(fact)) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

static int
mirror_side_relation(struct mirror_side *s, const json_t *x)
{
	AUTO_BUF struct buf key = {0};
	const char *from = jx_text(x, "from"), *to = jx_text(x, "to");
	const char *type = jx_text(x, "relationType");

	/* One that leads into the user's memory stays on its machine. */
	if (!from || !to || !type || json_object_get(x, "to_namespace") ||
		json_object_get(x, "from_namespace"))
		return CLI_OK;
	if (buf_addf(&key, "%s\n%s\n%s", from, type, to) != 0 ||
		!buf_str(&key) ||
		jx_set(s->relations, key.data,
			json_pack("{s:s,s:s,s:s,s:O*}", "from", from,
				"relationType", type, "to", to, "weight",
				json_object_get(x, "weight"))) != 0)
		return cli_nomem();
	return CLI_OK;
}

static int
mirror_side_page(struct cli *c, json_t *reply, void *ctx)
{
	struct mirror_side *s = ctx;
	const json_t *x;
	size_t i;
	int rc;

	(void)c;
	json_array_foreach(json_object_get(reply, "entities"), i, x) {
		/* Not what stands in the user's memory beside. */
		if (json_object_get(x, "namespace"))
			continue;
		rc = mirror_side_entity(s, x);
		if (rc != CLI_OK)
			return rc;
	}
	json_array_foreach(json_object_get(reply, "relations"), i, x) {
		rc = mirror_side_relation(s, x);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

int
mirror_side_read(struct cli *c, const char *namespace_, const char *branch,
	struct mirror_side *s)
{
	struct pages p = {.method = "read_graph",
		.list = "entities",
		.with_as_of = CLI_NOW,
		.page = mirror_side_page,
		.ctx = s};

	s->entities = json_object();
	s->relations = json_object();
	return pages_read(c, &p,
		json_pack("{s:s,s:s,s:i,s:[s,s,s,s,s,s,s]}", "namespace",
			namespace_, "branch", branch, "limit", PAGE_ROWS,
			"fields", "name", "type", "facts",
			MIRROR_VALUES_FIELDS));
}
