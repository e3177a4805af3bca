/* uninstall: takes out of the configuration of MCP clients what install put
 * there, and nothing else. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/connect.h"
#include "memory-db/cli/lib/targets.h"

static struct targets targets = TARGET_DEFAULTS;

static const struct conf_opt uninstall_opts[] = {TARGET_OPTIONS(&targets)};

static int
uninstall_one(const struct cli *c, const struct connect *w,
	const struct client *cl, bool is_many, json_t *results)
{
	AUTO_CONNECTED struct connected r = {0};
	int rc = connect_remove(w, cl, &r);
	bool is_absent;

	if (rc == MDB_E_NOMEM)
		return cli_nomem();
	is_absent = strcmp(r.action, "absent") == 0;
	/* Of all clients of the world most have nothing. */
	if (is_many && (is_absent || rc == MDB_E_NOT_FOUND))
		return CLI_OK;
	if (!c->json || rc != 0)
		targets_print(c, &targets, &r, is_many);
	if (jx_add(results, targets_json(&targets, &r)) != 0)
		return cli_nomem();
	if (rc == 0)
		return CLI_OK;
	return rc == MDB_E_STORE ? CLI_SYSTEM : CLI_PROBLEM;
}

static int
run_uninstall(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *results = json_array(), *out = NULL;
	struct connect w = {0};
	bool is_many = targets_is_all(&targets);
	int worst = targets_read(&targets, &w);

	(void)argc;
	(void)argv;
	if (worst != CLI_OK)
		return worst;
	if (!results)
		return cli_nomem();
	for (size_t i = 0; i < clients_n; i++) {
		int rc;

		if (!targets_means(&targets, &clients[i]))
			continue;
		rc = uninstall_one(c, &w, &clients[i], is_many, results);
		if (rc > worst)
			worst = rc;
	}
	if (!c->json || (!is_many && worst != CLI_OK))
		return worst;
	out = is_many ? json_pack("{s:O}", "clients", results)
		      : json_incref(json_array_get(results, 0));
	return !out || cli_print_json(c, out) != CLI_OK ? cli_nomem() : worst;
}

const struct cli_command cli_cmd_uninstall = {
	.name = "uninstall",
	.args = "--client NAME|all",
	.summary = "take the memory out of MCP clients again",
	.about = "Removes the entry of memory-mcp from the MCP servers of a "
		 "client or of all clients, nothing else, after a backup of "
		 "each file. The memory itself stays.",
	.opts = uninstall_opts,
	.opts_n = ARRAY_LEN(uninstall_opts),
	.run = run_uninstall,
};
