/* What a write request does around its change: where it goes, whether it is
 * a retry, what it did.
 *
 *   write_begin   finds namespace and branch, opens a change, or finds that the
 *                 key of the request was used before: then `replay` is set, the
 *                 log tells what was done, and nothing is written again
 *   ...           the handler adds its ops (write_add, write_hide, ...)
 *   write_end     seals the change; a change without ops leaves no trace
 *
 * For example an agent sends create_entities with key "k1" and loses the
 * connection. It sends the same again: write_begin finds "k1" with change
 * 12, reads which facts change 12 showed, and the handler makes the same
 * reply. */
#include "memory-db/model/write/write.h"

#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/model/write/hiding_budget.h"
#include "memory-db/model/write/pins_write.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/model/write/write_outcome.h"
#include "memory-db/model/write/write_stage.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/scope/code_branch.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

#define NOTE_NAMES 50

struct fact
write_fact(int64_t entity, enum fact_kind kind)
{
	return (struct fact){.entity = entity,
		.kind = kind,
		.weight = -1,
		.confidence = -1,
		.valid_from = FACT_NO_TIME,
		.valid_to = FACT_NO_TIME,
		.source_at = FACT_NO_TIME,
		.text = "",
		.text_n = 0};
}

/* --- a retry: the outcome from the log ------------------------------------ */
struct replay {
	struct write *w;
	enum op_what what;
	struct err *e;
};

static int
replay_fact(void *ctx, const struct fact *f)
{
	struct replay *r = ctx;

	return write_record_fact(r->w, r->what, f, r->e);
}

static int
write_replay_op(void *ctx, const struct log_op *op)
{
	struct replay *x = ctx;
	int rc;

	x->what = op->what;
	if (op->what == OP_ATTR)
		return write_record_attr(x->w, op->entity, op->key, x->e);
	if (op->what != OP_SHOW && op->what != OP_HIDE)
		return write_record(x->w, 0, op->entity, x->e);
	rc = fact_get(x->w->st, op->fact, replay_fact, x, x->e);
	return rc < 0 ? rc : 0;
}

static int
load_replay(struct write *w, int64_t seen, struct err *e)
{
	struct replay x = {.w = w, .e = e};
	int64_t state = seen < 0 ? -seen : seen;
	int rc;

	w->replay = true;
	w->change_id = seen > 0 ? seen : 0;
	rc = seen > 0 ? log_ops(w->st, seen, 0, 0, write_replay_op, &x, e) : 0;
	if (rc != 0)
		return rc;
	rc = lens_make(w->st, w->branch, state, &w->scope.lens, e);
	if (rc != 0)
		return rc;
	w->scope.lens.is_code = code_branch_sees(w->ctx, w->ns, w->branch);
	return lens_apply(w->st, &w->scope.lens, e);
}

/* --- begin and end -------------------------------------------------------- */
/* The message of the change, which is no reason to refuse what it is about:
 * a secret in it is marked. */
static int
write_message(struct write *w, const char **ret, struct err *e)
{
	const char *given = w->ctx->message;
	struct secret s;

	*ret = given;
	if (!given || w->ctx->secrets == SECRETS_ALLOW ||
		!secret_find(given, strlen(given), 0, &s))
		return 0;
	buf_done(&w->message);
	if (secret_mark(given, strlen(given), &w->message, NULL) != 0 ||
		(*ret = buf_str(&w->message)) == NULL)
		return err_nomem(e);
	return 0;
}

static int
write_open(struct write *w, struct call *c, enum change_kind kind,
	int64_t about, struct err *e)
{
	const struct context *ctx = c->ctx;
	struct change_info info = {.kind = kind,
		.actor = w->actor[0] != '\0' ? w->actor : NULL,
		.client = ctx->client,
		.session = ctx->session,
		.message = ctx->message,
		.ns = w->ns,
		.branch = w->branch,
		.about = about};
	int64_t seen;
	int rc = write_message(w, &info.message, e);

	if (rc != 0)
		return rc;
	rc = write_stage_begin(w, kind, e);
	if (rc != 0)
		return rc;
	w->scope.ns[0] = w->ns;
	w->scope.n = 1;
	w->scope.lens = *lens_of(w->st);
	if (ctx->key) {
		rc = request_seen(w->st, ctx->key, &seen, e);
		c->is_retry = rc == 1;
		if (rc != 0)
			return rc < 0 ? rc : load_replay(w, seen, e);
	}
	c->note.kind = change_kind_name((int)kind);
	return change_begin(w->st, &info, &w->change, e);
}

