/* history: the changes of the memory, the newest first, or of one entity. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/changes.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/where.h"

static int64_t limit = 20;
static const char *since, *until, *session;
static bool is_full;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000000, "N",
		"at most this many changes (20)"),
	CLI_TEXT("since", &since, "WHEN", "only changes from then on"),
	CLI_TEXT("until", &until, "WHEN", "only changes up to then"),
	CLI_TEXT("session", &session, "ID", "only what this session wrote"),
	CLI_FLAG("full", &is_full, "all facts of large changes"),
};

/* What one change did to the whole memory; the lists of the log end early. */
static int
print_whole(struct cli *c, const json_t *ch)
{
	struct pages pages = {"memory_diff", "entities", CLI_NOW, 0,
		changes_page, NULL, 0, false};
	int64_t id = cli_int(ch, "change", 0);

	return pages_read(c, &pages,
		json_pack("{s:I,s:I}", "from", (json_int_t)(id - 1), "to",
			(json_int_t)id));
}

static int
cmd_history_print_lists(const struct cli *c, const json_t *ch)
{
	const json_t *added = json_object_get(ch, "added");
	const json_t *removed = json_object_get(ch, "removed");
	size_t most = is_full ? SIZE_MAX : FACTS_SHOWN;
	int64_t more = cli_int(ch, "more", 0);

	if (facts_print(c, added, most, '+', OUT_GREEN) != 0 ||
		facts_print(c, removed, most, '-', OUT_RED) != 0 ||
		facts_print_set(c, json_object_get(ch, "set")) != 0)
		return cli_nomem();
	if (json_array_size(added) > most)
		more += (int64_t)(json_array_size(added) - most);
	if (json_array_size(removed) > most)
		more += (int64_t)(json_array_size(removed) - most);
	if (more > 0)
		printf("  %s(and %lld more; --full shows them)%s\n",
			out_on(c, OUT_DIM), (long long)more,
			out_off(c, OUT_DIM));
	return CLI_OK;
}

/* "#7  2026-11-20 09:05:33  create  version 2  client  session s" */
static void
cmd_history_print_head(FILE *f, const struct cli *c, const json_t *ch)
{
	static const char *const who[][2] = {{"actor", ""}, {"client", ""},
		{"session", "session "}};
	char at[OUT_TIME_SIZE];

	fprintf(f, "%s#%lld%s  %s  ", out_on(c, OUT_BOLD),
		(long long)cli_int(ch, "change", 0), out_off(c, OUT_BOLD),
		out_time(cli_str(ch, "at", NULL), at));
	out_text(f, cli_str(ch, "kind", "?"));
	if (json_object_get(ch, "version") != NULL)
		fprintf(f, "  version %lld",
			(long long)cli_int(ch, "version", 0));
	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		const char *value = cli_str(ch, who[i][0], NULL);

		if (!value || value[0] == '\0')
			continue;
		fprintf(f, "  %s%s", out_on(c, OUT_DIM), who[i][1]);
		out_text(f, value);
		fputs(out_off(c, OUT_DIM), f);
	}
	if (c->is_chosen || json_object_get(ch, "namespace") != NULL) {
		const char *own = c->namespace_ ? c->namespace_ : "default";

		fputs("  in ", f);
		out_text(f, cli_str(ch, "namespace", c->in ? c->in : own));
	}
	fputc('\n', f);
}

static int
print_change(struct cli *c, const json_t *ch)
{
	const char *message = cli_str(ch, "message", NULL);
	AUTO_FREE char *head = NULL;
	size_t n;
	FILE *f = open_memstream(&head, &n);

	if (!f)
		return cli_nomem();
	cmd_history_print_head(f, c, ch);
	if (fclose(f) != 0)
		return cli_nomem();
	out_wrapped(stdout, head, c->width, 4);
	if (message && message[0] != '\0') {
		fputs("  \"", stdout);
		out_text(stdout, message);
		fputs("\"\n", stdout);
	}
	return is_full && cli_int(ch, "more", 0) > 0
		       ? print_whole(c, ch)
		       : cmd_history_print_lists(c, ch);
}

