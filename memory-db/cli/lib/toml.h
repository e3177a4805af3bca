/* Reads TOML 1.0: the document as JSON, and where each of its statements
 * stands, so that single ones can be cut out of the text. Pure.
 *
 * Dates and numbers that JSON has not (0x1f, inf) become strings. */
#ifndef CLI_LIB_TOML_H
#define CLI_LIB_TOML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* Nesting of arrays and inline tables. */
#define TOML_DEPTH_MAX 64
/* Between the names of a path, and before the index of an array's element. */
#define TOML_SEP  '\x1f'
#define TOML_ITEM '\x1e'

enum toml_kind {
	TOML_TABLE,   /* [a.b] */
	TOML_ELEMENT, /* [[a.b]] */
	TOML_VALUE,   /* a.b = value */
	TOML_INNER    /* a value within an inline table */
};

/* path: "\x1fa\x1fb", of an array's element "\x1fa\x1e0"; from the top. */
struct toml_item {
	enum toml_kind kind;
	char *path;	/* owned */
	size_t at, end; /* the whole lines; of TOML_INNER the value */
	size_t value_at, value_end; /* TOML_VALUE, TOML_INNER */
};

struct toml {
	json_t *all; /* owned */
	struct toml_item *items;
	size_t n;
	/* of the parser: tables that may not be opened again or extended */
	const json_t **closed, **defined;
	size_t closed_n, defined_n, items_cap, closed_cap, defined_cap;
};

/* MDB_E_INVALID: "line 3: ..."; MDB_E_NOMEM. */
int toml_parse(const char *s, size_t n, struct toml *ret, struct err *e)
	MUST_CHECK;
void toml_done(struct toml *t);

/* Whether path is prefix or lies below it. */
bool toml_is_below(const char *path, const char *prefix);

#define AUTO_TOML __attribute__((cleanup(toml_done)))

#endif
