/* Any text is found by any part of it, and no query is an error. The first
 * four bytes choose which part of the text is the query, or that the end of
 * the input is. */
#include <stdint.h>

#include "common/text.h"
#include "memory-db/model/search/search.h"
#include "tests/lib/store_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define TEXT_MAX 2000
/* Texts in one database. */
#define TEXTS 300

static struct store_fixture f;
static int texts;

static void
close_fixture(void)
{
	if (texts > 0)
		sf_close(&f);
}

static void
prepare(void)
{
	if (texts == TEXTS)
		close_fixture();
	if (texts == 0)
		atexit(close_fixture);
	if (texts == 0 || texts == TEXTS) {
		sf_open(&f);
		texts = 0;
	}
	texts++;
}

static int64_t
write_text(const char *text)
{
	char name[32];
	int64_t entity;

	snprintf(name, sizeof(name), "%d", texts);
	sf_begin(&f);
	entity = sf_entity(&f, name, "t");
	sf_observe(&f, entity, text);
	sf_commit(&f);
	return entity;
}

static bool
is_found(int64_t entity, const char *query, size_t n, bool substring)
{
	struct search_request q = {.ns = {NAMESPACE_DEFAULT, 0},
		.query = query,
		.query_n = n,
		.substring = substring,
		.types_n = -1,
		.limit = TEXTS};
	struct search_result r;
	bool found = false;

	do {
		sf_ok(&f, search_run(f.w, &q, &r, &f.e));
		for (size_t i = 0; i < r.n; i++)
			found |= r.rows[i].entity == entity;
		q.a = r.a;
		q.b = r.b;
		search_result_done(&r);
	} while (q.a != 0 || q.b != 0);
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[TEXT_MAX + 1], query[TEXT_MAX + 1];
	size_t from, to, text_n, query_n;
	int64_t entity;

	if (n < 6 || n - 4 > TEXT_MAX)
		return 0;
	text_n = n - 4;
	memcpy(text, data + 4, text_n);
	text[text_n] = '\0';
	if (strlen(text) != text_n || !text_is_utf8(text, text_n))
		return 0;
	from = text_cut(text, (data[0] | (size_t)data[1] << 8) % text_n);
	to = text_cut(text, (data[2] | (size_t)data[3] << 8) % (text_n + 1));
	if (from > to) {
		/* The text goes up to there, the query is the rest: it may be
		 * found or not. */
		query_n = text_n - from;
		memcpy(query, text + from, query_n + 1);
		text_n = from;
		text[text_n] = '\0';
	} else {
		query_n = to - from;
		memcpy(query, text + from, query_n);
		query[query_n] = '\0';
	}
	prepare();
	entity = write_text(text);
	for (int substring = 0; substring < 2; substring++)
		if (!is_found(entity, query, query_n, substring) &&
			memmem(text, text_n, query, query_n))
			abort();
	return 0;
}
