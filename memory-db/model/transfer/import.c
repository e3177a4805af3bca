/* Import, slice by slice: where a source stands, and which kind of lines it
 * has.
 *
 * For example a file of 10,000 lines comes in slices of 500. After the
 * third, `meta` says {"offset":1500,"log":true}, written in the same
 * transaction as the facts of that slice. The client is killed, starts again
 * and sends from line 1 on: what lies before 1500 is passed over and nothing
 * is imported twice. */
#include "memory-db/model/transfer/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/model/transfer/export.h"
#include "memory-db/model/secrets/secret_json.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/engine/meta.h"

#define KEY_SIZE 320

/* --- where the source stands ---------------------------------------------- */
static void
import_state_key(const struct importer *im, char out[KEY_SIZE])
{
	snprintf(out, KEY_SIZE, META_IMPORT "%s", im->q->source);
}

static int
state_load(struct importer *im)
{
	struct import_state *s = &im->state;
	AUTO_BUF struct buf text = {0};
	AUTO_JSON json_t *o = NULL;
	json_t *head = NULL;
	char key[KEY_SIZE];
	int rc;

	import_state_key(im, key);
	rc = meta_get(im->st, key, &text, im->e);
	if (rc != 1)
		return rc;
	o = jx_parse(text.data, text.len, im->e);
	if (!o)
		return err_set(im->e, MDB_E_CORRUPT,
			"the state of the import of '%.200s' is damaged; "
			"import the file under another name",
			im->q->source);
	rc = jx_int(o, "offset", JX_REQUIRED, 0,
		LIMIT_IMPORT_LINES + LIMIT_LIST_ENTRIES, &s->offset, im->e);
	if (rc != 0)
		return rc;
	rc = jx_bool(o, "log", JX_REQUIRED, &s->is_log, im->e);
	if (rc != 0)
		return rc;
	rc = jx_bool(o, "skip", JX_REQUIRED, &s->skip, im->e);
	if (rc != 0)
		return rc;
	rc = jx_bool(o, "applied", JX_REQUIRED, &s->applied, im->e);
	if (rc != 0)
		return rc;
	rc = jx_bool(o, "all", JX_OPTIONAL, &s->all, im->e);
	if (rc < 0)
		return rc;
	rc = jx_int(o, "staged", JX_REQUIRED, 0, LIMIT_CHANGE_FACTS, &s->staged,
		im->e);
	if (rc != 0)
		return rc;
	rc = jx_object(o, "head", JX_OPTIONAL, &head, im->e);
	if (rc < 0)
		return rc;
	s->head = json_incref(head);
	return 0;
}

static int
state_save(struct importer *im)
{
	const struct import_state *s = &im->state;
	json_t *o AUTO_JSON = json_pack("{s:I, s:b, s:b, s:b, s:b, s:I}",
		"offset", (json_int_t)s->offset, "log", s->is_log, "skip",
		s->skip, "applied", s->applied, "all", s->all, "staged",
		(json_int_t)s->staged);
	AUTO_BUF struct buf text = {0};
	char key[KEY_SIZE];

	if (!o || (s->head && jx_set(o, "head", json_incref(s->head)) != 0) ||
		jx_dump(o, &text) != 0)
		return err_nomem(im->e);
	import_state_key(im, key);
	return meta_set(im->st, key, text.data, text.len, im->e);
}

/* The import is over: a later one of the same source begins anew and finds
 * everything there. */
static int
state_drop(struct importer *im)
{
	char key[KEY_SIZE];

	import_state_key(im, key);
	return meta_drop_one(im->st, key, im->e);
}

/* --- a slice -------------------------------------------------------------- */
static int
import_read_header(struct importer *im, const json_t *record)
{
	const char *format = jx_text(record, "format");
	int64_t version;
	int rc;

	if (!format || strcmp(format, EXPORT_LOG_FORMAT) != 0)
		return 0;
	rc = jx_int(record, "version", JX_REQUIRED, 1, INT64_MAX, &version,
		im->e);
	if (rc != 0)
		return rc;
	if (version > EXPORT_VERSION)
		rc = err_set(im->e, MDB_E_VERSION,
			"this log has format version %" PRId64 ", newer than "
			"%d, the newest known here; upgrade first",
			version, EXPORT_VERSION);
	if (rc != 0)
		return rc;
	return import_begins_log(im);
}

