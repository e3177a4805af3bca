/* embed: shows or sets where vectors come from, in memory-db.conf. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/client/settings.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/conffile.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/restart.h"

static const char *model, *key_file;
static bool confirm;

static const struct conf_opt opts[] = {
	CLI_TEXT("model", &model, "NAME",
		"the model that an endpoint is asked "
		"for"),
	CLI_TEXT("key-file", &key_file, "FILE",
		"its first line is the key of "
		"the endpoint"),
	CLI_FLAG("confirm", &confirm,
		"let the texts of the memory go to that "
		"endpoint"),
};

/* What is to be written, and where. */
struct cmd_embed_plan {
	char spec[PATH_MAX + 16], key_path[PATH_MAX];
	const char *model;
	char *path;	      /* owned; of memory-db.conf */
	const json_t *status; /* of the service that runs; NULL: none */
};

static bool
is_endpoint(const char *spec)
{
	return strncmp(spec, "http", 4) == 0;
}

/* Without the scheme and what stands behind "?", which may be secret. */
static void
host_of(const char *spec, char *out, size_t size)
{
	const char *at = strstr(spec, "://");

	at = at ? at + 3 : spec;
	snprintf(out, size, "%.*s", (int)strcspn(at, "/?#"), at);
}

/* --- what was asked for --------------------------------------------------- */

static int
read_spec(const char *arg, struct cmd_embed_plan *p)
{
	char folder[PATH_MAX];
	struct stat st;
	int rc;

	if (strcmp(arg, "off") == 0)
		arg = "none";
	snprintf(p->spec, sizeof(p->spec), "%s", arg);
	if (strncmp(arg, "static:", 7) == 0) {
		if ((rc = cli_absolute(arg + 7, folder, sizeof(folder))) != 0)
			return rc;
		if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
			return cli_fail(CLI_USAGE,
				"%s is no folder; it should "
				"hold model.safetensors and tokenizer.json",
				folder);
		snprintf(p->spec, sizeof(p->spec), "static:%s", folder);
	} else if (!is_endpoint(arg) && strcmp(arg, "hash") != 0 &&
		   strcmp(arg, "none") != 0) {
		return cli_fail(CLI_USAGE,
			"'%s' is no provider; right would "
			"be one of off, hash, static:FOLDER, http://HOST... "
			"or https://HOST...",
			arg);
	}
	if (is_endpoint(arg) && !model)
		return cli_fail(CLI_USAGE, "an endpoint needs the name of the "
					   "model to ask for: --model NAME");
	if (!is_endpoint(arg) && (model || key_file))
		return cli_fail(CLI_USAGE,
			"--model and --key-file belong to "
			"an endpoint (http://..., https://...)");
	p->model = model;
	return !key_file ? CLI_OK
			 : cli_absolute(key_file, p->key_path,
				   sizeof(p->key_path));
}

/* The file lies beside the database that is served; else beside the one that
 * would be. */
static int
find_file(const struct cli *c, struct cmd_embed_plan *p)
{
	const char *served =
		cli_str(json_object_get(p->status, "database"), "path", NULL);
	const char *home = getenv("HOME");
	char path[PATH_MAX];
	struct err e = {0};
	int rc = CLI_OK;

	if (served)
		snprintf(path, sizeof(path), "%s", served);
	else if (c->database && c->database[0] != '\0')
		rc = cli_absolute(c->database, path, sizeof(path));
	else if (home && home[0] == '/')
		snprintf(path, sizeof(path), "%s/.memories/memory.db", home);
	else
		rc = cli_fail(CLI_USAGE, "no database is known: set HOME or "
					 "MEMORY_DB_PATH");
	if (rc != CLI_OK)
		return rc;
	return settings_file(path, &p->path, &e) != 0 ? cli_fail_err(&e) : rc;
}

/* --- showing -------------------------------------------------------------- */

static int
cmd_embed_show(struct cli *c)
{
	AUTO_JSON json_t *status = NULL;
	struct cmd_embed_plan p = {0};
	const json_t *x;
	int rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW,
		&status);

	if (rc != CLI_OK)
		return rc;
	x = json_object_get(status, "embedding");
	if (c->json)
		return cli_print_json(c, x);
	p.status = status;
	if ((rc = find_file(c, &p)) != CLI_OK)
		return rc;
	printf("vectors come from: ");
	out_text(stdout, cli_str(x, "model", cli_str(x, "provider", "none")));
	if (cli_int(x, "vectors", -1) >= 0)
		printf(" (%lld vectors, %s)",
			(long long)cli_int(x, "vectors", 0),
			cli_str(x, "state", "?"));
	printf("\nsettings: ");
	out_text(stdout, p.path);
	putchar('\n');
	free(p.path);
	return CLI_OK;
}

/* --- asking --------------------------------------------------------------- */

/* Whether the file names this endpoint already. */
static bool
cmd_embed_is_known(const char *text, const char *host)
{
	char line[PATH_MAX], known[PATH_MAX];

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *sign;

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		sign = strchr(line, '=');
		if (strncmp(line, "embed", 5) == 0 && sign &&
			strspn(line + 5, " \t") == (size_t)(sign - line - 5)) {
			host_of(sign + 1 + strspn(sign + 1, " \t"), known,
				sizeof(known));
			if (strcmp(known, host) == 0)
				return true;
		}
		text += len + (text[len] == '\n');
	}
	return false;
}

