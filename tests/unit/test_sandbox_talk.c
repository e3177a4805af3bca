/* The conversation with a jail, without a jail: what is sent, what is taken,
 * what is refused, and all of it without memory. */
#include "tests/lib/unit.h"

#include <string.h>

#include "common/jx.h"
#include "sandbox/talk.h"

static int calls, fail_with;
static char called[64];

static int
call(void *ctx, const char *method, json_t *params, int64_t left_ms,
	json_t **ret, struct err *e)
{
	(void)ctx;
	assert_int_equal(left_ms, 5000);
	calls++;
	snprintf(called, sizeof(called), "%s", method);
	if (fail_with)
		return err_param(e, fail_with, "names", "as told");
	*ret = json_deep_copy(params);
	return *ret ? 0 : err_nomem(e);
}

static const struct sandbox_method methods[] = {{"read", "reads", "names", true,
							false},
	{"write", NULL, NULL, false, true}, {NULL, NULL, NULL, false, false}};

static struct sandbox_job job = {.source = "return 1",
	.source_len = 8,
	.call = call};

static struct talk
fresh(void)
{
	struct talk t = {.methods = methods, .job = &job};

	sandbox_limits_settle(&t.limits);
	calls = 0;
	fail_with = 0;
	return t;
}

/* A frame of this type with one JSON value as its body. */
static int
frame(struct buf *b, enum wire_frame type, const char *json)
{
	AUTO_JSON json_t *v = json_loads(json, JSON_DECODE_ANY, NULL);
	size_t at;
	int rc;

	if (!v)
		return MDB_E_NOMEM;
	rc = codec_begin(b, type, &at);
	if (rc == 0)
		rc = codec_json(b, v);
	return rc ? rc : codec_end(b, at);
}

static enum talk_end
feed(struct talk *t, enum wire_frame type, const char *json)
{
	AUTO_BUF struct buf b = {0};

	assert_int_equal(frame(&b, type, json), 0);
	talk_feed(t, b.data, b.len);
	return t->end;
}

static void
check_value(const char *json)
{
	AUTO_JSON json_t *want = json_loads(json, JSON_DECODE_ANY, NULL);
	AUTO_BUF struct buf b = {0};
	AUTO_JSON json_t *got = NULL;
	struct codec_in in;

	assert_int_equal(codec_json(&b, want), 0);
	in = codec_open((const uint8_t *)b.data, b.len);
	assert_int_equal(codec_get_json(&in, &got), 0);
	assert_true(codec_at_end(&in));
	assert_true(json_equal(want, got));
	/* cut anywhere it is no value */
	for (size_t n = 0; n < b.len; n++) {
		json_t *v = NULL;

		in = codec_open((const uint8_t *)b.data, n);
		assert_int_equal(codec_get_json(&in, &v), MDB_E_PROTOCOL);
		assert_null(v);
	}
}

static void
test_values(void **state)
{
	(void)state;
	check_value("null");
	check_value("[true,false,null]");
	check_value("[9223372036854775807,-9223372036854775808,0,-1]");
	check_value("[0.1,1e300,-5e-324,3.0]");
	check_value("{\"a\":{\"b\":[{\"c\":\"äöü€𝄞\"}]},\"\":[],\"z\":{}}");
}

static void
test_objects_are_sorted(void **state)
{
	AUTO_JSON json_t *v =
		json_loads("{\"b\":1,\"a\":2,\"ab\":3,\"\":4}", 0, NULL);
	AUTO_BUF struct buf b = {0}, text = {0};
	AUTO_JSON json_t *got = NULL;
	struct codec_in in;

	(void)state;
	assert_int_equal(codec_json(&b, v), 0);
	in = codec_open((const uint8_t *)b.data, b.len);
	assert_int_equal(codec_get_json(&in, &got), 0);
	assert_int_equal(jx_dump(got, &text), 0);
	assert_string_equal(buf_str(&text),
		"{\"\":4,\"a\":2,\"ab\":3,\"b\":1}");
}

