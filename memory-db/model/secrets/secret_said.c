/* Secrets told in words, in a header of HTTP, in an option of a command:
 *
 *   "the wifi password is sunflower9"      the noun, "is", and a value
 *   "the password is required"             nothing: said of passwords
 *   Authorization: Bearer eyJ...           a header
 *   mysql -u root -phunter22x              an option
 *
 * A table has the words at which such a sentence can begin; each has a reader
 * that looks at what follows. Most words of a text are not in it and cost one
 * look at their first letter. */
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

/* --- HTTP --------------------------------------------------------------------- */
static bool
bearer(const struct secret_text *t, size_t at, enum secret_kind kind,
	struct secret *ret)
{
	const char *s = t->s + ++at;
	size_t n = 0, left = t->n - at;

	(void)kind;
	while (n < left && n <= SECRET_VALUE_MAX &&
		(secret_is(s[n], SECRET_DOT | SECRET_BASE64) || s[n] == '~'))
		n++;
	if (n < 20 || n > SECRET_VALUE_MAX || !secret_is_random(s, n))
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
basic(const struct secret_text *t, size_t at, enum secret_kind kind,
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
	if (!colon || secret_is_named(colon + 1, (size_t)(out + k - colon - 1)))
		return false;
	*ret = (struct secret){"basic-auth", at, n};
	return true;
}

/* --- sentences --------------------------------------------------------------- */
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

/* What a sentence says of a password that is none: "the password is required". */
static const char *const said_of_it[] = {"required", "optional", "wrong",
	"incorrect", "correct", "invalid", "expired", "missing", "empty",
	"unset", "weak", "strong", "hidden", "secret", "unknown", "mandatory",
	"needed", "visible", "public", "private", "confidential", "available",
	"below", "above", "attached", "different", "important", "broken",
	"outdated", "obsolete", "default", "random", "unique", "complex",
	"simple", "secure", "insecure", "sensitive", "forgotten", "unchanged",
	"useless", "pointless", "enough", "nothing", "something", "anything",
	"yours", "theirs", "myself", "always", "usually", "probably", "written",
	"chosen", "stolen", "leaked", "unlikely", "somewhere", "elsewhere",
	"neither", "either", "another", "personal", "temporary", "permanent",
	"notnull", "nullable", "string", "plaintext", "cleartext", "overdue",
	"falsch", "richtig", "abgelaufen", "geheim", "notwendig", "unbekannt",
	"erforderlich", "optional", "ungueltig", "sicher", "unsicher"};

static bool
secret_said_ends_with(const char *s, size_t n, const char *end)
{
	size_t k = strlen(end);

	return n > k && memcmp(s + n - k, end, k) == 0;
}

/* "the wifi password is sunflower": one plain word, in small letters or with a
 * hyphen, that ends the sentence and says nothing of the password. */
static bool
is_plain_word(const struct secret_text *t, size_t at, size_t n)
{
	static const char *const ends[] = {"ed", "ing", "able", "ible", "ly",
		"less", "ful", "ive", "ary", "ous", "ent", "ant"};
	const char *s = t->s + at;
	size_t hyphens = 0, behind = at + n;

	if (n < 6 || n > 64)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '-' && i > 0 && i + 1 < n)
			hyphens++;
		else if (!secret_is_alnum(s[i]))
			return false;
	}
	while (behind < t->n && strchr("\"'`", t->s[behind]) != NULL &&
		t->s[behind] != '\0')
		behind++;
	if (behind < t->n && strchr(".,;!?\n)", t->s[behind]) == NULL)
		return false;
	if (hyphens >= 2)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (hyphens > 0 || secret_said_ends_with(s, n, ends[i]))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(said_of_it); i++)
		if (strlen(said_of_it[i]) == n &&
			secret_same(s, said_of_it[i], n))
			return false;
	return !secret_is_named(s, n);
}

/* Is it the password itself of which is spoken? "password is ..", "password for
 * the wifi is .."; not "password manager is bitwarden", nor "password policy
 * is strict". */
static bool
is_of_itself(const struct secret_text *t, size_t at)
{
	static const char *const next[] = {" is ", " was ", " ist ", " war ",
		" lautet ", " for ", " of ", " to ", " on ", " at ", " in ",
		" von "};

	for (size_t i = 0; i < ARRAY_LEN(next); i++) {
		size_t n = strlen(next[i]);

		if (t->n - at > n && memcmp(t->s + at, next[i], n) == 0)
			return true;
	}
	return false;
}

/* at: behind the noun; verb: behind "is". */
static bool
told_at(const struct secret_text *t, size_t at, size_t verb,
	enum secret_kind kind, struct secret *ret)
{
	size_t value, n;

