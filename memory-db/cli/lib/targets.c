/* The options that install and uninstall share, and which rows of clients they
 * mean. A client that is named is meant in any case; without a name all that
 * are installed are, and one client that fails is one line among the others. */
#include "memory-db/cli/lib/targets.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/diff.h"
#include "memory-db/cli/lib/hookfile.h"
#include "memory-db/cli/lib/out.h"

/* Names that every client takes. */
static bool
is_server_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isascii(name[i]) ||
			(!isalnum((unsigned char)name[i]) && name[i] != '_' &&
				name[i] != '-'))
			return false;
	return n >= 1 && n <= 64;
}

static int
unknown_client(const char *name)
{
	const char *list[128] = {0}, *near;
	AUTO_BUF struct buf names = {0};

	for (size_t i = 0; i < clients_n && i < ARRAY_LEN(list) - 1; i++)
		list[i] = clients[i].name;
	near = text_nearest(name, list);
	if (clients_names(&names) != 0)
		return cli_nomem();
	return cli_fail(CLI_USAGE, "no client '%s'%s%s%s; known: %s", name,
		near ? "; similar: '" : "", near ? near : "", near ? "'" : "",
		names.data);
}

bool
targets_is_all(const struct targets *t)
{
	return t->client && strcmp(t->client, "all") == 0;
}

int
targets_read(const struct targets *t, struct connect *w)
{
	AUTO_BUF struct buf names = {0};
	bool is_project = strcmp(t->scope, "project") == 0;

	if (!t->client) {
		if (clients_names(&names) != 0)
			return cli_nomem();
		return cli_fail(CLI_USAGE,
			"which client? --client all (those that are installed "
			"here) or one of: %s",
			names.data);
	}
	if (!targets_is_all(t) && !clients_named(t->client))
		return unknown_client(t->client);
	if (!is_project && strcmp(t->scope, "user") != 0)
		return cli_fail(CLI_USAGE,
			"--scope is user or project, not '%s'", t->scope);
	if (!is_server_name(t->name))
		return cli_fail(CLI_USAGE,
			"--name has 1 to 64 letters, digits, '-' and '_', not "
			"'%s'",
			t->name);
	if (t->file && targets_is_all(t))
		return cli_fail(CLI_USAGE,
			"--file is of one client: name it with --client");
	w->name = t->name;
	w->file = t->file;
	w->is_project = is_project;
	w->is_dry_run = t->is_dry_run;
	return CLI_OK;
}

bool
targets_means(const struct targets *t, const struct client *cl)
{
	if (targets_is_all(t))
		return true;
	if (strcmp(cl->name, t->client) != 0)
		return false;
	/* The first row of a name always, another one where it is in use. */
	return clients_named(t->client) == cl ||
	       (!t->file && clients_is_here(cl));
}

static bool
is_done(const struct connected *r)
{
	return strcmp(r->action, "added") == 0 ||
	       strcmp(r->action, "updated") == 0 ||
	       strcmp(r->action, "replaced") == 0 ||
	       strcmp(r->action, "removed") == 0;
}

static void
print_snippet(const struct connected *r)
{
	if (r->snippet.len == 0)
		return;
	fputs("  add this by hand", stdout);
	if (r->file[0] != '\0') {
		fputs(" to ", stdout);
		out_text(stdout, r->file);
	}
	fputs(":\n", stdout);
	/* Its lines are ours; the paths in them come from options. */
	for (const char *s = r->snippet.data, *end = s + r->snippet.len;
		s < end;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t n = nl ? (size_t)(nl - s) : (size_t)(end - s);
		AUTO_BUF struct buf line = {0};

		if (buf_add(&line, s, n) == 0 && buf_str(&line)) {
			fputs("    ", stdout);
			out_text(stdout, line.data);
			putchar('\n');
		}
		s += n + 1;
	}
}

