/* Tokens by their prefixes. A row of token_rules.def says how a token begins,
 * of which characters the rest is made and how long it is: "ghp_" and 36
 * letters and digits. A prefix within a word is none, and a rest that looks
 * like a placeholder ("xxxxxxxx") is no secret. */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

enum secret_token_look { LOOK_SHAPE, LOOK_RANDOM, LOOK_CRC };

static const struct token_rule {
	const char *rule, *prefix;
	unsigned prefix_n, alphabet, least, most;
	enum secret_token_look look;
} token_rules[] = {
#define TOKEN(rule, prefix, alphabet, least, most, look)                       \
	{rule, prefix, sizeof(prefix) - 1, SECRET_##alphabet, least, most,     \
		LOOK_##look},
#include "memory-db/model/secrets/token_rules.def"
#undef TOKEN
};

/* Rows of each first letter: first[c] .. first[c] + count[c]. */
static struct {
	uint16_t first[256], count[256];
} rows;
static pthread_once_t rows_once = PTHREAD_ONCE_INIT;

_Static_assert(ARRAY_LEN(token_rules) <= UINT16_MAX,
	"rows are numbered in 16 bits");

static void
rows_init(void)
{
	for (size_t i = 0; i < ARRAY_LEN(token_rules); i++) {
		unsigned char c = (unsigned char)token_rules[i].prefix[0];

		if (rows.count[c]++ == 0)
			rows.first[c] = (uint16_t)i;
	}
}

/* --- the checksum ----------------------------------------------------------- */
static uint32_t
crc32_of(const char *s, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)s[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
	}
	return ~crc;
}

/* The last six characters are the CRC-32 of the others in base 62. */
static bool
has_checksum(const char *s, size_t n)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	uint32_t crc = n > 6 ? crc32_of(s, n - 6) : 0;

	for (size_t i = 0; n > 6 && i < 6; i++, crc /= 62)
		if (s[n - 1 - i] != digits[crc % 62])
			return false;
	return n > 6;
}

static bool
is_value(const struct token_rule *r, const char *s, size_t n)
{
	if (r->look == LOOK_CRC && has_checksum(s, n))
		return true;
	return r->look == LOOK_RANDOM ? secret_is_random(s, n)
				      : !secret_is_placeholder(s, n);
}

/* Punctuation at the end belongs to the sentence. */
static size_t
secret_token_trim(const char *s, size_t n)
{
	while (n > 0 && (s[n - 1] == '.' || s[n - 1] == '-'))
		n--;
	return n;
}

/* "sk-" and 48 letters and digits are a token; amid base64 they are a piece of a
 * picture, of which a million bytes have one or two. A sign of base64 beside them
 * says little, as a `/` stands in addresses and paths: "auth/token/s.4kD9...". So
 * the base64 has to go on there for a while, with capitals, small letters and
 * digits as chance gives them. Longer prefixes are too rare in pictures to
 * count. */
#define SHORT_PREFIX 3
#define GOES_ON	     40

static bool
is_sign_of_base64(char c)
{
	return c == '+' || c == '/';
}

/* From s on, in steps of 1 or -1, of which `most` stay in the text. */
static bool
goes_on_as_base64(const char *s, size_t most, int step)
{
	bool has_upper = false, has_lower = false, has_digit = false;
	size_t n = 0;

	if (most == 0 || !is_sign_of_base64(*s))
		return false;
	for (size_t i = 0; i < most && n < GOES_ON; i++, s += step) {
		/* Lines of it are broken. */
		if (*s == '\n' || *s == '\r')
			continue;
		if (!secret_is_alnum(*s) && !is_sign_of_base64(*s))
			return false;
		has_upper |= *s >= 'A' && *s <= 'Z';
		has_lower |= *s >= 'a' && *s <= 'z';
		has_digit |= *s >= '0' && *s <= '9';
		n++;
	}
	return n == GOES_ON && has_upper && has_lower && has_digit;
}

static bool
is_amid_base64(const struct token_rule *r, const struct secret_text *t,
	size_t at, size_t end)
{
	if (r->prefix_n > SHORT_PREFIX || r->alphabet == SECRET_HEX)
		return false;
	return (at > 0 && goes_on_as_base64(t->s + at - 1, at, -1)) ||
	       goes_on_as_base64(t->s + end, t->n - end, 1);
}

static bool
matches(const struct token_rule *r, const struct secret_text *t, size_t at,
	struct secret *ret)
{
	const char *s = t->s + at + r->prefix_n;
	size_t left = t->n - at, n;

	if (left < r->prefix_n + r->least ||
		memcmp(t->s + at, r->prefix, r->prefix_n) != 0)
		return false;
	left -= r->prefix_n;
	n = secret_run(s, left, r->alphabet, r->most + 1);
	if (n > r->most || (n < left && secret_is_alnum(s[n])))
		return false;
	if (r->alphabet & (SECRET_DOT | SECRET_URL))
		n = secret_token_trim(s, n);
	if (n < r->least || !is_value(r, s, n) ||
		is_amid_base64(r, t, at, at + r->prefix_n + n))
		return false;
	*ret = (struct secret){r->rule, at, r->prefix_n + n};
	return true;
}

bool
secret_token(const struct secret_text *t, size_t at, struct secret *ret)
{
	unsigned char c = (unsigned char)t->s[at];

	pthread_once(&rows_once, rows_init);
	for (size_t i = 0; i < rows.count[c]; i++) {
		const struct token_rule *r = &token_rules[rows.first[c] + i];

		/* Most rows end here. */
		if (at + 1 < t->n && r->prefix[1] == t->s[at + 1] &&
			matches(r, t, at, ret))
			return true;
	}
	return false;
}
