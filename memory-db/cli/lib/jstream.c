/* A JSON file in pieces. Each byte moves a small state on: inside of a string
 * or not, how deep, which member of the top. At depth one the bytes of an
 * element are gathered and handed on when it ends, so that a file of some GB
 * takes the memory of its largest element. */
#include "memory-db/cli/lib/jstream.h"

#include <string.h>

#include "common/buf.h"
#include "common/jx.h"

#define KEY_BYTES 64
#define CHUNK	  (64 * 1024)

struct jstream {
	jstream_fn fn;
	void *ctx;
	struct jstream_result *result;
	int depth;	   /* of brackets around the character */
	int base;	   /* depth at which elements stand; 0: nowhere now */
	bool root_is_list; /* the outermost bracket is "[" */
	bool in_string, is_escaped;
	char key[KEY_BYTES], text[KEY_BYTES]; /* member; string under way */
	size_t text_n;
	bool is_taking, is_long;
	struct buf element;
};

static int
jstream_end(struct jstream *j)
{
	AUTO_JSON json_t *v = NULL;

	j->is_taking = false;
	j->result->elements++;
	if (!j->is_long)
		v = jx_parse(j->element.data, j->element.len, NULL);
	buf_clear(&j->element, CHUNK);
	if (!v) {
		j->result->left_out++;
		return 0;
	}
	return j->fn(j->ctx, j->key, v);
}

static void
jstream_string(struct jstream *j, char c)
{
	if (j->is_escaped)
		j->is_escaped = false;
	else if (c == '\\')
		j->is_escaped = true;
	else if (c == '"')
		j->in_string = false;
	if (j->in_string && j->text_n + 1 < KEY_BYTES)
		j->text[j->text_n++] = c;
}

static void
jstream_open(struct jstream *j, char c)
{
	if (j->depth == 0) {
		j->root_is_list = c == '[';
		j->base = j->root_is_list ? 1 : 0;
		j->key[0] = '\0';
	} else if (c == '[' && j->depth == 1 && !j->root_is_list) {
		j->base = 2;
		memcpy(j->key, j->text, j->text_n);
		j->key[j->text_n] = '\0';
	} else if (c == '{' && j->depth == j->base) {
		j->is_taking = true;
		j->is_long = false;
	}
	j->depth++;
}

/* True: an element has ended. */
static bool
jstream_close(struct jstream *j)
{
	j->depth -= j->depth > 0;
	if (j->is_taking)
		return j->depth == j->base;
	if (j->base == 2 && j->depth == 1)
		j->base = 0;
	return false;
}

/* One character; 1: it is the last one of an element. */
static int
jstream_char(struct jstream *j, char c)
{
	if (j->in_string) {
		jstream_string(j, c);
		return 0;
	}
	switch (c) {
	case '"':
		j->in_string = true;
		j->text_n = 0;
		return 0;
	case '{':
	case '[':
		jstream_open(j, c);
		return 0;
	case '}':
	case ']':
		return jstream_close(j);
	default:
		return 0;
	}
}

static int
jstream_keep(struct jstream *j, const char *s, size_t n)
{
	if (j->is_long || n == 0)
		return 0;
	if (j->element.len + n > JSTREAM_ELEMENT_BYTES) {
		j->is_long = true;
		return 0;
	}
	return buf_add(&j->element, s, n);
}

static int
jstream_chunk(struct jstream *j, const char *s, size_t n)
{
	size_t from = 0; /* of what belongs to the element under way */

	for (size_t i = 0; i < n; i++) {
		bool was_taking = j->is_taking;
		int rc = jstream_char(j, s[i]);

		if (!was_taking && j->is_taking)
			from = i;
		if (rc != 1)
			continue;
		if (jstream_keep(j, s + from, i + 1 - from) != 0)
			return MDB_E_NOMEM;
		rc = jstream_end(j);
		if (rc != 0)
			return rc;
	}
	return j->is_taking ? jstream_keep(j, s + from, n - from) : 0;
}

static int
read_chunks(struct jstream *j, struct bytesource *from, char *chunk)
{
	for (;;) {
		ssize_t got = bytesource_read(from, chunk, CHUNK);
		int rc;

		if (got <= 0)
			return (int)got;
		rc = jstream_chunk(j, chunk, (size_t)got);
		if (rc != 0)
			return rc;
	}
}

int
jstream_each(struct bytesource *from, jstream_fn fn, void *ctx,
	struct jstream_result *ret)
{
	struct jstream j = {.fn = fn, .ctx = ctx, .result = ret};
	AUTO_FREE char *chunk = malloc(CHUNK);
	int rc = !chunk ? MDB_E_NOMEM : read_chunks(&j, from, chunk);

	ret->is_torn = rc == 0 && j.depth > 0;
	buf_done(&j.element);
	return rc;
}
