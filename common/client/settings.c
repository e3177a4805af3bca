#include "common/client/settings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"

static const struct {
	const char *name;
	bool is_secret;
} settings[] = {
	{"MEMORY_EMBED", false},
	{"MEMORY_EMBED_MODEL", false},
	{"MEMORY_EMBED_KEY", true},
	{"MEMORY_RECALL_WEIGHTS", false},
};

int
settings_file(const char *database, char **ret_new, struct err *e)
{
	AUTO_BUF struct buf b = {0};
	const char *slash = strrchr(database, '/');
	char *path = NULL;

	if (buf_addf(&b, "%.*s/" SETTINGS_FILE_NAME,
		    slash ? (int)(slash - database) : 1,
		    slash ? database : ".") == 0)
		path = buf_steal(&b);
	if (!path)
		return err_nomem(e);
	*ret_new = path;
	return 0;
}

json_t *
settings_given(void)
{
	json_t *o = json_object();

	for (size_t i = 0; o && i < ARRAY_LEN(settings); i++) {
		const char *value = getenv(settings[i].name);
		json_t *v;

		if (!value || !*value)
			continue;
		v = settings[i].is_secret ? json_true() : json_string(value);
		/* What is no UTF-8 is told by its name alone. */
		if (jx_set(o, settings[i].name, v ? v : json_true()) != 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}