static void
test_too_deep_or_large_to_send(void **state)
{
	AUTO_JSON json_t *v = json_integer(1);
	AUTO_BUF struct buf b = {0};
	size_t at;

	(void)state;
	for (int i = 0; i <= WIRE_DEPTH; i++)
		v = json_pack("[o]", v);
	assert_int_equal(codec_json(&b, v), MDB_E_LIMIT);
	buf_clear(&b, 0);
	assert_int_equal(codec_begin(&b, WIRE_REPLY, &at), 0);
	assert_int_equal(buf_reserve(&b, WIRE_FRAME_BYTES + 1), 0);
	memset(b.data + b.len, 0, WIRE_FRAME_BYTES + 1);
	b.len += WIRE_FRAME_BYTES;
	assert_int_equal(codec_end(&b, at), 0);
	b.len++;
	assert_int_equal(codec_end(&b, at), MDB_E_LIMIT);
}

static void
test_result(void **state)
{
	struct talk t = fresh();

	(void)state;
	assert_int_equal(feed(&t, WIRE_RESULT, "[{\"a\":1},[\"w\"],4096]"),
		TALK_RESULT);
	assert_int_equal(t.peak_bytes, 4096);
	assert_int_equal(json_array_size(t.warnings), 1);
	/* nothing counts after the end */
	assert_int_equal(feed(&t, WIRE_ERROR, "[\"x\",1,[],1]"), TALK_RESULT);
	talk_done(&t);
}

static void
test_byte_by_byte(void **state)
{
	AUTO_BUF struct buf b = {0};
	struct talk t = fresh();

	(void)state;
	assert_int_equal(frame(&b, WIRE_ERROR,
				 "[\"script:3: x\",3,[\"line 3\"],1]"),
		0);
	for (size_t i = 0; i < b.len; i++) {
		assert_int_equal(t.end, TALK_OPEN);
		talk_feed(&t, b.data + i, 1);
	}
	assert_int_equal(t.end, TALK_ERROR);
	assert_int_equal(t.line, 3);
	assert_string_equal(t.message, "script:3: x");
	talk_done(&t);
}

