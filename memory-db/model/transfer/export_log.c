/* The change log as lines. The mark of a page: phase, then in ALIASES the
 * namespace and the number of lines of it written; in CHANGES the change that
 * is next (a) and its op that is next + 1 (b; 0: its head); in CONFLICTS the
 * last one written; in VERSIONS the entity that is next (a), and how many of
 * its lines are written (b). */
#include "memory-db/model/transfer/export.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/recall/recall_settings.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/model/namespace/namespaces.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/beside/files.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/entity_ids.h"
#include "memory-db/store/facts/namespaces.h"

enum export_log_phase {
	HEADER,
	CHANGES,
	ALIASES,
	CONFLICTS,
	FILES,
	COUNTERS,
	DONE,
	STAGED,	  /* after CONFLICTS; cursors of pages carry the numbers */
	VERSIONS, /* after HEADER */
	RUNS	  /* after STAGED */
};

int
export_push(struct export_page *p, json_t *line_new)
{
	size_t bytes;

	if (!line_new)
		return err_nomem(p->e);
	bytes = encode_size(line_new) + 1;
	if (p->bytes > 0 && p->bytes + bytes > p->q->max_bytes) {
		json_decref(line_new);
		p->full = true;
		return 1;
	}
	p->bytes += bytes;
	return jx_add(p->lines, line_new) == 0 ? 0 : err_nomem(p->e);
}

/* --- header and namespaces ------------------------------------------------ */
int
export_header(struct export_page *p, const char *format)
{
	json_t *o AUTO_JSON = json_pack("{s:s, s:s, s:i}", "type", "header",
		"format", format, "version", EXPORT_VERSION);
	const char *id = database_id(store_database(p->st));
	json_t *heads = NULL;
	int rc = !o ? err_nomem(p->e)
		    : member_set_text(o, "database", id, strlen(id), p->e);

	if (rc != 0)
		return rc;
	rc = namespaces_heads(p->st, p->q->ns, p->q->change, &heads, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "heads", heads, p->e);
	if (rc != 0)
		return rc;
	return export_push(p, take_ptr(o));
}

static int
export_log_add_name(void *ctx, const char *name, size_t n)
{
	return jx_add(ctx, member_text(name, n));
}

static int
add_file_name(void *ctx, const struct file *f)
{
	return jx_add(ctx, member_text(f->name, strlen(f->name))) == 0
		       ? 0
		       : MDB_E_NOMEM;
}

/* A log that goes on from a change does not tell of files that were deleted
 * since: the names of all that are there do. */
static int
set_file_names(struct export_page *p, json_t *o, int64_t ns)
{
	json_t *names = json_array();
	int rc = member_set_new(o, "files", names, p->e);

	if (rc != 0)
		return rc;
	rc = file_each(p->st, ns, add_file_name, names, p->e);
	return rc == MDB_E_NOMEM ? err_nomem(p->e) : rc;
}

/* A log that goes on from a change says, too, when nothing is set any more. */
static int
set_object(struct export_page *p, json_t *o, const char *key, json_t *value_new)
{
	if (!value_new && p->q->since > 0 && !(value_new = json_object()))
		return err_nomem(p->e);
	return value_new ? member_set_new(o, key, value_new, p->e) : 0;
}

static int
export_log_push_namespace(void *ctx, const struct namespace_row *row)
{
	struct export_page *p = ctx;
	json_t *o AUTO_JSON = json_pack("{s:s, s:I}", "type", "namespace", "id",
		(json_int_t)row->id);
	json_t *aliases = json_array(), *weights = NULL, *settings = NULL;
	int rc;

	if (!o || !aliases) {
		json_decref(aliases);
		return err_nomem(p->e);
	}
	rc = namespace_each_alias(p->st, row->id, export_log_add_name, aliases,
		p->e);
	if (member_set_new(o, "aliases", aliases, p->e) != 0 ||
		rc == MDB_E_NOMEM)
		return err_nomem(p->e);
	if (rc < 0)
		return rc;
	rc = member_set_text(o, "name", row->name, strlen(row->name), p->e);
	if (rc != 0)
		return rc;
	rc = member_set_text(o, "stem", row->stem, strlen(row->stem), p->e);
	if (rc != 0)
		return rc;
	rc = recall_settings_stored(p->st, row->id, &weights, p->e);
	if (rc != 0)
		return rc;
	rc = set_object(p, o, "recall_weights", weights);
	if (rc != 0)
		return rc;
	rc = settings_stored(p->st, row->id, &settings, p->e);
	if (rc != 0)
		return rc;
	rc = set_object(p, o, "settings", settings);
	if (rc != 0)
		return rc;
	if (p->q->since > 0)
		rc = set_file_names(p, o, row->id);
	if (rc < 0)
		return rc;
	/* All of them stand on the first page, however small a page is. */
	p->bytes += encode_size(o) + 1;
	return jx_add(p->lines, take_ptr(o)) == 0 ? 0 : err_nomem(p->e);
}

