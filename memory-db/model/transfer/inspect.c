#include "memory-db/model/transfer/inspect.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/transfer/verify.h"
#include "memory-db/store/engine/store.h"

/* Each slice tells what it has checked itself. */
static int
add_checked(json_t *sum, const json_t *page, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach(json_object_get(page, "checked"), key, v) {
		int64_t n = json_integer_value(json_object_get(sum, key)) +
			    json_integer_value(v);

		if (jx_set(sum, key, json_integer(n)) != 0)
			return err_nomem(e);
	}
	return 0;
}

static int
verify_all(struct store *st, json_t *o, json_t *checked, json_t *problems,
	struct err *e)
{
	AUTO_FREE char *cursor = NULL;
	int rc;

	do {
		AUTO_JSON json_t *page = NULL;
		const char *next;

		rc = store_read_begin(st, e);
		if (rc != 0)
			return rc;
		rc = verify_page(st, cursor, NULL, &page, e);
		store_read_end(st);
		if (rc == 0)
			rc = add_checked(checked, page, e);
		if (rc != 0)
			return rc;
		if (json_array_extend(problems,
			    json_object_get(page, "problems")) != 0)
			return err_nomem(e);
		free(take_ptr(cursor));
		next = json_string_value(json_object_get(page, "next"));
		if (next && (cursor = strdup(next)) == NULL)
			return err_nomem(e);
		if (!next && json_object_set(o, "heads",
				     json_object_get(page, "heads")) != 0)
			return err_nomem(e);
	} while (cursor);
	return 0;
}

static int
inspect_database(struct database *db, json_t *o, struct err *e)
{
	json_t *checked = json_object(), *problems = json_array();
	struct store *st = NULL;
	int rc = member_set_new(o, "checked", checked, e);

	if (rc == 0)
		rc = member_set_new(o, "problems", problems, e);
	else
		json_decref(problems);
	if (rc == 0)
		rc = member_set_int(o, "schema", database_schema(db), e);
	if (rc == 0)
		rc = member_set_text(o, "database_id", database_id(db), 32, e);
	if (rc == 0)
		rc = store_open(db, STORE_READER, &st, e);
	if (rc == 0)
		rc = verify_all(st, o, checked, problems, e);
	store_close(st);
	return rc;
}

int
inspect_fd(int fd, json_t **ret, struct err *e)
{
	const struct database_options options = {.path = "/the copy",
		.fd = &fd,
		.read_only = true};
	AUTO_JSON json_t *o = json_object();
	struct database *db = NULL;
	int rc = !o ? err_nomem(e) : database_open(&options, &db, e);

	if (rc == 0)
		rc = inspect_database(db, o, e);
	database_close(db);
	if (rc == 0)
		*ret = take_ptr(o);
	return rc;
}
