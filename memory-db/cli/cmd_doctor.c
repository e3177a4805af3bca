/* doctor: what is wrong with this installation, and what to do about it. Each
 * check is a file lib/doctor_*.c that prints lines; here is their order, from
 * the outside (environment, programs) to the inside (database, service). */
#include <stdio.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/doctor.h"

static int
cmd_doctor_summary(const struct doctor *d)
{
	const struct cli *c = d->c;
	AUTO_JSON json_t *out = NULL;
	int rc = d->failures > 0 ? CLI_PROBLEM : CLI_OK;

	if (d->is_out_of_memory)
		return cli_nomem();
	if (c->json) {
		out = json_pack("{s:b,s:i,s:i,s:O}", "ok", d->failures == 0,
			"failures", d->failures, "warnings", d->warnings,
			"findings", d->findings);
		if (!out || cli_print_json(c, out) != CLI_OK)
			return cli_nomem();
	} else if (!c->quiet) {
		printf("%d failure%s, %d warning%s\n", d->failures,
			d->failures == 1 ? "" : "s", d->warnings,
			d->warnings == 1 ? "" : "s");
	}
	return rc;
}

static int
cmd_doctor_run(struct cli *c, int argc, char **argv)
{
	static struct doctor d;
	int rc;

	(void)argc;
	(void)argv;
	d = (struct doctor){.c = c, .findings = json_array()};
	if (!d.findings)
		return cli_nomem();
	doctor_environment(&d);
	doctor_programs(&d);
	doctor_socket(&d);
	doctor_service(&d);
	doctor_database(&d);
	doctor_lock(&d);
	doctor_disk(&d);
	doctor_log(&d);
	doctor_backup(&d);
	doctor_clients(&d);
	rc = cmd_doctor_summary(&d);
	json_decref(d.findings);
	json_decref(d.hello);
	json_decref(d.status);
	return rc;
}

const struct cli_command cli_cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "what is wrong, and what to do",
	.about =
		"Looks at environment, programs, socket, service, database, "
		"disk, backups and MCP clients without needing or starting the "
		"service. Each line says ok, warn or fail and what to do. "
		"Exit code 1 when something fails.",
	.run = cmd_doctor_run,
};
