/* Lines of counters (export_uses.c). */
#include "memory-db/model/transfer/import.h"

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/store/beside/uses.h"
#include "memory-db/store/facts/labels.h"

static int
put_use(struct importer *im, const json_t *o, enum use_kind kind)
{
	struct use u = {0};
	const struct {
		const char *key;
		int64_t *target;
		bool is_needed;
	} numbers[] = {{"entity", &u.entity, true}, {"n", &u.n, true},
		{"at", &u.last_at, true},
		{"confirmed", &u.confirmed_at, kind == USE_READS},
		{"ok", &u.ok, kind == USE_RUNS},
		{"us", &u.us, kind == USE_RUNS}};
	AUTO_BUF struct buf name = {0};
	int64_t ns = 0;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < ARRAY_LEN(numbers); i++)
		rc = jx_int(o, numbers[i].key,
			numbers[i].is_needed ? JX_REQUIRED : JX_OPTIONAL, 0,
			INT64_MAX, numbers[i].target, im->e);
	if (rc >= 0)
		rc = entity_first_name(im->st, u.entity, &ns, &name, im->e);
	if (rc == 1)
		rc = import_may_write(im, ns);
	return rc == 1 ? uses_put(im->st, kind, &u, im->e) : rc;
}

int
replay_usage(struct importer *im, const json_t *o)
{
	return put_use(im, o, USE_READS);
}

int
replay_runs(struct importer *im, const json_t *o)
{
	return put_use(im, o, USE_RUNS);
}
