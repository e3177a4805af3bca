/* Loads libcurl once and never lets it go: its global state cannot be given
 * back while another thread may use it. */
#include "memory-db/embed/curl_api.h"

#include <dlfcn.h>
#include <pthread.h>

#define LIBRARY "libcurl.so.4"

static struct curl_api api;
static const char *why; /* it could not be loaded, or NULL */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
curl_api_load(void)
{
	const struct {
		const char *name;
		void **to;
	} all[] = {
		{"curl_global_init", (void **)&api.global_init},
		{"curl_easy_init", (void **)&api.easy_init},
		{"curl_easy_cleanup", (void **)&api.easy_cleanup},
		{"curl_easy_setopt", (void **)&api.easy_setopt},
		{"curl_easy_perform", (void **)&api.easy_perform},
		{"curl_easy_getinfo", (void **)&api.easy_getinfo},
		{"curl_easy_strerror", (void **)&api.easy_strerror},
		{"curl_slist_append", (void **)&api.slist_append},
		{"curl_slist_free_all", (void **)&api.slist_free_all},
	};
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		why = "there is no " LIBRARY;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		*all[i].to = dlsym(library, all[i].name);
		if (!*all[i].to) {
			why = LIBRARY " is too old";
			return;
		}
	}
	if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		why = LIBRARY " cannot begin";
}

int
curl_api_get(const struct curl_api **ret, struct err *e)
{
	pthread_once(&once, curl_api_load);
	if (why)
		return err_set(e, MDB_E_INVALID,
			"embeddings: http needs libcurl, but %s: install the "
			"package libcurl4, or use hash or static",
			why);
	*ret = &api;
	return 0;
}
