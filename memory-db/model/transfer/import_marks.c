/* Tags and metadata of an observation, from the object of a line that says
 * where the observation comes from. A mark that does not fit (a tag that is
 * too long, metadata that is no object) is left out, and the fact is kept: the
 * same rule as for the other members of that object. */
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/transfer/import.h"
#include "memory-db/model/write/write.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"

/* The entity knows of the first end of its facts. */
static int
import_marks_note_end(struct importer *im, const struct fact *note)
{
	int64_t at = 0, before = 0;
	int rc;

	if (!expiry_of_note(note, &at))
		return 0;
	rc = attr_get(im->st, note->entity, ATTR_FACT_EXPIRES, &before, im->e);
	if (rc != 0 || (before != 0 && before <= at))
		return rc;
	return change_attr(im->change, note->entity, ATTR_FACT_EXPIRES, at,
		im->e);
}

static int
import_marks_add_mark(struct importer *im, int64_t entity, int64_t of,
	enum fact_kind kind, const char *text, size_t n)
{
	struct fact f = write_fact(entity, kind);
	int rc = kind == FACT_TAG ? label_intern(im->st, text, &f.label, im->e)
				  : 0;

	f.supersedes = of;
	f.text = text;
	f.text_n = n;
	if (rc != 0)
		return rc;
	rc = import_add(im, &f, NULL);
	if (rc != 0)
		return rc;
	return import_marks_note_end(im, &f);
}

static bool
import_marks_is_in(const json_t *list, const json_t *tag)
{
	json_t *have;
	size_t i;

	json_array_foreach(list, i, have)
		if (json_equal(have, tag))
			return true;
	return false;
}

static int
import_marks_add_tags(struct importer *im, int64_t entity, int64_t of,
	const json_t *tags)
{
	json_t *all AUTO_JSON = NULL, *tag;
	size_t i;
	int rc = fact_tags_list(im->st, entity, of, &all, im->e);

	if (rc != 0)
		return rc;
	json_array_foreach(tags, i, tag) {
		const char *text = json_string_value(tag);
		size_t n = text != NULL ? json_string_length(tag) : 0;

		if (json_array_size(all) >= LIMIT_FACT_TAGS)
			return 0;
		if (n == 0 || n > LIMIT_TYPE_BYTES || strlen(text) != n ||
			import_marks_is_in(all, tag))
			continue;
		rc = import_marks_add_mark(im, entity, of, FACT_TAG, text, n);
		if (rc != 0)
			return rc;
		if (jx_add(all, json_incref(tag)) != 0)
			return err_nomem(im->e);
	}
	return 0;
}

/* Metadata that the fact has stays. */
static int
import_marks_add_note(struct importer *im, int64_t entity, int64_t of,
	const json_t *object)
{
	AUTO_BUF struct buf text = {0};
	int64_t have;
	int rc;

	if (json_object_size(object) == 0)
		return 0;
	if (jx_dump(object, &text) != 0 || !buf_str(&text))
		return err_nomem(im->e);
	if (text.len > LIMIT_METADATA_BYTES)
		return 0;
	rc = fact_find_mark(im->st, entity, of, FACT_NOTE, NULL, 0, &have,
		im->e);
	if (rc == 0)
		return import_marks_add_mark(im, entity, of, FACT_NOTE,
			text.data, text.len);
	if (rc < 0)
		return rc;
	return 0;
}

int
import_marks(struct importer *im, int64_t entity, int64_t of, const json_t *o)
{
	const json_t *tags = json_object_get(o, "tags");
	int r = 0;

	if (json_array_size(tags) > 0)
		r = import_marks_add_tags(im, entity, of, tags);
	if (r != 0)
		return r;
	return import_marks_add_note(im, entity, of,
		json_object_get(o, "metadata"));
}
