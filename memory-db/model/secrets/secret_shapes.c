/* Secrets that are more than a prefix and a run of characters: private keys
 * between a begin and an end, a JWT of three parts with dots, and tokens whose
 * parts have fixed lengths ("<digits>:<35 characters>" is a bot of Telegram).
 * Each kind is a function that either takes the whole of it or leaves it. */
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

#define RUN_MAX	   8192 /* of a part of a JWT */
#define HEAD_MAX   400	/* before the body of a private key */
#define PUTTY_MAX  4096 /* before the private lines of PuTTY's file */
#define BODY_LEAST 24	/* base64 in a row that make a body */

/* --- private keys ------------------------------------------------------------ */
/* Is there key material soon, and not only talk of it? */
static bool
has_body(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && i < HEAD_MAX) {
		size_t k = secret_run(s + i, n - i, SECRET_BASE64, BODY_LEAST);

		if (k >= BODY_LEAST)
			return true;
		i += k + 1;
	}
	return false;
}

/* To the end of the line that ends the key, else to the end of the last row of
 * key material: what follows is other text. */
static size_t
key_bytes(const char *s, size_t n)
{
	static const char mark[] = "-----END ";
	const char *end = memmem(s, n, mark, sizeof(mark) - 1), *stop;
	size_t last = 0;

	for (size_t i = 0; !end && i < n; i++) {
		size_t k = secret_run(s + i, n - i, SECRET_BASE64, n);

		i += k;
		last = k >= BODY_LEAST ? i : last;
	}
	if (!end)
		return last;
	end += sizeof(mark) - 1;
	stop = memmem(end, (size_t)(s + n - end), "-----", 5);
	return stop != NULL && stop - end < 80 ? (size_t)(stop + 5 - s)
					       : (size_t)(end - s);
}

static bool
putty_key(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const char begin[] = "PuTTY-User-Key-File-",
			  body[] = "Private-Lines:";
	const char *s = t->s + at, *lines;
	size_t left = t->n - at;

	if (left < sizeof(begin) || memcmp(s, begin, sizeof(begin) - 1) != 0)
		return false;
	lines = memmem(s, left < PUTTY_MAX ? left : PUTTY_MAX, body,
		sizeof(body) - 1);
	if (!lines)
		return false;
	*ret = (struct secret){"private-key", at, left};
	return true;
}

static bool
private_key(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const char begin[] = "-----BEGIN ";
	const char *s = t->s + at, *head, *end;
	size_t left = t->n - at;

	if (left < sizeof(begin) || memcmp(s, begin, sizeof(begin) - 1) != 0)
		return false;
	head = s + sizeof(begin) - 1;
	left -= sizeof(begin) - 1;
	end = memmem(head, left < 80 ? left : 80, "-----", 5);
	if (!end ||
		memmem(head, (size_t)(end - head), "PRIVATE KEY", 11) == NULL)
		return false;
	end += 5;
	if (!has_body(end, (size_t)(t->s + t->n - end)))
		return false;
	*ret = (struct secret){"private-key", at, key_bytes(s, t->n - at)};
	return true;
}

/* --- JWT --------------------------------------------------------------------- */
/* Two JSON objects and a signature, each base64: eyJ is `{"`. */
static bool
jwt(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *s = t->s + at;
	size_t left = t->n - at, n = 0;

	/* In the middle of a run it would be read again and again. */
	if (at > 0 && secret_is(s[-1], SECRET_URL))
		return false;
	for (int part = 0; part < 3; part++) {
		size_t k;

		if (part < 2 && (left < n + 3 || memcmp(s + n, "eyJ", 3) != 0))
			return false;
		k = secret_run(s + n, left - n, SECRET_URL, RUN_MAX);
		if (k < 12 || (part < 2 && (left <= n + k || s[n + k] != '.')))
			return false;
		n += k + (part < 2);
	}
	if (secret_is_placeholder(s, n))
		return false;
	*ret = (struct secret){"jwt", at, n};
	return true;
}

