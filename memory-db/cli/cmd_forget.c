/* forget: erases an entity, or texts of it, for good. It cannot be undone, so
 * a person is asked first, and a script must say --yes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/sliced.h"
#include "memory-db/cli/lib/where.h"

static const char *observation;
static bool yes, sliced;

static const struct conf_opt opts[] = {
	CLI_TEXT("observation", &observation, "TEXT",
		"only this observation, past or present"),
	CLI_FLAG("yes", &yes, "do not ask"),
	CLI_FLAG("sliced", &sliced,
		"in several changes, for what is too large "
		"for one"),
};

/* Asks on the terminal; the answer is the name itself, so that no habit
 * erases anything. */
static int
cmd_forget_ask(const struct cli *c, const char *name)
{
	char line[4096];
	size_t n;

	if (!isatty(STDIN_FILENO))
		return cli_fail(CLI_USAGE,
			"this erases for good and cannot be "
			"undone; say --yes to do it without being asked");
	fputs("This erases ", stderr);
	out_text(stderr, observation != NULL ? "an observation of " : "");
	out_text(stderr, name);
	out_text(stderr, where_said(c));
	fputs(" for good: every version, on every branch. It cannot be "
	      "undone.\nType the name of the entity to go on: ",
		stderr);
	fflush(stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return cli_fail(CLI_PROBLEM, "nothing was erased");
	n = strcspn(line, "\n");
	line[n] = '\0';
	if (strcmp(line, name) != 0)
		return cli_fail(CLI_PROBLEM, "that is not its name; nothing "
					     "was erased");
	return CLI_OK;
}

/* Copies of the database from before an upgrade. */
static void
print_copies(const json_t *copies)
{
	const json_t *path;
	size_t i;

	json_array_foreach(copies, i, path) {
		fputs(i == 0 ? "still in these copies, until you remove them:\n"
			     : "",
			stdout);
		fputs("  ", stdout);
		out_text(stdout, json_string_value(path));
		putchar('\n');
	}
}

static int
cmd_forget_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	json_t *p;
	int64_t facts, words;
	int rc = where_entity(c, argv[0]);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	if (!yes)
		rc = cmd_forget_ask(c, argv[0]);
	if (rc != CLI_OK)
		return rc;
	p = json_pack("{s:s,s:b}", "name", argv[0], "confirm", 1);
	if (p && observation &&
		jx_set(p, "observation", json_string(observation)) != 0) {
		json_decref(p);
		p = NULL;
	}
	rc = sliced_call(c, "forget", p, sliced, "erasing", &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (c->quiet)
		return CLI_OK;
	facts = cli_int(reply, "facts", 0);
	words = cli_int(reply, "words", 0);
	printf("erased %lld fact%s and %lld word%s of the index%s\n",
		(long long)facts, facts_plural(facts), (long long)words,
		facts_plural(words), where_said(c));
	if (json_is_true(json_object_get(reply, "pending")))
		puts("the last traces leave the file within a minute");
	if (cli_str(reply, "note", NULL) != NULL) {
		out_text(stdout, cli_str(reply, "note", ""));
		putchar('\n');
	}
	print_copies(json_object_get(reply, "copies"));
	return CLI_OK;
}

const struct cli_command cli_cmd_forget = {
	.name = "forget",
	.args = "NAME",
	.summary = "erase an entity or an observation for good",
	.about = "Deleting hides; forgetting erases: the text, every older "
		 "version, all branches, index entries, the name. A digest "
		 "stays, so that the rest can still be verified. Copies made "
		 "elsewhere, as backups and exports, are not reached.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.writes = true,
	.run = cmd_forget_run,
};
