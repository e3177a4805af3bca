/* The command line: options may stand before, between and after the
 * arguments of a command. */
#ifndef CLI_LIB_ARGS_H
#define CLI_LIB_ARGS_H

#include <stddef.h>

#include "common/cleanup.h"
#include "common/conf.h"
#include "common/err.h"

/* Index of the first argument that is no option and no value of one, argc
 * when there is none. */
int args_first(const struct conf_opt *opts, size_t n, int argc, char **argv);

/* Options first: *ret_argv (new array of borrowed strings, NULL-terminated;
 * free() it) is argv[0], the options with their values, "--", the rest.
 * skip: index of the argument to leave out (the command). -q -j -h -V become
 * their long forms. *ret_rest is the index behind "--". 0, MDB_E_INVALID (a
 * value is missing), MDB_E_NOMEM. */
int args_sort(const struct conf_opt *opts, size_t n, int skip, int argc,
	char **argv, char ***ret_argv, int *ret_rest, struct err *e) MUST_CHECK;

#endif
