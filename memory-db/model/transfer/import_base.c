/* Replay of a base, which is what folded history left (store/log/base.h).
 *
 * A base can only be built from nothing: its changes have lost what they did
 * to facts that are gone. So a database that is empty for the namespace builds
 * it; one that has all of its changes already passes it over and goes on
 * behind it; anywhere else the import ends with an error that says why. */
#include "memory-db/model/transfer/import.h"

#include <inttypes.h>

#include "common/jx.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/log/base.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/log/log.h"

/* Each namespace draws its numbers from a range of its own. */
static int
check_number(struct importer *im, const char *key, int64_t number, int64_t ns)
{
	if (number >> STORE_NS_SHIFT == ns)
		return 0;
	return err_set(im->e, MDB_E_INVALID,
		"the log says `%s` %" PRId64 " of namespace %" PRId64
		", but that is a number of another namespace: the log was "
		"altered",
		key, number, ns);
}

int
import_base_past(struct importer *im, const json_t *o, int64_t ns, int64_t *ret)
{
	int rc = jx_int(o, "past", JX_OPTIONAL, 1, INT64_MAX, ret, im->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	return check_number(im, "past", *ret, ns);
}

int
import_base_read(struct importer *im, const json_t *o, int64_t ns,
	struct change_folded *ret)
{
	int rc;

	if (!json_is_true(json_object_get(o, "folded")))
		return 0;
	ret->is_base = json_is_true(json_object_get(o, "base"));
	rc = jx_int(o, "fact_max", JX_REQUIRED, 0, INT64_MAX, &ret->fact_max,
		im->e);
	if (rc != 0)
		return rc;
	rc = jx_int(o, "past_max", JX_REQUIRED, 0, INT64_MAX, &ret->past_max,
		im->e);
	if (rc != 0)
		return rc;
	rc = check_number(im, "fact_max", ret->fact_max, ns);
	if (rc != 0)
		return rc;
	rc = check_number(im, "past_max", ret->past_max, ns);
	return rc == 0 ? 1 : rc;
}

/* A base is built where nothing is yet. Where the namespace has the changes that
 * the base stands for, all of it is passed over, if its last one is the same;
 * anywhere else it does not fit. */
int
import_base_place(struct importer *im, const struct change_info *info,
	bool *ret_here, bool *ret_same)
{
	int64_t id = info->given->id;
	unsigned char head[32];
	int64_t base, last = 0;
	bool is_open;
	int rc = log_base(im->st, info->ns, &base, &is_open, im->e);

	if (rc != 0)
		return rc;
	rc = log_head_at(im->st, info->ns, STORE_OPEN_END - 1, head, &last,
		im->e);
	if (rc < 0)
		return rc;
	if (last == 0 || (is_open && last < id))
		return 0;
	if (last < id)
		return err_set(im->e, MDB_E_CONFLICT,
			"the log begins with a base, of changes up to %" PRId64
			" at least, and this database has only those up to "
			"%" PRId64 "; import it into an empty database",
			id, last);
	if (!info->given->folded->is_base || is_open)
		*ret_same = true;
	*ret_here = true;
	return 0;
}

/* Versions of a base come before its changes. */
int
replay_version(struct importer *im, const json_t *o)
{
	unsigned char head[32];
	struct version_kept v = {0};
	const struct import_number numbers[] = {{"ns", &v.ns, true},
		{"entity", &v.entity, true}, {"branch", &v.branch, true},
		{"n", &v.n, true}, {"change", &v.change, true},
		{"bytes", &v.bytes, true}};
	int64_t last;
	int rc = import_read_numbers(o, numbers, ARRAY_LEN(numbers), 0, im->e);

	if (rc != 0)
		return rc;
	rc = log_head_at(im->st, v.ns, STORE_OPEN_END - 1, head, &last, im->e);
	/* 1: it has the changes, or the base does not fit. */
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = import_check_log_place(im, v.ns);
	if (rc != 0)
		return rc;
	rc = import_check_entity(im, v.entity, v.ns);
	if (rc != 0)
		return rc;
	return log_base_keep_version(im->st, &v, im->e);
}

/* The seal comes last: now all entities of the base are there, and a version of
 * one that is not belongs to no history. It is not covered by the chain, so
 * nothing else would tell. */
int
import_base_seal(struct importer *im, int64_t ns, int64_t key, int64_t value)
{
	int64_t entity = 0;
	int rc = log_base_stray_version(im->st, ns, change_id(im->change),
		&entity, im->e);

	if (rc < 0)
		return rc;
	if (rc == 1)
		return err_set(im->e, MDB_E_INVALID,
			"the log has a version of entity %" PRId64 ", and no "
			"change that makes that entity: the log was altered, "
			"or lines are missing",
			entity);
	return change_fold(im->change, key, value, im->e);
}
