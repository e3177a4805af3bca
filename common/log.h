/* One structured line a record, to stderr or a rotated file. Thread-safe:
 * each record is one write(2). Never waits for a pipe that nobody reads: such
 * lines are lost, the next one that gets through says how many. Never logs
 * observation text above debug. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_MAX };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
	const char *key;
	const char *text; /* NULL: use number */
	int64_t number;
};
static inline struct log_field
log_text(const char *key, const char *text)
{
	return (struct log_field){key, text ? text : "", 0};
}
#define LOG_S(k, v) log_text((k), (v))
#define LOG_I(k, v) ((struct log_field){(k), NULL, (int64_t)(v)})

void log_setup(const char *program, enum log_level level,
	enum log_format format);

/* Writes to path (0600) instead of stderr; at max_bytes the file is renamed
 * to path.1 (one old file is kept). 0 or MDB_E_STORE. */
int log_to_file(const char *path, int64_t max_bytes, struct err *e) MUST_CHECK;
/* With this, files are moved when a day (UTC) is over as well, and fn is told:
 * `moved` (path.1) holds the lines of that day. It runs in the thread that logs,
 * with the log locked: short, and without logging. Before the first line. */
typedef void (*log_moved_fn)(const char *path, const char *moved, int64_t day);
void log_on_moved(log_moved_fn fn);

#define AUDIT_FILE "memory-db.audit"
/* A second file of JSON lines, {"ts", fields}: who did what. */
int log_audit_to_file(const char *path, int64_t max_bytes, struct err *e)
	MUST_CHECK;
bool log_audit_enabled(void);
void log_audit(const struct log_field *fields, size_t n);

/* event: a short fixed phrase ("request", "checkpoint"). request_id 0: none.
 * Lines: text `2026-11-20T08:05:33.120Z info memory-db request id=7 ...`,
 * json {"ts","level","program","event","request",...}. */
void log_write(enum log_level level, const char *event, uint64_t request_id,
	const struct log_field *fields, size_t n);

bool log_enabled(enum log_level level);

#define log_event(level, event, request_id, ...)                               \
	do {                                                                   \
		if (log_enabled(level)) {                                      \
			const struct log_field log_f_[] = {__VA_ARGS__};       \
			log_write(level, event, request_id, log_f_,            \
				ARRAY_LEN(log_f_));                            \
		}                                                              \
	} while (0)

/* "error" ... "debug" / "text" "json"; MDB_E_INVALID. */
int log_level_of(const char *name, enum log_level *ret_level) MUST_CHECK;
int log_format_of(const char *name, enum log_format *ret_format) MUST_CHECK;

#endif
