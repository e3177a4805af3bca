/* The workspace: list_files, read_file, write_file, delete_file. */
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
	int r = row == NULL ? err_nomem(l->e)
			    : member_set_time(row, "at", f->at, l->e);

	if (r == 0 && jx_add(l->files, take_ptr(row)) != 0)
		r = err_nomem(l->e);
	return r;
}

int
m_list_files(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *files AUTO_JSON = json_array();
	struct m_files_listing l = {files, e};
	int64_t count = 0, bytes = 0;
	struct scope s;
	int r = files == NULL ? err_nomem(e)
			      : scope_read(c->st, c->ctx, 0, &s, e);

	if (r == 0 && s.ns[0] != 0)
		r = file_each(c->st, s.ns[0], m_files_add_row, &l, e);
	if (r == 0 && s.ns[0] != 0)
		r = file_totals(c->st, s.ns[0], &count, &bytes, e);
	if (r != 0)
		return r;
	*ret_result = json_pack("{s:O,s:I,s:I}", "files", files, "count",
		(json_int_t)count, "bytes", (json_int_t)bytes);
	return *ret_result == NULL ? err_nomem(e) : 0;
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
	struct buf body AUTO_BUF = {0};
	json_t *content AUTO_JSON = NULL;
	struct file f = {0};
	struct scope s;
	int r = scope_read(c->st, c->ctx, 0, &s, e);

	if (r == 0)
		r = s.ns[0] == 0 ? 0
				 : file_get(c->st, s.ns[0], m_files_name_of(c),
					   &f, &body, e);
	if (r < 0)
		return r;
	if (r == 0)
		return not_there(m_files_name_of(c), e);
	content = jx_parse_any(body.data, body.len, e);
	if (content == NULL)
		return e->code == MDB_E_NOMEM
			       ? err_nomem(e)
			       : err_set(e, MDB_E_CORRUPT,
					 "the file '%s' is damaged; write it again or "
					 "delete it",
					 m_files_name_of(c));
	*ret_result = json_pack("{s:s,s:O,s:I}", "name", m_files_name_of(c),
		"content", content, "bytes", (json_int_t)f.size);
	return *ret_result == NULL
		       ? err_nomem(e)
		       : member_set_time(*ret_result, "at", f.at, e);
}

/* --- writing -------------------------------------------------------------- */
static int
m_files_check_room(struct call *c, int64_t ns, const struct file *old, size_t n,
	struct err *e)
{
	int64_t count, bytes;
	int r;

	if (n > LIMIT_FILE_BYTES)
		return err_param(e, MDB_E_LIMIT, "content",
			"content: %zu bytes as JSON, the most is %d; large "
			"texts belong into observations",
			n, LIMIT_FILE_BYTES);
	r = file_totals(c->st, ns, &count, &bytes, e);
	if (r != 0)
		return r;
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
	struct guard guard AUTO_GUARD = {0};
	struct buf body AUTO_BUF = {0};
	struct file old = {0};
	int64_t ns, branch;
	int r = guard_params(&guard, c, kept, e);

	if (r == 0)
		r = scope_write(c->st, c->ctx, &ns, &branch, e);
	if (r == 0 &&
		jx_dump(json_object_get(c->params, "content"), &body) != 0)
		r = err_nomem(e);
	if (r == 0)
		r = file_get(c->st, ns, m_files_name_of(c), &old, NULL, e);
	if (r >= 0)
		r = m_files_check_room(c, ns, &old, body.len, e);
	if (r == 0)
		r = file_put(c->st, ns, m_files_name_of(c), body.data, body.len,
			e);
	if (r != 0)
		return r;
	*ret_result = json_pack("{s:s,s:I,s:b}", "name", m_files_name_of(c),
		"bytes", (json_int_t)body.len, "created", old.id == 0);
	r = *ret_result == NULL ? err_nomem(e) : 0;
	return guard_reply(r, &guard, ret_result, e);
}

int
m_delete_file(struct call *c, json_t **ret_result, struct err *e)
{
	struct file old = {0};
	int64_t ns, branch;
	int r = scope_write(c->st, c->ctx, &ns, &branch, e);

	if (r == 0)
		r = file_get(c->st, ns, m_files_name_of(c), &old, NULL, e);
	if (r < 0)
		return r;
	if (r == 1)
		r = file_delete(c->st, ns, m_files_name_of(c), e);
	if (r != 0)
		return r;
	*ret_result = json_pack("{s:s,s:b}", "name", m_files_name_of(c),
		"deleted", old.id != 0);
	return *ret_result == NULL ? err_nomem(e) : 0;
}
