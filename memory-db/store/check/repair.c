#include "memory-db/store/check/repair.h"

#include <string.h>

#include "memory-db/store/facts/digest.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/log/log.h"

enum { TAKE_AWAY };

static const struct stmt_def defs[] = {
	[TAKE_AWAY] = {"UPDATE fact SET weight = iif(?2, NULL, weight),"
		       " confidence = iif(?3, NULL, confidence) WHERE id = ?1",
		3, STMT_WRITER},
};
const struct stmt_module repair_module = {"repair", defs, ARRAY_LEN(defs)};

static bool
repair_row_matches(const struct log_fact *f, double weight, double confidence)
{
	unsigned char digest[FACT_DIGEST_BYTES];
	struct digest_fact d = {.salt = f->salt,
		.ns = f->ns,
		.entity = f->entity,
		.kind = f->kind,
		.peer = f->peer,
		.label = f->label,
		.weight = weight,
		.method = f->method,
		.confidence = confidence,
		.valid_from = f->valid_from,
		.valid_to = f->valid_to,
		.source_at = f->source_at,
		.source = f->source,
		.speaker = f->speaker,
		.supersedes = f->supersedes,
		.text = f->text,
		.text_n = f->text_n};

	if (!f->salt || !f->digest || f->damaged ||
		f->size != (int64_t)f->text_n)
		return false;
	digest_fact(&d, digest);
	return memcmp(digest, f->digest, sizeof(digest)) == 0;
}

bool
repair_matches(const struct log_fact *f)
{
	return repair_row_matches(f, f->weight, f->confidence);
}

static bool
repair_is_zero(double v)
{
	return v >= 0 && v <= 0;
}

bool
repair_is_minus_zero(const struct log_fact *f, struct minus_zero *ret)
{
	for (int which = 1; which <= 3; which++) {
		struct minus_zero m = {which & 1, which & 2};

		if ((m.weight && !repair_is_zero(f->weight)) ||
			(m.confidence && !repair_is_zero(f->confidence)))
			continue;
		if (repair_row_matches(f, m.weight ? -1 : f->weight,
			    m.confidence ? -1 : f->confidence)) {
			*ret = m;
			return true;
		}
	}
	return false;
}

static int
repair_look(void *ctx, const struct log_fact *f)
{
	struct minus_zero *m = ctx;

	if (!repair_matches(f))
		(void)repair_is_minus_zero(f, m);
	return 0;
}

int
repair_fact(struct store *st, int64_t fact, bool dry_run,
	struct minus_zero *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_REPAIR, TAKE_AWAY);
	struct minus_zero m = {0};
	int rc = log_fact(st, fact, repair_look, &m, e);

	if (rc < 0 || (!m.weight && !m.confidence))
		return rc < 0 ? rc : 0;
	bind_i(s, 1, fact);
	bind_i(s, 2, m.weight);
	bind_i(s, 3, m.confidence);
	if (!dry_run)
		rc = stmt_run(st, s, e);
	*ret = m;
	return rc < 0 ? rc : 1;
}