/* A new endpoint gets every text: that is said before, with their number. */
static int
cmd_embed_ask(struct cli *c, const struct cmd_embed_plan *p, const char *text)
{
	AUTO_JSON json_t *status = NULL;
	char host[PATH_MAX], n[OUT_NUMBER_SIZE];
	int rc;

	if (!is_endpoint(p->spec))
		return CLI_OK;
	host_of(p->spec, host, sizeof(host));
	if (cmd_embed_is_known(text, host))
		return CLI_OK;
	rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW, &status);
	if (rc != CLI_OK)
		return rc;
	out_count(cli_int(status, "total_observations", 0), n);
	if (confirm) {
		cli_note(c, "%s texts, and every question, go to %s", n, host);
		return CLI_OK;
	}
	return cli_fail(CLI_PROBLEM,
		"nothing was changed: the %s texts of all "
		"projects in this memory, those to come and every question "
		"would go to %s. If that is meant, say it again with "
		"--confirm",
		n, host);
}

/* --- doing it ------------------------------------------------------------- */

static int
cmd_embed_write_file(const struct cmd_embed_plan *p, const char *text,
	struct err *e)
{
	AUTO_BUF struct buf out = {0};
	const bool off = strcmp(p->spec, "none") == 0;
	const struct conffile_line lines[] = {
		{"embed", off ? NULL : p->spec},
		{"embed-model", p->model},
		{"embed-key-file", p->key_path[0] ? p->key_path : NULL},
	};
	int rc = conffile_set(text, lines, ARRAY_LEN(lines), &out, e);

	if (rc != 0)
		return rc;
	return conffile_write(p->path, &out, e);
}

/* Ends a service that a client started, and starts it with the new file. */
static int
restart(struct cli *c, const struct running *r)
{
	AUTO_JSON json_t *status = NULL;
	int rc = restart_end(c, r);

	if (rc != CLI_OK)
		return rc;
	rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW, &status);
	if (rc != CLI_OK)
		return rc;
	if (!c->quiet)
		printf("memory-db was started anew: vectors come from %s\n",
			cli_str(json_object_get(status, "embedding"),
				"provider", "none"));
	return CLI_OK;
}

static int
cmd_embed_apply(struct cli *c, const struct cmd_embed_plan *p,
	const struct running *r, const struct buf *before)
{
	struct err e = {0};
	int rc;

	if (r->is_there && !r->is_spawned) {
		cli_note(c,
			"memory-db (process %ld) was started by an "
			"operator: it goes by %s from its next start, unless "
			"an option or its environment says otherwise "
			"(systemctl restart memory-db)",
			r->pid, p->path);
		return CLI_OK;
	}
	if (!r->is_there) {
		cli_note(c,
			"written to %s; the next client starts memory-db "
			"with it",
			p->path);
		return CLI_OK;
	}
	rc = restart(c, r);
	/* A service that does not start serves nobody: back to what worked. */
	if (rc != CLI_OK && conffile_write(p->path, before, &e) == 0)
		cli_note(c, "%s was put back as it was", p->path);
	return rc;
}

/* What is asked for, and what is there now. */
static int
cmd_embed_look(struct cli *c, const char *arg, struct cmd_embed_plan *p,
	struct running *r, json_t **ret_status)
{
	int rc = read_spec(arg, p);

	if (rc != CLI_OK)
		return rc;
	rc = restart_look(c, r);
	if (rc != CLI_OK)
		return rc;
	if (r->is_there)
		rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW,
			ret_status);
	if (rc != CLI_OK)
		return rc;
	p->status = *ret_status;
	return find_file(c, p);
}

static int
cmd_embed_set(struct cli *c, const char *arg)
{
	AUTO_JSON json_t *status = NULL;
	AUTO_BUF struct buf text = {0};
	AUTO_FREE char *path = NULL;
	struct cmd_embed_plan p = {0};
	struct running r = {0};
	struct err e = {0};
	int rc = cmd_embed_look(c, arg, &p, &r, &status);

	path = p.path;
	if (rc != CLI_OK)
		return rc;
	if (conffile_read(p.path, &text, &e) != 0)
		return cli_fail_err(&e);
	if (!buf_str(&text))
		return cli_nomem();
	if ((rc = cmd_embed_ask(c, &p, text.data)) != CLI_OK)
		return rc;
	/* Asking may have started one. */
	if (!r.is_there && c->client && (rc = restart_look(c, &r)) != CLI_OK)
		return rc;
	if (cmd_embed_write_file(&p, text.data, &e) != 0)
		return cli_fail_err(&e);
	return cmd_embed_apply(c, &p, &r, &text);
}

static int
cmd_embed_run(struct cli *c, int argc, char **argv)
{
	return argc == 0 ? cmd_embed_show(c) : cmd_embed_set(c, argv[0]);
}

const struct cli_command cli_cmd_embed = {
	.name = "embed",
	.args = "[off | hash | static:FOLDER | URL]",
	.summary = "show or set where vectors of texts come from",
	.about = "With vectors recall finds what is near in meaning, too. The "
		 "provider is written to memory-db.conf beside the database, "
		 "and a service that a client started is started anew. An "
		 "endpoint (URL, with --model) gets every text of the memory: "
		 "a new one needs --confirm, and without it the number of "
		 "texts is told. Without arguments: what is in use.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.run = cmd_embed_run,
};
