/* Numbers and times of lines that others wrote. */
#include "memory-db/model/transfer/import.h"

#include "common/clock.h"
#include "common/jx.h"

int
import_time(const json_t *o, const char *key, int64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v)
		       ? clock_parse(json_string_value(v), clock_now_ms(), 0,
				 false, ret, NULL) == 0
		       : jx_integral(v, ret);
}

int
import_read_numbers(const json_t *o, const struct import_number *v, size_t n,
	int64_t least, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int rc = jx_int(o, v[i].key, v[i].is_needed, least, INT64_MAX,
			v[i].target, e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int
import_check_numbers(const json_t *o, struct err *e)
{
	static const char *const shares[] = {"confidence", "salience",
		"weight"};
	static const char *const times[] = {"source_timestamp", "at",
		"valid_from", "valid_to", "created_at", "expires_at"};
	double share;
	int64_t time;

	for (size_t i = 0; i < ARRAY_LEN(shares); i++)
		if (jx_number(o, shares[i], JX_OPTIONAL, 0, 1, &share, e) < 0)
			return MDB_E_INVALID;
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (json_is_number(json_object_get(o, times[i])) &&
			jx_int(o, times[i], JX_OPTIONAL, 0, INT64_MAX, &time,
				e) < 0)
			return MDB_E_INVALID;
	return 0;
}

double
import_share(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? jx_real(v) : -1;
}
