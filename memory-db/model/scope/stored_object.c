#include "memory-db/model/scope/stored_object.h"

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/store/engine/meta.h"

int
stored_object_get(struct store *st, const char *key, const char *what,
	json_t **ret, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	struct err why = {0};
	int rc = meta_get(st, key, &text, e);

	*ret = NULL;
	if (rc != 1)
		return rc;
	*ret = jx_parse(text.data, text.len, &why);
	if (*ret)
		return 0;
	if (why.code == MDB_E_NOMEM)
		return err_nomem(e);
	return err_set(e, MDB_E_CORRUPT, "%s cannot be read: %s", what,
		why.text);
}

int
stored_object_set(struct store *st, const char *key, const json_t *object,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};

	if (json_object_size(object) == 0)
		return meta_drop_one(st, key, e);
	if (jx_dump(object, &text) != 0)
		return err_nomem(e);
	return meta_set(st, key, text.data, text.len, e);
}
