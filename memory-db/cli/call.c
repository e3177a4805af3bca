/* The way to the service: probe or start it, connect, call, explain. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/sock.h"
#include "common/spawn.h"
#include "common/text.h"
#include "memory-db/cli/cli.h"

/* Milliseconds for a freshly started service to listen: a migration of a
 * large database does not count, it answers busy meanwhile. */
#define START_MS 10000

int
cli_absolute(const char *path, char *out, size_t size)
{
	size_t n = 0;
	int len;

	if (path[0] != '/') {
		if (getcwd(out, size) == NULL)
			return cli_fail(CLI_SYSTEM, "cannot tell the working "
				"directory: %m; give an absolute path instead "
				"of %s", path);
		n = strlen(out);
	}
	len = snprintf(out + n, size - n, "%s%s", n > 0 ? "/" : "", path);
	if (len < 0 || (size_t)len >= size - n)
		return cli_fail(CLI_USAGE, "the path %s is too long", path);
	return CLI_OK;
}

int
cli_client_options(const struct cli *c, struct memory_options *ret,
	char *path, size_t path_size)
{
	*ret = (struct memory_options){
		.size = sizeof(*ret),
		.socket = c->socket,
		.client = "memoryctl " MEMORY_VERSION,
		.namespace_ = c->namespace_,
		.branch = c->branch,
		.timeout_ms = (int)(c->timeout_s * 1000),
	};
	if (c->database == NULL || c->database[0] == '\0')
		return CLI_OK;
	if (cli_absolute(c->database, path, path_size) != 0)
		return CLI_SYSTEM;
	ret->expect_database = path;
	return CLI_OK;
}

/* With --no-spawn: whether somebody listens, told at once instead of after
 * the retries of the client library. */
static int
probe(const struct cli *c)
{
	char path[SOCK_PATH_SIZE];
	AUTO_FD int fd = -1;
	struct err e = {0};

	if (sock_path(c->socket, path, NULL, &e) != 0)
		return cli_fail_err(&e);
	if (sock_connect(path, 2000, &fd, &e) != 0)
		return cli_fail(CLI_SYSTEM, "%s. memoryctl status starts it, "
			"memoryctl doctor says more", e.text);
	return CLI_OK;
}

static int
ensure_client(struct cli *c)
{
	struct memory_options options;
	char path[4096];
	int rc;

	if (c->client != NULL)
		return CLI_OK;
	if ((rc = cli_client_options(c, &options, path, sizeof(path))) != 0)
		return rc;
	if (c->no_spawn) {
		rc = probe(c);
	} else {
		struct err e = {0};
		const struct spawn_options spawn = {.socket = c->socket,
			.database = options.expect_database,
			.timeout_ms = START_MS};

		if (spawn_service(&spawn, &e) != 0)
			rc = cli_fail(CLI_SYSTEM, "%s. memoryctl doctor says "
				"more", e.text);
	}
	if (rc != CLI_OK)
		return rc;
	c->client = memory_client_new(&options);
	return c->client == NULL ? cli_nomem() : CLI_OK;
}

int
cli_call_raw(struct cli *c, const char *method, const char *params,
	char **ret_reply, bool *ret_refused)
{
	int rc = ensure_client(c);

	if (rc != CLI_OK)
		return rc;
	rc = memory_client_call(c->client, method, params, ret_reply);
	*ret_refused = rc == MEMORY_REFUSED;
	if (rc == MEMORY_OK || rc == MEMORY_REFUSED)
		return CLI_OK;
	return cli_fail(rc == MEMORY_BAD_ARGUMENT ? CLI_USAGE : CLI_SYSTEM,
		"%s", memory_client_error(c->client));
}

/* What a refusal means for the person at the terminal. */
static int
explain(const char *reply)
{
	struct err e = {0};
	AUTO_JSON json_t *j = jx_parse(reply, strlen(reply), &e);
	const char *text, *code;

	if (j == NULL)
		return cli_fail(CLI_SYSTEM, "the service answered: %s", reply);
	text = cli_str(j, "error", "refused without a reason");
	code = cli_str(j, "code", "internal");
	return cli_fail(cli_exit_of(err_code_of(code)), "%s (%s)", text, code);
}

int
cli_call_text(struct cli *c, const char *method, const char *params,
	char **ret_reply)
{
	bool is_refused;
	char *reply = NULL;
	int rc = cli_call_raw(c, method, params, &reply, &is_refused);

	if (rc == CLI_OK && is_refused) {
		rc = explain(reply);
		memory_free(reply);
	} else if (rc == CLI_OK) {
		*ret_reply = reply;
	}
	return rc;
}

json_t *
cli_point(const char *text)
{
	int64_t id;

	if (text_int(text, 0, INT64_MAX, &id) == 0)
		return json_integer(id);
	return json_string(text);
}

int
cli_call(struct cli *c, const char *method, json_t *params_new,
	int with_as_of, json_t **ret_reply)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_BUF struct buf b = {0};
	struct err e = {0};
	char *reply = NULL;
	const char *text;
	json_t *j;
	int rc;

	if (params == NULL)
		return cli_fail(CLI_USAGE, "an argument is no valid UTF-8");
	if (with_as_of && c->as_of != NULL && jx_set(params, "as_of",
		cli_point(c->as_of)) != 0)
		return cli_fail(CLI_USAGE, "--as-of is no valid UTF-8");
	if (jx_dump(params, &b) != 0 || (text = buf_str(&b)) == NULL)
		return cli_nomem();
	if ((rc = cli_call_text(c, method, text, &reply)) != CLI_OK)
		return rc;
	j = jx_parse(reply, strlen(reply), &e);
	memory_free(reply);
	if (j == NULL)
		return cli_fail(CLI_SYSTEM, "the reply of %s cannot be read: "
			"%s", method, e.text);
	*ret_reply = j;
	return CLI_OK;
}
