/* A fact of the log as the members of a line: every field that its digest
 * covers, and its salt, so that whoever replays the line can compute the
 * digest anew and compare. An erased fact has lost both text and salt; of it
 * the line has the digest alone. */
#include <string.h>

#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/transfer/export.h"
#include "memory-db/store/facts/entity_ids.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/log.h"

int
export_set_number(json_t *o, const char *key, int64_t v, int64_t none,
	struct err *e)
{
	return v == none ? 0 : member_set_int(o, key, v, e);
}

int
export_set_share(json_t *o, const char *key, double v, struct err *e)
{
	return v < 0 ? 0 : member_set_real(o, key, v, e);
}

int
export_set_string(json_t *o, const char *key, const char *s, struct err *e)
{
	return !s ? 0 : member_set_text(o, key, s, strlen(s), e);
}

static int
export_fact_content(json_t *o, const struct log_fact *f, struct err *e)
{
	int rc;

	if (!f->salt)
		return !f->digest ? err_set(e, MDB_E_CORRUPT,
					    "fact %lld has no digest",
					    (long long)f->id)
				  : member_set_hex(o, "digest", f->digest,
					    FACT_DIGEST_BYTES, e);
	if (f->damaged || !f->text)
		return err_set(e, MDB_E_CORRUPT,
			"the text of fact %lld cannot be read; run 'memoryctl "
			"verify' and restore a backup",
			(long long)f->id);
	rc = member_set_hex(o, "salt", f->salt, FACT_SALT_BYTES, e);
	if (rc != 0)
		return rc;
	if (f->kind != FACT_RELATION || f->text_n > 0)
		rc = member_set_text(o, "text", f->text, f->text_n, e);
	return rc;
}

/* An end in the user's memory, which the log of a project does not create. */
static int
export_fact_peer(struct export_fact_line *l, const struct log_fact *f)
{
	AUTO_BUF struct buf name = {0};
	struct err *e = l->p->e;
	int64_t ns = f->ns;
	int rc = export_set_number(l->o, "peer", f->peer, 0, e);

	if (rc != 0)
		return rc;
	if (f->peer != 0)
		rc = entity_first_name(l->p->st, f->peer, &ns, &name, e);
	if (rc < 0 || ns == f->ns)
		return rc < 0 ? rc : 0;
	rc = member_set_text(l->o, "peer_namespace", "default", 7, e);
	return rc != 0 || name.len == 0 ? rc
					: member_set_text(l->o, "peer_name",
						  name.data, name.len, e);
}

int
export_fact(void *ctx, const struct log_fact *f)
{
	struct export_fact_line *l = ctx;
	struct err *e = l->p->e;
	json_t *o = l->o;
	int rc = member_set_int(o, "kind", f->kind, e);

	if (rc != 0)
		return rc;
	if (f->kind == FACT_EXISTENCE && f->first_name)
		rc = member_set_text(o, "first_name", f->first_name,
			f->first_name_n, e);
	if (rc != 0)
		return rc;
	rc = export_fact_peer(l, f);
	if (rc != 0)
		return rc;
	rc = export_set_string(o, "label", f->label, e);
	if (rc != 0)
		return rc;
	rc = export_set_share(o, "weight", f->weight, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "method", f->method, e);
	if (rc != 0)
		return rc;
	rc = export_set_share(o, "confidence", f->confidence, e);
	if (rc != 0)
		return rc;
	rc = export_set_number(o, "valid_from", f->valid_from, FACT_NO_TIME, e);
	if (rc != 0)
		return rc;
	rc = export_set_number(o, "valid_to", f->valid_to, FACT_NO_TIME, e);
	if (rc != 0)
		return rc;
	rc = export_set_string(o, "source", f->source, e);
	if (rc != 0)
		return rc;
	rc = export_set_string(o, "speaker", f->speaker, e);
	if (rc != 0)
		return rc;
	rc = export_set_number(o, "source_at", f->source_at, FACT_NO_TIME, e);
	if (rc != 0)
		return rc;
	rc = export_set_number(o, "supersedes", f->supersedes, 0, e);
	if (rc != 0)
		return rc;
	rc = export_set_number(o, "flags", f->flags, 0, e);
	if (rc != 0)
		return rc;
	return export_fact_content(o, f, e);
}
