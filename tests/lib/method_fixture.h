/* Handlers over a database of their own: requests and replies as JSON. Writes
 * run in a group and a savepoint as the writer does it, reads in a snapshot. */
#ifndef TESTS_LIB_METHOD_FIXTURE_H
#define TESTS_LIB_METHOD_FIXTURE_H

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory-db/method/handlers.h"
#include "memory-db/store/engine/store.h"
#include "tests/lib/store_fixture.h"

struct method_fixture {
	struct store_fixture s;
	struct context ctx;
	json_t *last; /* of the last call; NULL after an error */
	struct err e;
};

static inline void
mf_open(struct method_fixture *f)
{
	memset(f, 0, sizeof(*f));
	sf_open(&f->s);
	f->ctx = (struct context){.namespace_ = "default",
		.branch = "main",
		.session = "s1",
		.client = "test 1"};
}

static inline void
mf_close(struct method_fixture *f)
{
	json_decref(f->last);
	sf_close(&f->s);
}

/* Takes params. The code of the handler. */
static inline int
mf_run(struct method_fixture *f, const char *method, json_t *params)
{
	struct call c = {.st = f->s.w,
		.ctx = &f->ctx,
		.params = params,
		.tool = tool_find(method)};
	bool writes;
	int r;

	if (!c.tool || !params)
		abort();
	writes = c.tool->flags & TF_WRITE;
	json_decref(f->last);
	f->last = NULL;
	memset(&f->e, 0, sizeof(f->e));
	sf_ok(&f->s, writes ? store_group_begin(c.st, &f->s.e)
			    : store_read_begin(c.st, &f->s.e));
	if (writes)
		sf_ok(&f->s, store_savepoint(c.st, &f->s.e));
	r = method_run(&c, &f->last, &f->e);
	if (!writes)
		store_read_end(c.st);
	else if (r == 0)
		sf_ok(&f->s, store_release(c.st, &f->s.e));
	else
		store_rollback(c.st);
	if (writes)
		sf_ok(&f->s, store_group_commit(c.st, &f->s.e));
	if (r != 0) {
		json_decref(f->last);
		f->last = NULL;
	}
	call_done(&c);
	json_decref(params);
	return r;
}

/* Params in jansson's packing format. An error ends the test. */
static inline json_t *
mf_call(struct method_fixture *f, const char *method, const char *fmt, ...)
{
	va_list ap;
	json_t *params;

	va_start(ap, fmt);
	params = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	if (mf_run(f, method, params) != 0) {
		fprintf(stderr, "%s: %s\n", method, f->e.text);
		abort();
	}
	return f->last;
}

/* For cmocka: ends what a setup left as *state. */
static inline int
mf_teardown(void **state)
{
	mf_close(*state);
	free(*state);
	return 0;
}

#endif