	n = secret_value_behind(t, verb, &value);
	while (n > 0 && strchr(".:!?", t->s[value + n - 1]) != NULL)
		n--;
	if (!secret_is_value(t->s + value, n, kind) &&
		(kind != SECRET_KIND_PASSWORD || !is_of_itself(t, at) ||
			!is_plain_word(t, value, n)))
		return false;
	*ret = (struct secret){kind == SECRET_KIND_PASSWORD ? "password-told"
							    : "secret-told",
		value, n};
	return true;
}

/* "password for the wifi: sunflower9": behind the colon, or 0. */
static size_t
behind_colon(const struct secret_text *t, size_t at)
{
	size_t end = t->n - at < 40 ? t->n : at + 40;

	for (size_t i = at; i < end && strchr(".,;=\n!?", t->s[i]) == NULL; i++)
		if (t->s[i] == ':')
			return i + 1;
	return 0;
}

static bool
told(const struct secret_text *t, size_t at, enum secret_kind kind,
	struct secret *ret)
{
	size_t verb = behind_verb(t, at);

	if (verb == 0 && is_of_itself(t, at))
		verb = behind_colon(t, at);
	return verb != 0 && told_at(t, at, verb, kind, ret);
}

/* `machine api.example.org login ada password ..`: of a file .netrc. */
static bool
of_login(const struct secret_text *t, size_t at, enum secret_kind kind,
	struct secret *ret)
{
	static const char word[] = " password ";
	size_t i = at + 1, value, n;

	while (i < t->n && (unsigned char)t->s[i] > ' ' && i - at < 64)
		i++;
	if (i == at + 1 || t->n - i <= sizeof(word) ||
		memcmp(t->s + i, word, sizeof(word) - 1) != 0)
		return false;
	n = secret_value_behind(t, i + sizeof(word) - 1, &value);
	if (!secret_is_value(t->s + value, n, kind))
		return false;
	*ret = (struct secret){"netrc-password", value, n};
	return true;
}

/* Words at which such a sentence begins, in small letters; a space follows. */
static const struct secret_said {
	const char *word;
	size_t n;
	enum secret_kind kind;
	/* at: of the space */
	bool (*of)(const struct secret_text *t, size_t at,
		enum secret_kind kind, struct secret *ret);
} nouns[] = {
#define NOUN(word, kind, of)                                                   \
	{                                                                      \
		word, sizeof(word) - 1, kind, of                               \
	}
	NOUN("bearer", SECRET_KIND_NONE, bearer),
	NOUN("basic", SECRET_KIND_NONE, basic),
	NOUN("password", SECRET_KIND_PASSWORD, told),
	NOUN("passwort", SECRET_KIND_PASSWORD, told),
	NOUN("passphrase", SECRET_KIND_PASSWORD, told),
	NOUN("passcode", SECRET_KIND_PASSWORD, told),
	NOUN("kennwort", SECRET_KIND_PASSWORD, told),
	NOUN("api key", SECRET_KIND_SECRET, told),
	NOUN("token", SECRET_KIND_TOKEN, told),
	NOUN("secret", SECRET_KIND_SECRET, told),
	NOUN("login", SECRET_KIND_PASSWORD, of_login),
};

/* Most words end here: of those above, in either case. */
static bool
begins_noun(char c)
{
	static const uint32_t letters = 1u << ('a' - 'a') | 1u << ('b' - 'a') |
					1u << ('k' - 'a') | 1u << ('l' - 'a') |
					1u << ('p' - 'a') | 1u << ('s' - 'a') |
					1u << ('t' - 'a');
	unsigned i = (unsigned)((unsigned char)c | 0x20) - 'a';

	return i < 26 && (letters >> i & 1) != 0;
}

bool
secret_said(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *s = t->s + at;
	size_t left = t->n - at;

	if (left < 12 || !begins_noun(*s))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(nouns); i++) {
		size_t n = nouns[i].n;

		/* "my password's .." */
		if (nouns[i].of == told && left > n + 3 &&
			memcmp(s + n, "'s ", 3) == 0 &&
			secret_same(s, nouns[i].word, n))
			return told_at(t, at + n, at + n + 3, nouns[i].kind,
				ret);
		if ((*s | 0x20) == nouns[i].word[0] && s[n] == ' ' &&
			secret_same(s, nouns[i].word, n))
			return nouns[i].of(t, at + n, nouns[i].kind, ret);
	}
	return false;
}

/* --- commands ----------------------------------------------------------------- */
/* user:password */
static bool
user_option(const struct secret_text *t, size_t at, size_t n,
	struct secret *ret)
{
	const char *s = t->s + at, *colon = memchr(s, ':', n);
	size_t user = colon != NULL ? (size_t)(colon + 1 - s) : 0;

