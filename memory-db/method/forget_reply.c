#include "memory-db/method/forget_reply.h"

#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/method/reply.h"
#include "memory-db/store/engine/database.h"

#define NOTE                                                                   \
	"erased from the database and its log; backups, exports and other "    \
	"copies made elsewhere may still hold it"
#define NOTE_LEFT                                                              \
	"a part is erased; the rest is still there: repeat the call until "    \
	"done is true"

static int
add_path(void *ctx, const char *path)
{
	/* JSON cannot say others; nothing fails for that. */
	if (!text_is_utf8(path, strlen(path)))
		return 0;
	return jx_add(ctx, json_string(path)) != 0 ? MDB_E_NOMEM : 0;
}

/* `copies`: files beside the database that we made and that may still have it. */
static int
set_copies(struct call *c, json_t *reply, struct err *e)
{
	AUTO_JSON json_t *paths = json_array();
	int rc;

	if (!paths)
		return err_nomem(e);
	rc = database_copies(store_database(c->st), add_path, paths, e);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 0 || json_array_size(paths) == 0)
		return rc;
	return jx_set(reply, "copies", take_ptr(paths)) != 0 ? err_nomem(e) : 0;
}

/* What goes, and what is still there. */
int
forget_reply(struct call *c, struct write *w, const struct forget_result *out,
	json_t **ret_result, struct err *e)
{
	int rc = reply_effect(w,
		json_pack("{s:I,s:I,s:I,s:I,s:I,s:s}", "facts",
			(json_int_t)out->facts, "names", (json_int_t)out->names,
			"messages", (json_int_t)out->messages, "notes",
			(json_int_t)out->notes, "words", (json_int_t)out->words,
			"note", out->left > 0 ? NOTE_LEFT : NOTE),
		ret_result, e);

	if (rc != 0)
		return rc;
	if (!w->replay && !effects_add(&c->effects, EFFECT_ERASED, e))
		rc = MDB_E_NOMEM;
	if (rc != 0)
		return rc;
	return set_copies(c, *ret_result, e);
}
