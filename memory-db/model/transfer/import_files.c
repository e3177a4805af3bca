/* Files of the workspace from the lines of an export. */
#include "memory-db/model/transfer/import.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/secrets/secret_json.h"
#include "memory-db/store/beside/files.h"

/* Whether there is room beside what is there. */
static int
has_room(struct importer *im, int64_t ns, const struct file *old, size_t n,
	bool *ret)
{
	int64_t count, bytes;
	int rc = file_totals(im->st, ns, &count, &bytes, im->e);

	if (rc != 0)
		return rc;
	*ret = (old->id != 0 || count < LIMIT_FILES) &&
	       bytes - old->size + (int64_t)n <= LIMIT_FILES_BYTES;
	return rc;
}

static int
import_files_put(struct importer *im, int64_t ns, const char *name,
	const char *body, size_t n, int64_t at)
{
	struct file old = {0};
	bool fits = false;
	int rc = file_get(im->st, ns, name, &old, NULL, im->e);

	/* What was written here since stays. */
	if (rc == 1 && old.at >= at) {
		im->result->skipped++;
		return 0;
	}
	if (rc >= 0)
		rc = has_room(im, ns, &old, n, &fits);
	if (rc != 0)
		return rc;
	if (!fits)
		return import_complain(im,
			"the workspace has no room for the "
			"file '%.200s': %d files, %d bytes",
			name, LIMIT_FILES, LIMIT_FILES_BYTES);
	if (rc != 0)
		return rc;
	rc = file_put_at(im->st, ns, name, body, n, at, im->e);
	if (rc != 0)
		return rc;
	im->result->added++;
	return rc;
}

/* Markers take the places of secrets in the value of a file: its text with
 * them in *out, which stays empty when there were none. */
static int
mark_value(struct importer *im, json_t *value, struct buf *out)
{
	AUTO_JSON json_t *holder = json_object();
	int64_t marked = 0;
	int rc;

	if (im->state.is_log || im->ctx->secrets == SECRETS_ALLOW)
		return 0;
	if (!holder || json_object_set(holder, "body", value) != 0)
		return err_nomem(im->e);
	rc = secret_mark_member(holder, "body", "", NULL, &marked, im->e);
	im->result->secrets += marked;
	if (rc != 0 || marked == 0)
		return rc;
	return jx_dump(json_object_get(holder, "body"), out) != 0
		       ? err_nomem(im->e)
		       : 0;
}

int
import_file(struct importer *im, const json_t *o, int64_t ns)
{
	const json_t *name = json_object_get(o, "name");
	const json_t *body = json_object_get(o, "body");
	AUTO_JSON json_t *value = NULL;
	AUTO_BUF struct buf marked = {0};
	size_t n = json_string_length(body);
	int64_t at;
	int rc;

	if (!json_is_string(name) || json_string_length(name) == 0 ||
		json_string_length(name) > LIMIT_LABEL_BYTES ||
		!json_is_string(body) || n > LIMIT_FILE_BYTES ||
		!jx_integral(json_object_get(o, "at"), &at) || at < 0)
		return import_complain(im,
			"a file needs a name, a body and "
			"the time `at` in ms, within the limits of write_file");
	value = jx_parse_any(json_string_value(body), n, NULL);
	if (!value)
		return import_complain(im,
			"the body of the file '%.200s' is "
			"no JSON",
			json_string_value(name));
	rc = mark_value(im, value, &marked);
	if (rc != 0)
		return rc;
	if (marked.len > 0)
		return import_files_put(im, ns, json_string_value(name),
			marked.data, marked.len, at);
	return import_files_put(im, ns, json_string_value(name),
		json_string_value(body), n, at);
}
