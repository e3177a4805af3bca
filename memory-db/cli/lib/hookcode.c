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
hookcode_row(const struct cli *c, struct codetree **io_tree, const json_t *row,
	const char *before, struct buf *out)
{
	const json_t *source =
		json_object_get(json_object_get(row, "metadata"), "source");
	const char *home = c->namespace_ ? c->namespace_ : "default";
	const char *ns = jx_text(row, "namespace");
	struct codetree *tree;

	if (!codespan_is(source))
		return 0;
	tree = tree_of(c, io_tree);
	if (!tree)
		return 0;
	return buf_adds(out, before) ||
			       codetree_tell(tree, ns ? ns : home, source, out)
		       ? MDB_E_NOMEM
		       : 0;
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
