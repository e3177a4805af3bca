#include "memory-db/method/handlers.h"
#include "memory-db/model/namespace/namespaces.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/engine/copy.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/log/log.h"

static int
m_snapshot_database_note_time(void *ctx, const struct log_change *c)
{
	*(int64_t *)ctx = c->at;
	return 0;
}

/* What is in the copy, for whoever keeps it. */
static int
m_snapshot_database_describe(struct call *c, int64_t bytes, json_t *o,
	struct err *e)
{
	struct database *db = store_database(c->st);
	json_t *heads = NULL;
	int64_t change = 0, at = 0;
	int rc = lens_newest(c->st, &change, e);

	if (rc != 0)
		return rc;
	if (change > 0)
		rc = log_get(c->st, change, m_snapshot_database_note_time, &at,
			e);
	if (rc < 0)
		return rc;
	rc = namespaces_heads(c->st, 0, change, &heads, e);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "heads", heads, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "bytes", bytes, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "change", change, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "at", at, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "schema", database_schema(db), e);
	if (rc != 0)
		return rc;
	rc = member_set_text(o, "database_id", database_id(db), 32, e);
	if (rc != 0)
		return rc;
	return member_set_text(o, "instance_id", database_instance(db), 32, e);
}

int
m_snapshot_database(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *o = json_object();
	AUTO_FD int fd = -1;
	int64_t bytes = 0;
	int rc;

	if (!o)
		return err_nomem(e);
	if (!c->ret_fd)
		return err_set(e, MDB_E_INTERNAL,
			"snapshot_database runs on its own thread alone");
	rc = store_copy(c->st, c->cancelled, &fd, &bytes, e);
	if (rc != 0)
		return rc;
	rc = m_snapshot_database_describe(c, bytes, o, e);
	if (rc != 0)
		return rc;
	*c->ret_fd = take_fd(&fd);
	*ret_result = take_ptr(o);
	return 0;
}
