/* secrets scan: what is stored already that looks like one; with --forget
 * erases it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/where.h"

/* Facts of a call that erases. */
#define BATCH 50

static bool yes, forgets;

static const struct conf_opt opts[] = {
	CLI_FLAG("forget", &forgets,
		"erase for good what was found, after asking"),
	CLI_FLAG("yes", &yes, "do not ask"),
};

/* Where a secret may stand that is in no fact: as a row of the scan names it,
 * and the parameter that takes a list of them. */
static const struct {
	const char *name, *list;
} places[] = {
	{"fact", "facts"},
	{"change", "changes"},
	{"receipt", "receipts"},
	{"conflict", "conflicts"},
	{"staged", "staged"},
};

/* --- finding ----------------------------------------------------------------- */
static void
cmd_secrets_print_row(const struct cli *c, const json_t *row)
{
	const char *file = cli_str(row, "file", NULL);

	printf("%s%s%s  ", out_on(c, OUT_RED), cli_str(row, "rule", "?"),
		out_off(c, OUT_RED));
	if (file) {
		fputs("file ", stdout);
		out_text(stdout, file);
		putchar('\n');
		return;
	}
	for (size_t i = 1; i < ARRAY_LEN(places); i++) {
		if (!json_object_get(row, places[i].name))
			continue;
		printf("%s of %s #%lld  ", cli_str(row, "kind", "?"),
			places[i].name,
			(long long)cli_int(row, places[i].name, 0));
		out_text(stdout, cli_str(row, "text", ""));
		putchar('\n');
		return;
	}
	out_text(stdout, cli_str(row, "entity", "?"));
	printf("  #%lld %s%s  ", (long long)cli_int(row, "fact", 0),
		cli_str(row, "kind", "?"),
		json_is_true(json_object_get(row, "gone")) ? " of the past"
							   : "");
	out_text(stdout, cli_str(row, "text", ""));
	putchar('\n');
}

/* Slice by slice, each printed as it comes. */
static int
find_all(struct cli *c, json_t *found, int64_t *ret_checked)
{
	AUTO_JSON json_t *cursor = NULL;
	json_t *row;
	size_t i;
	int rc;

	do {
		AUTO_JSON json_t *reply = NULL;

		rc = cli_call(c, "scan_secrets",
			json_pack("{s:O*}", "cursor", cursor), CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		json_array_foreach(json_object_get(reply, "secrets"), i, row) {
			if (!c->json && !c->quiet)
				cmd_secrets_print_row(c, row);
			if (json_array_append(found, row) != 0)
				return cli_nomem();
		}
		*ret_checked += cli_int(reply, "checked", 0);
		json_decref(cursor);
		cursor = json_incref(json_object_get(reply, "next"));
	} while (cursor);
	return CLI_OK;
}

/* --- forgetting -------------------------------------------------------------- */
static int
cmd_secrets_ask(const struct cli *c, size_t n)
{
	char line[16];

	if (!isatty(STDIN_FILENO))
		return cli_fail(CLI_USAGE,
			"this erases for good and cannot be undone; say --yes "
			"to do it without being asked");
	fprintf(stderr,
		"This erases %zu text%s%s for good: every version, on every "
		"branch. It cannot be undone.\nType yes to go on: ",
		n, facts_plural((int64_t)n), where_said(c));
	fflush(stderr);
	if (fgets(line, sizeof(line), stdin) == NULL ||
		strcmp(line, "yes\n") != 0)
		return cli_fail(CLI_PROBLEM, "nothing was erased");
	return CLI_OK;
}

/* The name or the type of an entity: it goes with all of it. */
static bool
is_of_entity(const json_t *row)
{
	const char *kind = cli_str(row, "kind", "");

	return strcmp(kind, "name") == 0 || strcmp(kind, "type") == 0;
}

/* Takes ids, those of one call. */
static int
forget_batch(struct cli *c, const char *list, json_t *ids, int64_t *io_erased)
{
	AUTO_JSON json_t *reply = NULL;
	int rc;

	if (json_array_size(ids) == 0) {
		json_decref(ids);
		return CLI_OK;
	}
	rc = cli_call(c, "forget_secrets",
		json_pack("{s:o,s:b}", list, ids, "confirm", 1), CLI_NOW,
		&reply);
	if (rc != CLI_OK)
		return rc;
	*io_erased += cli_int(reply, "facts", 0) +
		      cli_int(reply, "messages", 0) +
		      cli_int(reply, "notes", 0);
	return CLI_OK;
}

/* Those found at one place. */
static int
cmd_secrets_forget_place(struct cli *c, const json_t *found, size_t place,
	int64_t *ret_erased)
{
	json_t *ids = json_array(), *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)found, i, row) {
		json_t *id = json_object_get(row, places[place].name);
		int rc;

		if (!id || is_of_entity(row))
			continue;
		if (!ids || json_array_append(ids, id) != 0) {
			json_decref(ids);
			return cli_nomem();
		}
		if (json_array_size(ids) < BATCH)
			continue;
		rc = forget_batch(c, places[place].list, ids, ret_erased);
		if (rc != CLI_OK)
			return rc;
		ids = json_array();
	}
	return ids ? forget_batch(c, places[place].list, ids, ret_erased)
		   : cli_nomem();
}

