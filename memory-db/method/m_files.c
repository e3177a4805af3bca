/* The workspace: list_files, read_file, write_file, delete_file. Files are
 * kept outside of the log: they have no history and no branch, and the newest
 * content counts. They are for what a script keeps between two runs (a cursor,
 * a cache), with bounds for one file, and for their number and bytes in a
 * namespace. */
#include <inttypes.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/beside/files.h"

static const char *
m_files_name_of(const struct call *c)
{
	return jx_text(c->params, "name");
}

/* --- reading -------------------------------------------------------------- */
struct m_files_listing {
	json_t *files;
	struct err *e;
};

static int
m_files_add_row(void *ctx, const struct file *f)
{
	struct m_files_listing *l = ctx;
	json_t *row AUTO_JSON = json_pack("{s:s,s:I}", "name", f->name, "bytes",
		(json_int_t)f->size);
	int rc = !row ? err_nomem(l->e)
		      : member_set_time(row, "at", f->at, l->e);

	if (rc != 0)
		return rc;
	if (jx_add(l->files, take_ptr(row)) != 0)
		rc = err_nomem(l->e);
	return rc;
}

int
m_list_files(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *files = json_array();
	struct m_files_listing l = {files, e};
	int64_t count = 0, bytes = 0;
	struct scope s;
	int rc = !files ? err_nomem(e) : scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	if (s.ns[0] != 0)
		rc = file_each(c->st, s.ns[0], m_files_add_row, &l, e);
	if (rc != 0)
		return rc;
	if (s.ns[0] != 0)
		rc = file_totals(c->st, s.ns[0], &count, &bytes, e);
	if (rc != 0)
		return rc;
	*ret_result = json_pack("{s:O,s:I,s:I}", "files", files, "count",
		(json_int_t)count, "bytes", (json_int_t)bytes);
	return !*ret_result ? err_nomem(e) : 0;
}

/* MDB_E_NOT_FOUND: for a person who mistyped, and for scripts that ask. */
static int
not_there(const char *name, struct err *e)
{
	return err_param(e, MDB_E_NOT_FOUND, "name",
		"no file '%s' in the workspace; list_files names them", name);
}

int
m_read_file(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_BUF struct buf body = {0};
	AUTO_JSON json_t *content = NULL;
	struct file f = {0};
	struct scope s;
	int rc = scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	rc = s.ns[0] == 0 ? 0
			  : file_get(c->st, s.ns[0], m_files_name_of(c), &f,
				    &body, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return not_there(m_files_name_of(c), e);
	content = jx_parse_any(body.data, body.len, e);
	if (!content)
		return e->code == MDB_E_NOMEM
			       ? err_nomem(e)
			       : err_set(e, MDB_E_CORRUPT,
					 "the file '%s' is damaged; write it again or "
					 "delete it",
					 m_files_name_of(c));
	*ret_result = json_pack("{s:s,s:O,s:I}", "name", m_files_name_of(c),
		"content", content, "bytes", (json_int_t)f.size);
	return !*ret_result ? err_nomem(e)
			    : member_set_time(*ret_result, "at", f.at, e);
}

/* --- writing -------------------------------------------------------------- */
static int
m_files_check_room(struct call *c, int64_t ns, const struct file *old, size_t n,
	struct err *e)
{
	int64_t count, bytes;
	int rc;

	if (n > LIMIT_FILE_BYTES)
		return err_param(e, MDB_E_LIMIT, "content",
			"content: %zu bytes as JSON, the most is %d; large "
			"texts belong into observations",
			n, LIMIT_FILE_BYTES);
	rc = file_totals(c->st, ns, &count, &bytes, e);
	if (rc != 0)
		return rc;
	if (old->id == 0 && count >= LIMIT_FILES)
		return err_set(e, MDB_E_LIMIT,
			"the workspace holds %d files, the most there may be; "
			"delete_file removes some",
			LIMIT_FILES);
	if (bytes - old->size + (int64_t)n > LIMIT_FILES_BYTES)
		return err_set(e, MDB_E_LIMIT,
			"the workspace holds %" PRId64 " bytes, with this file "
			"it would be more than %d; delete_file removes some",
			bytes, LIMIT_FILES_BYTES);
	return 0;
}

int
m_write_file(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"name", "content", NULL};
	AUTO_GUARD struct guard guard = {0};
	AUTO_BUF struct buf body = {0};
	struct file old = {0};
	int64_t ns, branch;
	int rc = guard_params(&guard, c, kept, e);

	if (rc != 0)
		return rc;
	rc = scope_write(c->st, c->ctx, &ns, &branch, e);
	if (rc != 0)
		return rc;
	if (jx_dump(json_object_get(c->params, "content"), &body) != 0)
		return err_nomem(e);
	rc = file_get(c->st, ns, m_files_name_of(c), &old, NULL, e);
	if (rc < 0)
		return rc;
	rc = m_files_check_room(c, ns, &old, body.len, e);
	if (rc != 0)
		return rc;
	rc = file_put(c->st, ns, m_files_name_of(c), body.data, body.len, e);
	if (rc != 0)
		return rc;
	*ret_result = json_pack("{s:s,s:I,s:b}", "name", m_files_name_of(c),
		"bytes", (json_int_t)body.len, "created", old.id == 0);
	rc = !*ret_result ? err_nomem(e) : 0;
	return guard_reply(rc, &guard, ret_result, e);
}

int
m_delete_file(struct call *c, json_t **ret_result, struct err *e)
{
	struct file old = {0};
	int64_t ns, branch;
	int rc = scope_write(c->st, c->ctx, &ns, &branch, e);

	if (rc != 0)
		return rc;
	rc = file_get(c->st, ns, m_files_name_of(c), &old, NULL, e);
	if (rc < 0)
		return rc;
	if (rc == 1)
		rc = file_delete(c->st, ns, m_files_name_of(c), e);
	if (rc != 0)
		return rc;
	*ret_result = json_pack("{s:s,s:b}", "name", m_files_name_of(c),
		"deleted", old.id != 0);
	return !*ret_result ? err_nomem(e) : 0;
}