/* --- words in parts --------------------------------------------------------- */
/* A run of exactly so many of an alphabet, then a dot: 0, or its bytes and the
 * dot. */
static size_t
part(const char *s, size_t n, unsigned alphabet, size_t least, size_t most)
{
	size_t k = secret_run(s, n, alphabet, most + 1);

	return k >= least && k <= most && k < n && s[k] == '.' ? k + 1 : 0;
}

static bool
dotted(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *s = t->s + at;
	size_t left = t->n - at, a, b, c;

	/* The first part of none is shorter. */
	if (secret_run(s, left, SECRET_URL, 14) < 14)
		return false;
	/* pat<14>.<64 hex>: Airtable */
	a = part(s, left, SECRET_ALNUM, 17, 17);
	if (a != 0 && memcmp(s, "pat", 3) == 0) {
		c = secret_run(s + a, left - a, SECRET_HEX, 65);
		*ret = (struct secret){"airtable-token", at, a + c};
		return c == 64 && !secret_is_placeholder(s + a, c);
	}
	/* <14>.atlasv1.<60+>: Terraform Cloud */
	a = part(s, left, SECRET_ALNUM, 14, 14);
	if (a != 0 && left > a + 8 && memcmp(s + a, "atlasv1.", 8) == 0) {
		c = secret_run(s + a + 8, left - a - 8, SECRET_URL, 80);
		*ret = (struct secret){"terraform-token", at, a + 8 + c};
		return c >= 60;
	}
	/* <24..28>.<6>.<27..38>, the first an id in base64: Discord */
	if (*s != 'M' && *s != 'N' && *s != 'O')
		return false;
	a = part(s, left, SECRET_URL, 23, 28);
	b = a != 0 ? part(s + a, left - a, SECRET_URL, 6, 6) : 0;
	if (b == 0)
		return false;
	c = secret_run(s + a + b, left - a - b, SECRET_URL, 39);
	*ret = (struct secret){"discord-token", at, a + b + c};
	return c >= 27 && c <= 38 && secret_is_random(s, a + b + c);
}

/* A3-XXXXXX-XXXXXX-XXXXX-XXXXX-XXXXX-XXXXX, the secret key of 1Password. */
static bool
one_password(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *s = t->s + at;
	size_t left = t->n - at;
	size_t n = secret_run(s, left, SECRET_PARTS, 44);

	if (left < 4 || memcmp(s, "A3-", 3) != 0 || (n != 40 && n != 39) ||
		!secret_is_random(s + 3, n - 3))
		return false;
	*ret = (struct secret){"1password-key", at, n};
	return true;
}

/* <32 hex>-us<digits>: Mailchimp. `at` is at `us`. */
static bool
mailchimp(const struct secret_text *t, size_t at, struct secret *ret)
{
	size_t n = t->n - at, digits;

	if (at < 33 || n < 3 || memcmp(t->s + at - 1, "-us", 3) != 0 ||
		secret_run(t->s + at - 33, 32, SECRET_HEX, 32) != 32 ||
		(at > 33 && secret_is_alnum(t->s[at - 34])))
		return false;
	digits = 0;
	while (digits < n - 2 && secret_is_digit(t->s[at + 2 + digits]))
		digits++;
	if (digits < 1 || digits > 2 ||
		(n > 2 + digits && secret_is_alnum(t->s[at + 2 + digits])) ||
		secret_is_placeholder(t->s + at - 33, 32))
		return false;
	*ret = (struct secret){"mailchimp-key", at - 33, 33 + 2 + digits};
	return true;
}

/* access_token$production$<16>$<32 hex>: Braintree. */
static bool
braintree(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const char *const heads[] = {"access_token$production$",
		"access_token$sandbox$"};
	const char *s = t->s + at;
	size_t left = t->n - at;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		size_t n = strlen(heads[i]), a;

		if (left < n + 49 || memcmp(s, heads[i], n) != 0)
			continue;
		a = secret_run(s + n, left - n, SECRET_LOWER, 17);
		if (a != 16 || s[n + a] != '$' ||
			secret_run(s + n + 17, left - n - 17, SECRET_HEX, 33) !=
				32)
			return false;
		*ret = (struct secret){"braintree-token", at, n + 49};
		return !secret_is_placeholder(s + n + 17, 32);
	}
	return false;
}

