#include "memory-db/cli/lib/assign.h"

#include <string.h>

#include "common/jx.h"

static int
assign_read(const struct assign *a, const char *arg, json_t *values)
{
	AUTO_BUF struct buf name = {0};
	const char *sign = strchr(arg, '='), *why = NULL;
	json_t *value;

	if (!sign || sign == arg)
		return cli_fail(CLI_USAGE,
			"'%s' should be NAME=%s, or NAME= to take a setting "
			"back",
			arg, a->value);
	if (buf_add(&name, arg, (size_t)(sign - arg)) != 0 || !buf_str(&name))
		return cli_nomem();
	sign++;
	value = *sign == '\0' ? json_null() : a->read(sign, &why);
	if (why)
		return cli_fail(CLI_USAGE, "'%s' %s", sign, why);
	return jx_set(values, name.data, value) != 0 ? cli_nomem() : CLI_OK;
}

int
assign_ask(struct cli *c, const struct assign *a, int argc, char **argv,
	json_t **ret_reply)
{
	AUTO_JSON json_t *values = json_object();

	if (argc == 0)
		return cli_call(c, a->show, json_object(), CLI_NOW, ret_reply);
	for (int i = 0; i < argc; i++) {
		int rc = assign_read(a, argv[i], values);

		if (rc != CLI_OK)
			return rc;
	}
	return cli_call(c, a->set, json_pack("{s:O}", a->member, values),
		CLI_NOW, ret_reply);
}
