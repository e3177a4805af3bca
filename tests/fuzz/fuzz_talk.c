/* What memory-db reads from a jail: any bytes, in any pieces. The first byte
 * says how the input is cut, the second which limits hold. */
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "sandbox/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct sandbox_method methods[] = {{"echo", "", "value", false,
							false},
	{"write", "", "", false, true}, {"fail", "", "", false, false},
	{NULL, NULL, NULL, false, false}};

static int
call(void *ctx, const char *method, json_t *params, int64_t left_ms,
	json_t **ret, struct err *e)
{
	(void)ctx;
	(void)left_ms;
	if (!json_is_object(params))
		abort();
	if (strcmp(method, "fail") == 0)
		return err_set(e, MDB_E_NOT_FOUND, "no");
	*ret = json_incref(params);
	return 0;
}

/* Whatever was taken over is JSON that we can write. */
static void
check_json(const json_t *v)
{
	AUTO_BUF struct buf b = {0};

	if (!v)
		return;
	if (jx_dump(v, &b) || !text_is_utf8(b.data, b.len))
		abort();
}

static void
check(const struct talk *t)
{
	if (t->printed.len > (size_t)t->limits.output_bytes ||
		t->calls > t->limits.api_calls + 1 ||
		memchr(t->message, 0, sizeof(t->message)) == NULL ||
		!text_is_utf8(t->message, strlen(t->message)) ||
		!text_is_utf8(t->limit, strlen(t->limit)))
		abort();
	if ((t->value != NULL) != (t->end == TALK_RESULT) &&
		t->end != TALK_BROKEN)
		abort();
	check_json(t->value);
	check_json(t->warnings);
	check_json(t->traceback);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sandbox_job job = {.source = "", .call = call};
	struct talk t = {.methods = methods, .job = &job};
	size_t step;

	if (n < 2)
		return 0;
	step = data[0] ? data[0] : n;
	t.limits.output_bytes = data[1];
	t.limits.api_calls = data[1] % 8;
	t.limits.api_bytes = 1000;
	sandbox_limits_settle(&t.limits);
	for (size_t at = 2; at < n; at += step) {
		talk_feed(&t, data + at, step < n - at ? step : n - at);
		buf_clear(&t.out, 4096);
	}
	check(&t);
	talk_done(&t);

	uint32_t in_place, refused;
	if (talk_ready(data + 2, n - 2, &in_place, &refused) > (ssize_t)n)
		abort();
	return 0;
}
