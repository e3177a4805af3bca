/* Jobs: from the bytes of a frame to a checked call, and from a result to the
 * line that answers it. Pure of threads and connections.
 *
 * A job is answered exactly once. job_retract takes an answer back that has
 * not left yet: when the COMMIT behind it fails, what was "done" is not. */
#include "memory-db/work/job.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/contract/rpc.h"
#include "memory-db/method/prepare.h"

void
job_init(struct job *j, uint64_t serial)
{
	memset(j, 0, sizeof *j);
	j->kind = JOB_CALL;
	j->serial = serial;
	j->fd = -1;
	atomic_init(&j->cancelled, false);
}

void
job_done(struct job *j)
{
	buf_done(&j->frame);
	buf_done(&j->text);
	buf_done(&j->reply);
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
	effects_done(&j->effects);
	question_done(&j->question);
	prepared_done(&j->prepared);
	prepared_done(&j->progress);
	json_decref(j->id);
	json_decref(j->params);
	json_decref(j->ignored);
	json_decref(j->defaults);
	j->id = j->params = j->ignored = j->defaults = NULL;
}

/* The error for a method nobody has. Echoes little of what came in. */
static int
unknown_method(const char *name, struct err *e)
{
	const char *near = tool_nearest(name);

	if (near)
		return err_param(e, MDB_E_UNKNOWN_METHOD, "method",
			"no method '%s'; did you mean '%s'?", name, near);
	return err_param(e, MDB_E_UNKNOWN_METHOD, "method",
		"no method '%s'; see PROTOCOL.md for the list, for example "
		"search_nodes, create_entities, get_memory_status",
		name);
}

/* Null is as good as not there, as some clients give all parameters. Of the
 * common ones it may take back what hello said. */
static void
drop_nulls(const struct param *table, json_t *params)
{
	for (const struct param *p = table; p && p->name; p++)
		if (json_is_null(json_object_get(params, p->name)))
			(void)json_object_del(params, p->name);
}

/* A number that no type of ours holds is no syntax error: the request is
 * answered, and its connection goes on. */
static int
bad_number(const struct err *number, struct err *e)
{
	static const char inside[] = "params.";
	const char *at = number->param;

	if (strncmp(at, inside, sizeof(inside) - 1) != 0)
		return err_param(e, MDB_E_PROTOCOL, at, "%s: %s", at,
			number->text);
	at += sizeof(inside) - 1;
	return err_param(e, MDB_E_INVALID, at, "%s: %s", at, number->text);
}

static int
job_set_tool(struct job *j, const char *method, const struct err *number,
	struct err *e)
{
	if (number->code != 0)
		return bad_number(number, e);
	j->tool = tool_find(method);
	return j->tool ? 0 : unknown_method(method, e);
}

static int
read_envelope(struct job *j, json_t *msg, const struct err *number,
	struct err *e)
{
	struct rpc_request rq = {0};
	int rc = rpc_request_read(msg, &rq, e);

	j->is_unread = rc == MDB_E_NOMEM && !rq.id;
	j->id = take_ptr(rq.id);
	j->params = take_ptr(rq.params);
	if (rc == 0)
		rc = job_set_tool(j, rq.method, number, e);
	rpc_request_done(&rq);
	return rc;
}

int
job_read(struct job *j, const char *data, size_t n, struct err *e)
{
	struct err number;
	AUTO_JSON json_t *msg = jx_parse_lenient(data, n, &number, e);
	json_t *ignored = NULL;
	int rc;

	if (!msg) {
		j->is_unread = true;
		return e->code;
	}
	rc = read_envelope(j, msg, &number, e);
	if (rc)
		return rc;
	rc = schema_check(j->tool->params, tools_common, j->params,
		j->tool->flags & TF_COMPAT ? &ignored : NULL, e);
	if (ignored && json_array_size(ignored) == 0) {
		json_decref(ignored);
		ignored = NULL;
	}
	j->ignored = ignored;
	drop_nulls(j->tool->params, j->params);
	return rc;
}

int
job_answer(struct job *j, json_t *result_new, struct err *e)
{
	AUTO_JSON json_t *result = result_new ? result_new : json_object();

	assert(!j->is_answered);
	buf_clear(&j->reply, 4096);
	if (!result ||
		(j->ignored &&
			json_object_set(result, "ignored", j->ignored) != 0) ||
		rpc_reply(&j->reply, j->id, &j->text, result) != 0) {
		err_nomem(e);
		job_fail(j, e);
		return MDB_E_NOMEM;
	}
	buf_done(&j->text);
	j->is_answered = true;
	j->code = MDB_OK;
	return 0;
}

void
job_fail(struct job *j, const struct err *e)
{
	assert(!j->is_answered);
	buf_clear(&j->reply, 4096);
	/* An empty reply line means: no memory even for the error. The
	 * connection is closed then, so that its client does not wait. */
	if (rpc_error(&j->reply, j->id, e) != 0)
		buf_clear(&j->reply, 0);
	j->is_answered = true;
	j->code = e->code;
}

void
job_retract(struct job *j)
{
	j->is_answered = false;
	j->code = MDB_OK;
	buf_clear(&j->reply, 4096);
	effects_done(&j->effects);
}
