/* What verify finds and says can be mended, is mended: verify reads slice by
 * slice as ever, and the writer sees only the facts that need it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/progress.h"

static bool dry_run;

static const struct conf_opt opts[] = {
	CLI_FLAG("dry-run", &dry_run,
		"say what would be mended, change "
		"nothing"),
};

struct repair {
	struct cli *c;
	json_t *facts;	  /* ids to mend; owned */
	json_t *repaired; /* owned */
	int64_t others;	  /* problems that cannot be mended */
};

static void
repair_done(struct repair *r)
{
	json_decref(r->facts);
	json_decref(r->repaired);
}

static int
take_problems(struct repair *r, const json_t *reply)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(reply, "problems"), i, p) {
		if (!json_is_true(json_object_get(p, "repair")))
			r->others++;
		else if (jx_add(r->facts,
				 json_integer(cli_int(p, "fact", 0))) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

/* cursor: where the slice begins, then where the next one does; NULL: the end. */
static int
verify_one(struct repair *r, char **cursor, double *ret_progress)
{
	AUTO_JSON json_t *reply = NULL;
	json_t *params =
		*cursor ? json_pack("{s:s}", "cursor", *cursor) : json_object();
	const char *next;
	int rc = cli_call(r->c, "verify", params, CLI_NOW, &reply);

	if (rc != CLI_OK)
		return rc;
	rc = take_problems(r, reply);
	if (rc != CLI_OK)
		return rc;
	*ret_progress = cli_num(reply, "progress", -1);
	free(take_ptr(*cursor));
	next = cli_str(reply, "next", NULL);
	if (!next)
		return CLI_OK;
	*cursor = strdup(next);
	return *cursor ? CLI_OK : cli_nomem();
}

static int
find_problems(struct repair *r)
{
	AUTO_FREE char *cursor = NULL;
	struct progress progress;
	int64_t slices = 0;
	double done = -1;
	int rc;

	progress_start(&progress, r->c, "verifying");
	do {
		rc = verify_one(r, &cursor, &done);
		if (rc != CLI_OK)
			break;
		progress_at(&progress, done, ++slices, "slices");
	} while (cursor);
	progress_clear(&progress);
	return rc;
}

static void
print_repaired(const json_t *reply)
{
	const json_t *x, *name;
	size_t i, k;

	json_array_foreach(json_object_get(reply, "repaired"), i, x)
		json_array_foreach(json_object_get(x, "unset"), k, name) {
			printf("fact %lld: ", (long long)cli_int(x, "fact", 0));
			out_text(stdout, json_string_value(name));
			printf(" was written as -0.0 and stands there as 0; %s "
			       "not set, as its digest says\n",
				dry_run ? "would be" : "is now");
		}
}

/* A part of the facts a call: other writers wait no longer than for one of
 * theirs. */
static int
cmd_repair_mend(struct repair *r)
{
	size_t n = json_array_size(r->facts);

	for (size_t at = 0; at < n; at += LIMIT_SLICE_FACTS) {
		AUTO_JSON json_t *reply = NULL;
		json_t *part = json_array();
		int rc;

		for (size_t i = at; part && i < n && i < at + LIMIT_SLICE_FACTS;
			i++)
			if (json_array_append(part,
				    json_array_get(r->facts, i)) != 0)
				return json_decref(part), cli_nomem();
		rc = cli_call(r->c, "repair",
			json_pack("{s:o,s:b}", "facts", part, "dry_run",
				dry_run),
			CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		if (json_array_extend(r->repaired,
			    json_object_get(reply, "repaired")) != 0)
			return cli_nomem();
		if (!r->c->json)
			print_repaired(reply);
	}
	return CLI_OK;
}

static int
cmd_repair_summary(const struct repair *r)
{
	size_t n = json_array_size(r->repaired);
	AUTO_JSON json_t *out = NULL;
	int rc = CLI_OK;

	if (r->c->json) {
		out = json_pack("{s:b,s:O,s:I}", "dry_run", dry_run, "repaired",
			r->repaired, "other_problems", (json_int_t)r->others);
		rc = !out ? cli_nomem() : cli_print_json(r->c, out);
	} else if (!r->c->quiet) {
		printf("%zu fact%s %s\n", n, n == 1 ? "" : "s",
			dry_run ? "can be mended; nothing was changed"
				: "mended");
		if (r->others > 0)
			printf("%lld other problem%s cannot be mended: see "
			       "memoryctl verify\n",
				(long long)r->others,
				r->others == 1 ? "" : "s");
	}
	if (rc != CLI_OK)
		return rc;
	if (r->others > 0 || (dry_run && n > 0))
		return CLI_PROBLEM;
	return CLI_OK;
}

static int
cmd_repair_run(struct cli *c, int argc, char **argv)
{
	__attribute__((cleanup(repair_done))) struct repair r = {.c = c,
		.facts = json_array(),
		.repaired = json_array()};
	int rc;

	(void)argc;
	(void)argv;
	if (!r.facts || !r.repaired)
		return cli_nomem();
	rc = find_problems(&r);
	if (rc != CLI_OK)
		return rc;
	rc = cmd_repair_mend(&r);
	if (rc != CLI_OK)
		return rc;
	return cmd_repair_summary(&r);
}

const struct cli_command cli_cmd_repair = {
	.name = "repair",
	.args = "",
	.summary = "mend what verify found and can be mended",
	.about = "Runs verify, and mends facts whose weight or confidence an "
		 "earlier version wrote as -0.0: their digest says that the "
		 "number is not set, the row says 0. The number is taken away; "
		 "texts, digests and chains stay as they are, so heads kept "
		 "elsewhere still hold. Nothing else is touched. Exit code 1 "
		 "when other problems remain, or with --dry-run when there is "
		 "something to mend.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = cmd_repair_run,
};
