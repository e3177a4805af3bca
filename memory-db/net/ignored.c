/* The environment of a client is not that of the service. It is told where both
 * differ: silence would leave its user to wonder why nothing changes. */
#include "memory-db/net/ignored.h"

#include <stdbool.h>
#include <string.h>

#include "common/jx.h"
#include "common/client/settings.h"

static bool
ignored_is_same(const char *ours, const json_t *theirs)
{
	const char *text = json_string_value(theirs);

	return ours && text && strcmp(ours, text) == 0;
}

static bool
holds_here(const struct config *c, const char *name, const json_t *value)
{
	if (strcmp(name, "MEMORY_EMBED") == 0)
		return ignored_is_same(c->embed, value);
	if (strcmp(name, "MEMORY_EMBED_MODEL") == 0)
		return ignored_is_same(c->embed_model, value);
	if (strcmp(name, "MEMORY_EMBED_KEY") == 0)
		return c->has_embed_key;
	if (strcmp(name, "MEMORY_RECALL_WEIGHTS") == 0)
		return ignored_is_same(c->weights_text, value);
	return true;
}

static const char *
remedy(const char *name)
{
	if (strcmp(name, "MEMORY_RECALL_WEIGHTS") == 0)
		return "`memoryctl weights NAME=NUMBER` sets them for a "
		       "project, a line `recall-weights = ...` for all";
	if (strcmp(name, "MEMORY_EMBED_KEY") == 0)
		return "`memoryctl embed URL --model NAME --key-file FILE` "
		       "sets it";
	return "`memoryctl embed PROVIDER` sets it";
}

json_t *
ignored_settings(const struct config *c, const json_t *given)
{
	AUTO_FREE char *file = NULL;
	json_t *o = json_object(), *value;
	struct err e = {0};
	const char *name;

	if (!o || settings_file(c->database, &file, &e) != 0) {
		json_decref(o);
		return NULL;
	}
	json_object_foreach((json_t *)(uintptr_t)given, name, value)
		if (!holds_here(c, name, value) &&
			jx_set(o, name,
				json_sprintf(
					"is set for this client, but the service "
					"serves all clients and does not go by it; %s "
					"(in %s)",
					remedy(name), file)) != 0) {
			json_decref(o);
			return NULL;
		}
	return o;
}
