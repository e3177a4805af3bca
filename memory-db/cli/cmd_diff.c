/* diff: what differs between two states, as lines with + and -. A state is a
 * branch, a time, a change, or a version of one entity. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/changes.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/where.h"

static const char *from, *to, *from_branch, *to_branch, *session;
static int64_t from_version, to_version;

static const struct conf_opt opts[] = {
	CLI_TEXT("from", &from, "WHEN",
		"the older state: a change id, a date, '2 days ago'"),
	CLI_TEXT("to", &to, "WHEN", "the newer state (now)"),
	CLI_COUNT("from-version", &from_version, 1, INT64_MAX, "N",
		"the older state as a version of NAME"),
	CLI_COUNT("to-version", &to_version, 1, INT64_MAX, "N",
		"the newer one"),
	CLI_TEXT("from-branch", &from_branch, "NAME", "branch of the older"),
	CLI_TEXT("to-branch", &to_branch, "NAME", "branch of the newer"),
	CLI_TEXT("session", &session, "ID",
		"what this session changed, from its first change to its last"),
};

static json_t *
cmd_diff_make_params(const char *name)
{
	const struct {
		const char *key, *text;
		int64_t n;
		bool is_point;
	} all[] = {{"name", name, 0, false}, {"from", from, 0, true},
		{"to", to, 0, true}, {"from_branch", from_branch, 0, false},
		{"to_branch", to_branch, 0, false},
		{"from_version", NULL, from_version, false},
		{"to_version", NULL, to_version, false}};
	AUTO_JSON json_t *p = json_object();

	if (!p)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		json_t *v;

		if (all[i].n != 0)
			v = json_integer(all[i].n);
		else if (!all[i].text)
			continue;
		else
			v = all[i].is_point ? cli_point(all[i].text)
					    : json_string(all[i].text);
		if (jx_set(p, all[i].key, v) != 0)
			return NULL;
	}
	return take_ptr(p);
}

static int
cmd_diff_compare(struct cli *c, json_t *params_new, json_t *only)
{
	struct pages pages = {"memory_diff", "entities", CLI_NOW, 0,
		changes_page, only, 0, false};
	int rc = pages_read(c, &pages, params_new);

	if (rc != CLI_OK)
		return rc;
	if (pages.rows == 0)
		cli_note(c, "no difference%s", where_said(c));
	return CLI_OK;
}

/* --- a session ------------------------------------------------------------ */
struct span {
	int64_t first, last; /* changes */
	json_t *names;	     /* of what it touched; owned */
	bool is_open;	     /* names are missing */
};

static void
span_done(struct span *s)
{
	json_decref(s->names);
}

static int
cmd_diff_add_page(struct cli *c, json_t *reply, void *ctx)
{
	static const char *const lists[] = {"added", "removed", "set"};
	struct span *s = ctx;
	const json_t *ch, *x;
	size_t i, k;

	(void)c;
	json_array_foreach(json_object_get(reply, "changes"), i, ch) {
		s->first = cli_int(ch, "change", 0);
		if (s->last == 0)
			s->last = s->first;
		s->is_open |= cli_int(ch, "more", 0) > 0;
		for (size_t l = 0; l < ARRAY_LEN(lists); l++)
			json_array_foreach(json_object_get(ch, lists[l]), k, x)
				if (jx_set(s->names, cli_str(x, "entity", ""),
					    json_true()) != 0)
					return cli_nomem();
	}
	return CLI_OK;
}

/* From before its first change to its last one, of what it touched. Others
 * may have written to the same entities meanwhile; the log tells them apart. */
static int
compare_session(struct cli *c)
{
	struct span s
		__attribute__((cleanup(span_done))) = {.names = json_object()};
	struct pages pages = {"memory_history", "changes", CLI_NOW, 1000000,
		cmd_diff_add_page, &s, 0, false};
	int rc = !s.names ? cli_nomem()
			  : pages_read(c, &pages,
				    json_pack("{s:s}", "session", session));

	if (rc != CLI_OK)
		return rc;
	if (pages.rows == 0)
		return cli_fail(CLI_PROBLEM, "session %s changed nothing here",
			session);
	return cmd_diff_compare(c,
		json_pack("{s:I,s:I}", "from", (json_int_t)(s.first - 1), "to",
			(json_int_t)s.last),
		s.is_open ? NULL : s.names);
}

static int
compare_sessions(struct cli *c)
{
	AUTO_JSON json_t *names = NULL;
	const json_t *n;
	int rc = where_session(c, session, &names);
	size_t i;

	json_array_foreach(names, i, n) {
		if (rc != CLI_OK)
			break;
		c->in = json_string_value(n);
		rc = compare_session(c);
	}
	c->in = NULL;
	return rc;
}

static int
cmd_diff_run(struct cli *c, int argc, char **argv)
{
	const char *name = argc > 0 ? argv[0] : NULL;

	int rc = CLI_OK;

	if (!session && name && !from_branch && !to_branch)
		rc = where_entity(c, name);
	if (rc != CLI_OK)
		return rc;
	if (!session)
		return cmd_diff_compare(c, cmd_diff_make_params(name), NULL);
	if (name || from || to || from_branch || to_branch ||
		from_version != 0 || to_version != 0)
		return cli_fail(CLI_USAGE, "--session stands alone: it says "
					   "from where to where");
	return compare_sessions(c);
}

const struct cli_command cli_cmd_diff = {
	.name = "diff",
	.args = "[NAME]",
	.summary = "what differs between two times, versions or branches",
	.about = "Compares two states of an entity, or of the whole memory: "
		 "what was removed (-), added (+) and set (~). Without --from "
		 "everything counts as added. `diff --from yesterday` is what "
		 "is new since; `diff --from-branch main --to-branch idea` is "
		 "what a merge would bring.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.looks = true,
	.pages = true,
	.run = cmd_diff_run,
};