	if (user < 2 || memchr(s, '/', user) != NULL ||
		!secret_is_value(s + user, n - user, SECRET_KIND_PASSWORD))
		return false;
	*ret = (struct secret){"password-option", at + user, n - user};
	return true;
}

/* Does the line have the name of a program before `at`? */
static bool
is_behind(const struct secret_text *t, size_t at, const char *program)
{
	size_t from = at;

	while (from > 0 && t->s[from - 1] != '\n' && at - from < 200)
		from--;
	return memmem(t->s + from, at - from, program, strlen(program)) != NULL;
}

/* Options of one letter, which mean something else to other programs. */
static bool
short_option(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const struct {
		const char *program, *option;
	} options[] = {{"sshpass ", "-p "}, {"docker login ", "-p "},
		{"podman login ", "-p "}, {"az login ", "-p "},
		{"mongosh ", "-p "}, {"mongodump ", "-p "},
		{"redis-cli ", "-a "}, {"sqlcmd ", "-P "}, {"bcp ", "-P "},
		{"isql ", "-P "}, {"mosquitto_pub ", "-P "},
		{"mosquitto_sub ", "-P "}, {"unzip ", "-P "}, {"zip ", "-P "},
		{"ldapsearch ", "-w "}, {"ldapadd ", "-w "}};
	size_t value, n;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (t->n - at < 4 ||
			memcmp(t->s + at, options[i].option, 3) != 0 ||
			!is_behind(t, at, options[i].program))
			continue;
		n = secret_value_behind(t, at + 3, &value);
		if (!secret_is_value(t->s + value, n, SECRET_KIND_PASSWORD))
			return false;
		*ret = (struct secret){"password-option", value, n};
		return true;
	}
	return false;
}

/* `echo VALUE | docker login --password-stdin`, at the option. */
static bool
from_stdin(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const char option[] = "--password-stdin", echo[] = "echo ";
	const char *found;
	size_t from = at, value, n;

	if (t->n - at < sizeof(option) - 1 ||
		memcmp(t->s + at, option, sizeof(option) - 1) != 0)
		return false;
	while (from > 0 && t->s[from - 1] != '\n' && at - from < 300)
		from--;
	found = memmem(t->s + from, at - from, echo, sizeof(echo) - 1);
	if (!found)
		return false;
	n = secret_value_behind(t, (size_t)(found - t->s) + sizeof(echo) - 1,
		&value);
	if (!secret_is_value(t->s + value, n, SECRET_KIND_PASSWORD))
		return false;
	*ret = (struct secret){"password-option", value, n};
	return true;
}

/* `mysql -uroot -pVALUE`: no space, and only behind the name of such a program
 * in the same line, as -p is so much else. */
static bool
mysql_option(const struct secret_text *t, size_t at, struct secret *ret)
{
	size_t n, value;

	if (t->n - at < 6 || memcmp(t->s + at, "-p", 2) != 0 ||
		t->s[at + 2] == ' ' || t->s[at + 2] == '-')
		return false;
	if (!is_behind(t, at, "mysql") && !is_behind(t, at, "mariadb"))
		return false;
	n = secret_value_behind(t, at + 2, &value);
	if (!secret_is_value(t->s + value, n, SECRET_KIND_PASSWORD))
		return false;
	*ret = (struct secret){"password-option", value, n};
	return true;
}

bool
secret_option(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const struct {
		const char *name;
		enum secret_kind kind; /* NONE: user:password */
	} options[] = {{"-u ", SECRET_KIND_NONE}, {"--user ", SECRET_KIND_NONE},
		{"--password ", SECRET_KIND_PASSWORD},
		{"--passphrase ", SECRET_KIND_PASSWORD},
		{"--token ", SECRET_KIND_TOKEN},
		{"--api-key ", SECRET_KIND_SECRET},
		{"--secret ", SECRET_KIND_SECRET}};
	size_t left = t->n - at, value, n;

	if (mysql_option(t, at, ret) || short_option(t, at, ret) ||
		from_stdin(t, at, ret))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		size_t m = strlen(options[i].name);

		if (left < m || memcmp(t->s + at, options[i].name, m) != 0)
			continue;
		n = secret_value_behind(t, at + m, &value);
		if (options[i].kind == SECRET_KIND_NONE)
			return user_option(t, value, n, ret);
		if (!secret_is_value(t->s + value, n, options[i].kind))
			return false;
		*ret = (struct secret){"password-option", value, n};
		return true;
	}
	return false;
}