static void
print_after(const struct targets *t, const struct connected *r, bool is_list)
{
	bool is_removed = strcmp(r->action, "removed") == 0;
	const char *after = r->is_hooks ? hookfile_of(r->client->name)->trust
					: r->client->after;

	if (r->backup[0] != '\0') {
		fputs(is_list ? "  backup: " : "backup: ", stdout);
		out_text(stdout, r->backup);
		putchar('\n');
	}
	if (!t->is_dry_run && is_done(r) && !is_removed && !is_list)
		printf("Start %s anew to use %s.\n", r->client->title,
			r->is_hooks ? "them" : "it");
	if (after && is_done(r) && !is_removed)
		printf("%s%s.\n", is_list ? "  " : "", after);
	if (r->import[0] != '\0') {
		fputs("What the reference memory server remembered is taken "
		      "over by:\n  memoryctl import ",
			stdout);
		out_text(stdout, r->import);
		putchar('\n');
	}
}

void
targets_print(const struct cli *c, const struct targets *t,
	const struct connected *r, bool is_list)
{
	bool is_removal = strcmp(r->action, "removed") == 0 ||
			  strcmp(r->action, "absent") == 0;
	const char *where = is_removal ? "from" : "in";

	if (strcmp(r->action, "failed") == 0) {
		cli_fail(CLI_PROBLEM, "%s%s%s", is_list ? r->client->title : "",
			is_list ? ": " : "", r->err.text);
		if (!c->quiet && !c->json)
			print_snippet(r);
		return;
	}
	if (c->quiet)
		return;
	if (t->is_dry_run && is_done(r))
		diff_print(c, r->file, r->before.data, r->before.len,
			r->after.data, r->after.len);
	if (is_list)
		printf("%s: ", r->client->title);
	if (strcmp(r->action, "by hand") == 0) {
		printf("memoryctl cannot edit its settings%s%s\n",
			r->client->after ? ". " : "",
			r->client->after ? r->client->after : "");
		print_snippet(r);
		return;
	}
	if (r->is_hooks) {
		fputs("hooks ", stdout);
	} else {
		fputs("server '", stdout);
		out_text(stdout, t->name);
		fputs("' ", stdout);
	}
	if (strcmp(r->action, "added") == 0)
		where = "to";
	printf("%s%s %s ", t->is_dry_run && is_done(r) ? "would be " : "",
		r->action, where);
	out_text(stdout, r->file);
	putchar('\n');
	print_after(t, r, is_list);
}

json_t *
targets_json(const struct targets *t, const struct connected *r)
{
	bool is_failed = strcmp(r->action, "failed") == 0;
	/* A path of another encoding cannot be told in JSON. */
	bool is_text = text_is_utf8(r->file, strlen(r->file)) &&
		       text_is_utf8(r->backup, strlen(r->backup));

	return json_pack("{s:s,s:s,s:s*,s:s,s:s,s:b,s:s*,s:s*,s:s*,s:s*}",
		"client", r->client->name, "what",
		r->is_hooks ? "hooks" : "server", "file",
		is_text && r->file[0] ? r->file : NULL, "server", t->name,
		"action", r->action, "dry_run", t->is_dry_run, "backup",
		is_text && r->backup[0] ? r->backup : NULL, "import",
		r->import[0] ? r->import : NULL, "error",
		is_failed ? r->err.text : NULL, "snippet",
		r->snippet.len > 0
			? buf_str((struct buf *)(uintptr_t)&r->snippet)
			: NULL);
}

int
targets_tell(const struct cli *c, const struct targets *t,
	const struct connected *r, int rc, bool is_list, json_t *results)
{
	if (rc == MDB_E_NOMEM)
		return cli_nomem();
	if (!c->json || rc != 0)
		targets_print(c, t, r, is_list);
	if (jx_add(results, targets_json(t, r)) != 0)
		return cli_nomem();
	if (rc == 0)
		return CLI_OK;
	return rc == MDB_E_STORE ? CLI_SYSTEM : CLI_PROBLEM;
}
