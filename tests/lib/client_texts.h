/* Random configurations of MCP clients, as people and programs write them.
 * Every foreign remark and text in one has a mark of its own ("m17.") that
 * nothing else has. */
#ifndef TESTS_LIB_CLIENT_TEXTS_H
#define TESTS_LIB_CLIENT_TEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "memory-db/cli/lib/clients.h"

struct texts {
	uint64_t x; /* of the generator */
	const struct client *client;
	const char *nl, *tab;
	bool is_compact, has_comments, has_last_commas;
	int marks;
	/* what the text has */
	bool has_ours, has_holder, has_others, is_inline;
	/* YAML: one was given a name already; a text that owns the empty lines
	 * behind it */
	bool has_anchor, keeps_lines;
	const char *old; /* the program of our entry, or NULL */
	struct buf out;	 /* NUL-terminated */
};

uint64_t texts_random(struct texts *t);
/* 0 .. n - 1 */
unsigned texts_below(struct texts *t, unsigned n);

/* Makes t->out. with_ours: the entry "memory" is among the servers. */
void texts_make(struct texts *t, const struct client *cl, bool with_ours);
/* The marks of `before` that `after` has not, or has in another order: the
 * first of them, 0 when there is none. */
int texts_lost(const struct texts *t, const struct buf *before,
	const struct buf *after);
void texts_done(struct texts *t);

#endif
