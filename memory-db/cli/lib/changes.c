#include "memory-db/cli/lib/changes.h"

#include <stdio.h>
#include <string.h>

#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"

/* Texts of one entity: "+ text". */
static void
print_texts(const struct cli *c, const json_t *list, char sign,
	enum out_style style)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s%c ", out_on(c, style), sign);
		out_text(stdout, json_is_string(x) ? json_string_value(x)
						   : "(forgotten)");
		printf("%s\n", out_off(c, style));
	}
}

static void
changes_print_relations(const struct cli *c, const json_t *list, char sign,
	enum out_style style)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s%c ", out_on(c, style), sign);
		out_text(stdout, cli_str(x, "from", "?"));
		fputs(" -[", stdout);
		out_text(stdout, cli_str(x, "relationType", "?"));
		fputs("]-> ", stdout);
		out_text(stdout, cli_str(x, "to", "?"));
		printf("%s\n", out_off(c, style));
	}
}

/* Tags and metadata of facts. */
static int
changes_print_marks(const struct cli *c, const json_t *list, char sign,
	enum out_style style)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s%c ", out_on(c, style), sign);
		if (facts_print_mark(x) != 0)
			return MDB_E_NOMEM;
		printf("%s\n", out_off(c, style));
	}
	return 0;
}

static int
changes_print_entity(const struct cli *c, const json_t *e)
{
	const char *status = cli_str(e, "status", "changed");

	fputs(out_on(c, OUT_BOLD), stdout);
	out_text(stdout, cli_str(e, "entity", "?"));
	fputs(out_off(c, OUT_BOLD), stdout);
	if (strcmp(status, "changed") != 0)
		printf("  (%s)", status);
	putchar('\n');
	print_texts(c, json_object_get(e, "removed"), '-', OUT_RED);
	changes_print_relations(c, json_object_get(e, "relations_removed"), '-',
		OUT_RED);
	print_texts(c, json_object_get(e, "added"), '+', OUT_GREEN);
	changes_print_relations(c, json_object_get(e, "relations_added"), '+',
		OUT_GREEN);
	if (changes_print_marks(c, json_object_get(e, "marks_removed"), '-',
		    OUT_RED) ||
		changes_print_marks(c, json_object_get(e, "marks_added"), '+',
			OUT_GREEN))
		return MDB_E_NOMEM;
	return facts_print_set(c, json_object_get(e, "set"));
}

int
changes_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *list = json_object_get(reply, "entities"), *e;
	const json_t *only = ctx;
	int rc = CLI_OK;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, e) {
		if (rc != CLI_OK)
			break;
		if (only &&
			json_object_get(only, cli_str(e, "entity", "")) == NULL)
			continue;
		if (c->json)
			rc = cli_print_json(c, e);
		else if (changes_print_entity(c, e) != 0)
			rc = cli_nomem();
		else
			rc = CLI_OK;
	}
	return rc;
}
