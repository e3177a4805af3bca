#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/facts.h"
#include "memory-db/cli/out.h"
#include "memory-db/cli/pages.h"

static int64_t limit = 20;
static const char *since, *until, *session;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000000, "N",
		"at most this many changes (20)"),
	CLI_TEXT("since", &since, "WHEN", "only changes from then on"),
	CLI_TEXT("until", &until, "WHEN", "only changes up to then"),
	CLI_TEXT("session", &session, "ID", "only what this session wrote"),
};

static int
print_change(const struct cli *c, const json_t *ch)
{
	static const char *const who[][2] = {{"actor", ""}, {"client", ""},
		{"session", "session "}};
	char at[OUT_TIME_SIZE];
	const char *message = cli_str(ch, "message", NULL);

	printf("%s#%lld%s  %s  ", out_on(c, OUT_BOLD),
		(long long)cli_int(ch, "change", 0), out_off(c, OUT_BOLD),
		out_time(cli_str(ch, "at", NULL), at));
	out_text(stdout, cli_str(ch, "kind", "?"));
	if (json_object_get(ch, "version") != NULL)
		printf("  version %lld", (long long)cli_int(ch, "version", 0));
	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		const char *value = cli_str(ch, who[i][0], NULL);

		if (value == NULL || value[0] == '\0')
			continue;
		printf("  %s%s", out_on(c, OUT_DIM), who[i][1]);
		out_text(stdout, value);
		fputs(out_off(c, OUT_DIM), stdout);
	}
	putchar('\n');
	if (message != NULL && message[0] != '\0') {
		fputs("  \"", stdout);
		out_text(stdout, message);
		fputs("\"\n", stdout);
	}
	if (facts_print(c, json_object_get(ch, "added"), '+', OUT_GREEN) != 0 ||
		facts_print(c, json_object_get(ch, "removed"), '-',
			OUT_RED) != 0 ||
		facts_print_set(c, json_object_get(ch, "set")) != 0)
		return MDB_E_NOMEM;
	if (cli_int(ch, "more", 0) > 0)
		printf("  (%lld more)\n", (long long)cli_int(ch, "more", 0));
	return 0;
}

static json_t *
make_params(const char *name)
{
	json_t *p = json_object();

	if (p != NULL && ((name != NULL && jx_set(p, "name",
			json_string(name)) != 0) ||
		(since != NULL && jx_set(p, "since", cli_point(since)) != 0) ||
		(until != NULL && jx_set(p, "until",
			cli_point(until)) != 0) ||
		(session != NULL && jx_set(p, "session",
			json_string(session)) != 0))) {
		json_decref(p);
		p = NULL;
	}
	return p;
}

static int
print_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *changes = json_object_get(reply, "changes"), *ch;
	size_t i;

	(void)ctx;
	if (c->json)
		return cli_print_jsonl(c, changes);
	json_array_foreach((json_t *)(uintptr_t)changes, i, ch)
		if (print_change(c, ch) != 0)
			return cli_nomem();
	return CLI_OK;
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct pages pages = {"memory_history", "changes", CLI_AS_OF, limit,
		print_page, NULL, 0, false};
	int rc = pages_read(c, &pages, make_params(argc > 0 ? argv[0] : NULL));

	if (rc != CLI_OK)
		return rc;
	if (pages.rows == 0)
		cli_note(c, "no changes");
	else if (pages.has_more && !c->json)
		cli_note(c, "there are more: --limit N shows them");
	return CLI_OK;
}

#define ABOUT                                                                  \
	"Lists the changes of an entity, or of the whole memory: when, who, "  \
	"what was added (+), removed (-) and set (~). --session shows what "   \
	"one session wrote; `undo --session` takes it back."

const struct cli_command cli_cmd_history = {
	.name = "history",
	.args = "[NAME]",
	.summary = "what changed, newest first",
	.about = ABOUT,
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.run = run,
};

const struct cli_command cli_cmd_log = {
	.name = "log",
	.args = "[NAME]",
	.summary = "the same as history",
	.about = ABOUT,
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.run = run,
};
