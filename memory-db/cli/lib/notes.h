/* Notes in Markdown as single facts. Pure. */
#ifndef CLI_LIB_NOTES_H
#define CLI_LIB_NOTES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Adds the facts of a text to the array: its items and paragraphs, a text each.
 * Frontmatter, headings and code are none. 0 or MDB_E_NOMEM. */
int notes_facts(const char *s, size_t n, json_t *facts) MUST_CHECK;

/* Bytes of "---\nname: x\n---\n" at the head of a text; 0: it has none. */
size_t notes_head(const char *s, size_t n);

/* A note in pieces of a bounded size, each a whole text in Markdown: cut
 * between paragraphs and not within code, and what stands at the head of the
 * note between "---" stands at the head of each. */
struct note_pieces {
	int fd;		  /* of the reader */
	struct buf text;  /* owned; what was read and not given */
	struct buf head;  /* owned; "---\n...---\n" */
	struct buf piece; /* owned; what was given last */
	bool is_begun, is_over;
};

/* 1 and the next piece, which lives until the next call; 0: no more;
 * MDB_E_STORE, MDB_E_NOMEM. */
int notes_piece(struct note_pieces *p, const char **ret, size_t *ret_n)
	MUST_CHECK;
void notes_pieces_done(struct note_pieces *p);

#define AUTO_NOTE_PIECES __attribute__((cleanup(notes_pieces_done)))

#endif
