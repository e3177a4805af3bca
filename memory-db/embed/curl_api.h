/* libcurl, loaded when it is first needed.
 *
 * Linked in, it would cost each start 6 ms and 5.9 MB (thirty libraries: TLS,
 * LDAP, SSH, Kerberos, ...), loaded and ready 8.7 MB; measured with 7.88 of
 * Debian 12. So a service without an endpoint does without. */
#ifndef EMBED_CURL_API_H
#define EMBED_CURL_API_H

#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

#include "common/cleanup.h"
#include "common/err.h"

struct curl_api {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
};

/* The functions, for the life of the process. MDB_E_INVALID: there is no
 * libcurl; the text names the package. Any thread. */
int curl_api_get(const struct curl_api **ret, struct err *e) MUST_CHECK;

#endif