/* --- changes -------------------------------------------------------------- */
static int
set_new_fact(struct export_page *p, json_t *o, const struct log_op *op)
{
	struct export_fact_line l = {p, json_object()};
	int rc = member_set_new(o, "new", l.o, p->e);

	if (rc != 0)
		return rc;
	rc = log_fact(p->st, op->fact, export_fact, &l, p->e);
	return rc < 0 ? rc : 0;
}

struct branch_line {
	struct export_page *p;
	json_t *o; /* `branch`, borrowed */
};

/* A discarded branch is named "name#id": here as it was created. */
static int
export_log_set_branch(void *ctx, const struct branch_row *b)
{
	struct branch_line *l = ctx;
	const char *end = strrchr(b->name, '#');
	size_t n = end != NULL ? (size_t)(end - b->name) : strlen(b->name);
	int rc = member_set_text(l->o, "name", b->name, n, l->p->e);

	if (rc != 0)
		return rc;
	rc = member_set_int(l->o, "parent", b->parent, l->p->e);
	if (rc != 0)
		return rc;
	return export_set_string(l->o, "about", b->about, l->p->e);
}

static int
set_new_branch(struct export_page *p, json_t *o, const struct log_op *op)
{
	struct branch_line l = {p, json_object()};
	int rc = member_set_new(o, "branch", l.o, p->e);

	if (rc != 0)
		return rc;
	rc = branch_get(p->st, op->value, export_log_set_branch, &l, p->e);
	return rc < 0 ? rc : 0;
}

static bool
has_value(const struct log_op *op)
{
	return op->what == OP_FOLD || op->what == OP_ATTR ||
	       op->what == OP_BRANCH || op->what == OP_ERASE ||
	       op->what == OP_DERIVE;
}

static int
push_op(void *ctx, const struct log_op *op)
{
	struct export_page *p = ctx;
	json_t *o AUTO_JSON = json_pack("{s:s, s:i, s:I}", "type", "op", "what",
		(int)op->what, "entity", (json_int_t)op->entity);
	int rc;

	if (!o)
		return err_nomem(p->e);
	rc = export_set_number(o, "fact", op->fact, 0, p->e);
	if (rc != 0)
		return rc;
	if (has_value(op))
		rc = member_set_int(o, "key", op->key, p->e);
	if (rc != 0)
		return rc;
	if (has_value(op))
		rc = member_set_int(o, "value", op->value, p->e);
	if (rc != 0)
		return rc;
	if (op->what == OP_BRANCH && op->key == BRANCH_OP_CREATE)
		rc = set_new_branch(p, o, op);
	if (rc != 0)
		return rc;
	if (op->what == OP_HIDE)
		rc = export_base_op(p, o, op);
	if (rc != 0)
		return rc;
	if (op->what == OP_SHOW)
		rc = log_is_new(p->st, op->fact, op->change, p->e);
	if (rc == 1)
		rc = set_new_fact(p, o, op);
	if (rc != 0)
		return rc;
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->b = op->seq + 2;
	return 0;
}

static int
count_op(void *ctx, const struct log_op *op)
{
	(void)op;
	++*(int64_t *)ctx;
	return 0;
}

