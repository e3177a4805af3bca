/* Dictionaries of packed texts (store/facts/pack.h). One that is damaged spoils
 * the texts that need the bytes in question; each of these is told by the step
 * "digest" as well. */
#include "memory-db/store/check/verify_int.h"

#include <inttypes.h>

#include "memory-db/store/engine/dictionaries.h"

static int
check_dictionary(void *ctx, const struct dictionary_row *d)
{
	struct verify *v = ctx;

	if (!d->is_damaged)
		return 0;
	return verify_problem(v, "dictionary",
		"dictionary %" PRId64 " of namespace %" PRId64 " is damaged; "
		"texts that need the bytes in question do not match their "
		"digest and cannot be read; restore a backup",
		d->id, d->ns);
}

int
verify_dictionaries(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc = dictionary_each(v->st, 0, check_dictionary, v, v->e);

	if (rc != 0)
		return rc;
	s = stmt_use(v->st, MOD_VERIFY, V_NO_DICTIONARY);
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		rc = verify_problem(v, "dictionary",
			"dictionary %" PRId64 " of namespace %" PRId64
			" is missing",
			(int64_t)sqlite3_column_int64(s, 1),
			(int64_t)sqlite3_column_int64(s, 0));
		if (rc != 0)
			return rc;
	}
	return rc < 0 ? rc : 1;
}
