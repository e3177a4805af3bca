/* Arguments NAME=VALUE that set what a namespace decides for itself, and NAME= that
 * takes it back: as `settings` and `weights` have them. */
#ifndef CLI_LIB_ASSIGN_H
#define CLI_LIB_ASSIGN_H

#include "memory-db/cli/lib/cli.h"

struct assign {
	const char *show, *set; /* methods */
	const char *member;	/* of the parameters of `set` */
	const char *value;	/* what stands behind the sign: "NUMBER" */
	/* The value of a text that is not empty. Returns new; NULL: no memory,
	 * or the text is none (then *ret_why says what is wrong with it). */
	json_t *(*read)(const char *text, const char **ret_why);
};

/* Without arguments `show`, else `set` with what they say. Exit codes, printed
 * errors. */
int assign_ask(struct cli *c, const struct assign *a, int argc, char **argv,
	json_t **ret_reply) MUST_CHECK;

#endif