static int
export_log_set_change(struct export_page *p, json_t *o,
	const struct log_change *c)
{
	int64_t ops = 0;
	int rc = member_set_new(o, "kind",
		json_string(change_kind_name((int)c->kind)), p->e);

	if (rc != 0)
		return rc;
	rc = export_set_number(o, "about", c->about, 0, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(p->st, o, "actor", c->actor, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(p->st, o, "client", c->client, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(p->st, o, "session", c->session, p->e);
	if (rc != 0)
		return rc;
	if (c->message)
		rc = member_set_text(o, "message", c->message, c->message_n,
			p->e);
	if (rc != 0)
		return rc;
	if (c->message_salt)
		rc = member_set_hex(o, "message_salt", c->message_salt,
			FACT_SALT_BYTES, p->e);
	if (rc != 0)
		return rc;
	if (c->message_digest)
		rc = member_set_hex(o, "message_digest", c->message_digest,
			FACT_DIGEST_BYTES, p->e);
	if (rc != 0)
		return rc;
	rc = log_ops(p->st, c->id, 0, 0, count_op, &ops, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "ops", ops, p->e);
	if (rc != 0)
		return rc;
	if (!c->chain)
		return err_set(p->e, MDB_E_CORRUPT, "change %lld has no chain",
			(long long)c->id);
	return member_set_hex(o, "chain", c->chain, 32, p->e);
}

static int
push_head(struct export_page *p, const struct log_change *c)
{
	json_t *o AUTO_JSON = json_pack("{s:s, s:I, s:I, s:I, s:I}", "type",
		"change", "id", (json_int_t)c->id, "ns", (json_int_t)c->ns,
		"at", (json_int_t)c->at, "branch", (json_int_t)c->branch);
	int rc = !o ? err_nomem(p->e) : export_log_set_change(p, o, c);

	if (rc != 0)
		return rc;
	rc = export_base_change(p, o, c);
	if (rc != 0)
		return rc;
	return export_push(p, take_ptr(o));
}

static int
push_change(void *ctx, const struct log_change *c)
{
	struct export_page *p = ctx;
	int rc = 0;

	if (c->id > p->q->change)
		return 1;
	if (c->id < p->mark->a)
		return err_set(p->e, MDB_E_CORRUPT,
			"the changes are out of "
			"order; run 'memoryctl verify' and restore a backup");
	if (p->mark->a != c->id || p->mark->b == 0) {
		p->mark->a = c->id;
		p->mark->b = 0;
		rc = push_head(p, c);
		if (rc != 0)
			return rc;
		p->mark->b = 1;
	}
	rc = log_ops(p->st, c->id, 0, p->mark->b - 1, push_op, p, p->e);
	if (rc != 0)
		return rc;
	p->mark->a = c->id + 1;
	p->mark->b = 0;
	return rc;
}

/* --- a page --------------------------------------------------------------- */
/* What stands on a page follows an order; each function writes what it has from
 * the mark on. 0: all of it is written. 1: the page is full. */
static int
export_log_heads(struct export_page *p)
{
	int rc = export_header(p, EXPORT_LOG_FORMAT);

	if (rc != 0)
		return rc;
	return namespace_each(p->st, p->q->ns, export_log_push_namespace, p,
		p->e);
}

static int
export_log_changes(struct export_page *p)
{
	return log_since(p->st, p->q->ns, p->mark->a - 1, push_change, p, p->e);
}

static int
export_log_files(struct export_page *p)
{
	return export_files(p, true);
}

static int
export_log_counters(struct export_page *p)
{
	return p->q->counters ? export_uses(p) : 0;
}

/* In the order of the file, which is not that of the numbers. */
static const struct {
	enum export_log_phase phase;
	int (*write)(struct export_page *p);
} export_log_phases[] = {{HEADER, export_log_heads},
	{VERSIONS, export_base_versions}, {CHANGES, export_log_changes},
	{ALIASES, export_aliases}, {CONFLICTS, export_conflicts},
	{STAGED, export_staged}, {RUNS, export_runs}, {FILES, export_log_files},
	{COUNTERS, export_log_counters}};

/* The mark at the beginning of phase i, or at the end. */
static struct export_mark
export_log_mark(const struct export_query *q, size_t i)
{
	if (i == ARRAY_LEN(export_log_phases))
		return (struct export_mark){.phase = DONE};
	return (struct export_mark){.phase = export_log_phases[i].phase,
		.a = export_log_phases[i].phase == CHANGES ? q->since + 1 : 0};
}

int
export_log_page(struct store *st, const struct export_query *q,
	struct export_mark *mark, json_t **ret, bool *ret_more, struct err *e)
{
	AUTO_JSON json_t *lines = json_array();
	struct export_page p = {.st = st,
		.q = q,
		.mark = mark,
		.lines = lines,
		.e = e};
	size_t i = 0;

	if (!lines)
		return err_nomem(e);
	while (i < ARRAY_LEN(export_log_phases) &&
		export_log_phases[i].phase !=
			(enum export_log_phase)mark->phase)
		i++;
	while (i < ARRAY_LEN(export_log_phases) && !p.full) {
		int rc = export_log_phases[i].write(&p);

		if (rc < 0)
			return rc;
		if (!p.full)
			*mark = export_log_mark(q, ++i);
	}
	*ret_more = mark->phase != DONE;
	*ret = take_ptr(lines);
	return 0;
}
