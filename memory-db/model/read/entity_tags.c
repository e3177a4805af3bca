#include "memory-db/model/read/entity_tags.h"

#include "common/jx.h"
#include "memory-db/store/facts/facts.h"

struct entity_tags_reading {
	json_t *metadata; /* owned, or NULL */
	struct err *e;
};

static int
read_metadata(void *ctx, const struct fact *f)
{
	struct entity_tags_reading *r = ctx;

	if (f->erased)
		return 0;
	json_decref(r->metadata);
	r->metadata = jx_parse(f->text, f->text_n, r->e);
	return r->metadata ? 0 : MDB_E_NOMEM;
}

static int
metadata_of(struct store *st, int64_t entity, json_t **ret, struct err *e)
{
	struct entity_tags_reading r = {.e = e};
	int k = fact_each(st, entity, 1u << FACT_METADATA, read_metadata, &r,
		e);

	if (k < 0) {
		json_decref(r.metadata);
		return k;
	}
	*ret = r.metadata;
	return 0;
}

static bool
entity_tags_has(const json_t *list, const json_t *tag)
{
	json_t *have;
	size_t i;

	json_array_foreach(list, i, have)
		if (json_equal(have, tag))
			return true;
	return false;
}

int
entity_tags_missing(struct store *st, int64_t entity, const json_t *tags,
	json_t **ret, struct err *e)
{
	AUTO_JSON json_t *metadata = NULL, *missing = json_array();
	json_t *tag;
	size_t i;
	int rc = metadata_of(st, entity, &metadata, e);

	if (rc < 0)
		return rc;
	if (!missing)
		return err_nomem(e);
	json_array_foreach(tags, i, tag)
		if (!entity_tags_has(json_object_get(metadata, "tags"), tag) &&
			jx_add(missing, json_incref(tag)) != 0)
			return err_nomem(e);
	*ret = take_ptr(missing);
	return 0;
}

/* The metadata of the entity with these tags, beside those it has when keep. */
static int
metadata_with(struct store *st, int64_t entity, const json_t *tags, bool keep,
	json_t **ret, struct err *e)
{
	AUTO_JSON json_t *metadata = NULL, *all = json_array();
	json_t *tag;
	size_t i;
	int rc = metadata_of(st, entity, &metadata, e);

	if (rc < 0)
		return rc;
	if (!metadata)
		metadata = json_object();
	if (!metadata || !all)
		return err_nomem(e);
	if (keep)
		json_array_foreach(json_object_get(metadata, "tags"), i, tag)
			if (jx_add(all, json_incref(tag)) != 0)
				return err_nomem(e);
	json_array_foreach(tags, i, tag)
		if (!entity_tags_has(all, tag) &&
			jx_add(all, json_incref(tag)) != 0)
			return err_nomem(e);
	if (json_array_size(all) == 0)
		(void)json_object_del(metadata, "tags");
	else if (jx_set(metadata, "tags", take_ptr(all)) != 0)
		return err_nomem(e);
	*ret = take_ptr(metadata);
	return 0;
}

int
entity_tags_add(struct store *st, int64_t entity, const json_t *tags,
	json_t **ret, struct err *e)
{
	return metadata_with(st, entity, tags, true, ret, e);
}

int
entity_tags_replace(struct store *st, int64_t entity, const json_t *tags,
	json_t **ret, struct err *e)
{
	return metadata_with(st, entity, tags, false, ret, e);
}
