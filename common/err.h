/* Error codes and the caller-owned error text. */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include "common/cleanup.h"

/* Fallible functions return 0 or one of these. The list is stable: the names
 * (err_name) are the `code` of socket replies. */
enum mdb_error {
	MDB_OK = 0,
	MDB_E_INVALID = -1, /* a parameter is wrong */
	MDB_E_NOT_FOUND = -2,
	MDB_E_EXISTS = -3,
	MDB_E_CONFLICT = -4,
	MDB_E_DENIED = -5,
	MDB_E_LIMIT = -6, /* larger than a limit of limits.h */
	MDB_E_TIMEOUT = -7,
	MDB_E_BUSY = -8,  /* try again after retry_after_ms */
	MDB_E_STORE = -9, /* disk or database failed */
	MDB_E_CORRUPT = -10,
	MDB_E_NOMEM = -11,
	MDB_E_SANDBOX = -12,
	MDB_E_PROTOCOL = -13, /* not a request: the connection closes */
	MDB_E_INTERNAL = -14,
	MDB_E_DISK_LOW = -15, /* writes are off, reads go on */
	MDB_E_UNKNOWN_METHOD = -16,
	MDB_E_WRONG_DATABASE = -17,
	MDB_E_VERSION = -18, /* client and service too far apart */
	MDB_E_CANCELLED = -19,
	MDB_E_UNREACHABLE = -20, /* client side: no service, connection lost */
	MDB_E_UNKNOWN_OUTCOME = -21, /* a commit failed so that nobody knows
				   whether it is on the disk */
	MDB_E_MAX = 22
};

/* Lives on the caller's stack. text is written for a language model and a
 * person alike: what was wrong, which parameter, what would be right. */
struct err {
	int code;
	int retry_after_ms; /* > 0 with MDB_E_BUSY */
	char param[96];	    /* path of the parameter, "" if none */
	char text[640];
};

/* Sets *e (e may be NULL) and returns code, so that callers write
 * `return err_set(e, MDB_E_NOT_FOUND, "no entity '%s'", name);`. Over-long
 * text is cut at a UTF-8 boundary. */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, naming the parameter at fault ("entities[3].name"). */
int err_param(struct err *e, int code, const char *param, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Out of memory; needs no memory itself. */
int err_nomem(struct err *e);

/* Puts "prefix: " before the text; the code stays. */
void err_prefix(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "not_found" for MDB_E_NOT_FOUND; "internal" for an unknown code. */
const char *err_name(int code);

/* The reverse; MDB_E_INTERNAL for an unknown name. */
int err_code_of(const char *name);

#endif
