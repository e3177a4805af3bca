/* doctor: what is wrong with this installation, and what to do about it. Each
 * check is a file lib/doctor_*.c that prints lines; here is their order, from
 * the outside (environment, programs) to the inside (database, service). */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/out.h"

static const struct {
	const char *name;
	enum out_style style;
} levels[] = {
	[DOCTOR_OK] = {"ok", OUT_GREEN},
	[DOCTOR_WARN] = {"warn", OUT_YELLOW},
	[DOCTOR_FAIL] = {"fail", OUT_RED},
};

static void
print_finding(const struct cli *c, enum doctor_level level, const char *check,
	const char *text, const char *advice)
{
	if (c->json || (c->quiet && level == DOCTOR_OK))
		return;
	printf("%s%-4s%s  %-11s  ", out_on(c, levels[level].style),
		levels[level].name, out_off(c, levels[level].style), check);
	out_text(stdout, text);
	putchar('\n');
	if (advice) {
		fputs("                   -> ", stdout);
		out_text(stdout, advice);
		putchar('\n');
	}
	fflush(stdout);
}

void
doctor_say(struct doctor *d, enum doctor_level level, const char *check,
	const char *advice, const char *fmt, ...)
{
	AUTO_BUF struct buf b = {0}, safe = {0};
	va_list ap;
	int rc;

	d->warnings += level == DOCTOR_WARN;
	d->failures += level == DOCTOR_FAIL;
	va_start(ap, fmt);
	rc = buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (rc != 0 || !buf_str(&b)) {
		d->is_out_of_memory = true;
		return;
	}
	print_finding(d->c, level, check, b.data, advice);
	/* A path need not be UTF-8; JSON must. */
	if (!text_is_utf8(b.data, b.len) &&
		(out_safe(b.data, b.len, &safe) || !buf_str(&safe))) {
		d->is_out_of_memory = true;
		return;
	}
	if (jx_add(d->findings, json_pack("{s:s,s:s,s:s,s:s*}", "check", check,
					"level", levels[level].name, "text",
					safe.data ? safe.data : b.data,
					"advice", advice)) != 0)
		d->is_out_of_memory = true;
}

bool
doctor_process(long pid, char *name, size_t size)
{
	char path[64];
	AUTO_FD int fd = -1;
	ssize_t n;

	name[0] = '\0';
	if (pid <= 0 || (kill((pid_t)pid, 0) < 0 && errno == ESRCH))
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, name, size - 1)) <= 0)
		return true;
	name[n] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return true;
}

const char *
doctor_user(unsigned uid)
{
	static char text[80];
	const struct passwd *pw = getpwuid((uid_t)uid);

	if (pw)
		snprintf(text, sizeof(text), "%s", pw->pw_name);
	else
		snprintf(text, sizeof(text), "user %u", uid);
	return text;
}

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
	doctor_clients(&d);
	rc = cmd_doctor_summary(&d);
	json_decref(d.findings);
	json_decref(d.hello);
	return rc;
}

const struct cli_command cli_cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "what is wrong, and what to do",
	.about = "Looks at environment, programs, socket, service, database, "
		 "disk and MCP clients without needing or starting the "
		 "service. Each line says ok, warn or fail and what to do. "
		 "Exit code 1 when something fails.",
	.run = cmd_doctor_run,
};
