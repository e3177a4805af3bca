/* Replies of writes. */
#include "memory-db/method/reply.h"

#include <string.h>

#include "common/jx.h"

int
reply_change(const struct write *w, json_t *result, json_t **ret_result,
	struct err *e)
{
	AUTO_JSON json_t *j = result;

	if (!j || (w->change_id != 0 && !*w->dry_run &&
			  jx_set(j, "change", json_integer(w->change_id)) != 0))
		return err_nomem(e);
	*ret_result = take_ptr(j);
	return 0;
}

int
reply_list(const struct write *w, const char *key, json_t *list,
	json_t **ret_result, struct err *e)
{
	json_t *result = json_object();

	if (jx_set(result, key, list) != 0) {
		json_decref(result);
		return err_nomem(e);
	}
	return reply_change(w, result, ret_result, e);
}

int
reply_effect(const struct write *w, json_t *result, json_t **ret_result,
	struct err *e)
{
	json_t *value;
	const char *key;
	void *next;

	if (w->replay && result) {
		json_object_foreach_safe(result, next, key, value)
			if (!json_is_string(value) &&
				strcmp(key, "version") != 0)
				(void)json_object_del(result, key);
		if (jx_set(result, "repeated", json_true()) != 0) {
			json_decref(result);
			return err_nomem(e);
		}
	}
	return reply_change(w, result, ret_result, e);
}
