/* Values that are said to be secret: `api_key: ..`, `password is ..`,
 * `Authorization: Bearer ..`. Most such lines are documents, code and
 * settings that hold no secret, so the value decides. */
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

#define NAME_MAX_BYTES	48
#define VALUE_MAX_BYTES 512

enum kind { KIND_NONE, KIND_PASSWORD, KIND_SECRET, KIND_TOKEN, KIND_SAS };

/* How the name of such a value ends, without signs and in small letters. A
 * short one must be a word of its own: `bypass` is no `pass`. */
static const struct {
	const char *end;
	enum kind kind;
	bool is_short;
	const char *rule;
} names[] = {
	{"password", KIND_PASSWORD, false, "password-assignment"},
	{"passwd", KIND_PASSWORD, false, "password-assignment"},
	{"passphrase", KIND_PASSWORD, false, "password-assignment"},
	{"passwort", KIND_PASSWORD, false, "password-assignment"},
	{"kennwort", KIND_PASSWORD, false, "password-assignment"},
	{"passcode", KIND_PASSWORD, false, "password-assignment"},
	{"pwd", KIND_PASSWORD, true, "password-assignment"},
	{"pass", KIND_PASSWORD, true, "password-assignment"},
	{"pw", KIND_PASSWORD, true, "password-assignment"},
	{"secretaccesskey", KIND_SECRET, false, "aws-secret-key"},
	{"sharedaccesskey", KIND_SECRET, false, "azure-shared-key"},
	{"accountkey", KIND_SECRET, false, "azure-storage-key"},
	{"apikey", KIND_SECRET, false, "api-key-assignment"},
	{"accesskey", KIND_SECRET, false, "secret-assignment"},
	{"secretkey", KIND_SECRET, false, "secret-assignment"},
	{"secretkeybase", KIND_SECRET, false, "secret-assignment"},
	{"privatekey", KIND_SECRET, false, "secret-assignment"},
	{"authkey", KIND_SECRET, false, "secret-assignment"},
	{"signingkey", KIND_SECRET, false, "secret-assignment"},
	{"encryptionkey", KIND_SECRET, false, "secret-assignment"},
	{"masterkey", KIND_SECRET, false, "secret-assignment"},
	{"sessionkey", KIND_SECRET, false, "secret-assignment"},
	{"servicekey", KIND_SECRET, false, "secret-assignment"},
	{"licensekey", KIND_SECRET, false, "secret-assignment"},
	{"appkey", KIND_SECRET, true, "secret-assignment"},
	{"credential", KIND_SECRET, false, "secret-assignment"},
	{"credentials", KIND_SECRET, false, "secret-assignment"},
	{"secret", KIND_SECRET, true, "secret-assignment"},
	{"token", KIND_TOKEN, true, "token-assignment"},
	{"sig", KIND_SAS, true, "azure-sas"},
};

/* Tokens that only say where a list goes on, and keys that all may know. */
static const char *const harmless[] = {"next", "page", "paging", "continu",
	"cursor", "sync", "csrf", "xsrf", "public", "cancel", "resume",
	"idempot"};

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

/* Small letters and digits of s, at most size: *ret bytes. */
static size_t
squeeze(const char *s, size_t n, char *out, size_t size)
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

