/* Connecting one client: finds its file, makes the edit, writes or shows it.
 * Nothing is printed here, so that one client's failure is one line in a list
 * of many. */
#ifndef CLI_LIB_CONNECT_H
#define CLI_LIB_CONNECT_H

#include <limits.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/clients.h"

/* What is wanted; strings are borrowed. */
struct connect {
	const char *name;	       /* of the server entry */
	const char *file;	       /* NULL: the client's own */
	const char *command;	       /* of memory-mcp, absolute */
	const char *database, *socket; /* absolute, or NULL */
	const char *branch;	       /* "auto"; NULL: not said */
	bool is_project, is_dry_run, is_replace;
};

/* What came of it. */
struct connected {
	const struct client *client;
	/* added, updated, replaced, unchanged, removed, absent; "failed" with
	 * err set; "by hand": the snippet is for a person */
	const char *action;
	bool is_hooks; /* of the hooks, not of the server */
	char file[PATH_MAX], backup[PATH_MAX];
	char import[PATH_MAX]; /* what the reference memory server kept */
	struct buf before, after, snippet; /* owned */
	struct err err;
};

/* 0, or the code of ret->err. */
int connect_add(const struct connect *w, const struct client *cl,
	struct connected *ret) MUST_CHECK;
int connect_remove(const struct connect *w, const struct client *cl,
	struct connected *ret) MUST_CHECK;
/* The names of entries of the file that are ours, whatever they are called: an
 * array (new); empty where there are none or the file cannot be read.
 * ret_folders: those folders of which the client has servers beside (Claude
 * Code, in the same file) with one of ours among them. NULL: no memory. */
json_t *connect_ours(const struct connect *w, const struct client *cl,
	json_t **ret_folders) MUST_CHECK;
void connect_done(struct connected *r);

#define AUTO_CONNECTED __attribute__((cleanup(connect_done)))

#endif
