/* Error codes and the caller-owned error text. Nothing here allocates: an
 * error must be reportable when there is no memory. */
#include "common/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

static const char *const names[MDB_E_MAX] = {
	[0] = "ok",
	[-MDB_E_INVALID] = "invalid",
	[-MDB_E_NOT_FOUND] = "not_found",
	[-MDB_E_EXISTS] = "exists",
	[-MDB_E_CONFLICT] = "conflict",
	[-MDB_E_DENIED] = "denied",
	[-MDB_E_LIMIT] = "limit",
	[-MDB_E_TIMEOUT] = "timeout",
	[-MDB_E_BUSY] = "busy",
	[-MDB_E_STORE] = "store",
	[-MDB_E_CORRUPT] = "corrupt",
	[-MDB_E_NOMEM] = "nomem",
	[-MDB_E_SANDBOX] = "sandbox",
	[-MDB_E_PROTOCOL] = "protocol",
	[-MDB_E_INTERNAL] = "internal",
	[-MDB_E_DISK_LOW] = "disk_low",
	[-MDB_E_UNKNOWN_METHOD] = "unknown_method",
	[-MDB_E_WRONG_DATABASE] = "wrong_database",
	[-MDB_E_VERSION] = "version",
	[-MDB_E_CANCELLED] = "cancelled",
	[-MDB_E_UNREACHABLE] = "unreachable",
	[-MDB_E_UNKNOWN_OUTCOME] = "unknown_outcome",
};

/* Texts echo input of any bytes and are cut by vsnprintf anywhere: a cut
 * sequence at the end is dropped, any other bad byte becomes '?'. */
static void
scrub(char *s, bool was_cut)
{
	size_t n = strlen(s);
	uint32_t cp;

	if (was_cut) {
		n = utf8_cut(s, n);
		s[n] = '\0';
	}
	for (size_t i = 0; i < n;) {
		size_t len = utf8_decode(s + i, n - i, &cp);
		if (len == 0)
			s[i++] = '?';
		else
			i += len;
	}
}

static void __attribute__((format(printf, 3, 0)))
err_print(char *out, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);

	if (n < 0)
		snprintf(out, size, "error text could not be written");
	scrub(out, n < 0 || (size_t)n >= size);
}

static void __attribute__((format(printf, 4, 0))) err_vset(struct err *e,
	int code, const char *param, const char *fmt, va_list ap)
{
	/* The arguments may be parts of *e. */
	struct err made = {.code = code};
	int n = snprintf(made.param, sizeof(made.param), "%s", param);

	scrub(made.param, n < 0 || (size_t)n >= sizeof(made.param));
	err_print(made.text, sizeof(made.text), fmt, ap);
	*e = made;
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	err_vset(e, code, "", fmt, ap);
	va_end(ap);
	return code;
}

int
err_param(struct err *e, int code, const char *param, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	err_vset(e, code, param, fmt, ap);
	va_end(ap);
	return code;
}

int
err_nomem(struct err *e)
{
	return err_set(e, MDB_E_NOMEM,
		"out of memory; try again with a smaller request");
}

void
err_prefix(struct err *e, const char *fmt, ...)
{
	char prefix[sizeof(e->text)], old[sizeof(e->text)];
	va_list ap;
	int n;

	if (!e)
		return;
	va_start(ap, fmt);
	err_print(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	memcpy(old, e->text, sizeof(old));
	n = snprintf(e->text, sizeof(e->text), "%s: %s", prefix, old);
	scrub(e->text, n < 0 || (size_t)n >= sizeof(e->text));
}

const char *
err_name(int code)
{
	if (code > 0 || code <= -MDB_E_MAX)
		return names[-MDB_E_INTERNAL];
	return names[-code];
}

int
err_code_of(const char *name)
{
	for (int i = 0; i < MDB_E_MAX; i++)
		if (strcmp(names[i], name) == 0)
			return -i;
	return MDB_E_INTERNAL;
}
