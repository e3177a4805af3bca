/* The parts of a TOML statement: keys and values. For toml.c. */
#ifndef CLI_LIB_TOMLVALUE_H
#define CLI_LIB_TOMLVALUE_H

#include <jansson.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/toml.h"

struct toml_reader {
	const char *s;
	size_t n, at;
	size_t first; /* behind a byte order mark */
	struct toml *t;
};

/* Blanks; blanks, line ends and remarks. */
void toml_blanks(struct toml_reader *r);
void toml_space(struct toml_reader *r);
size_t toml_line_begin(const char *s, size_t at);

/* One name of a key with the blanks around it: *ret is new. */
int toml_key(struct toml_reader *r, char **ret, struct err *e) MUST_CHECK;
/* "a.b = value" into table. path: that of table, becomes that of the value,
 * NUL-terminated. */
int toml_pair(struct toml_reader *r, json_t *table, struct buf *path, int depth,
	size_t *ret_at, size_t *ret_end, struct err *e) MUST_CHECK;

/* Of toml.c. */
json_t *toml_step(struct toml *t, json_t *table, const char *name,
	struct buf *path, struct err *e) MUST_CHECK;
int toml_close(struct toml *t, const json_t *table) MUST_CHECK;
int toml_record(struct toml *t, const struct toml_item *item) MUST_CHECK;

#endif
