/* The way to the service: probe or start it, connect, call, explain. An error
 * of the service is written for whoever calls methods; here it is put into the
 * words of the command line, so that "parameter `name`" becomes the argument
 * that the person typed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/sock.h"
#include "common/client/spawn.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/session.h"
#include "memory-db/cli/lib/where.h"
#include "memory-db/cli/lib/words.h"

/* Milliseconds for a freshly started service to listen: a migration of a
 * large database does not count, it answers busy meanwhile. */
#define START_MS 10000

int
cli_absolute(const char *path, char *out, size_t size)
{
	size_t n = 0;
	int len;

	if (path[0] != '/') {
		if (!getcwd(out, size))
			return cli_fail(CLI_SYSTEM,
				"cannot tell the working "
				"directory: %m; give an absolute path instead "
				"of %s",
				path);
		n = strlen(out);
	}
	len = snprintf(out + n, size - n, "%s%s", n > 0 ? "/" : "", path);
	if (len < 0 || (size_t)len >= size - n)
		return cli_fail(CLI_USAGE, "the path %s is too long", path);
	return CLI_OK;
}

int
cli_client_options(const struct cli *c, struct memory_options *ret, char *path,
	size_t path_size)
{
	*ret = (struct memory_options){
		.size = sizeof(*ret),
		.socket = c->socket,
		.client = "memoryctl " MEMORY_VERSION,
		.namespace_ = c->namespace_,
		.branch = c->branch,
		.timeout_ms = (int)(c->timeout_s * 1000),
		.is_bulk = c->command && c->command->is_bulk,
	};
	if (!c->database || c->database[0] == '\0')
		return CLI_OK;
	if (cli_absolute(c->database, path, path_size) != 0)
		return CLI_SYSTEM;
	ret->expect_database = path;
	return CLI_OK;
}

/* With --no-spawn: whether somebody listens, told at once instead of after
 * the retries of the client library. */
static int
call_probe(const struct cli *c)
{
	char path[SOCK_PATH_SIZE];
	AUTO_FD int fd = -1;
	struct err e = {0};

	if (sock_path(c->socket, path, NULL, &e) != 0)
		return cli_fail_err(&e);
	if (sock_connect(path, 2000, &fd, &e) != 0)
		return cli_fail(CLI_SYSTEM,
			"%s. memoryctl status starts it, "
			"memoryctl doctor says more",
			e.text);
	return CLI_OK;
}

/* Somebody listens, or the error was printed. */
static int
ensure_service(const struct cli *c, const char *database)
{
	int rc = CLI_OK;

	if (c->no_spawn) {
		rc = call_probe(c);
	} else {
		struct err e = {0};
		const struct spawn_options spawn = {.socket = c->socket,
			.database = database,
			.timeout_ms = START_MS};

		if (spawn_service(&spawn, &e) != 0)
			rc = cli_fail(CLI_SYSTEM,
				"%s. memoryctl doctor says "
				"more",
				e.text);
	}
	return rc;
}

int
cli_connect(struct cli *c)
{
	struct memory_options options;
	char path[4096], session[SESSION_SIZE];
	bool again = false;
	int rc;

	if (c->client)
		return CLI_OK;
	if ((rc = cli_client_options(c, &options, path, sizeof(path))) != 0 ||
		(rc = ensure_service(c, options.expect_database)) != CLI_OK)
		return rc;
	session_name(session);
	options.session = session;
	c->client = memory_client_new(&options);
	if (!c->client)
		return cli_nomem();
	rc = where_decide(c, &again);
	if (rc != CLI_OK || !again)
		return rc;
	options.namespace_ = c->namespace_;
	memory_client_free(c->client);
	c->client = memory_client_new(&options);
	return !c->client ? cli_nomem() : CLI_OK;
}

int
cli_call_raw(struct cli *c, const char *method, const char *params,
	char **ret_reply, bool *ret_refused)
{
	int rc = cli_connect(c);

	if (rc != CLI_OK)
		return rc;
	rc = memory_client_call(c->client, method, params, ret_reply);
	*ret_refused = rc == MEMORY_REFUSED;
	if (rc == MEMORY_OK || rc == MEMORY_REFUSED)
		return CLI_OK;
	return cli_fail(rc == MEMORY_BAD_ARGUMENT ? CLI_USAGE : CLI_SYSTEM,
		"%s", memory_client_error(c->client));
}

