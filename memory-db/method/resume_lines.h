/* What resume and since_last share: the lines they are made of. */
#ifndef METHOD_RESUME_LINES_H
#define METHOD_RESUME_LINES_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/carry/carry_text.h"
#include "memory-db/model/carry/last_session.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/beside/receipts.h"

struct resume {
	struct call *c;
	struct scope scope;
	struct last_session last;
	bool has_last;
	size_t budget; /* tokens */
	struct carry_text text;
	char nonce[RECEIPT_ID_SIZE];
	json_t *by; /* client and session -> [client, session, changes]; owned,
		       or NULL */
	json_t *receipt; /* owned */
	bool is_more;
	struct err *e;
};

/* Appends `before` and a text of others in quotes, cut to the length of a line;
 * nothing for NULL. Not 0: no memory. */
int resume_quote(struct buf *out, const char *before, const char *s);
/* ', by "codex/0.171"', unless the reader wrote it. */
int resume_by(const struct resume *r, const json_t *change, struct buf *out);
/* Adds a line; bad: it could not be made. */
int resume_line(struct resume *r, enum carry_section section, int bad,
	const struct buf *line) MUST_CHECK;

/* The sections that other methods have as rows. */
int resume_plans(struct resume *r) MUST_CHECK;
int resume_handoffs(struct resume *r) MUST_CHECK;
int resume_review(struct resume *r) MUST_CHECK;
int resume_conflicts(struct resume *r) MUST_CHECK;
int resume_relevant(struct resume *r) MUST_CHECK;

#endif
