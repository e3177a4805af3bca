/* Finds the ends of JSON objects in a byte stream: pure, no fd, no parsing.
 *
 * A request ends at the closing brace of its top-level object; white space
 * and newlines between requests are skipped. The lexer keeps its state between
 * calls, looks at each byte once, and counts values so that a small frame
 * cannot explode in the parser (4 MiB of `[{},...` costs jansson 0.75 s and
 * 314 MiB). It checks structure (strings, escapes, nesting of braces and
 * brackets, control characters in strings), not grammar: jansson does that. */
#ifndef COMMON_FRAME_H
#define COMMON_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_DEPTH_MAX 128

struct frame_lexer {
	size_t max_bytes; /* limits, set by frame_init */
	size_t max_values;
	unsigned depth;
	bool in_string, escaped, in_scalar;
	size_t bytes; /* of the frame begun */
	size_t values;
	uint64_t stack[FRAME_DEPTH_MAX / 64]; /* 1 = object, a bit a level */
};

enum frame_status {
	FRAME_MORE,	  /* all consumed, no end yet */
	FRAME_DONE,	  /* data[*ret_skip, *ret_used) ends the frame */
	FRAME_NOT_OBJECT, /* top level is no object: protocol error */
	FRAME_SYNTAX,	  /* mismatched brackets, raw control character */
	FRAME_TOO_LONG,
	FRAME_TOO_DEEP,
	FRAME_TOO_MANY_VALUES
};

void frame_init(struct frame_lexer *lx, size_t max_bytes, size_t max_values);

/* Looks at data[0, n), which continues what was fed before. On FRAME_DONE
 * *ret_used bytes were consumed, the last of them the closing brace, and the
 * lexer is ready for the next frame. *ret_skip is the number of leading bytes
 * that belong to no frame (white space between frames); only non-zero while
 * no frame is begun. After an error the lexer must be initialised again. */
enum frame_status frame_feed(struct frame_lexer *lx, const char *data, size_t n,
	size_t *ret_skip, size_t *ret_used);

/* True when a frame has begun and not ended. */
bool frame_begun(const struct frame_lexer *lx);

/* Text for an error reply: "nesting deeper than 128". */
const char *frame_status_text(enum frame_status s);

#endif
