/* Options: the command line, then the environment, then the default, from one
 * table a program; --help and --version come from the same table. */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

enum conf_type { CONF_STRING, CONF_INT, CONF_BOOL };

struct conf_opt {
	const char *name; /* "socket" for --socket VALUE / --socket=VALUE */
	const char *env;  /* "MEMORY_DB_SOCKET" or NULL */
	enum conf_type type;
	void *target;	  /* const char **, int64_t * or bool * */
	int64_t min, max; /* CONF_INT */
	const char *arg;  /* "PATH" in the help text */
	const char *help;
};

/* Fills the targets (which hold the defaults before). Strings point into argv
 * or the environment. Stops at the first argument that is no option or at
 * "--"; *ret_rest is its index. An unknown option names the nearest known
 * one. 0, 1 when --help or --version was printed, or MDB_E_INVALID. */
int conf_read(const struct conf_opt *opts, size_t n, int argc, char **argv,
	int *ret_rest, struct err *e) MUST_CHECK;

/* The same options from a file's text: lines `name = value`, of a switch also
 * `name`; blank lines and those that begin with # are passed over. `text` is
 * cut into pieces that the targets point to. `without` (NULL-terminated) names
 * options that have no place in a file. MDB_E_INVALID names path and line. */
int conf_text(const struct conf_opt *opts, size_t n, const char *const *without,
	const char *path, char *text, struct err *e) MUST_CHECK;

/* More lines for --version, each with its newline; a literal. */
void conf_version(const char *more);

/* An integer as jx_integral has it: "10", "10.0", "1e1". 0 or MDB_E_INVALID. */
int conf_int(const char *s, int64_t min, int64_t max, int64_t *ret) MUST_CHECK;

/* What conf_read prints for --help: usage line, text, options. */
void conf_usage(const char *usage, const char *about);

#endif
