/* A memory that is not there: enough for scripts to call. */
#ifndef TESTS_JAIL_MADE_UP_H
#define TESTS_JAIL_MADE_UP_H

#include "sandbox/sandbox.h"

struct made_up {
	int calls;
	int created;
};

extern const struct sandbox_method made_up_methods[];

/* sandbox_call; ctx is a struct made_up. */
int made_up_call(void *ctx, const char *method, json_t *params, int64_t left_ms,
	json_t **ret_result, struct err *e);

#endif
