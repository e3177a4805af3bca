/* Replay of one fact, with the id it had. The digest is computed anew from the
 * fields of the line, and the entity keeps its id too, so that the replayed
 * tables are those of the original. What the line claims is checked first: an
 * id that lies outside of the namespace's range, or belongs to another entity
 * here, is refused, because a log may come from anybody. */
#include "memory-db/model/transfer/import.h"

#include <inttypes.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/entity_ids.h"

static int
import_fact_read_label(struct importer *im, const json_t *o, const char *key,
	int64_t *ret)
{
	const char *text = NULL;
	int rc = jx_string(o, key, JX_OPTIONAL, &text, NULL, im->e);

	*ret = 0;
	if (rc == 0)
		return label_intern(im->st, text, ret, im->e);
	if (rc < 0)
		return rc;
	return 0;
}

static int
import_fact_read_numbers(struct importer *im, const json_t *o, struct fact *f)
{
	int64_t flags = 0;
	const struct import_number numbers[] = {{"peer", &f->peer, false},
		{"valid_from", &f->valid_from, false},
		{"valid_to", &f->valid_to, false},
		{"source_at", &f->source_at, false},
		{"supersedes", &f->supersedes, false},
		{"flags", &flags, false}};
	int64_t kind = 0, method = 0;
	int rc =
		jx_int(o, "kind", JX_REQUIRED, 0, FACT_KIND_LAST, &kind, im->e);

	f->valid_from = f->valid_to = f->source_at = FACT_NO_TIME;
	f->weight = f->confidence = -1;
	if (rc != 0)
		return rc;
	rc = jx_int(o, "method", JX_REQUIRED, 0, METHOD_SCRIPT, &method, im->e);
	if (rc != 0)
		return rc;
	f->kind = (enum fact_kind)kind;
	f->method = (enum fact_method)method;
	rc = import_read_numbers(o, numbers, ARRAY_LEN(numbers), INT64_MIN,
		im->e);
	if (rc != 0)
		return rc;
	rc = jx_number(o, "weight", JX_OPTIONAL, 0, 1, &f->weight, im->e);
	if (rc < 0)
		return rc;
	rc = jx_number(o, "confidence", JX_OPTIONAL, 0, 1, &f->confidence,
		im->e);
	if (rc < 0)
		return rc;
	f->flags = (int)(flags & (FACT_DERIVED | FACT_CLAIMED));
	return 0;
}

static int
import_fact_read_fact(struct importer *im, const json_t *o, struct fact *f)
{
	size_t limit = LIMIT_OBSERVATION_BYTES;
	int rc = import_fact_read_numbers(im, o, f);

	if (rc != 0)
		return rc;
	rc = import_fact_read_label(im, o, "label", &f->label);
	if (rc != 0)
		return rc;
	rc = import_fact_read_label(im, o, "source", &f->source);
	if (rc != 0)
		return rc;
	rc = import_fact_read_label(im, o, "speaker", &f->speaker);
	if (rc != 0)
		return rc;
	f->text = "";
	rc = jx_string(o, "text", JX_OPTIONAL, &f->text, &f->text_n, im->e);
	if (f->kind == FACT_EXISTENCE)
		limit = LIMIT_NAME_BYTES;
	if (rc < 0)
		return rc;
	if (f->text_n > limit)
		return err_set(im->e, MDB_E_LIMIT,
			"fact %" PRId64 " of the log is longer than %zu bytes",
			f->id, limit);
	return 0;
}

/* The entity of an existence fact, with the id it had. */
static int
place_entity(struct importer *im, const json_t *o, int64_t ns, int64_t entity)
{
	AUTO_BUF struct buf name = {0};
	const char *first = NULL;
	int64_t here = 0;
	size_t n = 0;
	int rc = jx_string(o, "first_name", JX_OPTIONAL, &first, &n, im->e);

	if (rc < 0)
		return rc;
	rc = entity_first_name(im->st, entity, &here, &name, im->e);
	if (rc == 0)
		return entity_create_as(im->st, entity, ns, first, n, im->e);
	if (rc < 0)
		return rc;
	if (here != ns ||
		(first && (n != name.len || memcmp(first, name.data, n) != 0)))
		return err_set(im->e, MDB_E_CONFLICT,
			"entity %" PRId64 " of the log is another one here; "
			"replay into an empty database",
			entity);
	return 0;
}

/* The other end of a relation. One in the user's memory may be missing: a log
 * of the project alone does not create it. */
static int
place_peer(struct importer *im, const json_t *o, int64_t peer)
{
	const char *ns = jx_text(o, "peer_namespace"), *name = NULL;
	size_t n = 0;
	int rc = entity_is_known(im->st, peer, im->e);

	if (rc != 0 || !ns || strcmp(ns, "default") != 0)
		return rc;
	rc = jx_string(o, "peer_name", JX_OPTIONAL, &name, &n, im->e);
	if (rc >= 0)
		rc = entity_create_as(im->st, peer, NAMESPACE_DEFAULT, name, n,
			im->e);
	return rc == 0 ? 1 : rc;
}

int
replay_new(struct importer *im, const json_t *o, int64_t ns, int64_t entity,
	int64_t fact)
{
	struct fact f = {.id = fact, .entity = entity};
	unsigned char salt[FACT_SALT_BYTES], digest[FACT_DIGEST_BYTES];
	const char *salt_hex = jx_text(o, "salt");
	const char *digest_hex = jx_text(o, "digest");
	int r = import_fact_read_fact(im, o, &f);

	if (r != 0)
		return r;
	f.erased = !salt_hex;
	if ((f.erased ? member_hex(digest_hex, digest, sizeof(digest))
		      : member_hex(salt_hex, salt, sizeof(salt))) != 0)
		return err_set(im->e, MDB_E_INVALID,
			"fact %" PRId64 " of the log has neither a salt nor a "
			"digest",
			fact);
	if (f.kind == FACT_EXISTENCE)
		r = place_entity(im, o, ns, entity);
	if (r != 0)
		return r;
	r = entity_is_known(im->st, entity, im->e);
	if (r == 1 && f.kind == FACT_RELATION)
		r = place_peer(im, o, f.peer);
	if (r == 0)
		return err_set(im->e, MDB_E_INVALID,
			"fact %" PRId64 " of the log belongs to an entity that "
			"it did not create",
			fact);
	return r == 1 ? change_replay_fact(im->change, &f, salt, digest, im->e)
		      : r;
}
