/* The options that install and uninstall share, and the rows of clients that
 * they mean; what was done, told. */
#ifndef CLI_LIB_TARGETS_H
#define CLI_LIB_TARGETS_H

#include <jansson.h>
#include <stdbool.h>

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/connect.h"

struct targets {
	const char *client, *scope, *name, *file;
	bool is_dry_run;
};

#define TARGET_DEFAULTS                                                        \
	{                                                                      \
		.scope = "user", .name = "memory"                              \
	}
#define TARGET_OPTIONS(t)                                                      \
	CLI_TEXT("client", &(t)->client, "NAME",                               \
		"the MCP client, or all that are installed here"),             \
		CLI_TEXT("scope", &(t)->scope, "SCOPE",                        \
			"user (the default) or project (this folder)"),        \
		CLI_TEXT("file", &(t)->file, "PATH",                           \
			"another configuration file of that client"),          \
		CLI_TEXT("name", &(t)->name, "NAME",                           \
			"of the server entry (memory)"),                       \
		CLI_FLAG("dry-run", &(t)->is_dry_run,                          \
			"show the change, write nothing")

/* Checks the options and fills in what of w follows from them. An exit code
 * after the error was printed. */
int targets_read(const struct targets *t, struct connect *w) MUST_CHECK;

bool targets_is_all(const struct targets *t);
/* Whether the row is meant: of the client's name, or with `all` of one that
 * is_all_here (installed here) or any. */
bool targets_means(const struct targets *t, const struct client *cl);

/* Tells what was done with one client: lines for a person. is_list: one of
 * many. */
void targets_print(const struct cli *c, const struct targets *t,
	const struct connected *r, bool is_list);
/* The same for --json. Returns new, or NULL. */
json_t *targets_json(const struct targets *t, const struct connected *r)
	MUST_CHECK;
/* Tells what rc became of, or keeps it in results for --json; what failed is
 * told in both. An exit code. */
int targets_tell(const struct cli *c, const struct targets *t,
	const struct connected *r, int rc, bool is_list, json_t *results)
	MUST_CHECK;

#endif
