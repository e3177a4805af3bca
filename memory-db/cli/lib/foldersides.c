#include "memory-db/cli/lib/foldersides.h"

#include "common/err.h"
#include "common/jx.h"

void
foldersides_done(struct foldersides *s)
{
	json_decref(s->to_memory);
	json_decref(s->from_memory);
	json_decref(s->to_folder);
	json_decref(s->from_folder);
	json_decref(s->both);
}

/* What only one side has is new there, or was deleted on the other. */
static int
compare_one(const struct foldersides *s, json_t *have, json_t *other,
	json_t *add, json_t *remove)
{
	const char *key;
	json_t *text;

	json_object_foreach(have, key, text) {
		json_t *into = json_object_get(s->base, key) ? remove : add;

		if (json_object_get(other, key))
			into = s->both;
		if (jx_set(into, key, json_incref(text)) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

int
foldersides_compare(struct foldersides *s)
{
	s->to_memory = json_object();
	s->from_memory = json_object();
	s->to_folder = json_object();
	s->from_folder = json_object();
	s->both = json_object();
	if (!s->to_memory || !s->from_memory || !s->to_folder ||
		!s->from_folder || !s->both ||
		compare_one(s, s->folder, s->memory, s->to_memory,
			s->from_folder) ||
		compare_one(s, s->memory, s->folder, s->to_folder,
			s->from_memory))
		return MDB_E_NOMEM;
	return 0;
}
