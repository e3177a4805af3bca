/* verify: looks through the whole memory for damage, slice by slice, while
 * others use it. A head that was noted earlier (--head) is looked for in the
 * chain, which tells a log that was rewritten. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/progress.h"

static const char *head;

static const struct conf_opt opts[] = {
	CLI_TEXT("head", &head, "NAMESPACE:HEX",
		"a chain head kept elsewhere: must be part of the history"),
};

struct result {
	json_t *checked, *problems, *heads; /* owned */
};

static void
result_done(struct result *r)
{
	json_decref(r->checked);
	json_decref(r->problems);
	json_decref(r->heads);
}

/* Each slice tells what it has checked itself. */
static int
add_slice(struct result *r, const json_t *reply)
{
	const json_t *heads = json_object_get(reply, "heads");
	const char *key;
	json_t *v;

	json_object_foreach(json_object_get(reply, "checked"), key, v)
		if (jx_set(r->checked, key,
			    json_integer(cli_int(r->checked, key, 0) +
					 json_integer_value(v))) != 0)
			return MDB_E_NOMEM;
	if (json_array_extend(r->problems,
		    json_object_get(reply, "problems")) != 0 &&
		json_object_get(reply, "problems"))
		return MDB_E_NOMEM;
	if (heads && json_array_size(heads) > 0) {
		json_array_clear(r->heads);
		if (json_array_extend(r->heads, (json_t *)(uintptr_t)heads))
			return MDB_E_NOMEM;
	}
	return 0;
}

static void
cmd_verify_print_problems(const struct cli *c, const json_t *reply)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(reply, "problems"), i, p) {
		printf("%sproblem%s  ", out_on(c, OUT_RED),
			out_off(c, OUT_RED));
		out_text(stdout, cli_str(p, "what", "?"));
		fputs(": ", stdout);
		out_text(stdout, cli_str(p, "detail", ""));
		putchar('\n');
	}
}

static int
cmd_verify_check_all(struct cli *c, struct result *r)
{
	AUTO_FREE char *cursor = NULL;
	struct progress progress;
	int64_t slices = 0;
	int rc = CLI_OK;

	progress_start(&progress, c, "verifying");
	do {
		AUTO_JSON json_t *reply = NULL;
		json_t *params = json_object();
		const char *next;

		if (!params ||
			(cursor && jx_set(params, "cursor",
					   json_string(cursor)) != 0) ||
			(head && jx_set(params, "head", json_string(head)) !=
					 0)) {
			json_decref(params);
			rc = cli_nomem();
			break;
		}
		rc = cli_call(c, "verify", params, CLI_NOW, &reply);
		if (rc != CLI_OK)
			break;
		if (json_array_size(json_object_get(reply, "problems")) > 0)
			progress_clear(&progress);
		if (!c->json)
			cmd_verify_print_problems(c, reply);
		free(take_ptr(cursor));
		next = cli_str(reply, "next", NULL);
		if (add_slice(r, reply) != 0 ||
			(next && (cursor = strdup(next)) == NULL)) {
			rc = cli_nomem();
			break;
		}
		progress_at(&progress, cli_num(reply, "progress", -1), ++slices,
			"slices");
	} while (cursor);
	progress_clear(&progress);
	return rc;
}

static size_t
mendable(const struct result *r)
{
	size_t i, n = 0;
	json_t *p;

	json_array_foreach(r->problems, i, p)
		n += json_is_true(json_object_get(p, "repair"));
	return n;
}

static void
print_summary(const struct cli *c, const struct result *r)
{
	char text[OUT_NUMBER_SIZE];
	const char *key;
	const json_t *h;
	json_t *v;
	size_t i, n = json_array_size(r->problems), k = 0;

	if (c->quiet)
		return;
	fputs("checked", stdout);
	json_object_foreach(r->checked, key, v) {
		printf("%s%s ", k++ > 0 ? ", " : " ",
			out_count(json_integer_value(v), text));
		out_text(stdout, key);
	}
	putchar('\n');
	json_array_foreach(r->heads, i, h) {
		fputs("head     ", stdout);
		out_text(stdout, cli_str(h, "namespace", "?"));
		fputs(":", stdout);
		out_text(stdout, cli_str(h, "head", "?"));
		printf("  at change %lld\n",
			(long long)cli_int(h, "change", 0));
	}
	if (n == 0)
		printf("%sno problems%s\n", out_on(c, OUT_GREEN),
			out_off(c, OUT_GREEN));
	else if (mendable(r) == n)
		printf("%s%zu problem%s%s: memoryctl repair mends %s\n",
			out_on(c, OUT_RED), n, n == 1 ? "" : "s",
			out_off(c, OUT_RED), n == 1 ? "it" : "them");
	else
		printf("%s%zu problem%s%s: keep the files as they are, restore "
		       "the newest backup that verifies beside them, and "
		       "compare\n",
			out_on(c, OUT_RED), n, n == 1 ? "" : "s",
			out_off(c, OUT_RED));
}

static int
cmd_verify_run(struct cli *c, int argc, char **argv)
{
	__attribute__((cleanup(result_done))) struct result r = {json_object(),
		json_array(), json_array()};
	AUTO_JSON json_t *out = NULL;
	bool is_clean;
	int rc;

	(void)argc;
	(void)argv;
	if (!r.checked || !r.problems || !r.heads)
		return cli_nomem();
	if ((rc = cmd_verify_check_all(c, &r)) != CLI_OK)
		return rc;
	is_clean = json_array_size(r.problems) == 0;
	if (c->json) {
		out = json_pack("{s:b,s:O,s:O,s:O}", "ok", is_clean, "checked",
			r.checked, "problems", r.problems, "heads", r.heads);
		if (!out)
			return cli_nomem();
		if ((rc = cli_print_json(c, out)) != CLI_OK)
			return rc;
	} else {
		print_summary(c, &r);
	}
	return is_clean ? CLI_OK : CLI_PROBLEM;
}

const struct cli_command cli_cmd_verify = {
	.name = "verify",
	.args = "",
	.summary = "check chains, digests and indexes",
	.about = "Reads the whole database and checks the hash chains, the "
		 "digest of every fact, the text indexes and SQLite's own "
		 "structures. Prints the head of each chain: kept elsewhere, "
		 "--head proves later that history was not rewritten. Exit "
		 "code 1 when there are problems.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = cmd_verify_run,
};
