/* Between the files of secrets/. */
#ifndef MODEL_SECRETS_SECRETS_INT_H
#define MODEL_SECRETS_SECRETS_INT_H

#include <stdint.h>

#include "memory-db/model/secrets/secrets.h"

/* A text and a place in it. Matchers look at s[at..] and, for what stands
 * before, back to s[0]. */
struct secret_text {
	const char *s;
	size_t n;
};

/* --- secret_chars.c: alphabets and what a value looks like ----------------- */
enum secret_alphabet {
	SECRET_HEX = 1,
	SECRET_LOWER = 2,
	SECRET_UPPER = 4,
	SECRET_ALNUM = 8,
	SECRET_WORD = 16,
	SECRET_URL = 32,
	SECRET_DOT = 64,
	SECRET_BASE64 = 128,
	SECRET_PARTS = 256
};
/* Which of them a byte belongs to. */
#define SECRET_ALL   0x1ff
#define SECRET_SMALL (SECRET_ALL & ~(SECRET_UPPER | SECRET_PARTS))
static const uint16_t secret_classes[256] = {['0' ... '9'] = SECRET_ALL,
	['a' ... 'f'] = SECRET_SMALL,
	['g' ... 'z'] = SECRET_SMALL & ~SECRET_HEX,
	['A' ... 'Z'] = SECRET_ALL & ~(SECRET_HEX | SECRET_LOWER),
	['_'] = SECRET_WORD | SECRET_URL | SECRET_DOT,
	['-'] = SECRET_URL | SECRET_DOT | SECRET_PARTS,
	['.'] = SECRET_DOT,
	['+'] = SECRET_BASE64,
	['/'] = SECRET_BASE64,
	['='] = SECRET_BASE64};

static inline bool
secret_is(char c, unsigned alphabets)
{
	return (secret_classes[(unsigned char)c] & alphabets) != 0;
}

static inline bool
secret_is_alnum(char c)
{
	return secret_is(c, SECRET_ALNUM);
}

static inline bool
secret_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of s[0..n) that are all of one of the alphabets, at most `most`. */
static inline size_t
secret_run(const char *s, size_t n, unsigned alphabets, size_t most)
{
	size_t k = 0;

	while (k < n && k < most && secret_is(s[k], alphabets))
		k++;
	return k;
}

/* ASCII, in either case. */
bool secret_same(const char *a, const char *b, size_t n);

/* What stands for a value: xxxx, EXAMPLE, 12345678, your-key-here. */
bool secret_is_placeholder(const char *s, size_t n);
/* Letters and digits as if drawn by lot. */
bool secret_is_random(const char *s, size_t n);

/* --- matchers: a secret that begins at `at`, or is said there ---------------- */
/* secret_token.c: at the beginning of a word. */
bool secret_token(const struct secret_text *t, size_t at, struct secret *ret);
/* secret_shapes.c: at the beginning of a word; private keys, JWT and others
 * that are more than a prefix and a run. */
bool secret_shape(const struct secret_text *t, size_t at, struct secret *ret);
/* secret_shapes.c: around a character that only these have (`:` and `~`). */
bool secret_around(const struct secret_text *t, size_t at, struct secret *ret);
/* secret_url.c: at "://". */
bool secret_url(const struct secret_text *t, size_t at, struct secret *ret);
/* secret_url.c: at `@`, name:password@tcp(host) as Go writes it. */
bool secret_dsn(const struct secret_text *t, size_t at, struct secret *ret);
/* secret_assign.c: at `=` or `:`. */
bool secret_defined(const struct secret_text *t, size_t at, struct secret *ret);
bool secret_assigned(const struct secret_text *t, size_t at,
	struct secret *ret);
/* secret_said.c: at the beginning of a word; at a dash. */
bool secret_said(const struct secret_text *t, size_t at, struct secret *ret);
bool secret_option(const struct secret_text *t, size_t at, struct secret *ret);

/* --- values that only their place gives away --------------------------------- */
#define SECRET_VALUE_MAX 512

enum secret_kind {
	SECRET_KIND_NONE,
	SECRET_KIND_PASSWORD,
	SECRET_KIND_SECRET,
	SECRET_KIND_TOKEN, /* many are none: longer, and no UUID */
	SECRET_KIND_SAS	   /* signature in an address of Azure */
};
/* secret_values.c: may it be one, and no word, reference or type? */
bool secret_is_value(const char *s, size_t n, enum secret_kind kind);
/* The name of a method, or what nobody takes for a password. */
bool secret_is_named(const char *s, size_t n);
/* Letters and digits of s in small letters, at most size; their number. */
size_t secret_squeeze(const char *s, size_t n, char *out, size_t size);
/* secret_assign.c: the value behind s[at]: *ret_at, bytes. In quotes up to the
 * same quote, else up to what ends a word there. */
size_t secret_value_behind(const struct secret_text *t, size_t at,
	size_t *ret_at);

#endif
