#include <stdio.h>
#include <string.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/where.h"

static const char *type, *tags;
static bool allow_secret;

static const struct conf_opt opts[] = {
	CLI_TEXT("type", &type, "TYPE", "of a new entity (note)"),
	CLI_TEXT("tags", &tags, "TAG,...", "of each TEXT"),
	CLI_FLAG("allow-secret", &allow_secret,
		"store it although it looks like a token, a key or a "
		"password"),
};

/* Each text with the tags. NULL after saying why. */
static json_t *
tagged(json_t *texts)
{
	AUTO_JSON json_t *list = cli_list(tags);
	json_t *text, *out = list != NULL ? json_array() : NULL;
	size_t i;

	json_array_foreach(texts, i, text)
		if (out && json_array_append_new(out,
				   json_pack("{s:O,s:O}", "text", text, "tags",
					   list)) != 0) {
			json_decref(out);
			out = NULL;
		}
	json_decref(texts);
	return out;
}

static int
cmd_add_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	json_t *texts = cli_texts(argc - 1, argv + 1);
	const json_t *result;
	const char *note;
	int rc;

	if (texts && tags)
		texts = tagged(texts);
	if (!texts)
		return CLI_USAGE;
	/* More about what is known goes to where it is known. */
	if ((rc = where_entity(c, argv[0])) != CLI_OK) {
		json_decref(texts);
		return rc;
	}
	rc = cli_call(c, "create_entities",
		json_pack("{s:b,s:[{s:s,s:s,s:o}]}", "allow_secret",
			allow_secret, "entities", "name", argv[0], "entityType",
			type ? type : "note", "observations", texts),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	result = json_array_get(json_object_get(reply, "results"), 0);
	/* The type of an entity that exists stays. */
	note = type ? cli_str(result, "note", NULL) : NULL;
	if (note)
		cli_note(c, "%s", note);
	if (c->quiet)
		return CLI_OK;
	out_text(stdout, argv[0]);
	printf(" %s, %lld added", cli_str(result, "action", "?"),
		(long long)cli_int(result, "added", 0));
	out_text(stdout, where_said(c));
	putchar('\n');
	return CLI_OK;
}

const struct cli_command cli_cmd_add = {
	.name = "add",
	.args = "NAME [TEXT...]",
	.summary = "remember an entity, or more about it",
	.about = "Adds each TEXT as an observation to the entity NAME, which "
		 "is made if there is none. What it knows already is not added "
		 "twice, but gets the tags.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = -1,
	.writes = true,
	.makes = true,
	.run = cmd_add_run,
};
