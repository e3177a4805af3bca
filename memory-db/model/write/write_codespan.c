#include "memory-db/model/write/write_codespan.h"

#include <stdio.h>

#include "common/codespan.h"
#include "common/jx.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/write/fact_tags_write.h"

#define MEMBER "source"

static int
read_source(const json_t *j, const char *path, struct codespan *ret,
	struct err *e)
{
	char param[96];

	snprintf(param, sizeof(param), "%s%s" MEMBER, path, *path ? "." : "");
	return codespan_read(json_object_get(j, MEMBER), param, false, ret, e);
}

int
write_codespan_check(const json_t *j, const char *path, struct err *e)
{
	struct codespan unused;

	return json_object_get(j, MEMBER) ? read_source(j, path, &unused, e)
					  : 0;
}

int
write_codespan(struct write *w, int64_t entity, int64_t fact, const json_t *j,
	const char *path, struct err *e)
{
	AUTO_JSON json_t *note = NULL;
	struct codespan source;
	int rc;

	if (!json_object_get(j, MEMBER))
		return 0;
	rc = read_source(j, path, &source, e);
	if (rc)
		return rc;
	rc = fact_tags_metadata(w->st, entity, fact, &note, e);
	if (rc)
		return rc;
	if (jx_set(note, MEMBER, codespan_json(&source)) != 0)
		return err_nomem(e);
	return fact_tags_note(w, entity, fact, note, path, e);
}
