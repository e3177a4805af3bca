/* Values whose name says that they are secret: `api_key: ..`, `"password" =
 * ".."`.
 *
 * Most such lines are documents, code and settings that hold no secret
 * ("password: required"), so the name alone decides nothing. It says of which
 * kind a value would have to be, and the value must look like one
 * (secret_values.c).
 *
 *   db_password=hunter22x        a secret: the name ends with password
 *   bypass=hunter22x             none: `pass` must be a word of its own
 *   password: ${DB_PASSWORD}     none: a reference to where it is kept */
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

#define NAME_MAX_BYTES 48

/* How the name of such a value ends, without signs and in small letters. A
 * short one must be a word of its own: `bypass` is no `pass`. */
static const struct {
	const char *end;
	enum secret_kind kind;
	bool is_short;
	const char *rule;
} names[] = {
	{"password", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"passwd", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"passphrase", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"passwort", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"kennwort", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"passcode", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"pwd", SECRET_KIND_PASSWORD, true, "password-assignment"},
	{"pass", SECRET_KIND_PASSWORD, true, "password-assignment"},
	{"pw", SECRET_KIND_PASSWORD, true, "password-assignment"},
	{"secretaccesskey", SECRET_KIND_SECRET, false, "aws-secret-key"},
	{"sharedaccesskey", SECRET_KIND_SECRET, false, "azure-shared-key"},
	{"accountkey", SECRET_KIND_SECRET, false, "azure-storage-key"},
	{"apikey", SECRET_KIND_SECRET, false, "api-key-assignment"},
	{"accesskey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"secretkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"secretkeybase", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"privatekey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"authkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"signingkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"encryptionkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"masterkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"sessionkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"servicekey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"licensekey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"appkey", SECRET_KIND_SECRET, true, "secret-assignment"},
	{"sharedkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"presharedkey", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"authtoken", SECRET_KIND_SECRET, false, "token-assignment"},
	{"motdepasse", SECRET_KIND_PASSWORD, false, "password-assignment"},
	/* "mot de passe", "contrase\u00f1a" without its letter, .. */
	{"passe", SECRET_KIND_PASSWORD, true, "password-assignment"},
	{"contrasea", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"contrasena", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"senha", SECRET_KIND_PASSWORD, true, "password-assignment"},
	{"wachtwoord", SECRET_KIND_PASSWORD, false, "password-assignment"},
	{"auth", SECRET_KIND_SECRET, true, "secret-assignment"},
	{"credential", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"credentials", SECRET_KIND_SECRET, false, "secret-assignment"},
	{"secret", SECRET_KIND_SECRET, true, "secret-assignment"},
	{"token", SECRET_KIND_TOKEN, true, "token-assignment"},
	{"sig", SECRET_KIND_SAS, true, "azure-sas"},
};

/* Tokens that only say where a list goes on, and keys that all may know. */
static const char *const harmless[] = {"next", "page", "paging", "continu",
	"cursor", "sync", "csrf", "xsrf", "public", "cancel", "resume",
	"idempot"};

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
		(secret_is(t->s[start - 1], SECRET_DOT) ||
			(unsigned char)t->s[start - 1] >= 0x80))
		start--;
	/* "API key: ..": the noun alone says little. */
	if (end - start == 3 && secret_same(t->s + start, "key", 3) &&
		start > 1 && t->s[start - 1] == ' ') {
		start--;
		while (start > 0 && end - start <= NAME_MAX_BYTES &&
			secret_is_alnum(t->s[start - 1]))
			start--;
	}
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

static enum secret_kind
secret_assign_kind_of(const char *name, size_t n, const char **ret_rule)
{
	char small[NAME_MAX_BYTES];
	size_t k = secret_squeeze(name, n, small, sizeof(small));

	if (n == 0 || n > NAME_MAX_BYTES)
		return SECRET_KIND_NONE;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t m = strlen(names[i].end);

		if (k < m || memcmp(small + k - m, names[i].end, m) != 0 ||
			(names[i].is_short && !is_word_of(name, n, m)))
			continue;
		for (size_t j = 0; j < ARRAY_LEN(harmless); j++)
			if (memmem(small, k, harmless[j], strlen(harmless[j])))
				return SECRET_KIND_NONE;
		*ret_rule = names[i].rule;
		return names[i].kind;
	}
	return SECRET_KIND_NONE;
}

