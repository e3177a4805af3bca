/* One line and an exit code for what looks after services: cron, systemd, a
 * container's health check. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"

/* "a; b; c" of what is wrong; empty when nothing is. */
static int
cmd_health_add(struct buf *b, const char *text)
{
	if (b->len > 0 && buf_add(b, "; ", 2) != 0)
		return MDB_E_NOMEM;
	return buf_add(b, text, strlen(text));
}

static int
cmd_health_problems(const json_t *health, struct buf *b)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(health, "problems"), i, p)
		if (json_is_string(p) &&
			cmd_health_add(b, json_string_value(p)) != 0)
			return MDB_E_NOMEM;
	if (b->len > 0 || strcmp(cli_str(health, "state", "ok"), "ok") == 0)
		return 0;
	return cmd_health_add(b, cli_str(health, "state", "?"));
}

/* Tasks whose last run failed: what they do is late, not lost. */
static int
cmd_health_tasks(const json_t *tasks, struct buf *b)
{
	AUTO_BUF struct buf line = {0};
	const json_t *t;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)tasks, i, t) {
		if (strcmp(cli_str(t, "outcome", ""), "failed") != 0)
			continue;
		line.len = 0;
		if (buf_addf(&line, "the task %s failed: %s",
			    cli_str(t, "name", "?"),
			    cli_str(t, "error", "?")) != 0 ||
			!buf_str(&line) || cmd_health_add(b, line.data) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static int
cmd_health_print(const struct cli *c, const json_t *reply,
	const struct buf *wrong)
{
	const json_t *sizes = json_object_get(reply, "sizes");
	bool is_ok = wrong->len == 0;
	AUTO_JSON json_t *out = NULL;

	if (c->json) {
		out = json_pack("{s:b, s:s}", "healthy", is_ok, "problems",
			is_ok ? "" : wrong->data);
		return !out ? cli_nomem() : cli_print_json(c, out);
	}
	if (c->quiet)
		return CLI_OK;
	fputs(is_ok ? "healthy: " : "unhealthy: ", stdout);
	if (is_ok)
		printf("%lld entities, %lld MB free",
			(long long)cli_int(reply, "total_entities", 0),
			(long long)cli_int(sizes, "disk_free_bytes", 0) /
				1000000);
	else
		out_text(stdout, wrong->data);
	putchar('\n');
	return CLI_OK;
}

/* What the service says of itself. */
static int
cmd_health_ask(struct cli *c, json_t **ret_reply, struct buf *wrong)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW,
		&reply);

	if (rc != CLI_OK)
		return rc;
	cli_strip(reply);
	if (cmd_health_problems(json_object_get(reply, "health"), wrong) != 0 ||
		cmd_health_tasks(json_object_get(reply, "background"), wrong) !=
			0)
		return cli_nomem();
	json_decref(*ret_reply);
	*ret_reply = take_ptr(reply);
	return CLI_OK;
}

/* The service says what it met, and one that nobody asks meets nothing: locks that
 * are refused, say. So it is made to read something. */
static int
cmd_health_read(struct cli *c, struct buf *why)
{
	AUTO_JSON json_t *reply = NULL;
	bool is_refused = false;
	char *line = NULL;
	int rc = cli_call_raw(c, "list_namespaces", "{}", &line, &is_refused);

	if (rc != CLI_OK)
		return rc;
	if (is_refused)
		reply = jx_parse(line, strlen(line), NULL);
	memory_free(line);
	if (is_refused && buf_addf(why, "a read fails: %s",
				  cli_str(reply, "error", "?")) != 0)
		return cli_nomem();
	return CLI_OK;
}

static int
cmd_health_look(struct cli *c, json_t **ret_reply, struct buf *wrong)
{
	AUTO_BUF struct buf why = {0};
	int rc = cmd_health_ask(c, ret_reply, wrong);

	if (rc != CLI_OK || wrong->len > 0)
		return rc;
	rc = cmd_health_read(c, &why);
	if (rc != CLI_OK || why.len == 0)
		return rc;
	/* Now it has met it. */
	rc = cmd_health_ask(c, ret_reply, wrong);
	if (rc != CLI_OK || wrong->len > 0)
		return rc;
	return buf_str(&why) && cmd_health_add(wrong, why.data) == 0
		       ? CLI_OK
		       : cli_nomem();
}

static int
cmd_health_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_BUF struct buf wrong = {0};
	int rc;

	(void)argc;
	(void)argv;
	/* The question is whether it runs: starting it would be the answer. */
	c->no_spawn = true;
	/* It is well or not, wherever one stands. */
	c->namespace_ = "default";
	c->is_named = true;
	rc = cmd_health_look(c, &reply, &wrong);
	if (rc != CLI_OK)
		return rc;
	if (!buf_str(&wrong))
		return cli_nomem();
	rc = cmd_health_print(c, reply, &wrong);
	return rc == CLI_OK && wrong.len > 0 ? CLI_PROBLEM : rc;
}

const struct cli_command cli_cmd_health = {
	.name = "health",
	.args = "",
	.summary = "one line and an exit code, for cron and containers",
	.about =
		"Says in one line whether memory-db is well, and ends with 0 "
		"when it is, with 1 when something must be looked at (its "
		"disk, its file, a task that fails, a read that is refused), "
		"with 111 when nobody answers. Never starts the service. `doctor` says what to "
		"do.",
	.run = cmd_health_run,
};
