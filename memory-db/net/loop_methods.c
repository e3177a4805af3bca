/* The methods that the loop answers itself: hello, ping, retire, cancel,
 * subscribe, unsubscribe. None touches the database, so they are answered
 * under full load. What hello says becomes the context of later requests of
 * the connection; a connection that once said it is an agent's stays one. */
#include "memory-db/net/loop_methods.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/owned.h"
#include "common/contract/profiles.h"
#include "common/contract/rpc.h"
#include "common/text.h"
#include "memory-db/net/feed.h"
#include "memory-db/net/ignored.h"

/* --- hello ---------------------------------------------------------------- */
static int
check_protocol(const json_t *params, struct err *e)
{
	int64_t theirs = RPC_PROTOCOL;
	int rc =
		jx_int(params, "protocol", JX_OPTIONAL, 1, INT_MAX, &theirs, e);

	if (rc < 0)
		return rc;
	if (theirs > RPC_PROTOCOL + 1)
		return err_param(e, MDB_E_VERSION, "protocol",
			"the client speaks protocol %lld, this memory-db %s "
			"speaks %d; update memory-db",
			(long long)theirs, MEMORY_VERSION, RPC_PROTOCOL);
	if (theirs < RPC_PROTOCOL - 1)
		return err_param(e, MDB_E_VERSION, "protocol",
			"the client speaks protocol %lld, this memory-db %s "
			"speaks %d; update the client",
			(long long)theirs, MEMORY_VERSION, RPC_PROTOCOL);
	return 0;
}

/* Whether two paths mean the same file, through links and all. */
static bool
is_same_file(const char *a, const char *b)
{
	AUTO_FREE char *real_a = realpath(a, NULL);
	AUTO_FREE char *real_b = realpath(b, NULL);

	return strcmp(real_a ? real_a : a, real_b ? real_b : b) == 0;
}

static int
check_database(const struct server *s, const json_t *params, struct err *e)
{
	const char *path =
		json_string_value(json_object_get(params, "expect_database"));

	if (!path || is_same_file(path, database_path(s->db)))
		return 0;
	return err_param(e, MDB_E_WRONG_DATABASE, "expect_database",
		"this service has the database %s open, the client expects "
		"%s; set MEMORY_DB_PATH to the former, or give the latter a "
		"socket of its own with MEMORY_DB_SOCKET",
		database_path(s->db), path);
}

/* *ret_zone, borrowed, stays as it is when none is given. */
static int
read_zone(const json_t *params, const char **ret_zone, struct err *e)
{
	const char *zone =
		json_string_value(json_object_get(params, "time_zone"));
	int minutes;

	if (!zone || !*zone)
		return 0;
	if (clock_zone_minutes(zone, clock_now_ms(), &minutes) < 0)
		return err_param(e, MDB_E_INVALID, "time_zone",
			"time_zone: '%.64s' is no IANA zone "
			"(\"Europe/Vienna\"), offset (\"+02:00\") or \"UTC\"",
			zone);
	*ret_zone = zone;
	return 0;
}

/* The common parameters of hello, as defaults of the connection. */
static json_t *
read_defaults(const json_t *params)
{
	json_t *d = json_object();

	for (const struct param *p = tools_common; d && p->name; p++) {
		json_t *v = json_object_get(params, p->name);

		if (v && strcmp(p->name, "key") != 0 &&
			strcmp(p->name, "message") != 0 &&
			json_object_set(d, p->name, v) != 0) {
			json_decref(d);
			return NULL;
		}
	}
	return d;
}

static json_t *
hello_result(const struct server *s)
{
	return json_pack("{s:i,s:s,s:i,s:s,s:s,s:s,s:b,s:i}", "protocol",
		RPC_PROTOCOL, "version", MEMORY_VERSION, "schema",
		database_schema(s->db), "database_id", database_id(s->db),
		"instance_id", database_instance(s->db), "path",
		database_path(s->db), "spawned", s->config->is_spawned, "pid",
		(int)getpid());
}