static void
write_prepare(struct write *w, struct call *c)
{
	memset(w, 0, sizeof(*w));
	w->st = c->st;
	w->ctx = c->ctx;
	w->note = &c->note;
	w->dry_run = &c->dry_run;
	w->tool = c->tool ? c->tool->name : "";
	provenance_actor(w->ctx, w->actor, sizeof(w->actor));
}

/* A part of another write uses its change. */
static int
write_join(struct write *w, struct write *whole, struct err *e)
{
	int r = lens_apply(w->st, &whole->scope.lens, e);

	w->is_part = true;
	w->whole = whole;
	w->change = whole->change;
	w->branch = whole->branch;
	w->scope = whole->scope;
	return r == 0 && w->ns != whole->ns
		       ? err_set(e, MDB_E_INVALID,
				 "scope: a script writes where execute_code "
				 "(run_skill) does; give it the scope, and leave "
				 "it out of the calls that write")
		       : r;
}

int
write_begin(struct write *w, struct call *c, enum change_kind kind,
	struct err *e)
{
	return write_begin_about(w, c, kind, 0, e);
}

int
write_begin_about(struct write *w, struct call *c, enum change_kind kind,
	int64_t about, struct err *e)
{
	int rc;

	write_prepare(w, c);
	rc = scope_write(w->st, w->ctx, &w->ns, &w->branch, e);
	if (rc != 0)
		return rc;
	if (c->within)
		return write_join(w, c->within, e);
	return write_open(w, c, kind, about, e);
}

int
write_begin_on(struct write *w, struct call *c, enum change_kind kind,
	int64_t branch, int64_t about, struct err *e)
{
	struct lens lens;
	int rc;

	write_prepare(w, c);
	rc = scope_write_namespace(w->st, w->ctx, &w->ns, e);
	w->branch = branch;
	if (rc != 0)
		return rc;
	if (branch == STORE_MAIN && kind == CHANGE_MERGE)
		rc = write_stage_branch(w, e);
	if (rc != 0)
		return rc;
	rc = lens_make(w->st, w->branch, STORE_OPEN_END, &lens, e);
	if (rc != 0)
		return rc;
	lens.is_code = code_branch_sees(w->ctx, w->ns, w->branch);
	rc = lens_apply(w->st, &lens, e);
	if (rc != 0)
		return rc;
	return write_open(w, c, kind, about, e);
}

/* A retry of a write that changed nothing must see the same state: the newest
 * change, negative, stands for it. */
static int
write_remember(struct write *w, int64_t newest, struct err *e)
{
	int64_t id = w->change_id;

	if (!w->ctx->key)
		return 0;
	return request_remember(w->st, w->ctx->key, id != 0 ? id : -newest, e);
}

int
write_end(struct write *w, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int64_t newest;
	int rc;

	if (w->is_part)
		w->whole->hidden += w->hidden;
	if (w->replay || w->is_part)
		return 0;
	rc = *w->dry_run ? 0 : hiding_budget_check(w->st, w->ctx, w->hidden, e);
	if (rc != 0)
		return rc;
	newest = change_id(w->change) - 1;
	rc = change_seal(take_ptr(w->change), &w->change_id, &w->at, e);
	if (rc != 0)
		return rc;
	rc = write_remember(w, newest, e);
	if (rc != 0)
		return rc;
	w->note->change = w->change_id;
	w->note->at = w->at;
	w->note->facts = (int64_t)w->entries_n;
	rc = write_stage_end(w, e);
	if (rc != 0)
		return rc;
	rc = namespace_name(w->st, w->ns, &name, e);
	if (rc == 1 && !buf_str(&name))
		rc = err_nomem(e);
	if (rc == 1)
		snprintf(w->note->namespace_, sizeof(w->note->namespace_), "%s",
			name.data);
	return rc < 0 ? rc : 0;
}

void
write_done(struct write *w)
{
	if (!w->is_part)
		change_drop(w->change);
	free(w->entries);
	json_decref(w->alike);
	buf_done(&w->message);
	w->alike = NULL;
	w->change = NULL;
	w->entries = NULL;
}

