#include "memory-db/net/audit.h"

#include <assert.h>

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/net/conn.h"
#include "memory-db/net/request.h"
#include "memory-db/net/server.h"

#define FIELDS_MOST 16

/* What writes, or may: reads are noted only when all is. */
static bool
audit_is_wanted(const struct request *r)
{
	const struct tool *t = r->job.tool;

	if (!log_audit_enabled())
		return false;
	return r->server->config->audits_reads || !t ||
	       (t->flags & (TF_WRITE | TF_SCRIPT | TF_SNAPSHOT)) != 0;
}

static const struct change_note *
note_of(const struct request *r)
{
	const struct effect *x = effects_find(&r->job.effects, EFFECT_FEED);

	return x ? &x->note : NULL;
}

static const char *
namespace_of(const struct request *r, const struct change_note *note)
{
	if (note && note->namespace_[0])
		return note->namespace_;
	return r->job.ctx.user_scope ? "default" : r->job.ctx.namespace_;
}

struct fields {
	struct log_field v[FIELDS_MOST];
	size_t n;
};

static void
audit_add_text(struct fields *f, const char *key, const char *text)
{
	if (text && *text)
		f->v[f->n++] = LOG_S(key, text);
}

static void
add_who(struct fields *f, const struct request *r)
{
	const struct context *ctx = &r->job.ctx;

	f->v[f->n++] = LOG_I("uid", r->conn ? r->conn->peer.uid : ctx->uid);
	if (r->conn) {
		f->v[f->n++] = LOG_I("pid", r->conn->peer.pid);
		f->v[f->n++] = LOG_I("conn", r->conn->serial);
	}
}

void
audit_request(const struct request *r)
{
	const struct job *j = &r->job;
	const struct change_note *note;
	struct fields f = {.n = 0};

	if (!audit_is_wanted(r))
		return;
	note = note_of(r);
	add_who(&f, r);
	audit_add_text(&f, "method", j->tool ? j->tool->name : "?");
	if (note)
		f.v[f.n++] = LOG_I("change", note->change);
	if (note && note->is_staged)
		audit_add_text(&f, "state", "waits for review");
	audit_add_text(&f, "outcome", j->code ? err_name(j->code) : "ok");
	if (j->queued_ns)
		f.v[f.n++] =
			LOG_I("us", (clock_mono_ns() - j->queued_ns) / 1000);
	/* What the peer chooses comes last: of a line that is full that is
	 * lost, and not what was done. */
	audit_add_text(&f, "namespace", namespace_of(r, note));
	audit_add_text(&f, "branch", j->ctx.branch);
	audit_add_text(&f, "client", j->ctx.client);
	audit_add_text(&f, "session", j->ctx.session);
	audit_add_text(&f, "actor", j->ctx.actor);
	assert(f.n <= FIELDS_MOST);
	log_audit(f.v, f.n);
}
