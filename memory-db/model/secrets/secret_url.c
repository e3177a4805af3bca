/* Addresses that carry a password (postgres://ada:hunter22x@db/app) or are one
 * (a web hook). Of the first kind only the password is the secret, so that the
 * address can still be read behind its marker. */
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

#define AUTHORITY_MAX 256

/* Schemes whose addresses are known as connection strings. */
static const char *const databases[] = {"postgres", "postgresql", "mysql",
	"mysqlx", "mariadb", "mongodb", "mongodb+srv", "redis", "rediss",
	"amqp", "amqps", "mssql", "sqlserver", "oracle", "cockroachdb",
	"clickhouse", "cassandra", "couchdb", "neo4j", "bolt", "nats", "kafka",
	"influxdb", "elasticsearch", "jdbc", "snowflake", "smtp", "smtps",
	"ldap", "ldaps", "postgresql+psycopg2", "postgresql+asyncpg",
	"mysql+pymysql"};

/* Addresses that let in whoever knows them: host and path, and how many bytes
 * behind it. */
static const struct {
	const char *rule, *start;
	size_t least;
} webhooks[] = {
	{"slack-webhook", "hooks.slack.com/services/T", 30},
	{"slack-webhook", "hooks.slack.com/workflows/T", 30},
	{"discord-webhook", "discord.com/api/webhooks/", 70},
	{"discord-webhook", "discordapp.com/api/webhooks/", 70},
	{"zapier-webhook", "hooks.zapier.com/hooks/catch/", 12},
	{"teams-webhook", "webhook.office.com/webhookb2/", 100},
	{"discord-webhook", "ptb.discord.com/api/webhooks/", 70},
	{"make-webhook", "hook.eu1.make.com/", 24},
	{"make-webhook", "hook.us1.make.com/", 24},
	{"google-chat-webhook", "chat.googleapis.com/v1/spaces/", 60},
};

static size_t
address_bytes(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && k < AUTHORITY_MAX && (unsigned char)s[k] > ' ' &&
		s[k] != '"' && s[k] != '\'' && s[k] != '`' && s[k] != '<' &&
		s[k] != '>' && s[k] != '\\')
		k++;
	return k;
}

/* Only in the body of a webhook: its id is no secret, its last part is. */
static bool
webhook(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const char teams[] = ".webhook.office.com/";
	const char *s = t->s + at, *dot;
	size_t n = address_bytes(s, t->n - at);

	/* The first part of such an address is the name of a tenant. */
	dot = memmem(s, n < 100 ? n : 100, teams, sizeof(teams) - 1);
	if (dot) {
		at += (size_t)(dot + 1 - s);
		n -= (size_t)(dot + 1 - s);
		s = dot + 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(webhooks); i++) {
		size_t m = strlen(webhooks[i].start);

		if (n < m + webhooks[i].least ||
			memcmp(s, webhooks[i].start, m) != 0 ||
			!secret_is_random(s + m, n - m))
			continue;
		*ret = (struct secret){webhooks[i].rule, at + m, n - m};
		return true;
	}
	return false;
}

/* What nobody takes for a password. */
static bool
is_stand_in(const char *s, size_t n)
{
	static const char *const words[] = {"password", "passwd", "pass", "pwd",
		"secret", "token", "key", "pw", "passwort", "user", "username",
		"mypassword", "my-password", "pass123", "password123",
		"postgres", "root", "guest", "test", "redacted", "hidden",
		"masked", "credentials", "auth", "p"};

	if (n == 0 || strchr("$<{[%*(", s[0]) != NULL || s[n - 1] == '}')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n && secret_same(s, words[i], n))
			return true;
	for (size_t i = 1; i < n; i++)
		if (s[i] != s[0])
			return n >= 8 ? secret_is_placeholder(s, n) : false;
	return true;
}

static bool
is_database(const char *scheme, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(databases); i++)
		if (strlen(databases[i]) == n &&
			secret_same(scheme, databases[i], n))
			return true;
	return false;
}

/* The scheme ends at `at`: its bytes. */
static size_t
scheme_bytes(const struct secret_text *t, size_t at)
{
	size_t n = 0;

	while (n < 24 && n < at &&
		(secret_is_alnum(t->s[at - 1 - n]) || t->s[at - 1 - n] == '+'))
		n++;
	return n;
}

bool
secret_url(const struct secret_text *t, size_t at, struct secret *ret)
{
	const char *s = t->s + at + 3, *colon, *end;
	size_t scheme = scheme_bytes(t, at);
	size_t n = address_bytes(s, t->n - at - 3), user = 0, last = n;

	if (scheme == 0)
		return false;
	if (webhook(t, at + 3, ret))
		return true;
	/* The last @ before the path: a password may have one. */
	while (user < n && s[user] != '/' && s[user] != '?' && s[user] != '#') {
		if (s[user] == '@')
			last = user;
		user++;
	}
	if (last == n)
		return false;
	colon = memchr(s, ':', last);
	end = s + last;
	if (!colon || is_stand_in(colon + 1, (size_t)(end - colon - 1)))
		return false;
	*ret = (struct secret){is_database(t->s + at - scheme, scheme)
				       ? "connection-string"
				       : "url-password",
		(size_t)(colon + 1 - t->s), (size_t)(end - colon - 1)};
	return true;
}

bool
secret_dsn(const struct secret_text *t, size_t at, struct secret *ret)
{
	static const char *const networks[] = {"@tcp(", "@unix("};
	size_t left = t->n - at, n = 0;
	bool is_one = false;

	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		size_t m = strlen(networks[i]);

		is_one |= left > m && memcmp(t->s + at, networks[i], m) == 0;
	}
	while (is_one && n < 128 && n < at &&
		(unsigned char)t->s[at - 1 - n] > ' ' &&
		t->s[at - 1 - n] != ':')
		n++;
	if (!is_one || n == 0 || n == 128 || n == at ||
		t->s[at - 1 - n] != ':' || is_stand_in(t->s + at - n, n))
		return false;
	*ret = (struct secret){"connection-string", at - n, n};
	return true;
}
