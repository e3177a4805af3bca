/* Static models: tokens by hand, tensors in memory, short of memory. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/embed/embed.h"
#include "memory-db/embed/safetensors.h"
#include "memory-db/embed/wordpiece.h"
#include "tests/lib/scratch.h"
#include "tests/lib/unit.h"

#define TOKENIZER                                                              \
	"{\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true,"     \
	"\"strip_accents\":null},\"pre_tokenizer\":{\"type\":"                 \
	"\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\","             \
	"\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","        \
	"\"max_input_chars_per_word\":6,\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,"   \
	"\"tea\":2,\"##s\":3,\"cafe\":4,\"te\":5,\"##ab\":6,\"##a\":7,"        \
	"\"!\":8,\"\xe6\x9d\xb1\":9}}}"

static struct wordpiece
open_words(void)
{
	struct wordpiece w = {0};
	struct err e = {0};

	assert_int_equal(wordpiece_open(TOKENIZER, strlen(TOKENIZER), &w, &e),
		0);
	return w;
}

static void
check_ids(const struct wordpiece *w, const char *text, const char *want)
{
	uint32_t ids[16];
	size_t n = wordpiece_ids(w, text, strlen(text), ids, ARRAY_LEN(ids));
	char got[100] = "";

	for (size_t i = 0; i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u",
			i > 0 ? " " : "", ids[i]);
	assert_string_equal(got, want);
}

static void
cuts_words(void **state)
{
	struct wordpiece w = open_words();
	uint32_t ids[3];

	(void)state;
	assert_int_equal(w.tokens, 10);
	assert_int_equal(w.highest, 9);
	assert_int_equal(w.unknown, 1);
	check_ids(&w, "Tea", "2");
	check_ids(&w, "TEAS", "2 3");
	/* The longest first, also where another cut would fit. */
	check_ids(&w, "teas teab tea", "2 3 2");
	check_ids(&w, "teabs", "");
	check_ids(&w, "teaas", "2 7 3");
	check_ids(&w, "caf\xc3\xa9!!cafe\xcc\x81", "4 8 8 4");
	check_ids(&w, "tea\xe6\x9d\xb1tea", "2 9 2");
	/* Longer than six characters, and just not. */
	check_ids(&w, "teasss", "2 3 3 3");
	check_ids(&w, "teassss", "");
	check_ids(&w, "[UNK]!", "8");
	check_ids(&w, "", "");
	/* An unknown end takes back the tokens of its word alone. */
	check_ids(&w, "tea teax tea", "2 2");
	assert_int_equal(wordpiece_ids(&w, "tea teaas", 9, ids, 3), 3);
	assert_int_equal(ids[2], 7);
	assert_int_equal(wordpiece_ids(&w, "tea", 3, ids, 0), 0);
	wordpiece_done(&w);
	wordpiece_done(&w);
}

/* --- tensors -------------------------------------------------------------- */

static size_t
put_tensors(uint8_t *to, const char *header, const void *data, size_t n)
{
	uint64_t size = strlen(header);

	memcpy(to, &size, 8);
	memcpy(to + 8, header, size);
	memcpy(to + 8 + size, data, n);
	return 8 + size + n;
}

static void
half_floats(void **state)
{
	static const uint16_t h[] = {0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff,
		0x0400, 0x0001, 0x83ff, 0x3555};
	static const double want[] = {0, -0.0, 1, -2, 65504, 0x1p-14, 0x1p-24,
		-1023 * 0x1p-24, 0x1.554p-2};
	uint8_t file[200];
	struct safetensors s;
	struct tensor t;
	float row[9] = {0};
	size_t n = put_tensors(file,
		"{\"x\":{\"dtype\":\"F16\",\"shape\":[1,9],\"data_offsets\":"
		"[0,18]}}",
		h, sizeof(h));

	(void)state;
	assert_int_equal(safetensors_open(file, n, &s, NULL), 0);
	assert_int_equal(safetensors_find(&s, "y", &t, NULL), 1);
	assert_int_equal(safetensors_find(&s, "x", &t, NULL), 0);
	tensor_add_row(&t, 0, 1, row);
	for (size_t i = 0; i < ARRAY_LEN(h); i++) {
		assert_true(tensor_value(&t, i) == want[i]);
		assert_true((double)row[i] == want[i]);
	}
	safetensors_done(&s);
	/* Not numbers stay what they are. */
	memcpy(file + n - 4, (uint16_t[]){0x7c00, 0xfe01}, 4);
	assert_int_equal(safetensors_open(file, n, &s, NULL), 0);
	assert_int_equal(safetensors_find(&s, "x", &t, NULL), 0);
	assert_true(isinf(tensor_value(&t, 7)) && tensor_value(&t, 7) > 0);
	assert_true(isnan(tensor_value(&t, 8)));
	safetensors_done(&s);
}

/* --- short of memory ------------------------------------------------------ */

static void
write_file(const char *name, const void *data, size_t n)
{
	FILE *f = fopen(scratch_path(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
save_model(void)
{
	int8_t rows[10 * 3];
	uint8_t file[400];

	for (size_t i = 0; i < sizeof(rows); i++)
		rows[i] = (int8_t)(i * 37);
	write_file("model.safetensors", file,
		put_tensors(file,
			"{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[10,3],"
			"\"data_offsets\":[0,30]}}",
			rows, sizeof(rows)));
	write_file("tokenizer.json", TOKENIZER, strlen(TOKENIZER));
}

static void
static_short_of_memory(void **state)
{
	char spec[64];
	struct embed_options o = {.spec = spec};
	struct embed_text t = {"teas", 4};
	/* rows 2 and 3: 222-256, 259-256, 296-256; 333-256, 370-256, 407-512 */
	float want[3] = {-34 + 77, 3 + 114, 40 - 105}, length = 0;

	(void)state;
	save_model();
	snprintf(spec, sizeof(spec), "static:%s", scratch);
	for (size_t i = 0; i < 3; i++)
		length += want[i] * want[i];
	for (size_t n = 1;; n++) {
		struct embedder *x = NULL;
		struct err e = {0};
		float *v = NULL;
		size_t dims = 0;
		int rc;

		heap_fail_at(n);
		rc = embed_open(&o, &x, &e);
		if (rc == 0)
			rc = embed_texts(x, EMBED_STORED, &t, 1, &v, &dims, &e);
		embed_close(x);
		if (heap_disarm()) {
			assert_int_equal(rc, MDB_E_NOMEM);
			assert_null(v);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(dims, 3);
		for (size_t i = 0; i < 3; i++)
			assert_true(
				fabsf(v[i] - want[i] / sqrtf(length)) < 1e-6f);
		free(v);
		break;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_words),
		cmocka_unit_test(half_floats),
		cmocka_unit_test_setup_teardown(static_short_of_memory,
			scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
