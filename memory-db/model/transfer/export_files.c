/* Files of the workspace as lines of both exports. They lie beside the log, so
 * they are those of now whatever the point in time of the export; one that is
 * written again while pages are read comes once more, and the last one counts.
 * The mark of a page: the id of the last one (a). */
#include "memory-db/model/transfer/export.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/beside/files.h"
#include "memory-db/store/facts/labels.h"

struct files_run {
	struct export_page *p;
	bool is_log;
};

/* A log names its namespaces by number, today's state by name. */
static int
set_place(const struct files_run *x, json_t *o, int64_t ns)
{
	AUTO_BUF struct buf name = {0};
	int r;

	if (x->is_log)
		return member_set_int(o, "ns", ns, x->p->e);
	if (ns == NAMESPACE_DEFAULT)
		return 0;
	r = namespace_name(x->p->st, ns, &name, x->p->e);
	return r == 1 ? member_set_text(o, "namespace", name.data, name.len,
				x->p->e)
		      : r;
}

static int
push_file(void *ctx, const struct file *f, const char *body)
{
	struct files_run *x = ctx;
	struct export_page *p = x->p;
	AUTO_JSON json_t *o = json_pack("{s:s}", "type", "file");
	int rc = !o ? err_nomem(p->e) : set_place(x, o, f->ns);

	if (rc != 0)
		return rc;
	rc = member_set_text(o, "name", f->name, strlen(f->name), p->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "at", f->at, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_text(o, "body", body, (size_t)f->size, p->e);
	if (rc != 0)
		return rc;
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->a = f->id;
	return rc;
}

int
export_files(struct export_page *p, bool is_log)
{
	struct files_run x = {p, is_log};

	return file_since(p->st, p->q->ns, p->mark->a, push_file, &x, p->e);
}