static void
test_wrong_shapes(void **state)
{
	static const struct {
		enum wire_frame type;
		const char *json;
	} wrong[] = {{WIRE_RESULT, "null"}, {WIRE_RESULT, "[1,[],1,1]"},
		{WIRE_RESULT, "[1,[2],1]"}, {WIRE_RESULT, "[1,{},1]"},
		{WIRE_RESULT, "[1,[],\"x\"]"}, {WIRE_ERROR, "[1,1,[],1]"},
		{WIRE_ERROR, "[\"x\",\"1\",[],1]"}, {WIRE_EXCESS, "[\"x\"]"},
		{WIRE_TRACE, "{}"}, {WIRE_VIOLATION, "[1,2]"},
		{WIRE_CALL, "[\"read\"]"}, {WIRE_CALL, "[\"read\",[]]"},
		{WIRE_CALL, "[\"nope\",{}]"}, {WIRE_CALL, "[\"\",{}]"},
		{WIRE_READY, "[1,1,1]"}, {WIRE_RUN, "null"},
		{WIRE_REPLY, "null"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct talk t = fresh();

		assert_int_equal(feed(&t, wrong[i].type, wrong[i].json),
			TALK_BROKEN);
		assert_int_equal(calls, 0);
		talk_done(&t);
	}
}

static void
test_calls(void **state)
{
	struct talk t = fresh();

	(void)state;
	t.limits.api_calls = 2;
	assert_int_equal(feed(&t, WIRE_CALL, "[\"read\",{\"names\":[\"a\"]}]"),
		TALK_OPEN);
	assert_string_equal(called, "read");
	assert_int_equal(((uint8_t *)t.out.data)[4], WIRE_REPLY);
	buf_clear(&t.out, 0);
	fail_with = MDB_E_NOT_FOUND;
	assert_int_equal(feed(&t, WIRE_CALL, "[\"write\",{}]"), TALK_OPEN);
	assert_int_equal(((uint8_t *)t.out.data)[4], WIRE_FAIL);
	assert_non_null(memmem(t.out.data, t.out.len, "not_found", 9));
	assert_int_equal(t.reads, 1);
	assert_int_equal(t.writes, 1);
	assert_int_equal(feed(&t, WIRE_CALL, "[\"read\",{}]"), TALK_API_LIMIT);
	assert_int_equal(calls, 2);
	talk_done(&t);
}

static void
test_print_is_cut(void **state)
{
	uint8_t raw[] = {4, 0, 0, 0, WIRE_PRINT, 'a', 'b', 'c'};
	struct talk t = fresh();

	(void)state;
	t.limits.output_bytes = 5;
	talk_feed(&t, raw, sizeof(raw));
	assert_false(t.printed_cut);
	talk_feed(&t, raw, sizeof(raw)); /* one too many: it was cut there */
	assert_int_equal(t.end, TALK_OPEN);
	assert_true(t.printed_cut);
	assert_int_equal(t.printed.len, 5);
	talk_feed(&t, raw, sizeof(raw)); /* and is still talking */
	assert_int_equal(t.end, TALK_BROKEN);
	talk_done(&t);
}

/* Everything once, to be done without memory. */
static int
all(void)
{
	AUTO_BUF struct buf b = {0};
	AUTO_BUF struct buf setup = {0};
	struct talk t = fresh();
	int rc = talk_setup(&setup, methods);

	if (rc == 0)
		rc = talk_begin(&t);
	if (rc == 0)
		rc = frame(&b, WIRE_CALL,
			"[\"read\",{\"names\":[\"a\",{\"b\":1.5}]}]");
	if (rc == 0) {
		talk_feed(&t, b.data, b.len);
		rc = t.end == TALK_NOMEM ? MDB_E_NOMEM : 0;
		/* without memory the method fails, and says so */
		if (rc == 0 && ((uint8_t *)t.out.data)[t.out.len ? 4 : 0] == 0)
			rc = MDB_E_NOMEM;
	}
	buf_clear(&b, 0);
	if (rc == 0)
		rc = frame(&b, WIRE_RESULT,
			"[{\"b\":1,\"a\":[1,2.5,\"x\",null]},[\"w\"],1]");
	if (rc == 0) {
		talk_feed(&t, b.data, b.len);
		rc = t.end == TALK_RESULT  ? 0
		     : t.end == TALK_NOMEM ? MDB_E_NOMEM
					   : MDB_E_INTERNAL;
	}
	talk_done(&t);
	return rc;
}

static void
test_without_memory(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		heap_fail_at(n);
		int rc = all();
		bool failed = heap_disarm();

		assert_true(rc == 0 || rc == MDB_E_NOMEM);
		if (!failed) {
			assert_int_equal(rc, 0);
			break;
		}
	}
}

static void
test_outcome_json_has_all_members(void **state)
{
	static const char *const members[] = {"outcome", "message", "result",
		"stdout", "line", "traceback", "limit", "limits", "usage",
		"warnings", "hint"};

	(void)state;
	for (int r = 0; r < SANDBOX_RESULT_MAX; r++) {
		struct sandbox_outcome o = {.result = (enum sandbox_result)r};
		AUTO_JSON json_t *j = sandbox_outcome_json(&o);

		assert_int_equal(json_object_size(j), ARRAY_LEN(members));
		for (size_t i = 0; i < ARRAY_LEN(members); i++)
			assert_non_null(json_object_get(j, members[i]));
		assert_string_equal(json_string_value(
					    json_object_get(j, "outcome")),
			sandbox_result_name(o.result));
		sandbox_outcome_done(&o);
	}
}

static void
test_limits_settle(void **state)
{
	struct sandbox_limits l = {.wall_ms = 1000000,
		.memory_bytes = 1,
		.result_depth = -5,
		.cpu_ms = 1 << 30};

	(void)state;
	sandbox_limits_settle(&l);
	assert_int_equal(l.wall_ms, 30000);
	assert_int_equal(l.cpu_ms, 30000);
	assert_int_equal(l.memory_bytes, 1024 * 1024);
	assert_int_equal(l.result_depth, 1);
	assert_int_equal(l.api_calls, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_objects_are_sorted),
		cmocka_unit_test(test_too_deep_or_large_to_send),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_wrong_shapes),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_print_is_cut),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_outcome_json_has_all_members),
		cmocka_unit_test(test_limits_settle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