static bool
is_named(const char *s, size_t n)
{
	char small[32];
	size_t k = squeeze(s, n, small, sizeof(small));

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

	if (n < 6 || n > 128 || is_reference(s, n) || is_named(s, n) ||
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
is_secret(const char *s, size_t n, enum kind kind)
{
	if (n < (kind == KIND_TOKEN ? 16 : 10) || is_reference(s, n) ||
		is_named(s, n) || (kind == KIND_TOKEN && is_uuid(s, n)))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!secret_is(s[i], SECRET_DOT | SECRET_BASE64) &&
			s[i] != '~' && (kind != KIND_SAS || s[i] != '%') &&
			(n > 40 || strchr("!@#$%^*", s[i]) == NULL))
			return false;
	return secret_is_random(s, n) && (kind != KIND_SAS || n >= 40);
}

/* --- name = value ------------------------------------------------------------- */
/* The end of a name that stands before s[at]; *ret_n: its bytes. */
static const char *
name_before(const struct secret_text *t, size_t at, size_t *ret_n)
{
	size_t end = at, start;

	for (int i = 0;
		i < 6 && end > 0 && strchr(" \t\"'`]\\", t->s[end - 1]) != NULL;
		i++)
		end--;
	start = end;
	while (start > 0 && end - start <= NAME_MAX_BYTES &&
		secret_is(t->s[start - 1], SECRET_DOT))
		start--;
	*ret_n = end - start;
	return t->s + start;
}

/* Whether what ends the name begins there: after a sign, or with a capital as
 * in dbPass. */
static bool
is_word_of(const char *s, size_t n, size_t word)
{
	char c;

	if (n <= word)
		return true;
	c = s[n - word - 1];
	return !secret_is_alnum(c) ||
	       (c >= 'a' && c <= 'z' && s[n - word] >= 'A' &&
		       s[n - word] <= 'Z') ||
	       secret_is_digit(c);
}

static enum kind
kind_of(const char *name, size_t n, const char **ret_rule)
{
	char small[NAME_MAX_BYTES];
	size_t k = squeeze(name, n, small, sizeof(small));

	if (n == 0 || n > NAME_MAX_BYTES)
		return KIND_NONE;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t m = strlen(names[i].end);

		if (k < m || memcmp(small + k - m, names[i].end, m) != 0 ||
			(names[i].is_short && !is_word_of(name, n, m)))
			continue;
		for (size_t j = 0; j < ARRAY_LEN(harmless); j++)
			if (memmem(small, k, harmless[j], strlen(harmless[j])))
				return KIND_NONE;
		*ret_rule = names[i].rule;
		return names[i].kind;
	}
	return KIND_NONE;
}

/* The value behind s[at]: *ret_at, bytes. In quotes up to the same quote,
 * else up to what ends a word there. */
static size_t
value_behind(const struct secret_text *t, size_t at, size_t *ret_at)
{
	size_t i = at, n = 0;
	char quote = '\0';

	while (i < t->n && i - at < 6 && strchr(" \t=>\\", t->s[i]) != NULL)
		i++;
	if (i < t->n && t->s[i] != '\0' && strchr("\"'`", t->s[i]) != NULL)
		quote = t->s[i++];
	*ret_at = i;
	for (; i + n < t->n && n <= VALUE_MAX_BYTES; n++) {
		char c = t->s[i + n];

		if (quote != '\0' ? c == quote || c == '\n' || c == '\\'
				  : (unsigned char)c <= ' ' ||
					    strchr(",;\"'`>)}]|\\", c) != NULL)
			break;
	}
	return n;
}

/* A sentence or an address ends behind the value. */
static size_t
trim_value(const char *s, size_t n, enum kind kind)
{
	if (kind != KIND_PASSWORD)
		for (size_t i = 0; i < n; i++)
			if (s[i] == '&')
				n = i;
	while (n > 0 && strchr(".:", s[n - 1]) != NULL)
		n--;
	return n;
}

bool
secret_assigned(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *rule = NULL, *name;
	enum kind kind;
	size_t name_n, value, n;

	name = name_before(t, at, &name_n);
	kind = kind_of(name, name_n, &rule);
	if (kind == KIND_NONE)
		return false;
	n = value_behind(t, at + 1, &value);
	n = trim_value(t->s + value, n, kind);
	if (n == 0 || n > VALUE_MAX_BYTES ||
		!(kind == KIND_PASSWORD ? is_password(t->s + value, n)
					: is_secret(t->s + value, n, kind)))
		return false;
	*ret = (struct secret){rule, value, n};
	return true;
}

bool
secret_named(const char *name, const char *value, size_t n, struct secret *ret)
{
	const char *rule = NULL;
	enum kind kind = kind_of(name, strlen(name), &rule);

	if (kind == KIND_NONE || n == 0 || n > VALUE_MAX_BYTES ||
		!(kind == KIND_PASSWORD ? is_password(value, n)
					: is_secret(value, n, kind)))
		return false;
	*ret = (struct secret){rule, 0, n};
	return true;
}

/* --- said in words ------------------------------------------------------------- */
static bool
bearer(const struct secret_text *t, size_t at, enum kind kind,
	struct secret *ret)
{
	const char *s = t->s + ++at;
	size_t n = 0, left = t->n - at;

	(void)kind;
	while (n < left && n <= VALUE_MAX_BYTES &&
		(secret_is(s[n], SECRET_DOT | SECRET_BASE64) || s[n] == '~'))
		n++;
	if (n < 20 || n > VALUE_MAX_BYTES || !secret_is_random(s, n))
		return false;
	*ret = (struct secret){"bearer-token", at, n};
	return true;
}

