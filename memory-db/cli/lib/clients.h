/* The MCP clients that can be connected: where they keep their servers, how
 * an entry looks there, how to tell that they are installed. The rows stand in
 * clients.def. */
#ifndef CLI_LIB_CLIENTS_H
#define CLI_LIB_CLIENTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"

enum client_format { CLIENT_NONE, CLIENT_JSON, CLIENT_TOML, CLIENT_YAML };

/* The entry of a server, see cliententry.c. */
enum client_shape {
	SHAPE_PLAIN,
	SHAPE_BARE,
	SHAPE_STDIO,
	SHAPE_LOCAL,
	SHAPE_CUSTOM,
	SHAPE_ARRAY,
	SHAPE_NAMED,
	SHAPE_NAMED_PLAIN,
	SHAPE_GOOSE,
	SHAPE_MAX
};

struct client {
	const char *name, *title;
	enum client_format format;
	enum client_shape shape;
	const char *key;
	const char *file, *project, *seen, *program, *after;
	bool apart;
};

/* All rows, in order; clients_n of them. */
extern const struct client clients[];
extern const size_t clients_n;

/* The first row of a name, or NULL. */
const struct client *clients_named(const char *name);
/* Appends "claude-code, claude-desktop, ..." for messages. */
struct buf;
int clients_names(struct buf *out) MUST_CHECK;

/* Whether the client seems to be installed for this user. */
bool clients_is_here(const struct client *cl);

/* The absolute path of its configuration, of the user or of the project in
 * the working directory. MDB_E_NOT_FOUND: it has none there, or HOME is not
 * set; MDB_E_INVALID: too long; MDB_E_STORE. */
int clients_file(const struct client *cl, bool is_project,
	char ret_path[PATH_MAX], struct err *e) MUST_CHECK;

/* The pure part: one path as a row writes it. lookup: getenv or another one.
 * False: a variable that it needs is not set or no absolute path, or the path
 * is too long. */
bool clients_expand(const char *pattern, size_t n, bool is_mac,
	char *(*lookup)(const char *), char ret_path[PATH_MAX]);

#endif
