/* Giving tags and metadata to facts. */
#include "memory-db/model/write/fact_tags_write.h"

#include "common/buf.h"
#include "common/codespan.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"

static int
fact_tags_write_mark(struct write *w, int64_t entity, int64_t fact,
	enum fact_kind kind, const char *text, size_t n, struct err *e)
{
	struct fact f = write_fact(entity, kind);
	int rc = kind == FACT_TAG ? label_intern(w->st, text, &f.label, e) : 0;

	f.supersedes = fact;
	f.text = text;
	f.text_n = n;
	if (rc != 0)
		return rc;
	return write_add(w, &f, e);
}

/* What it has is read once: a tag more costs its own fact only. */
int
fact_tags_add(struct write *w, int64_t entity, int64_t fact, const json_t *tags,
	const char *path, struct err *e)
{
	json_t *have AUTO_JSON = NULL, *tag;
	size_t i;
	int rc = 0;

	if (json_array_size(tags) > 0)
		rc = fact_tags_list(w->st, entity, fact, &have, e);
	if (rc != 0)
		return rc;
	json_array_foreach(tags, i, tag) {
		const char *text = json_string_value(tag);
		size_t n = json_string_length(tag);

		if (fact_tags_is_in(have, text, n))
			continue;
		if (json_array_size(have) >= LIMIT_FACT_TAGS)
			return err_param(e, MDB_E_LIMIT, path,
				"a fact has at "
				"most %d tags; tags of the entity count for "
				"its facts, too",
				LIMIT_FACT_TAGS);
		rc = fact_tags_write_mark(w, entity, fact, FACT_TAG, text, n,
			e);
		if (rc != 0)
			return rc;
		if (jx_add(have, json_incref(tag)) != 0)
			return err_nomem(e);
	}
	return 0;
}

int
fact_tags_set(struct write *w, int64_t entity, int64_t fact, const json_t *tags,
	struct err *e)
{
	int rc = write_hide_marks(w, entity, fact, 1u << FACT_TAG, tags, e);

	if (rc != 0)
		return rc;
	return fact_tags_add(w, entity, fact, tags, "tags", e);
}

int
fact_tags_note(struct write *w, int64_t entity, int64_t fact,
	const json_t *object, const char *path, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int64_t have;
	int rc;

	rc = write_metadata_text(object, path, &text, e);
	if (rc != 0)
		return rc;
	rc = fact_find_mark(w->st, entity, fact, FACT_NOTE, text.data, text.len,
		&have, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = write_hide_marks(w, entity, fact, 1u << FACT_NOTE, NULL, e);
	if (rc != 0)
		return rc;
	if (json_object_size(object) > 0)
		rc = fact_tags_write_mark(w, entity, fact, FACT_NOTE, text.data,
			text.len, e);
	return rc;
}

int
fact_tags_replace(struct write *w, int64_t entity, int64_t fact,
	const json_t *object, const char *path, struct err *e)
{
	AUTO_JSON json_t *had = NULL, *now = NULL;
	const json_t *said = json_object_get(object, "source");
	json_t *source;
	int rc = fact_tags_metadata(w->st, entity, fact, &had, e);

	if (rc != 0)
		return rc;
	source = json_object_get(had, "source");
	if (!codespan_is(source) || (said && !json_is_null(said)))
		return fact_tags_note(w, entity, fact, object, path, e);
	now = jx_copy(object);
	if (!now)
		return err_nomem(e);
	(void)json_object_del(now, "source");
	if (!said && json_object_set(now, "source", source) != 0)
		return err_nomem(e);
	return fact_tags_note(w, entity, fact, now, path, e);
}

int
fact_tags_give(struct write *w, int64_t entity, int64_t fact,
	const json_t *entry, const char *path, struct err *e)
{
	const json_t *metadata = json_object_get(entry, "metadata");
	int r = fact_tags_add(w, entity, fact, json_object_get(entry, "tags"),
		path, e);

	return r == 0 && json_is_object(metadata)
		       ? fact_tags_replace(w, entity, fact, metadata, path, e)
		       : r;
}
