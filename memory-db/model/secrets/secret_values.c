/* Which values may be a password or a key. Most that stand in such a place are
 * none: words of a sentence, references to what is kept elsewhere ("${TOKEN}",
 * "settings.db.password"), names of methods and hashes, well-known stand-ins.
 * How strict the test is depends on the kind: a token must look random and
 * have 16 characters, a password needs six with a letter and a digit or a
 * sign. */
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

/* Names of methods that look like a password. */
static const char *const methods[] = {"sha1", "sha2", "sha3", "sha224",
	"sha256", "sha384", "sha512", "md5", "base64", "base64url", "base32",
	"utf8", "argon2", "argon2id", "argon2i", "pbkdf2", "oauth2", "oauth20",
	"hs256", "hs384", "hs512", "rs256", "rs512", "es256", "ed25519",
	"x25519", "x509", "aes128", "aes192", "aes256", "aes256gcm", "rsa2048",
	"rsa4096", "secp256k1", "saml2", "tls12", "tls13", "pkcs12", "pkcs8",
	"int32", "int64", "uint64", "varchar255", "ntlmv2", "kerberos5",
	"fido2", "chacha20", "scrypt1", "hmacsha256", "hmacsha1"};

static const char *const stand_ins[] = {"password", "password1", "password123",
	"passwd", "secret", "secret123", "mypassword", "pass123", "test123",
	"user123", "admin123", "changeme1", "changeme123"};

size_t
secret_squeeze(const char *s, size_t n, char *out, size_t size)
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < size; i++)
		if (secret_is_alnum(s[i]))
			out[k++] = (char)(s[i] >= 'A' && s[i] <= 'Z'
						  ? s[i] - 'A' + 'a'
						  : s[i]);
	return k;
}

static bool
is_one_of(const char *s, size_t n, const char *const *list, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (strlen(list[i]) == n && memcmp(list[i], s, n) == 0)
			return true;
	return false;
}

/* --- values ------------------------------------------------------------------ */
/* A reference to what is kept elsewhere, an expression, a path. */
static bool
is_reference(const char *s, size_t n)
{
	static const char *const starts[] = {"env", "process.", "os.", "vault",
		"op:", "ref", "arn:", "file:", "sha", "md5:", "secretref",
		"keyring", "ssm:", "projects/", "./", "../", "~/", "/", "http",
		"config.", "settings.", "self.", "this.", "var.", "data.",
		"req.", "args."};

	if (strchr("$<{[%(*&.\\|", s[0]) != NULL || s[n - 1] == '*')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		size_t m = strlen(starts[i]);

		if (n > m && secret_same(s, starts[i], m) &&
			(!secret_is_alnum(starts[i][m - 1]) ||
				!secret_is_alnum(s[m])))
			return true;
	}
	return memchr(s, '(', n) != NULL || memchr(s, '[', n) != NULL ||
	       memmem(s, n, "://", 3) != NULL ||
	       memmem(s, n, "${", 2) != NULL || memmem(s, n, "{{", 2) != NULL ||
	       memchr(s, '<', n) != NULL;
}

bool
secret_is_named(const char *s, size_t n)
{
	char small[32];
	size_t k = secret_squeeze(s, n, small, sizeof(small));

	return is_one_of(small, k, methods, ARRAY_LEN(methods)) ||
	       is_one_of(small, k, stand_ins, ARRAY_LEN(stand_ins));
}

/* A name of the program that holds it: settings.db1.password. */
static bool
is_path_of_names(const char *s, size_t n)
{
	size_t dots = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.')
			dots++;
		else if (!secret_is_alnum(s[i]) && s[i] != '_')
			return false;
	}
	return dots > 0 && !secret_is_random(s, n);
}

static bool
is_password(const char *s, size_t n)
{
	size_t letters = 0, digits = 0, signs = 0;

	if (n < 6 || n > 128 || is_reference(s, n) || secret_is_named(s, n) ||
		is_path_of_names(s, n) ||
		(n >= 8 && secret_is_placeholder(s, n)))
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] <= ' ')
			return false;
		digits += secret_is_digit(s[i]);
		letters += secret_is_alnum(s[i]) && !secret_is_digit(s[i]);
		signs += i > 0 && i + 1 < n && strchr("!@#$%^&+?~", s[i]) != 0;
	}
	return letters > 0 && (digits > 0 || signs > 0);
}

static bool
is_uuid(const char *s, size_t n)
{
	return n == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' &&
	       s[23] == '-';
}

static bool
is_key(const char *s, size_t n, enum secret_kind kind)
{
	if (n < (kind == SECRET_KIND_TOKEN ? 16 : 10) || is_reference(s, n) ||
		secret_is_named(s, n) ||
		(kind == SECRET_KIND_TOKEN && is_uuid(s, n)))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!secret_is(s[i], SECRET_DOT | SECRET_BASE64) &&
			s[i] != '~' &&
			(kind != SECRET_KIND_SAS || s[i] != '%') &&
			(n > 100 || strchr("!@#$%^*&", s[i]) == NULL))
			return false;
	return secret_is_random(s, n) && (kind != SECRET_KIND_SAS || n >= 40);
}

bool
secret_is_value(const char *s, size_t n, enum secret_kind kind)
{
	if (n == 0 || n > SECRET_VALUE_MAX)
		return false;
	return kind == SECRET_KIND_PASSWORD ? is_password(s, n)
					    : is_key(s, n, kind);
}