size_t
secret_value_behind(const struct secret_text *t, size_t at, size_t *ret_at)
{
	size_t i = at, n = 0;
	char quote = '\0';

	while (i < t->n && i - at < 6 && strchr(" \t=>\\", t->s[i]) != NULL)
		i++;
	if (i < t->n && t->s[i] != '\0' && strchr("\"'`", t->s[i]) != NULL)
		quote = t->s[i++];
	*ret_at = i;
	for (; i + n < t->n && n <= SECRET_VALUE_MAX; n++) {
		char c = t->s[i + n];

		if (quote != '\0' ? c == quote || c == '\n' || c == '\\'
				  : (unsigned char)c <= ' ' ||
					    strchr(",;\"'`>)}]|\\", c) != NULL)
			break;
	}
	return n;
}

/* A sentence ends behind the value, or the next parameter of an address
 * begins. */
static size_t
trim_value(const char *s, size_t n)
{
	const char *and = memchr(s, '&', n);

	if (and&&memchr(and, '=', (size_t)(s + n - and)) != NULL)
		n = (size_t)(and-s);
	while (n > 0 && strchr(".:", s[n - 1]) != NULL)
		n--;
	return n;
}

/* Keys of clouds are base64, in which "/" begins no path. */
static bool
is_cloud_key(const char *rule, const char *s, size_t n)
{
	static const char *const rules[] = {"aws-secret-key",
		"azure-shared-key", "azure-storage-key"};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(rule, rules[i]) == 0)
			return n >= 40 && s[0] == '/' &&
			       secret_run(s, n, SECRET_BASE64, n + 1) == n &&
			       secret_is_random(s + 1, n - 1);
	return false;
}

/* `define('AUTH_KEY', '..')`, at its comma. */
bool
secret_defined(const struct secret_text *t, size_t at, struct secret *ret)
{
	size_t name_n, start;
	const char *name = name_before(t, at, &name_n);

	start = (size_t)(name - t->s);
	if (name_n == 0 || start < 8 || memchr("\"'", name[-1], 2) == NULL ||
		!secret_same(name - 8, "define(", 7))
		return false;
	return secret_assigned(t, at, ret);
}

/* `Set-Cookie: sid=..`: who has it is logged in. Counters and choices
 * ("_ga", "consent") are none. */
static bool
cookie(const struct secret_text *t, size_t at, const char *name,
	struct secret *ret)
{
	static const char head[] = "cookie: ";
	static const char *const sessions[] = {"sess", "sid", "auth", "jwt",
		"remember", "login"};
	size_t from = (size_t)(name - t->s), start = from, value, n;
	bool is_header = false, is_session = false;

	n = secret_value_behind(t, at + 1, &value);
	if (n < 20 || !secret_is_value(t->s + value, n, SECRET_KIND_SECRET))
		return false;

	while (start > 0 && t->s[start - 1] != '\n' && from - start < 300)
		start--;
	for (size_t i = start; i + sizeof(head) - 1 <= from && !is_header; i++)
		is_header = secret_same(t->s + i, head, sizeof(head) - 1);
	for (size_t i = from; is_header && i < at; i++)
		for (size_t k = 0; k < ARRAY_LEN(sessions); k++) {
			size_t m = strlen(sessions[k]);

			is_session |= i + m <= at &&
				      secret_same(t->s + i, sessions[k], m);
		}
	if (!is_session)
		return false;
	*ret = (struct secret){"session-cookie", value, n};
	return true;
}

bool
secret_assigned(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *rule = NULL, *name;
	enum secret_kind kind;
	size_t name_n, value, n;

	name = name_before(t, at, &name_n);
	kind = secret_assign_kind_of(name, name_n, &rule);
	if (kind == SECRET_KIND_NONE)
		return t->s[at] == '=' && name_n > 0 &&
		       cookie(t, at, name, ret);
	n = secret_value_behind(t, at + 1, &value);
	n = trim_value(t->s + value, n);
	if (!secret_is_value(t->s + value, n, kind) &&
		!is_cloud_key(rule, t->s + value, n))
		return false;
	*ret = (struct secret){rule, value, n};
	return true;
}

bool
secret_named(const char *name, const char *value, size_t n, struct secret *ret)
{
	const char *rule = NULL;
	enum secret_kind kind =
		secret_assign_kind_of(name, strlen(name), &rule);

	if (kind == SECRET_KIND_NONE || !secret_is_value(value, n, kind))
		return false;
	*ret = (struct secret){rule, 0, n};
	return true;
}
