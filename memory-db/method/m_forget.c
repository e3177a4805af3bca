/* forget: hard erasure. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/forget.h"
#include "memory-db/store/names.h"

#define NOTE                                                                   \
	"erased from the database and its log; backups, exports and other "   \
	"copies made elsewhere may still hold it"

static int
find(struct write *w, const char *name, int64_t *ret_entity, struct err *e)
{
	int r = entity_find_ever(
		w->st, w->ns, name, strlen(name), ret_entity, e);

	/* Also one that was deleted long ago, or is on a branch only. */
	return r == 0 ? write_need_entity(w, name, "name", ret_entity, e)
		      : r < 0 ? r : 0;
}

static int
forget(struct write *w, const char *name, const json_t *observation,
	struct forget_result *out, struct err *e)
{
	int64_t entity;
	int r = find(w, name, &entity, e);

	if (r == 0)
		r = forget_apply(w, entity, json_string_value(observation),
			json_string_length(observation), out, e);
	else
		return r;
	return r == 0 ? err_param(e, MDB_E_NOT_FOUND, "observation",
				"'%s' never had an observation that reads "
				"exactly so",
				name)
	       : r < 0 ? r
		       : 0;
}

int
m_forget(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	struct forget_result out = {0};
	struct write w AUTO_WRITE = {0};
	int r;

	if (!json_is_true(json_object_get(c->params, "confirm")))
		return err_param(e, MDB_E_INVALID, "confirm",
			"this erases for good, every version on every branch, "
			"and cannot be undone; pass confirm:true. To hide it "
			"and keep the history use delete_entities or "
			"delete_observations");
	r = write_begin_on(&w, c, CHANGE_FORGET, STORE_MAIN, 0, e);
	if (r == 0 && !w.replay)
		r = forget(&w, name, json_object_get(c->params, "observation"),
			&out, e);
	if (r == 0)
		r = write_end(&w, e);
	if (r != 0)
		return r;
	c->erased = !w.replay;
	return reply_change(&w,
		json_pack("{s:I,s:I,s:I,s:I,s:I,s:s}", "facts",
			(json_int_t)out.facts, "names", (json_int_t)out.names,
			"messages", (json_int_t)out.messages, "notes",
			(json_int_t)out.notes, "words", (json_int_t)out.words,
			"note", NOTE),
		ret_result, e);
}
