/* Provenance members -> fact. */
#include "memory-db/model/provenance.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/store/names.h"

/* Sets *ret when j has the member and it is not empty. */
static int
read_time(const struct context *ctx, const json_t *o, const char *key,
	const char *path, int64_t *ret, struct err *e)
{
	const json_t *j = json_object_get(o, key);
	int r;

	if (j == NULL || json_is_null(j) ||
		(json_is_string(j) && json_string_length(j) == 0))
		return 0;
	if (json_is_integer(j)) { /* milliseconds since 1970 */
		*ret = (int64_t)json_integer_value(j);
		return 0;
	}
	r = clock_parse_in(json_string_value(j), clock_now_ms(), ctx->zone,
		false, ret, e);
	if (r != 0)
		err_prefix(e, "%s.%s", path, key);
	return r;
}

static void
read_method(const char *name, struct fact *f)
{
	static const char *const names[] = {
		"manual", "auto", "import", "script"};

	for (size_t i = 0; name != NULL && i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			f->method = (enum fact_method)i;
}

int
provenance_read(struct store *st, const struct context *ctx, const json_t *j,
	const char *path, struct fact *f, struct err *e)
{
	const char *source = jx_text(j, "source_session");
	const char *speaker = jx_text(j, "speaker");
	const json_t *salience = json_object_get(j, "salience");
	const json_t *confidence = json_object_get(j, "confidence");
	int r = 0;

	if (source != NULL && source[0] != '\0')
		r = label_intern(st, source, &f->source, e);
	if (r == 0 && speaker != NULL && speaker[0] != '\0')
		r = label_intern(st, speaker, &f->speaker, e);
	if (r == 0)
		r = read_time(
			ctx, j, "source_timestamp", path, &f->source_at, e);
	if (r == 0)
		r = read_time(ctx, j, "valid_from", path, &f->valid_from, e);
	if (r == 0)
		r = read_time(ctx, j, "valid_to", path, &f->valid_to, e);
	if (json_is_number(salience)) /* observations have no other weight */
		f->weight = jx_real(salience);
	if (json_is_number(confidence))
		f->confidence = jx_real(confidence);
	read_method(jx_text(j, "extraction_method"),
		f);
	return r;
}

int
provenance_observation(struct store *st, const struct context *ctx,
	const json_t *j, const char *path, struct fact *f, struct err *e)
{
	const json_t *text = j;
	int r = 0;

	if (json_is_object(j)) {
		r = provenance_read(st, ctx, j, path, f, e);
		text = json_object_get(j, "text");
	}
	f->text = json_string_value(text);
	f->text_n = json_string_length(text);
	return r;
}
