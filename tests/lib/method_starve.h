/* Handlers when memory is short at any point. For unit tests: include after
 * cmocka.h. */
#ifndef TESTS_LIB_METHOD_STARVE_H
#define TESTS_LIB_METHOD_STARVE_H

#include "common/jx.h"
#include "tests/lib/heap.h"
#include "tests/lib/method_fixture.h"

static inline void
call(struct method_fixture *f, const char *method, const char *params)
{
	json_t *p = jx_parse(params, strlen(params), NULL);

	assert_non_null(p);
	if (mf_run(f, method, p) != 0)
		fail_msg("%s: %s", method, f->e.text);
}

/* One call with the n-th allocation of its handler failing; *ret_ran: it
 * needed fewer. What it did is rolled back, whatever it was. */
static inline int
starve(struct method_fixture *f, const char *method, const char *params,
	size_t n, bool *ret_ran)
{
	struct call c = {.st = f->s.w,
		.ctx = &f->ctx,
		.params = jx_parse(params, strlen(params), NULL),
		.tool = tool_find(method)};
	bool writes = c.tool->flags & TF_WRITE;
	json_t *result = NULL;
	struct err e = {0};
	int r;

	sf_ok(&f->s, writes ? store_group_begin(c.st, &f->s.e)
			    : store_read_begin(c.st, &f->s.e));
	if (writes)
		sf_ok(&f->s, store_savepoint(c.st, &f->s.e));
	heap_fail_at(n);
	r = method_run(&c, &result, &e);
	*ret_ran = !heap_disarm();
	if (writes)
		store_group_abort(c.st);
	else
		store_read_end(c.st);
	if (r != 0 && r != MDB_E_NOMEM)
		fail_msg("%s, allocation %zu: %s", method, n, e.text);
	json_decref(result);
	call_done(&c);
	json_decref(c.params);
	return r;
}

static inline void
survives(struct method_fixture *f, const char *method, const char *params)
{
	bool ran = false;

	for (size_t n = 1; !ran; n++) {
		int r = starve(f, method, params, n, &ran);

		if (ran)
			assert_int_equal(r, 0);
	}
}

#endif
