#include "memory-db/cli/lib/hookcode.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/where.h"

struct codetree *
hookcode_tree(const struct cli *c)
{
	AUTO_FREE char *folder = getcwd(NULL, 0);
	char database[PATH_MAX] = "";

	if (c->database && c->database[0] != '\0' &&
		cli_absolute(c->database, database, sizeof(database)) != CLI_OK)
		database[0] = '\0';
	return folder ? codetree_new(folder, database) : NULL;
}

/* One budget for all that a reply names. */
static struct codetree *
tree_of(const struct cli *c, struct codetree **io_tree)
{
	if (!*io_tree) {
		*io_tree = hookcode_tree(c);
		if (*io_tree)
			codetree_begin(*io_tree);
	}
	return *io_tree;
}

int
hookcode_source(const struct cli *c, struct codetree **io_tree,
	const char *namespace_, const json_t *source, const char *before,
	struct buf *out)
{
	const char *home = c->namespace_ ? c->namespace_ : "default";
	struct codetree *tree;

	if (!codespan_is(source))
		return 0;
	tree = tree_of(c, io_tree);
	if (!tree)
		return 0;
	if (buf_adds(out, before) != 0)
		return MDB_E_NOMEM;
	return codetree_tell(tree, namespace_ ? namespace_ : home, source, out);
}

int
hookcode_row(const struct cli *c, struct codetree **io_tree, const json_t *row,
	const char *before, struct buf *out)
{
	const json_t *source =
		json_object_get(json_object_get(row, "metadata"), "source");

	return hookcode_source(c, io_tree, jx_text(row, "namespace"), source,
		before, out);
}

/* "stale", as a member of `into`. */
static int
set_state(const struct cli *c, struct codetree **io_tree, const char *ns,
	const json_t *source, json_t *into)
{
	const char *home = c->namespace_ ? c->namespace_ : "default";
	struct codespan x;

	if (!codespan_is(source) ||
		codespan_read(source, "source", false, &x, NULL) != 0 ||
		!tree_of(c, io_tree))
		return 0;
	return jx_set(into, "state",
		json_string(codetree_word(
			codetree_look(*io_tree, ns ? ns : home, &x))));
}

int
hookcode_entity(const struct cli *c, struct codetree **io_tree, json_t *entity)
{
	const char *ns = jx_text(entity, "namespace");
	json_t *one;
	size_t i;

	/* Plain texts have a list of their own beside them. */
	json_array_foreach(json_object_get(entity, "sources"), i, one)
		if (set_state(c, io_tree, ns, json_object_get(one, "source"),
			    one) != 0)
			return MDB_E_NOMEM;
	json_array_foreach(json_object_get(entity, "facts"), i, one)
		if (set_state(c, io_tree, ns,
			    json_object_get(json_object_get(one, "metadata"),
				    "source"),
			    one) != 0)
			return MDB_E_NOMEM;
	return 0;
}

int
hookcode_context(const struct cli *c, struct codetree **io_tree,
	const json_t *reply, struct buf *out)
{
	const char *home = c->namespace_ ? c->namespace_ : "default";
	struct codetree *tree = NULL;

	if (json_object_get(reply, "sources"))
		tree = tree_of(c, io_tree);
	return tree ? codetree_context(tree, home, reply, out)
		    : buf_adds(out, cli_str(reply, "context", ""));
}
