/* Addresses of endpoints, taken apart strictly, since a key may be sent there.
 * A key goes over https, or over http to this machine alone. Neither a key nor
 * a password may stand in the address itself: all users of the machine see it
 * in the list of processes.
 *
 *   https://api.example.org            completed: .../v1/embeddings
 *   http://10.0.0.5:8080, with a key   refused: it could be read
 *   https://h/?api_key=abc             refused */
#include "memory-db/embed/http_address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

#define NAME_MAX_BYTES 256

/* Visible ASCII only: nothing that could end a header or hide in a log. */
static bool
http_is_plain(const char *s)
{
	for (; *s; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

static int
check_options(const struct http_asked *x, struct err *e)
{
	if (!x->model || !*x->model || strlen(x->model) > NAME_MAX_BYTES ||
		!text_is_utf8(x->model, strlen(x->model)))
		return err_set(e, MDB_E_INVALID,
			"%s: http needs the name of the model to ask "
			"for (%s), of 1 to %d bytes",
			x->what, x->model_by, NAME_MAX_BYTES);
	if (x->key && (!*x->key || !http_is_plain(x->key)))
		return err_set(e, MDB_E_INVALID,
			"%s: the key must be visible ASCII characters "
			"without spaces",
			x->what);
	return 0;
}

/* *ret_host: in url, behind the scheme. */
static int
check_url(const struct http_asked *x, const char *url, const char **ret_host,
	size_t *ret_host_n, struct err *e)
{
	const char *host = NULL;
	size_t n;

	if (strncmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	n = host ? strcspn(host, "/?#") : 0;

	if (n == 0 || !http_is_plain(url))
		return err_set(e, MDB_E_INVALID,
			"%s: http: must be followed by an address such "
			"as http://127.0.0.1:11434%s, with http or https",
			x->what, x->path);
	if (memchr(host, '@', n))
		return err_set(e, MDB_E_INVALID,
			"%s: the address must not hold a password: "
			"give the key by its own option",
			x->what);
	*ret_host = host;
	*ret_host_n = n;
	return 0;
}

/* Does the query of the address have a member that looks like a secret:
 * key, api_key, api-key, token, secret, password? */
static bool
names_a_key(const char *url)
{
	static const char *const words[] = {"key", "token", "secret",
		"password", "passwd", "auth"};
	const char *at = strchr(url, '?');

	while (at && *at && *at != '#') {
		size_t n = strcspn(++at, "=&;#");

		for (size_t i = 0; at[n] == '=' && i < ARRAY_LEN(words); i++) {
			size_t k = strlen(words[i]);

			for (size_t o = 0; o + k <= n; o++)
				if (strncasecmp(at + o, words[i], k) == 0)
					return true;
		}
		at += n + strcspn(at + n, "&;#");
	}
	return false;
}

static bool
is_loopback(const char *host, size_t n)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t k = strlen(names[i]);

		if (n >= k && strncmp(host, names[i], k) == 0 &&
			(n == k || host[k] == ':'))
			return true;
	}
	return false;
}

/* An address without a path, or with that of the API alone, is completed. */
static char *
complete(const char *url, const char *has, const char *path)
{
	static const char api[] = "/v1";
	const char *more = "";
	char *ret;

	if (has[0] == '\0')
		more = path;
	else if (strcmp(has, "/") == 0)
		more = path + 1;
	else if (strcmp(has, api) == 0)
		more = path + strlen(api);
	else if (strcmp(has, "/v1/") == 0)
		more = path + strlen(api) + 1;
	return asprintf(&ret, "%s%s", url, more) < 0 ? NULL : ret;
}

/* A key is told to nobody on the way: over plain http only to this machine. It
 * does not stand in the address either, which all users of the machine see in
 * the list of processes. */
static int
check_key(const struct http_asked *x, const char *url, bool to_self,
	struct err *e)
{
	if (names_a_key(url))
		return err_set(e, MDB_E_INVALID,
			"%s: the address must not hold a key: others "
			"can read the command line; give the key by %s",
			x->what, x->key_by);
	if (x->key && !to_self && strncmp(url, "https://", 8) != 0)
		return err_set(e, MDB_E_INVALID,
			"%s: a key is not sent over plain http to "
			"another machine, where it could be read on the way; "
			"use https, or leave the key out",
			x->what);
	return 0;
}

int
http_address_read(const struct http_asked *asked, const char *url,
	struct http_address *ret, struct err *e)
{
	const char *host = NULL;
	size_t host_n = 0;
	int rc = check_url(asked, url, &host, &host_n, e);

	if (rc < 0)
		return rc;
	rc = check_options(asked, e);
	if (rc < 0)
		return rc;
	ret->is_loopback = is_loopback(host, host_n);
	rc = check_key(asked, url, ret->is_loopback, e);
	if (rc < 0)
		return rc;
	ret->host_at = (size_t)(host - url);
	ret->url = complete(url, host + host_n, asked->path);
	return ret->url ? 0 : err_nomem(e);
}
