#include "memory-db/net/lease.h"

#include <string.h>

#include "common/limits.h"
#include "common/log.h"
#include "memory-db/net/conn.h"
#include "memory-db/net/request.h"
#include "memory-db/net/server.h"

int
lease_check(const struct request *r, struct err *e)
{
	if (!(r->job.tool->flags & TF_LEASE) ||
		!json_is_true(json_object_get(r->job.params, "lease")) ||
		!r->conn ||
		r->conn->leases_n + r->conn->pending <= LIMIT_CONN_LEASES)
		return 0;
	return err_param(e, MDB_E_LIMIT, "lease",
		"this connection has %d leased branches already; discard one, "
		"or create it without a lease",
		LIMIT_CONN_LEASES);
}

/* Through the writer's queue, as a request that nobody waits for. */
static void
drop(struct server *s, int64_t branch)
{
	struct request *r;

	if (s->phase != SERVER_SERVING)
		return; /* the next start does it */
	r = request_new_internal(s, TOOL_OF(memory_branch),
		json_pack("{s:s,s:I}", "action", "discard", "id",
			(json_int_t)branch));
	if (!r) {
		log_event(LOG_WARN,
			"no memory to discard a leased branch; the "
			"next start does it",
			0, LOG_I("branch", branch));
		return;
	}
	r->job.ctx = (struct context){.namespace_ = s->config->namespace_,
		.branch = "main",
		.is_service = true};
	r->is_write = r->is_queued = true;
	job_list_add(&s->writes, &r->job);
}

void
lease_take(struct request *r, int64_t branch)
{
	struct conn *c = r->conn;

	if (c && !c->is_dead && c->leases_n < LIMIT_CONN_LEASES)
		c->leases[c->leases_n++] = branch;
	else
		drop(r->server, branch);
}

void
lease_drop_all(struct conn *c)
{
	for (unsigned i = 0; i < c->leases_n; i++)
		drop(c->server, c->leases[i]);
	c->leases_n = 0;
}