/* pk_<digits>_<32>: ClickUp. */
static bool
clickup(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *s = t->s + at;
	size_t left = t->n - at, digits = 0, n;

	if (left < 40 || memcmp(s, "pk_", 3) != 0)
		return false;
	while (digits < 12 && secret_is_digit(s[3 + digits]))
		digits++;
	if (digits < 5 || s[3 + digits] != '_')
		return false;
	n = secret_run(s + 4 + digits, left - 4 - digits, SECRET_UPPER, 33);
	if (n != 32 || !secret_is_random(s + 4 + digits, n))
		return false;
	*ret = (struct secret){"clickup-token", at, 4 + digits + n};
	return true;
}

bool
secret_shape(const struct secret_text *t, size_t at, struct secret *ret)
{
	switch (t->s[at]) {
	case '-':
		return private_key(t, at, ret);
	case 'P':
		return putty_key(t, at, ret) || dotted(t, at, ret);
	case 'p':
		return clickup(t, at, ret) || dotted(t, at, ret);
	case 'e':
		return jwt(t, at, ret) || dotted(t, at, ret);
	case 'u':
		return mailchimp(t, at, ret) || dotted(t, at, ret);
	case 'A':
		return one_password(t, at, ret) || dotted(t, at, ret);
	case 'a':
		return braintree(t, at, ret) || dotted(t, at, ret);
	default:
		return secret_is_alnum(t->s[at]) && dotted(t, at, ret);
	}
}

/* --- around a character ------------------------------------------------------ */
/* <8..10 digits>:<35>: a bot of Telegram. */
static bool
telegram(const struct secret_text *t, size_t at, struct secret *ret)
{
	size_t left = t->n - at - 1, digits = 0, n;

	while (digits < 11 && digits < at &&
		secret_is_digit(t->s[at - 1 - digits]))
		digits++;
	if (digits < 8 || digits > 10 ||
		(digits < at && secret_is_alnum(t->s[at - 1 - digits])))
		return false;
	n = secret_run(t->s + at + 1, left, SECRET_URL, 36);
	if (n != 35 || !secret_is_random(t->s + at + 1, n))
		return false;
	*ret = (struct secret){"telegram-token", at - digits, digits + 1 + n};
	return true;
}

/* 2/<digits>/<digits>:<32 hex>, or 1/<digits>:<32 hex>: a token of Asana. */
static bool
asana(const struct secret_text *t, size_t at, struct secret *ret)
{
	size_t n = 0;

	while (n < at && n < 48 &&
		(secret_is_digit(t->s[at - 1 - n]) || t->s[at - 1 - n] == '/'))
		n++;
	if (n < 14 || t->s[at - n + 1] != '/' ||
		(t->s[at - n] != '1' && t->s[at - n] != '2') ||
		secret_run(t->s + at + 1, t->n - at - 1, SECRET_HEX, 33) != 32)
		return false;
	*ret = (struct secret){"asana-token", at - n, n + 33};
	return true;
}

/* <3><digit>Q~<31..34>: a client secret of Azure. */
static bool
azure(const struct secret_text *t, size_t at, struct secret *ret)
{
	size_t left = t->n - at - 1, n;

	if (at < 5 || t->s[at - 1] != 'Q' || !secret_is_digit(t->s[at - 2]))
		return false;
	n = secret_run(t->s + at + 1, left, SECRET_DOT, 35);
	if (n < 31 || n > 34 || !secret_is_random(t->s + at + 1, n))
		return false;
	*ret = (struct secret){"azure-client-secret", at - 5, 6 + n};
	return true;
}

bool
secret_around(const struct secret_text *t, size_t at, struct secret *ret)
{
	if (t->s[at] == ':')
		return telegram(t, at, ret) || asana(t, at, ret);
	return azure(t, at, ret);
}
