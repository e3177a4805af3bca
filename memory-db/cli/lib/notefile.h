/* A Markdown note as a set of facts, and back. Each item and each paragraph is a
 * fact; frontmatter, headings, code, links to other notes and blocks that the
 * memory put there are none and stay as they are. Pure.
 *
 *   ---                           name "pnpm", type "feedback"
 *   name: pnpm
 *   metadata:
 *     type: feedback
 *   ---
 *   Use pnpm here.                a fact
 *
 *   - every install               a fact
 */
#ifndef CLI_LIB_NOTEFILE_H
#define CLI_LIB_NOTEFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define NOTEFILE_KEY_SIZE 33

struct noteblock {
	size_t from, to; /* its lines */
	char *text;	 /* owned, on one line */
	char key[NOTEFILE_KEY_SIZE];
	/* Where the memory has a marker in the place of a secret (foldersecret.h)
	 * text and key are those of the memory, and this is the key of what the
	 * note says; "": both say the same. */
	char said[NOTEFILE_KEY_SIZE];
};

struct notefile {
	struct buf raw;	   /* owned; the bytes of the file */
	char *name, *type; /* owned; of the frontmatter, or NULL */
	struct noteblock *v;
	size_t n, cap;
	bool is_torn;  /* half written: it says nothing */
	bool has_more; /* beside facts and headings: code, links, blocks */
};
#define AUTO_NOTEFILE __attribute__((cleanup(notefile_done)))

/* Two texts are the same fact when they have the same words: white space does
 * not count. */
void notefile_key(const char *text, size_t n, char ret[NOTEFILE_KEY_SIZE]);
/* Whether a text comes back from a note as the fact that it was. */
bool notefile_can_hold(const char *text);

/* Reads f->raw. 0 or MDB_E_NOMEM. */
int notefile_parse(struct notefile *f) MUST_CHECK;
/* The bytes without the blocks whose key is in `gone`, and with the texts of
 * `added` (key -> text) as items at the end. 0 or MDB_E_NOMEM. */
int notefile_write(const struct notefile *f, const json_t *gone,
	const json_t *added, struct buf *out) MUST_CHECK;
/* The head of a new note. */
int notefile_head(const char *name, const char *type, struct buf *out)
	MUST_CHECK;
void notefile_done(struct notefile *f);

#endif
