#include "memory-db/cli/lib/foldersecret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

#define MARKER "[secret:"
/* A shorter one is no secret. */
#define SECRET_BYTES 4

bool
foldersecret_has(const char *text)
{
	return text && strstr(text, MARKER) != NULL;
}

/* Whether n bytes can be what a marker stands for. Only keys in many lines have
 * blanks in them: so that a marker alone does not stand for any sentence. */
static bool
can_be(const char *s, size_t n, bool is_key)
{
	return n >= SECRET_BYTES && (is_key || !memchr(s, ' ', n));
}

/* Marker after marker: what stands between two of them is looked for from where
 * the one before began, the nearest that leaves it something to stand for. */
bool
foldersecret_is_of(const char *masked, const char *text)
{
	const char *mark = strstr(masked, MARKER);
	size_t lead = mark ? (size_t)(mark - masked) : 0;

	if (!mark || strncmp(masked, text, lead) != 0)
		return false;
	text += lead;
	while (mark) {
		const char *end = strchr(mark, ']'), *next, *at;
		bool is_key = strncmp(mark, MARKER "private-key", 19) == 0;
		size_t n;

		if (!end)
			return false;
		end++;
		next = strstr(end, MARKER);
		n = next ? (size_t)(next - end) : strlen(end);
		/* The last piece ends the text. */
		if (!next) {
			size_t all = strlen(text);

			return all > n && strcmp(text + all - n, end) == 0 &&
			       can_be(text, all - n, is_key);
		}
		at = strlen(text) > SECRET_BYTES
			     ? memmem(text + SECRET_BYTES,
				       strlen(text + SECRET_BYTES), end, n)
			     : NULL;
		if (!at || !can_be(text, (size_t)(at - text), is_key))
			return false;
		text = at + n;
		mark = next;
	}
	return false;
}

const char *
foldersecret_find(const json_t *facts, const char *text)
{
	const char *key;
	json_t *one;

	json_object_foreach((json_t *)(uintptr_t)facts, key, one)
		if (foldersecret_has(json_string_value(one)) &&
			foldersecret_is_of(json_string_value(one), text))
			return key;
	return NULL;
}

/* The key that the memory has for a block; NULL: its own. */
static const char *
foldersecret_key_of(const struct noteblock *b, const json_t *masked,
	const json_t *facts)
{
	const char *known = json_string_value(json_object_get(masked, b->key));

	if (json_object_get(facts, b->key) || foldersecret_has(b->text))
		return NULL;
	if (known && strlen(known) == NOTEFILE_KEY_SIZE - 1)
		return known;
	return foldersecret_find(facts, b->text);
}

int
foldersecret_resolve(struct notefile *f, const json_t *masked,
	const json_t *facts)
{
	for (size_t i = 0; i < f->n; i++) {
		struct noteblock *b = &f->v[i];
		const char *key = foldersecret_key_of(b, masked, facts);
		const char *text =
			key ? json_string_value(json_object_get(facts, key))
			    : NULL;
		char *own;

		if (!key)
			continue;
		own = text ? strdup(text) : NULL;
		if (text && !own)
			return MDB_E_NOMEM;
		memcpy(b->said, b->key, sizeof(b->said));
		memcpy(b->key, key, sizeof(b->key));
		if (own) {
			free(b->text);
			b->text = own;
		}
	}
	return 0;
}
