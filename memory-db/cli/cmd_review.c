/* What was written, ordered by what it can do: what hid facts, what stands in
 * every context, what other projects read, what can be run; then the rest. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/review_queue.h"

static const char *session, *since, *note, *state;
static bool is_all, dry_run, wins;

static const struct conf_opt opts[] = {
	CLI_TEXT("session", &session, "ID", "what this session wrote"),
	CLI_TEXT("since", &since, "WHEN",
		"what was written from then on (1 day ago)"),
	CLI_FLAG("all", &is_all, "approve, reject: all that waits"),
	CLI_TEXT("note", &note, "TEXT",
		"why; the agent whose change is rejected reads it"),
	CLI_FLAG("staged-wins", &wins,
		"approve: also where main says otherwise by now"),
	CLI_TEXT("state", &state, "STATE",
		"list: approved, rejected, expired, withdrawn, all"),
	CLI_FLAG("dry-run", &dry_run, "show what would be decided"),
};

enum cmd_review_section { DELETIONS, PINS, USER, SKILLS, ADDITIONS, SECTIONS };
static const struct {
	const char *key, *title;
	char sign;
	enum out_style style;
} sections[SECTIONS] = {
	[DELETIONS] = {"deletions", "deleted or replaced", '-', OUT_RED},
	[PINS] = {"pins", "pinned: part of every context", '~', OUT_YELLOW},
	[USER] = {"user", "in the user's memory, which every project reads",
		'+', OUT_YELLOW},
	[SKILLS] = {"skills", "skills: code that runs", '+', OUT_YELLOW},
	[ADDITIONS] = {"additions", "added or set", '+', OUT_GREEN},
};

struct review {
	json_t *lists[SECTIONS]; /* owned: rows of all namespaces */
	json_t *seen;		 /* owned: changes, by id */
	const char *namespace_;	 /* under way; borrowed */
	bool only_seen;		 /* changes of it are not shown */
};

/* One row: where it is in the log, and the fact or setting. */
static int
cmd_review_add(struct review *v, enum cmd_review_section s, const json_t *ch,
	const json_t *item)
{
	static const char *const members[] = {"change", "at", "session",
		"client", "actor"};
	AUTO_JSON json_t *row = json_object();
	json_t *m = (json_t *)(uintptr_t)item;

	if (!row || jx_set(row, "namespace", json_string(v->namespace_)) != 0 ||
		json_object_update(row, m) != 0)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *x = json_object_get(ch, members[i]);

		if (x && json_object_set(row, members[i], x) != 0)
			return MDB_E_NOMEM;
	}
	return jx_add(v->lists[s], json_incref(row));
}

static bool
is_skill(const json_t *x)
{
	const char *type = cli_str(x, "entityType", NULL);

	return (type && strcmp(type, "skill") == 0) ||
	       json_object_get(json_object_get(x, "metadata"), "code") != NULL;
}

static bool
is_pin(const json_t *x)
{
	const char *member = cli_str(x, "member", NULL);

	return member != NULL && strncmp(member, "pin", 3) == 0 &&
	       !json_is_false(json_object_get(x, "to"));
}

static enum cmd_review_section
cmd_review_section_of(const char *key, const json_t *x, bool is_user)
{
	if (strcmp(key, "removed") == 0)
		return DELETIONS;
	if (is_pin(x))
		return PINS;
	if (is_skill(x))
		return SKILLS;
	return is_user ? USER : ADDITIONS;
}

static int
add_list(struct review *v, const json_t *ch, const char *key)
{
	const json_t *list = json_object_get(ch, key), *x;
	const char *actor = cli_str(ch, "actor", "");
	bool is_user = strcmp(v->namespace_, "default") == 0 &&
		       strncmp(actor, "project ", 8) == 0;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x)
		if (cmd_review_add(v, cmd_review_section_of(key, x, is_user),
			    ch, x) != 0)
			return MDB_E_NOMEM;
	return 0;
}

static int
add_change(struct review *v, const json_t *ch)
{
	static const char *const keys[] = {"removed", "set", "added"};
	char id[24];
	int rc = 0;

	snprintf(id, sizeof(id), "%lld", (long long)cli_int(ch, "change", 0));
	if (json_object_get(v->seen, id))
		return 0;
	rc = jx_set(v->seen, id, json_true());
	if (v->only_seen)
		return rc;
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		rc = add_list(v, ch, keys[i]);
		if (rc != 0)
			return rc;
	}
	if (cli_int(ch, "more", 0) > 0) {
		AUTO_JSON json_t *rest = json_pack("{s:I}", "more",
			(json_int_t)cli_int(ch, "more", 0));

		rc = !rest ? MDB_E_NOMEM
			   : cmd_review_add(v, DELETIONS, ch, rest);
	}
	return rc;
}

static int
cmd_review_read_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *changes = json_object_get(reply, "changes"), *ch;
	size_t i;

	(void)c;
	json_array_foreach((json_t *)(uintptr_t)changes, i, ch)
		if (add_change(ctx, ch) != 0)
			return cli_nomem();
	return CLI_OK;
}

static int
cmd_review_read_namespace(struct cli *c, struct review *v, const char *name)
{
	struct pages pages = {"memory_history", "changes", CLI_NOW, 0,
		cmd_review_read_page, v, 0, false};
	json_t *p = json_pack("{s:s}", "namespace", name);

	v->namespace_ = name;
	if (p &&
		((session && jx_set(p, "session", json_string(session)) != 0) ||
			((since || !session) &&
				jx_set(p, "since",
					cli_point(since != NULL
							  ? since
							  : "1 day ago")) !=
					0))) {
		json_decref(p);
		p = NULL;
	}
	return pages_read(c, &pages, p);
}

