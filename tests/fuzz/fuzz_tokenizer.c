/* A tokenizer.json up to the first NUL, and a text behind it. Without one the
 * whole is a text for a fixed vocabulary. */
#include <string.h>

#include "common/text.h"
#include "memory-db/embed/wordpiece.h"

#define IDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char fixed[] =
	"{\"normalizer\":{\"type\":\"BertNormalizer\"},\"pre_tokenizer\":{"
	"\"type\":\"BertPreTokenizer\"},\"model\":{\"type\":\"WordPiece\","
	"\"vocab\":{\"a\":0,\"##b\":1,\"ab\":2,\"##\xcc\x88\":3,\"e\":4,"
	"\"\xe6\x9d\xb1\":5,\"!\":6,\"[UNK]\":7,\"##c\":8,\"abc\":9}}}";

static void
check(const struct wordpiece *w, const char *s, size_t n)
{
	uint32_t all[IDS_MAX], some[IDS_MAX];
	size_t all_n = wordpiece_ids(w, s, n, all, IDS_MAX), some_n;

	if (all_n > IDS_MAX)
		abort();
	for (size_t i = 0; i < all_n; i++)
		if (all[i] > w->highest || all[i] == w->unknown)
			abort();
	/* Fewer are the first ones. */
	some_n = wordpiece_ids(w, s, n, some, 3);
	if (some_n != (all_n < 3 ? all_n : 3) ||
		memcmp(all, some, some_n * sizeof(*all)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *end = n > 0 ? memchr(data, 0, n) : NULL;
	struct wordpiece w = {0};
	struct err e = {0};
	size_t head = end ? (size_t)(end - data) + 1 : 0;
	int rc = end ? wordpiece_open((const char *)data, head - 1, &w, &e)
		     : wordpiece_open(fixed, sizeof(fixed) - 1, &w, &e);

	if (rc < 0) {
		if (!end || e.code != MDB_E_INVALID || !e.text[0] ||
			!text_is_utf8(e.text, strlen(e.text)))
			abort();
		return 0;
	}
	check(&w, (const char *)data + head, n - head);
	wordpiece_done(&w);
	return 0;
}
