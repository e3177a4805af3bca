/* The interface; the parts are pool (jails), run (one script), talk (its
 * conversation) and outcome (words). */
#include "sandbox/sandbox.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/log.h"
#include "sandbox/run.h"

#define NOBODY 65534

struct sandbox {
	const struct sandbox_method *methods;
	struct pool *pool;
	int64_t wall_max_ms;
	_Atomic int64_t runs[SANDBOX_RESULT_MAX];
	_Atomic int running;
};

static int
open_pool(struct sandbox *s, const struct sandbox_options *o, struct buf *setup,
	struct err *e)
{
	struct pool_options po = {.program = -1,
		.size = o->pool,
		.uid = o->uid ? o->uid : NOBODY,
		.setup = setup};
	struct err why = {0};
	int rc = talk_setup(setup, o->methods);

	if (rc)
		return rc == MDB_E_NOMEM
			       ? err_nomem(e)
			       : err_set(e, MDB_E_INTERNAL,
					 "the methods of scripts do not fit a frame");
	if (po.size <= 0)
		po.size = LIMIT_SCRIPT_POOL;
	if (po.size > LIMIT_SCRIPT_POOL_MAX)
		po.size = LIMIT_SCRIPT_POOL_MAX;
	if (o->off)
		po.reason = o->off;
	else if (launch_find(o->program, &po.program, &why))
		po.reason = why.text;
	return pool_open(&po, &s->pool, e);
}

int
sandbox_open(const struct sandbox_options *o, struct sandbox **ret,
	struct err *e)
{
	AUTO_BUF struct buf setup = {0};
	struct sandbox *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_nomem(e);
	s->methods = o->methods;
	s->wall_max_ms = o->wall_max_ms;
	rc = open_pool(s, o, &setup, e);
	if (rc) {
		free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void
sandbox_close(struct sandbox *s)
{
	if (!s)
		return;
	pool_close(s->pool);
	free(s);
}

static void
sandbox_settle(int64_t *v, int64_t otherwise, int64_t least, int64_t most)
{
	if (*v == 0)
		*v = otherwise;
	if (*v < least)
		*v = least;
	if (*v > most)
		*v = most;
}

void
sandbox_limits_settle(struct sandbox_limits *l)
{
	sandbox_settle(&l->wall_ms, LIMIT_SCRIPT_WALL_MS, 1,
		LIMIT_SCRIPT_WALL_MAX_MS);
	sandbox_settle(&l->cpu_ms, l->wall_ms, 1, l->wall_ms);
	sandbox_settle(&l->memory_bytes, LIMIT_SCRIPT_MEMORY_BYTES, 1024 * 1024,
		LIMIT_SCRIPT_MEMORY_BYTES);
	sandbox_settle(&l->source_bytes, LIMIT_SCRIPT_SOURCE_BYTES, 1,
		LIMIT_SCRIPT_SOURCE_BYTES);
	sandbox_settle(&l->output_bytes, LIMIT_SCRIPT_OUTPUT_BYTES, 1,
		LIMIT_SCRIPT_OUTPUT_BYTES);
	sandbox_settle(&l->result_bytes, LIMIT_SCRIPT_RESULT_BYTES, 1,
		LIMIT_SCRIPT_RESULT_BYTES);
	sandbox_settle(&l->result_nodes, LIMIT_SCRIPT_RESULT_NODES, 1,
		LIMIT_SCRIPT_RESULT_NODES);
	sandbox_settle(&l->result_depth, LIMIT_SCRIPT_DEPTH, 1,
		LIMIT_SCRIPT_DEPTH);
	sandbox_settle(&l->api_calls, LIMIT_SCRIPT_CALLS, 1,
		LIMIT_SCRIPT_CALLS);
	sandbox_settle(&l->api_bytes, LIMIT_SCRIPT_CALL_BYTES, 1,
		LIMIT_SCRIPT_CALL_BYTES);
}

static bool
is_too_long(const struct sandbox_job *job, struct sandbox_outcome *o)
{
	if ((int64_t)job->source_len <= o->limits.source_bytes)
		return false;
	o->result = SANDBOX_ERROR;
	snprintf(o->limit, sizeof(o->limit), "source_bytes");
	snprintf(o->message, sizeof(o->message),
		"The script has %zu bytes; at most %" PRId64 " are allowed.",
		job->source_len, o->limits.source_bytes);
	snprintf(o->hint, sizeof(o->hint),
		"Pass data as args, or let the script read it.");
	return true;
}

int
sandbox_run(struct sandbox *s, const struct sandbox_job *job,
	struct sandbox_outcome *ret, struct err *e)
{
	struct sandbox_outcome o = {.limits = job->limits};
	int rc = 0;

	sandbox_limits_settle(&o.limits);
	if (s->wall_max_ms > 0 && o.limits.wall_ms > s->wall_max_ms) {
		o.limits.wall_ms = s->wall_max_ms;
		sandbox_limits_settle(&o.limits);
	}
	s->running++;
	if (!is_too_long(job, &o))
		rc = run_job(s->pool, s->methods, job, &o, e);
	s->running--;
	if (rc)
		return rc;
	s->runs[o.result]++;
	if (o.result == SANDBOX_DENIED || o.result == SANDBOX_CRASHED)
		log_event(LOG_WARN, "script", 0,
			LOG_S("outcome", sandbox_result_name(o.result)),
			LOG_S("message", o.message));
	*ret = o;
	return 0;
}

static json_t *
layers_json(const struct pool_status *st)
{
	static const char *const names[] = WIRE_LAYER_NAMES;
	AUTO_JSON json_t *j = json_object();

	for (int i = 0; j && i < WIRE_LAYER_MAX; i++) {
		const char *word = st->refused >> i & 1 ? "refused" : "missing";

		if (st->in_place == 0)
			word = "unknown";
		else if (st->in_place >> i & 1)
			word = "ok";

		if (jx_set(j, names[i], json_string(word)))
			return NULL;
	}
	return take_ptr(j);
}

static json_t *
runs_json(struct sandbox *s)
{
	AUTO_JSON json_t *j = json_object();

	for (int i = 0; j && i < SANDBOX_RESULT_MAX; i++) {
		int64_t n = s->runs[i];

		if (n && jx_set(j, sandbox_result_name((enum sandbox_result)i),
				 json_integer(n)))
			return NULL;
	}
	return take_ptr(j);
}

json_t *
sandbox_status(struct sandbox *s)
{
	AUTO_JSON json_t *layers = NULL;
	AUTO_JSON json_t *runs = runs_json(s);
	struct pool_status st;

	pool_status(s->pool, &st);
	layers = layers_json(&st);
	if (!layers || !runs)
		return NULL;
	return json_pack("{s:b,s:s,s:O,s:{s:i,s:i,s:I,s:I},s:O}", "available",
		st.is_available, "reason",
		st.is_settled ? st.reason : "the self test is running",
		"layers", layers, "jails", "waiting", st.waiting, "running",
		(int)s->running, "started", (json_int_t)st.started, "misses",
		(json_int_t)st.misses, "runs", runs);
}