int
write_note(struct write *w, const char *name, struct err *e)
{
	if (w->replay)
		return 0;
	if (!w->note->entities)
		w->note->entities = json_array();
	if (json_array_size(w->note->entities) >= NOTE_NAMES) {
		w->note->more++;
		return 0;
	}
	return jx_add(w->note->entities, json_string(name)) != 0 ? err_nomem(e)
								 : 0;
}

/* --- steps ---------------------------------------------------------------- */
static void
say_compared(struct write *w)
{
	change_compared(w->change, w->watcher || w->is_unwatched);
}

/* How a fact came here is known of an agent's, whatever it says. */
int
write_add(struct write *w, const struct fact *given, struct err *e)
{
	struct fact f = *given;
	int rc;

	if (w->ctx->is_agent &&
		(f.kind != FACT_METADATA || f.method != METHOD_SCRIPT))
		f.method = METHOD_AUTO;
	if (w->look)
		return w->look->fact(w->look, OP_SHOW, &f, e);
	w->bytes += (int64_t)f.text_n;
	say_compared(w);
	rc = change_add_fact(w->change, &f, &w->last_fact, e);
	if (rc != 0)
		return rc;
	rc = write_record_fact(w, OP_SHOW, &f, e);
	if (rc != 0)
		return rc;
	return write_expiry_noted(w, &f, e);
}

struct hiding {
	struct write *w;
	struct err *e;
};

static int
hide_one(void *ctx, const struct fact *f)
{
	struct hiding *h = ctx;
	int rc;

	if (h->w->look)
		return h->w->look->fact(h->w->look, OP_HIDE, f, h->e);
	rc = change_hide(h->w->change, f->id, h->e);

	h->w->hidden += rc == 0;

	if (rc != 0)
		return rc;
	return write_record_fact(h->w, OP_HIDE, f, h->e);
}

/* change_hide reads the fact through the same statement: get a copy first. */
struct copy {
	struct fact f;
	char *text;
};

static int
write_copy_fact(void *ctx, const struct fact *f)
{
	struct copy *c = ctx;

	c->f = *f;
	c->text = malloc(f->text_n + 1);
	if (!c->text)
		return MDB_E_NOMEM;
	memcpy(c->text, f->text, f->text_n);
	c->f.text = c->text;
	return 0;
}

int
write_hide(struct write *w, int64_t fact, struct err *e)
{
	struct hiding h = {w, e};
	struct copy c = {0};
	int rc = fact_get(w->st, fact, write_copy_fact, &c, e);

	if (rc == MDB_E_NOMEM)
		err_nomem(e);
	if (rc == 1)
		rc = hide_one(&h, &c.f);
	free(c.text);
	return rc;
}

static int
record_shown(struct write *w, const struct fact *f, struct err *e)
{
	int rc;

	if (w->look)
		return w->look->fact(w->look, OP_SHOW, f, e);
	w->bytes += (int64_t)f->text_n;
	rc = write_record_fact(w, OP_SHOW, f, e);
	if (rc != 0)
		return rc;
	return write_expiry_noted(w, f, e);
}

int
write_show(struct write *w, int64_t fact, struct err *e)
{
	struct copy c = {0};
	int rc;

	if (!w->look) {
		say_compared(w);
		rc = change_show(w->change, fact, e);
		if (rc != 0)
			return rc;
	}
	rc = fact_get(w->st, fact, write_copy_fact, &c, e);
	if (rc == MDB_E_NOMEM)
		err_nomem(e);
	if (rc == 1)
		rc = record_shown(w, &c.f, e);
	free(c.text);
	return rc;
}

int
write_attr(struct write *w, int64_t entity, enum attr_key key, int64_t value,
	struct err *e)
{
	int64_t before;
	int rc;

	if (w->look)
		return w->look->attr(w->look, entity, key, value, e);
	before = change_ops(w->change);
	if (key == ATTR_PIN)
		rc = pins_set(w, entity, value, e);
	else if (key == ATTR_PIN_ASKED)
		rc = pins_set_asked(w, entity, value, e);
	else
		rc = change_attr(w->change, entity, key, value, e);

	if (rc != 0)
		return rc;
	if (change_ops(w->change) > before)
		rc = write_record_attr(w, entity, key, e);
	return rc;
}
