/* The entries of our hooks in the configuration of a client. */
#ifndef CLI_LIB_HOOKFILE_H
#define CLI_LIB_HOOKFILE_H

#include <limits.h>
#include <stdbool.h>

#include "memory-db/cli/lib/connect.h"

/* Where a client keeps hooks, and how an entry is written. */
struct hookfile {
	const char *client;
	const char *file, *project; /* as in clients.def; NULL: none there */
	enum {
		HOOKFILE_NESTED, /* {"hooks": [{"type", "command"}]} */
		HOOKFILE_FLAT,	 /* {"command", "timeout"} */
		HOOKFILE_TYPED,	 /* {"type", "command", "bash", ..} */
		HOOKFILE_SCRIPT	 /* a file of its own */
	} shape;
	bool is_versioned; /* {"version": 1, ..} */
	bool is_own;	   /* the file is ours alone */
	const char *trust; /* what a person has to do, or NULL */
};

/* NULL: memoryctl knows no hooks of that client. */
const struct hookfile *hookfile_of(const char *client);
/* MDB_E_NOT_FOUND: it has none in that scope. */
int hookfile_path(const struct hookfile *hf, bool is_project,
	char ret_path[PATH_MAX], struct err *e) MUST_CHECK;

/* program: memoryctl, absolute. As connect_add and connect_remove; the actions
 * are the same. */
int hookfile_add(const struct connect *w, const struct hookfile *hf,
	const char *program, struct connected *ret) MUST_CHECK;
int hookfile_remove(const struct connect *w, const struct hookfile *hf,
	struct connected *ret) MUST_CHECK;

/* How many of its events a file has entries for, of *ret_all. -1: it cannot be
 * read. */
int hookfile_count(const struct hookfile *hf, const char *path, int *ret_all);

#endif