static json_t *
cmd_history_make_params(const char *name)
{
	json_t *p = json_object();

	if (p && ((name && jx_set(p, "name", json_string(name)) != 0) ||
			 (since && jx_set(p, "since", cli_point(since)) != 0) ||
			 (until && jx_set(p, "until", cli_point(until)) != 0) ||
			 (session && jx_set(p, "session",
					     json_string(session)) != 0))) {
		json_decref(p);
		p = NULL;
	}
	return p;
}

static int
cmd_history_print_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *changes = json_object_get(reply, "changes"), *ch;
	int rc = CLI_OK;
	size_t i;

	(void)ctx;
	if (c->json)
		return cli_print_jsonl(c, changes);
	json_array_foreach((json_t *)(uintptr_t)changes, i, ch)
		if ((rc = print_change(c, ch)) != CLI_OK)
			break;
	return rc;
}

/* In the namespace that c->in says. *ret_rows counts on. */
static int
read_log(struct cli *c, const char *name, int64_t *ret_rows)
{
	struct pages pages = {"memory_history", "changes", CLI_AS_OF,
		limit - *ret_rows, cmd_history_print_page, NULL, 0, false};
	int rc = pages.limit > 0
			 ? pages_read(c, &pages, cmd_history_make_params(name))
			 : CLI_OK;

	*ret_rows += pages.rows;
	if (rc != CLI_OK)
		return rc;
	if (pages.has_more && !c->json)
		cli_note(c, "there are more: --limit N shows them");
	return CLI_OK;
}

/* A session that wrote to the project and to the user's memory: a read of the
 * former covers the latter. */
static int
cmd_history_read_session(struct cli *c, const char *name, int64_t *ret_rows)
{
	AUTO_JSON json_t *names = NULL;
	const json_t *n;
	int rc = where_session(c, session, &names);
	size_t i;

	json_array_foreach(names, i, n) {
		if (rc != CLI_OK)
			break;
		c->in = json_string_value(n);
		if (json_array_size(names) == 1 || strcmp(c->in, "default"))
			rc = read_log(c, name, ret_rows);
	}
	c->in = NULL;
	return rc;
}

/* What was asked for is not here; a log that is empty is no news. */
static int
say_nothing(struct cli *c, const char *name)
{
	AUTO_JSON json_t *params = cmd_history_make_params(name);

	if (!name && !session && !since && !until) {
		cli_note(c, "no changes%s", where_said(c));
		return CLI_OK;
	}
	cli_note(c, "nothing matches: no change%s%s%s%s",
		session ? " of session " : "", session ? session : "",
		name ? " of " : "", name ? name : "");
	where_tell(c, "memory_history", "changes", params);
	return CLI_PROBLEM;
}

static int
cmd_history_run(struct cli *c, int argc, char **argv)
{
	const char *name = argc > 0 ? argv[0] : NULL;
	int64_t rows = 0;
	int rc;

	if (!session && name)
		c->asked = name;
	rc = session != NULL ? cmd_history_read_session(c, name, &rows)
			     : read_log(c, name, &rows);
	return rc == CLI_OK && rows == 0 ? say_nothing(c, name) : rc;
}

#define ABOUT                                                                  \
	"Lists the changes of an entity, or of the whole memory: when, who, "  \
	"what was added (+), removed (-) and set (~). --session shows what "   \
	"one session wrote, in whatever namespace; `undo --session` takes it " \
	"back. Of large changes the first facts are shown, all with --full."

const struct cli_command cli_cmd_history = {
	.name = "history",
	.args = "[NAME]",
	.summary = "what changed, newest first",
	.about = ABOUT,
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.looks = true,
	.pages = true,
	.run = cmd_history_run,
};

const struct cli_command cli_cmd_log = {
	.name = "log",
	.args = "[NAME]",
	.summary = "the same as history",
	.about = ABOUT,
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.looks = true,
	.pages = true,
	.run = cmd_history_run,
};
