/* Notes in Markdown as single facts. Pure. */
#ifndef CLI_LIB_NOTES_H
#define CLI_LIB_NOTES_H

#include <jansson.h>
#include <stddef.h>

#include "common/cleanup.h"

/* Adds the facts of a text to the array: its items and paragraphs, a text each.
 * Frontmatter, headings and code are none. 0 or MDB_E_NOMEM. */
int notes_facts(const char *s, size_t n, json_t *facts) MUST_CHECK;

#endif
