/* A recalled fact as one line for a model. */
#ifndef MODEL_RECALL_RECALL_LINE_H
#define MODEL_RECALL_RECALL_LINE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends "- name: text (happened 2026-11-02; ..)" of a row of recall_page.
 * Further lines of a text are indented, so that only a fact begins with "- ".
 * is_weak: a match that is likely no answer. 0 or MDB_E_NOMEM. */
int recall_line(const json_t *row, bool is_weak, struct buf *out) MUST_CHECK;

#endif
