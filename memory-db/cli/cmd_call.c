#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/contract/tools.h"
#include "memory-db/cli/cli.h"

static int
read_stdin(struct buf *b)
{
	char chunk[16384];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
		if (b->len + n > LIMIT_REQUEST_BYTES)
			return cli_fail(CLI_USAGE,
				"the parameters on "
				"standard input are longer than %d bytes",
				LIMIT_REQUEST_BYTES);
		if (buf_add(b, chunk, n) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

static int
cmd_call_run(struct cli *c, int argc, char **argv)
{
	AUTO_BUF struct buf b = {0};
	AUTO_JSON json_t *params = NULL;
	struct err e = {0};
	const char *text = argc > 1 ? argv[1] : "{}", *near;
	char *reply = NULL;
	bool is_refused;
	int rc;

	if (!tool_find(argv[0]) && (near = tool_nearest(argv[0])))
		cli_note(c, "no method '%s' that I know; did you mean '%s'?",
			argv[0], near);
	if (strcmp(text, "-") == 0) {
		if ((rc = read_stdin(&b)) != CLI_OK)
			return rc;
		if ((text = buf_str(&b)) == NULL)
			return cli_nomem();
	}
	params = jx_parse(text, strlen(text), &e);
	if (!params)
		return cli_fail(CLI_USAGE,
			"the parameters are no JSON "
			"object: %s",
			e.text);
	rc = cli_call_raw(c, argv[0], text, &reply, &is_refused);
	if (rc != CLI_OK)
		return rc;
	rc = cli_print_text(c, reply, strlen(reply));
	if (rc == CLI_OK && is_refused) {
		AUTO_JSON json_t *j = jx_parse(reply, strlen(reply), &e);

		rc = cli_exit_of(err_code_of(cli_str(j, "code", "internal")));
	}
	memory_free(reply);
	return rc;
}

const struct cli_command cli_cmd_call = {
	.name = "call",
	.args = "METHOD [JSON|-]",
	.summary = "call a method of the socket protocol",
	.about = "Calls a method with a JSON object of parameters (- reads it "
		 "from standard input) and prints the reply as it came, "
		 "errors too.",
	.min_args = 1,
	.max_args = 2,
	.is_raw = true,
	.run = cmd_call_run,
};
