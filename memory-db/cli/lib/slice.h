/* One slice of an import: consecutive lines, as many as one call takes.
 *
 * A slice has an entry for each line, so that offsets count lines on both
 * sides; a line that is blank or wrong is sent as {} and its complaint, known
 * here already, is not taken from the reply. */
#ifndef CLI_LIB_SLICE_H
#define CLI_LIB_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

#define SLICE_LINES 1000
#define SLICE_BYTES (1024 * 1024)

struct slice {
	int64_t offset; /* lines before it */
	size_t lines, facts, values;
	bool is_empty[SLICE_LINES]; /* sent as {} */
	struct buf records;	    /* their JSON, separated by commas */
};

/* What a line adds to a request. */
struct slice_cost {
	size_t bytes;
	size_t facts;  /* 1, and one for each entry of its lists */
	size_t values; /* of JSON */
};

/* Checks that a line is a JSON object that the service can take in a request,
 * and weighs it. 0, MDB_E_PROTOCOL with the reason, MDB_E_NOMEM. */
int slice_weigh(const char *json, size_t n, struct slice_cost *ret,
	struct err *e) MUST_CHECK;

/* Whether a line of this cost still fits. A slice of no lines takes any. */
bool slice_has_room(const struct slice *s, const struct slice_cost *cost);

/* Appends a line; json NULL: an empty one (cost is not looked at). 0 or
 * MDB_E_NOMEM. */
int slice_add(struct slice *s, const char *json, const struct slice_cost *cost)
	MUST_CHECK;

/* Appends the parameters of import_records; more: others, as ",\"name\":true".
 * 0 or MDB_E_NOMEM. */
int slice_params(const struct slice *s, const char *source, bool is_last,
	const char *more, struct buf *out) MUST_CHECK;

/* Makes it ready for the lines that follow. */
void slice_next(struct slice *s);

#endif
