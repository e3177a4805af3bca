/* Inside of the JSON parser: the tokens. All functions that fail have set the
 * error of the lexer. */
#ifndef COMMON_JX_LEX_H
#define COMMON_JX_LEX_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/jx.h"

struct jx_lex {
	const char *begin, *p, *end;
	unsigned depth;
	struct buf text; /* a string with escapes, a long number */
	struct err *e;
	struct err *number;    /* NULL: one out of range is an error; else see
				   jx_parse_lenient */
	unsigned number_depth; /* the path of that number is known from below
				   this depth on; 0: whole, or there is none */
};

/* "not valid JSON at line 1, column 5 (byte 4): <what>, found 'x'"; NULL. */
json_t *jx_lex_fail(struct jx_lex *lx, const char *what);
json_t *jx_lex_nomem(struct jx_lex *lx);

void jx_lex_space(struct jx_lex *lx);

/* At the opening quote. *ret is part of the input or lx->text: valid until
 * the next token. */
bool jx_lex_string(struct jx_lex *lx, const char **ret, size_t *ret_n)
	MUST_CHECK;

/* Behind a value: puts its place, a name or (name NULL) an index, before the
 * path of a number out of range that was found in it. */
void jx_lex_place(struct jx_lex *lx, const char *name, size_t n, size_t index);

/* At a digit or '-'. Returns new, or NULL. */
json_t *jx_lex_number(struct jx_lex *lx) MUST_CHECK;

/* true, false, null; anything else is an error. Returns new, or NULL. */
json_t *jx_lex_literal(struct jx_lex *lx) MUST_CHECK;

#endif
