/* Facts as lines with + and -, one format for undo, revert, diff and review. A
 * fact in the lists of the service is an observation, a relation, metadata, a
 * tag or the entity itself; each has its sentence here. */
#include "memory-db/cli/lib/facts.h"

#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"

static int
print_value(const json_t *v)
{
	AUTO_BUF struct buf b = {0};

	if (!v || (json_is_string(v) && json_string_length(v) == 0)) {
		fputs("(none)", stdout);
		return 0;
	}
	if (json_is_string(v)) {
		out_text(stdout, json_string_value(v));
		return 0;
	}
	if (jx_dump(v, &b) != 0 || !buf_str(&b))
		return MDB_E_NOMEM;
	out_text(stdout, buf_str(&b));
	return 0;
}

int
facts_print_mark(const json_t *x)
{
	const char *tag = cli_str(x, "tag", NULL);
	const char *of = cli_str(x, "of", NULL);

	fputs(tag != NULL ? "#" : "metadata ", stdout);
	if (tag)
		out_text(stdout, tag);
	else if (print_value(json_object_get(x, "metadata")) != 0)
		return MDB_E_NOMEM;
	if (of) {
		fputs(" of: ", stdout);
		out_text(stdout, of);
	}
	return 0;
}

/* A fact: an observation, a relation, metadata, or the entity itself. */
static int
facts_print_fact(const json_t *x)
{
	const json_t *metadata = json_object_get(x, "metadata");
	const char *text = cli_str(x, "text", NULL);
	const char *relation = cli_str(x, "relationType", NULL);
	const char *type = cli_str(x, "entityType", NULL);

	out_text(stdout, cli_str(x, "entity", "?"));
	if (text) {
		fputs(": ", stdout);
		out_text(stdout, text);
	} else if (relation) {
		fputs(" -[", stdout);
		out_text(stdout, relation);
		fputs("]-> ", stdout);
		out_text(stdout, cli_str(x, "to", "?"));
	} else if (metadata || json_object_get(x, "tag") != NULL) {
		fputs(": ", stdout);
		return facts_print_mark(x);
	} else if (type) {
		fputs(" (", stdout);
		out_text(stdout, type);
		putchar(')');
	}
	return 0;
}

int
facts_print(const struct cli *c, const json_t *list, size_t most, char sign,
	enum out_style style)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		if (i == most)
			break;
		printf("  %s%c ", out_on(c, style), sign);
		if (facts_print_fact(x) != 0)
			return MDB_E_NOMEM;
		printf("%s\n", out_off(c, style));
	}
	return 0;
}

int
facts_print_set(const struct cli *c, const json_t *list)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		const char *entity = cli_str(x, "entity", NULL);

		printf("  %s~ ", out_on(c, OUT_YELLOW));
		if (entity) {
			out_text(stdout, entity);
			fputs(": ", stdout);
		}
		out_text(stdout, cli_str(x, "member", "?"));
		putchar(' ');
		if (print_value(json_object_get(x, "from")) != 0)
			return MDB_E_NOMEM;
		fputs(" -> ", stdout);
		if (print_value(json_object_get(x, "to")) != 0)
			return MDB_E_NOMEM;
		printf("%s\n", out_off(c, OUT_YELLOW));
	}
	return 0;
}

const char *
facts_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}
