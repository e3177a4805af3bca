/* Positions in a JSON text: where values and members begin and end, so that a
 * text can be cut and edited without writing the rest anew. The text may have
 * what people write into configuration files: comments, a byte order mark, a
 * comma behind the last member. Callers have
 * checked the text with a parser; on a broken one the functions say so and
 * never read outside. */
#ifndef CLI_LIB_JSCAN_H
#define CLI_LIB_JSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"

struct jspan {
	size_t at, end; /* [at, end) */
};

struct jmember {
	struct jspan key; /* with its quotes; empty in an array */
	struct jspan value;
};

struct jwalk {
	const char *s;
	size_t n, at;
	char close; /* '}' or ']' */
	bool is_begun;
};

/* The first position from at on that is neither white space nor in a comment;
 * n at the end. */
size_t jscan_space(const char *s, size_t n, size_t at);
/* The same, and comments end it. A byte order mark counts as blank. */
size_t jscan_blank(const char *s, size_t n, size_t at);
/* End of the comment that begins at `at`: the line's end of one with two
 * slashes; `at` itself when none does. */
size_t jscan_comment(const char *s, size_t n, size_t at);

/* Appends the text with blanks for comments, byte order mark and commas that
 * nothing follows: what a strict parser takes, each byte at its place.
 * NUL-terminated. 0 or MDB_E_NOMEM. */
int jscan_plain(const char *s, size_t n, struct buf *out) MUST_CHECK;

/* End of the value at `at`; 0 when it has none. */
size_t jscan_value(const char *s, size_t n, size_t at);

/* Starts at the brace or bracket of an object or array. False: no such. */
bool jwalk_init(struct jwalk *w, const char *s, size_t n, size_t at);
/* The next member or element: 1, 0 at the end (w->at is then the position of
 * the closing brace), -1 broken. */
int jwalk_next(struct jwalk *w, struct jmember *ret);

/* Member `name` of the object at `at`: 1, 0 absent, -1 broken, or
 * MDB_E_NOMEM: a name that is written with escapes could not be read. */
int jscan_find(const char *s, size_t n, size_t at, const char *name,
	struct jmember *ret);

/* The value of member `name`, which is a string: 1 and a new string, 0 and
 * *ret untouched when the member is absent or null, -1 broken (or no string),
 * or MDB_E_NOMEM. */
int jscan_text(const char *s, size_t n, size_t at, const char *name, char **ret)
	MUST_CHECK;

#endif