/* "no entity 'bob'...": which of the arguments that is. */
static bool
is_about(struct cli *c, const char *text)
{
	static const char begin[] = "no entity '";
	size_t n;

	if (strncmp(text, begin, sizeof(begin) - 1) != 0)
		return false;
	text += sizeof(begin) - 1;
	for (int i = 0; i < c->argc; i++) {
		n = strlen(c->argv[i]);
		if (n == 0 || strncmp(text, c->argv[i], n) != 0 ||
			text[n] != '\'')
			continue;
		c->asked = c->argv[i];
		return true;
	}
	return false;
}

/* What a refusal means for the person at the terminal. */
static int
call_explain(struct cli *c, const char *reply)
{
	AUTO_BUF struct buf plain = {0};
	struct err e = {0};
	AUTO_JSON json_t *j = jx_parse(reply, strlen(reply), &e);
	const char *text, *code;
	int rc;

	if (!j)
		return cli_fail(CLI_SYSTEM, "the service answered: %s", reply);
	text = cli_str(j, "error", "refused without a reason");
	code = cli_str(j, "code", "internal");
	/* Who calls methods knows their words. */
	if ((c->command->is_raw ? buf_adds(&plain, text)
				: words_for_people(text, &plain)) ||
		!buf_str(&plain))
		return cli_nomem();
	rc = cli_fail(cli_exit_of(err_code_of(code)), "%s (%s)", plain.data,
		code);
	if (strcmp(code, "not_found") == 0 && is_about(c, text))
		where_tell_entity(c);
	return rc;
}

int
cli_call_text(struct cli *c, const char *method, const char *params,
	char **ret_reply)
{
	bool is_refused;
	char *reply = NULL;
	int rc = cli_call_raw(c, method, params, &reply, &is_refused);

	if (rc != CLI_OK)
		return rc;
	if (is_refused) {
		rc = call_explain(c, reply);
		memory_free(reply);
	} else {
		*ret_reply = reply;
	}
	return rc;
}

json_t *
cli_point(const char *text)
{
	int64_t id;

	if (conf_int(text, 0, INT64_MAX, &id) == 0)
		return json_integer(id);
	return json_string(text);
}

/* Where the call goes, when that is not where the connection goes. */
static int
add_place(const struct cli *c, json_t *params)
{
	if (!c->in || json_object_get(params, "namespace") != NULL)
		return 0;
	return jx_set(params, "namespace", json_string(c->in));
}

int
cli_ask(struct cli *c, const char *method, json_t *params_new,
	json_t **ret_reply)
{
	AUTO_JSON json_t *params = params_new, *j = NULL;
	AUTO_BUF struct buf b = {0};
	bool is_refused = false;
	char *reply = NULL;
	int rc;

	if (!params || add_place(c, params) != 0 || jx_dump(params, &b) != 0 ||
		!buf_str(&b))
		return cli_nomem();
	rc = cli_call_raw(c, method, b.data, &reply, &is_refused);
	if (rc != CLI_OK)
		return rc;
	j = is_refused ? NULL : jx_parse(reply, strlen(reply), NULL);
	memory_free(reply);
	if (!j)
		return CLI_PROBLEM;
	*ret_reply = take_ptr(j);
	return CLI_OK;
}

int
cli_call(struct cli *c, const char *method, json_t *params_new, int with_as_of,
	json_t **ret_reply)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_BUF struct buf b = {0};
	struct err e = {0};
	char *reply = NULL;
	const char *text;
	json_t *j;
	int rc;

	if (!params)
		return cli_fail(CLI_USAGE, "an argument is no valid UTF-8");
	if (with_as_of && c->as_of &&
		jx_set(params, "as_of", cli_point(c->as_of)) != 0)
		return cli_fail(CLI_USAGE, "--as-of is no valid UTF-8");
	if (add_place(c, params) != 0 || jx_dump(params, &b) != 0 ||
		(text = buf_str(&b)) == NULL)
		return cli_nomem();
	if ((rc = cli_call_text(c, method, text, &reply)) != CLI_OK)
		return rc;
	j = jx_parse(reply, strlen(reply), &e);
	memory_free(reply);
	if (!j)
		return cli_fail(CLI_SYSTEM,
			"the reply of the service cannot be "
			"read: %s",
			e.text);
	*ret_reply = j;
	return CLI_OK;
}