/* Reads cover the user's memory as well: it comes first, under its own name. */
static int
cmd_review_read_all(struct cli *c, struct review *v)
{
	AUTO_JSON json_t *reply = NULL;
	const json_t *list, *ns;
	size_t i;
	int rc;

	if (c->is_named) {
		v->only_seen = strcmp(c->namespace_, "default") != 0;
		rc = cmd_review_read_namespace(c, v, "default");
		v->only_seen = false;
		return rc == CLI_OK
			       ? cmd_review_read_namespace(c, v, c->namespace_)
			       : rc;
	}
	rc = cli_call(c, "list_namespaces", json_object(), CLI_NOW, &reply);
	if (rc == CLI_OK)
		rc = cmd_review_read_namespace(c, v, "default");
	list = json_object_get(reply, "namespaces");
	if (rc != CLI_OK)
		return rc;
	json_array_foreach((json_t *)(uintptr_t)list, i, ns) {
		rc = cmd_review_read_namespace(c, v, cli_str(ns, "name", "?"));
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

/* --- showing -------------------------------------------------------------- */
static int
cmd_review_print_row(const struct cli *c, enum cmd_review_section s,
	json_t *row)
{
	AUTO_JSON json_t *one = json_pack("[O]", row);
	char at[OUT_TIME_SIZE];

	if (!one)
		return MDB_E_NOMEM;
	printf("  %s#%lld%s %s  ", out_on(c, OUT_BOLD),
		(long long)cli_int(row, "change", 0), out_off(c, OUT_BOLD),
		out_time(cli_str(row, "at", NULL), at));
	out_text(stdout, cli_str(row, "namespace", "?"));
	for (const char *const *k = (const char *const[]){"session", "client",
		     "actor", NULL};
		*k != NULL; k++)
		if (cli_str(row, *k, NULL)) {
			fputs("  ", stdout);
			out_text(stdout, cli_str(row, *k, NULL));
		}
	putchar('\n');
	if (json_object_get(row, "more") != NULL) {
		printf("    (%lld more: memoryctl log shows them)\n",
			(long long)cli_int(row, "more", 0));
		return 0;
	}
	fputs("  ", stdout);
	return json_object_get(row, "member") != NULL
		       ? facts_print_set(c, one)
		       : facts_print(c, one, 1, sections[s].sign,
				 sections[s].style);
}

static int
print_sections(const struct cli *c, const struct review *v)
{
	bool any = false;

	for (int s = 0; s < SECTIONS; s++) {
		json_t *row;
		size_t i;

		if (json_array_size(v->lists[s]) == 0)
			continue;
		printf("%s%s%s (%zu)\n", out_on(c, OUT_BOLD), sections[s].title,
			out_off(c, OUT_BOLD), json_array_size(v->lists[s]));
		json_array_foreach(v->lists[s], i, row)
			if (cmd_review_print_row(c, (enum cmd_review_section)s,
				    row) != 0)
				return cli_nomem();
		any = true;
	}
	if (!any)
		cli_note(c, "nothing was written");
	else if (!c->quiet)
		puts("`memoryctl --namespace NAME undo CHANGE...` takes changes "
		     "back, `undo --session ID` all of a session there; "
		     "--dry-run first");
	return CLI_OK;
}

static int
cmd_review_print_json(const struct cli *c, const struct review *v)
{
	AUTO_JSON json_t *all = json_object();

	for (int s = 0; all != NULL && s < SECTIONS; s++)
		if (json_object_set(all, sections[s].key, v->lists[s]) != 0)
			return cli_nomem();
	return !all ? cli_nomem() : cli_print_json(c, all);
}

static void
review_done(struct review *v)
{
	for (int s = 0; s < SECTIONS; s++)
		json_decref(v->lists[s]);
	json_decref(v->seen);
}

static int
cmd_review_run(struct cli *c, int argc, char **argv)
{
	const struct review_options queue = {session, note, state, is_all,
		dry_run, wins};
	__attribute__((cleanup(review_done))) struct review v = {.seen = NULL};
	int rc;

	if (argc > 0)
		return review_queue(c, &queue, argc, argv);
	v.seen = json_object();
	if (!v.seen)
		return cli_nomem();
	for (int s = 0; s < SECTIONS; s++)
		if ((v.lists[s] = json_array()) == NULL)
			return cli_nomem();
	rc = cmd_review_read_all(c, &v);
	if (rc != CLI_OK)
		return rc;
	return c->json ? cmd_review_print_json(c, &v) : print_sections(c, &v);
}

const struct cli_command cli_cmd_review = {
	.name = "review",
	.args = "[list | show CHANGE | approve|reject CHANGE...]",
	.summary = "what agents wrote, and what of it waits",
	.about =
		"Where main is protected (memoryctl settings protect=true) "
		"what agents write waits. `list` shows each change that waits "
		"as what it would do to main now, `show` one with all of it. "
		"`approve` and `reject` decide about changes, those of a "
		"--session, or --all; a rejection says why in --note. An "
		"approval names the run that `undo --run` takes back.\n\n"
		"Alone it lists what a session (--session), or everybody since a time "
		"(--since, one day when nothing is said), wrote, in all "
		"namespaces or in that of --namespace: first what was "
		"deleted, then what was pinned, what went into the user's "
		"memory and what became a skill, then the rest. Each line "
		"names its change, for undo.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = -1,
	.pages = true,
	.run = cmd_review_run,
};