/* An import does not fail for a secret in it: a marker takes its place, and
 * the reply counts them. A log cannot be changed without breaking its chain of
 * hashes; what it holds is counted apart. */
static int
import_check_secrets(struct importer *im, json_t *record)
{
	struct secret_place at;
	const char *key;
	json_t *value;
	void *next;
	int rc = 0;

	if (im->ctx->secrets == SECRETS_ALLOW)
		return 0;
	if (im->state.is_log) {
		im->result->secrets_kept += secret_in_value(record, "", &at);
		return 0;
	}
	/* The body of a file is JSON in a text: import_files.c. */
	json_object_foreach_safe(record, next, key, value) {
		if (strcmp(key, "body") != 0)
			rc = secret_mark_member(record, key, "", NULL,
				&im->result->secrets, im->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
import_record(struct importer *im, json_t *record)
{
	const char *type = jx_text(record, "type");
	int rc = import_check_secrets(im, record);

	if (rc != 0)
		return rc;
	if (json_object_size(record) == 0)
		return 0;
	if (type && strcmp(type, "header") == 0)
		return import_read_header(im, record);
	return im->state.is_log ? replay_line(im, record)
				: import_line(im, record);
}

/* Records of lines that were imported before are passed over. */
static int
first_record(struct importer *im, size_t *ret, size_t n)
{
	int64_t offset = im->q->offset, here = im->state.offset;

	if (offset > here)
		return err_param(im->e, MDB_E_INVALID, "offset",
			"lines %" PRId64 " to %" PRId64 " of '%.200s' have not "
			"been imported; go on at offset %" PRId64,
			here + 1, offset, im->q->source, here);
	*ret = (uint64_t)(here - offset) < n ? (size_t)(here - offset) : n;
	return 0;
}

/* Facts one call may write. A replayed change is written in whole, and may be
 * followed by what else is in the slice. */
static int64_t
budget(const struct importer *im)
{
	return (im->state.is_log ? 2 : 1) * (int64_t)LIMIT_CHANGE_FACTS;
}

static int
import_records(struct importer *im)
{
	size_t n = json_array_size(im->q->records), i = 0;
	int rc = first_record(im, &i, n);

	if (rc != 0)
		return rc;
	rc = replay_begin(im);
	if (rc != 0)
		return rc;
	for (; i < n && im->written < budget(im); i++) {
		im->line = im->q->offset + (int64_t)i + 1;
		rc = import_record(im, json_array_get(im->q->records, i));
		im->state.offset = im->line;
		if (rc != 0)
			return rc;
	}
	rc = import_seal(im);
	if (rc != 0)
		return rc;
	return replay_end(im);
}

static int
import_all(struct importer *im)
{
	bool complete = true;
	int rc = state_load(im);

	im->state.all |= im->q->all_namespaces;
	if (rc == 0 && im->q->records) {
		int64_t end = im->q->offset +
			      (int64_t)json_array_size(im->q->records);

		rc = import_records(im);
		complete = im->state.offset >= end;
	}
	im->result->next_offset = im->state.offset;
	if (rc != 0 || (!im->q->records && !im->q->done))
		return rc;
	if (im->q->done && complete) {
		if (im->state.head)
			return err_set(im->e, MDB_E_INVALID,
				"the log ends in the middle of change %lld; "
				"the file is not complete",
				(long long)json_integer_value(
					json_object_get(im->state.head, "id")));
		return state_drop(im);
	}
	return state_save(im);
}

void
import_result_done(struct import_result *r)
{
	json_decref(r->errors);
	json_decref(r->pinned);
	json_decref(r->elsewhere_names);
	r->errors = r->pinned = r->elsewhere_names = NULL;
}

int
import_slice(struct store *st, const struct context *ctx,
	const struct import_query *q, struct import_result *ret, struct err *e)
{
	struct importer im = {.st = st,
		.ctx = ctx,
		.q = q,
		.result = ret,
		.e = e};
	int rc;

	*ret = (struct import_result){.errors = json_array(),
		.pinned = json_array(),
		.elsewhere_names = json_array()};
	if (!ret->errors || !ret->pinned || !ret->elsewhere_names) {
		import_result_done(ret);
		return err_nomem(e);
	}
	rc = import_all(&im);
	change_drop(im.change);
	json_decref(im.state.head);
	json_decref(im.ops);
	if (rc != 0)
		import_result_done(ret);
	return rc;
}