int
loop_hello(struct request *r, json_t **ret_result, struct err *e)
{
	const json_t *params = r->job.params;
	struct conn *c = r->conn;
	const char *version =
		json_string_value(json_object_get(params, "version"));
	const char *profiles =
		json_string_value(json_object_get(params, "tools"));
	json_t *defaults, *result, *ignored;
	const char *zone = NULL;

	if (check_protocol(params, e) || check_database(c->server, params, e) ||
		read_zone(params, &zone, e))
		return e->code;
	defaults = read_defaults(params);
	result = hello_result(c->server);
	ignored = ignored_settings(c->server->config,
		json_object_get(params, "settings"));
	if (!defaults || !result || !ignored ||
		(json_object_size(ignored) > 0 &&
			json_object_set(result, "ignored_settings", ignored))) {
		json_decref(defaults);
		json_decref(result);
		json_decref(ignored);
		return err_nomem(e);
	}
	/* Requests under way keep the former ones alive. */
	json_decref(c->defaults);
	c->defaults = defaults;
	json_decref(c->ignored);
	c->ignored = ignored;
	if (zone)
		snprintf(c->zone, sizeof c->zone, "%s", zone);
	/* Whoever runs the service may fill its disk. Others wait as agents do:
	 * what they ask for is no reason to refuse them. */
	c->is_bulk = json_is_true(json_object_get(params, "bulk")) &&
		     owned_is_ours(c->peer.uid);
	snprintf(c->version, sizeof c->version, "%s", version ? version : "");
	/* Once of an agent, always: a later hello may say which tools it has,
	 * not that it is none. */
	if (profiles) {
		c->is_agent = true;
		c->profiles = profiles_known(profiles);
	}
	*ret_result = result;
	return 0;
}

/* --- the others ----------------------------------------------------------- */
int
loop_ping(struct request *r, json_t **ret_result, struct err *e)
{
	(void)r;
	*ret_result = json_object();
	return *ret_result ? 0 : err_nomem(e);
}

int
loop_retire(struct request *r, json_t **ret_result, struct err *e)
{
	struct server *s = r->server;

	if (!s->config->is_spawned)
		return err_set(e, MDB_E_DENIED,
			"this memory-db (pid %d, version %s) was started by an "
			"operator; restart it with: systemctl restart "
			"memory-db (or: kill %d, then start it again)",
			(int)getpid(), MEMORY_VERSION, (int)getpid());
	if (text_version_order(r->conn->version, MEMORY_VERSION) <= 0)
		return err_set(e, MDB_E_DENIED,
			"only a newer client may retire this memory-db; it is "
			"version %s, hello said '%s'",
			MEMORY_VERSION, r->conn->version);
	*ret_result = json_object();
	if (!*ret_result)
		return err_nomem(e);
	server_stop(s, 0, "retired for a newer version");
	return 0;
}

int
loop_cancel(struct request *r, json_t **ret_result, struct err *e)
{
	struct request *target;
	int64_t id;
	int rc = jx_int(r->job.params, "id", JX_REQUIRED, INT64_MIN, INT64_MAX,
		&id, e);

	if (rc < 0)
		return rc;
	target = request_find(r->conn, id);
	if (target == r)
		target = NULL;
	*ret_result = json_pack("{s:b}", "cancelled", target != NULL);
	if (!*ret_result)
		return err_nomem(e);
	if (target) {
		target->is_silent = true;
		work_cancel(r->server->work, &target->job);
	}
	return 0;
}

int
loop_subscribe(struct request *r, json_t **ret_result, struct err *e)
{
	bool all = false;
	int rc = jx_bool(r->job.params, "all", JX_OPTIONAL, &all, e);

	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:I}", "change",
		(json_int_t)r->server->last_change);
	if (!*ret_result)
		return err_nomem(e);
	feed_subscribe(r->conn, r->job.ctx.namespace_, all);
	return 0;
}

int
loop_unsubscribe(struct request *r, json_t **ret_result, struct err *e)
{
	*ret_result = json_object();
	if (!*ret_result)
		return err_nomem(e);
	feed_unsubscribe(r->conn);
	return 0;
}

/* --- the table ------------------------------------------------------------ */
#define TOOL(name, ...)	     [TOOL_##name] = NULL,
#define LOOP_TOOL(name, ...) [TOOL_##name] = loop_##name,
static const loop_method_fn methods[TOOL_MAX] = {
#include "common/contract/tools/all.def"
};

loop_method_fn
loop_method_of(const struct tool *t)
{
	return methods[t - tools];
}

int
loop_method_run(struct request *r, json_t **ret_result, struct err *e)
{
	int rc = loop_method_of(r->job.tool)(r, ret_result, e);

#ifdef MEMORY_TEST_BUILD
	if (rc != 0)
		return rc;
	rc = tool_check_reply(r->job.tool, *ret_result, e);
#endif
	return rc;
}