/* Facts last: they may take messages along. */
static int
forget_all(struct cli *c, const json_t *found, int64_t *ret_erased)
{
	for (size_t i = ARRAY_LEN(places); i-- > 0;) {
		int rc = cmd_secrets_forget_place(c, found, i, ret_erased);

		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

/* What only a person can decide: the name of an entity goes with all of it, a
 * file may hold more. */
static size_t
tell_left(const json_t *found)
{
	json_t *row;
	size_t i, left = 0;

	json_array_foreach((json_t *)(uintptr_t)found, i, row) {
		const char *file = cli_str(row, "file", NULL);

		if (!file && !is_of_entity(row))
			continue;
		left++;
		fputs("still there: ", stdout);
		if (file)
			fputs("the file ", stdout);
		else
			printf("the %s of the entity ",
				cli_str(row, "kind", "?"));
		out_text(stdout,
			file != NULL ? file : cli_str(row, "entity", "?"));
		puts(file != NULL ? "; memoryctl call delete_file removes it"
				  : "; memoryctl forget erases the entity");
	}
	return left;
}

static int
cmd_secrets_forget_found(struct cli *c, const json_t *found)
{
	int64_t erased = 0;
	size_t left;
	int rc = yes ? CLI_OK : cmd_secrets_ask(c, json_array_size(found));

	if (rc != CLI_OK)
		return rc;
	rc = forget_all(c, found, &erased);
	if (rc != CLI_OK || c->json)
		return rc;
	left = tell_left(found);
	if (!c->quiet)
		printf("erased %lld text%s%s\n", (long long)erased,
			facts_plural(erased), where_said(c));
	return left > 0 ? CLI_PROBLEM : CLI_OK;
}

static int
cmd_secrets_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *found = json_array();
	int64_t checked = 0;
	int rc;

	(void)argc;
	if (strcmp(argv[0], "scan") != 0)
		return cli_fail(CLI_USAGE,
			"secrets: '%s' is unknown; `memoryctl secrets scan` "
			"looks for them",
			argv[0]);
	if (!found)
		return cli_nomem();
	rc = find_all(c, found, &checked);
	if (rc != CLI_OK)
		return rc;
	if (c->json && (rc = cli_print_jsonl(c, found)) != CLI_OK)
		return rc;
	if (!c->json && !c->quiet)
		printf("%zu secret%s in %lld texts%s\n", json_array_size(found),
			facts_plural((int64_t)json_array_size(found)),
			(long long)checked, where_said(c));
	if (json_array_size(found) == 0)
		return CLI_OK;
	return forgets ? cmd_secrets_forget_found(c, found) : CLI_PROBLEM;
}

const struct cli_command cli_cmd_secrets = {
	.name = "secrets",
	.args = "scan",
	.summary = "look for stored tokens, keys and passwords",
	.about = "Looks through every text of the namespace, past ones and "
		 "those of branches as well, for what memory-db would refuse "
		 "today, and shows it with markers in the place of the "
		 "secrets. Something found gives exit code 1. --forget erases "
		 "what was found for good, after asking. A secret that was "
		 "stored may have been read: replace it where it is used.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.looks = true,
	.run = cmd_secrets_run,
};