/* The byte that four characters of base64 begin with, or -1. */
static int
sextet(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
				     "klmnopqrstuvwxyz0123456789+/";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

/* `Basic` and base64 of user:password. */
static bool
basic(const struct secret_text *t, size_t at, enum kind kind,
	struct secret *ret)
{
	const char *s = t->s + ++at, *colon;
	size_t n = secret_run(s, t->n - at, SECRET_BASE64, 256), k = 0;
	unsigned bits = 0, have = 0;
	char out[200];

	(void)kind;
	if (n < 12 || n > 255 || n % 4 != 0)
		return false;
	for (size_t i = 0; i < n && s[i] != '='; i++) {
		int v = sextet(s[i]);

		bits = bits << 6 | (unsigned)v;
		have += 6;
		if (v < 0)
			return false;
		if (have < 8)
			continue;
		have -= 8;
		out[k] = (char)(bits >> have & 255);
		if (out[k] < ' ' || out[k] > '~')
			return false;
		k++;
	}
	colon = memchr(out, ':', k);
	if (colon == NULL || is_named(colon + 1, (size_t)(out + k - colon - 1)))
		return false;
	*ret = (struct secret){"basic-auth", at, n};
	return true;
}

/* Behind the noun, in the same clause: `for the staging host is now `. The
 * place of the value, or 0. */
static size_t
behind_verb(const struct secret_text *t, size_t at)
{
	static const char *const verbs[] = {" is ", " ist ", " lautet ",
		" was ", " war "};
	static const char *const fillers[] = {"now ", "still ", "set to ",
		"jetzt ", "currently "};
	size_t end = t->n - at < 64 ? t->n : at + 64;

	for (size_t i = at; i < end && strchr(".,;:=\n!?", t->s[i]) == NULL;
		i++)
		for (size_t k = 0; t->s[i] == ' ' && k < ARRAY_LEN(verbs);
			k++) {
			size_t n = strlen(verbs[k]);

			if (t->n - i <= n || memcmp(t->s + i, verbs[k], n) != 0)
				continue;
			i += n;
			for (size_t f = 0; f < ARRAY_LEN(fillers); f++) {
				n = strlen(fillers[f]);
				if (t->n - i > n &&
					memcmp(t->s + i, fillers[f], n) == 0)
					i += n;
			}
			return i;
		}
	return 0;
}

static bool
told(const struct secret_text *t, size_t at, enum kind kind, struct secret *ret)
{
	size_t verb = behind_verb(t, at), value, n;

	if (verb == 0)
		return false;
	n = value_behind(t, verb, &value);
	while (n > 0 && strchr(".:!?", t->s[value + n - 1]) != NULL)
		n--;
	if (n == 0 ||
		!(kind == KIND_PASSWORD ? is_password(t->s + value, n)
					: is_secret(t->s + value, n, kind)))
		return false;
	*ret = (struct secret){kind == KIND_PASSWORD ? "password-told"
						     : "secret-told",
		value, n};
	return true;
}

/* Words at which such a sentence begins, in small letters; a space follows. */
static const struct said {
	const char *word;
	size_t n;
	enum kind kind;
	/* at: of the space */
	bool (*of)(const struct secret_text *t, size_t at, enum kind kind,
		struct secret *ret);
} nouns[] = {
#define NOUN(word, kind, of)                                                   \
	{                                                                      \
		word, sizeof(word) - 1, kind, of                               \
	}
	NOUN("bearer", KIND_NONE, bearer),
	NOUN("basic", KIND_NONE, basic),
	NOUN("password", KIND_PASSWORD, told),
	NOUN("passwort", KIND_PASSWORD, told),
	NOUN("passphrase", KIND_PASSWORD, told),
	NOUN("passcode", KIND_PASSWORD, told),
	NOUN("kennwort", KIND_PASSWORD, told),
	NOUN("api key", KIND_SECRET, told),
	NOUN("token", KIND_TOKEN, told),
	NOUN("secret", KIND_SECRET, told),
};

bool
secret_said(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *s = t->s + at;
	size_t left = t->n - at;

	if (left < 12)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(nouns); i++) {
		size_t n = nouns[i].n;

		if ((*s | 0x20) == nouns[i].word[0] && s[n] == ' ' &&
			secret_same(s, nouns[i].word, n))
			return nouns[i].of(t, at + n, nouns[i].kind, ret);
	}
	return false;
}
