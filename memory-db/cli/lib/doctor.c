/* A finding of doctor: a line that says ok, warn or fail, what was found, and what
 * to do about it; of a program that asks for JSON one object each at the end. */
#include "memory-db/cli/lib/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"
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

char
doctor_process_state(long pid)
{
	char path[64], text[512];
	const char *at;
	AUTO_FD int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, text, sizeof(text) - 1)) <= 0)
		return '?';
	text[n] = '\0';
	/* Behind the name, which may hold anything. */
	at = strrchr(text, ')');
	return at && at[1] == ' ' && at[2] != '\0' ? at[2] : '?';
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
