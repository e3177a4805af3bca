/* One slice of an import: consecutive lines, as many as one call takes.
 *
 * A slice has an entry for each line, so that offsets count lines on both
 * sides; a line that is blank or wrong is sent as {} and its complaint, known
 * here already, is not taken from the reply. */
#ifndef CLI_SLICE_H
#define CLI_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

#define SLICE_LINES 1000
#define SLICE_BYTES (1024 * 1024)

struct slice {
	int64_t offset;		/* lines before it */
	size_t lines, facts;
	bool is_empty[SLICE_LINES];	/* sent as {} */
	struct buf records;	/* their JSON, separated by commas */
};

/* Facts that a record makes: 1, and one for each entry of its lists. */
size_t slice_facts_of(const json_t *record);

/* Whether a line of n bytes and so many facts still fits. A slice of no lines
 * takes any. */
bool slice_has_room(const struct slice *s, size_t n, size_t facts);

/* Appends a line; json NULL: an empty one. 0 or MDB_E_NOMEM. */
int slice_add(struct slice *s, const char *json, size_t n, size_t facts)
	MUST_CHECK;

/* Appends the parameters of import_records. 0 or MDB_E_NOMEM. */
int slice_params(const struct slice *s, const char *source, bool is_last,
	struct buf *out) MUST_CHECK;

/* Makes it ready for the lines that follow. */
void slice_next(struct slice *s);

#endif
