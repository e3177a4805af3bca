/* A database file that nobody serves, looked at as a whole. Verification has
 * two halves that do not need each other, the log and what is derived from it
 * (store/check/verify.h), so two threads with a connection each do one half: a
 * file of 100,000 entities takes half the time. */
#include "memory-db/model/transfer/inspect.h"

#include <pthread.h>

#include "memory-db/model/namespace/namespaces.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/transfer/verify.h"
#include "memory-db/store/check/verify.h"
#include "memory-db/store/engine/store.h"

struct half {
	struct store *st;
	json_t *problems; /* owned */
	struct verify_mark mark;
	enum verify_part part;
	struct err e;
	int rc;
};

static void *
check_half(void *ctx)
{
	struct half *h = ctx;

	h->rc = verify_part(h->st, h->part, h->problems, &h->mark, &h->e);
	return NULL;
}

/* Without a second thread one after the other. */
static void
inspect_check_both(struct half *derived, struct half *log)
{
	pthread_t thread;
	bool is_beside =
		pthread_create(&thread, NULL, check_half, derived) == 0;

	if (!is_beside)
		(void)check_half(derived);
	(void)check_half(log);
	if (is_beside)
		(void)pthread_join(thread, NULL);
}

static int
half_open(struct half *h, struct database *db, enum verify_part part,
	struct err *e)
{
	h->part = part;
	h->problems = json_array();
	if (!h->problems)
		return err_nomem(e);
	return store_open(db, STORE_READER, &h->st, e);
}

static void
half_done(struct half *h)
{
	store_close(h->st);
	json_decref(h->problems);
}
#define AUTO_HALF __attribute__((cleanup(half_done)))

static int
add_problems(json_t *problems, const struct half *h, struct err *e)
{
	if (h->rc) {
		if (e)
			*e = h->e;
		return h->rc;
	}
	return json_array_extend(problems, h->problems) ? err_nomem(e) : 0;
}

static int
add_heads(json_t *o, const struct half *log, struct err *e)
{
	json_t *heads = NULL;
	int rc = store_read_begin(log->st, e);

	if (rc)
		return rc;
	rc = namespaces_heads(log->st, 0, log->mark.change, &heads, e);
	store_read_end(log->st);
	if (rc == MDB_E_CORRUPT) { /* told by the chain already */
		heads = json_array();
		rc = 0;
	}
	if (rc)
		return rc;
	return member_set_new(o, "heads", heads, e);
}

static int
verify_all(struct database *db, json_t *o, json_t *checked, json_t *problems,
	struct err *e)
{
	AUTO_HALF struct half derived = {0};
	AUTO_HALF struct half log = {0};
	int rc = half_open(&derived, db, VERIFY_DERIVED, e);

	if (rc)
		return rc;
	rc = half_open(&log, db, VERIFY_LOG, e);
	if (rc)
		return rc;
	inspect_check_both(&derived, &log);
	rc = add_problems(problems, &derived, e);
	if (rc)
		return rc;
	rc = add_problems(problems, &log, e);
	if (rc)
		return rc;
	rc = member_set_int(checked, "changes", log.mark.changes, e);
	if (rc)
		return rc;
	rc = member_set_int(checked, "facts", log.mark.facts, e);
	if (rc)
		return rc;
	return add_heads(o, &log, e);
}

static int
inspect_database(struct database *db, json_t *o, struct err *e)
{
	json_t *checked = json_object(), *problems;
	int rc = member_set_new(o, "checked", checked, e);

	if (rc)
		return rc;
	problems = json_array();
	rc = member_set_new(o, "problems", problems, e);
	if (rc)
		return rc;
	rc = member_set_int(o, "schema", database_schema(db), e);
	if (rc)
		return rc;
	rc = member_set_text(o, "database_id", database_id(db), 32, e);
	if (rc)
		return rc;
	return verify_all(db, o, checked, problems, e);
}

int
inspect_fd(int fd, json_t **ret, struct err *e)
{
	const struct database_options options = {.path = "/the copy",
		.fd = &fd,
		.read_only = true};
	AUTO_JSON json_t *o = json_object();
	struct database *db = NULL;
	int rc;

	if (!o)
		return err_nomem(e);
	rc = database_open(&options, &db, e);
	if (rc)
		return rc;
	rc = inspect_database(db, o, e);
	database_close(db);
	if (rc)
		return rc;
	*ret = take_ptr(o);
	return 0;
}
