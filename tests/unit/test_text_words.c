/* The tokeniser: fixed cases, and the properties on which search stands, over
 * random texts of all scripts. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/text.h"
#include "common/utf8.h"
#include "tests/lib/unit.h"

#define PIECES_MAX 256

struct pieces {
	struct text_piece p[PIECES_MAX]; /* texts owned, with a NUL */
	size_t n;
};

static int
collect(void *ctx, const struct text_piece *p)
{
	struct pieces *all = ctx;

	assert_true(all->n < PIECES_MAX && p->n > 0);
	all->p[all->n] = *p;
	all->p[all->n].s = strndup(p->s, p->n);
	assert_non_null(all->p[all->n++].s);
	return 0;
}

static void
pieces_read(struct pieces *all, const char *s, size_t n)
{
	all->n = 0;
	assert_int_equal(text_pieces(s, n, collect, all), 0);
}

static void
pieces_done(struct pieces *all)
{
	while (all->n > 0)
		free((void *)(uintptr_t)all->p[--all->n].s);
}

/* As "w:the c:\xe4.. s:.. " with < and > for the ends. */
static void
check_pieces(const char *s, const char *want)
{
	struct pieces all;
	AUTO_BUF struct buf b = {0};

	pieces_read(&all, s, strlen(s));
	for (size_t i = 0; i < all.n; i++)
		assert_int_equal(buf_addf(&b, "%s%s%c:%s%s", i > 0 ? " " : "",
					 all.p[i].at_start ? "<" : "",
					 "wcs"[all.p[i].kind], all.p[i].s,
					 all.p[i].at_end ? ">" : ""),
			0);
	assert_string_equal(buf_str(&b), want);
	pieces_done(&all);
}

static void
splits_into_pieces(void **state)
{
	(void)state;
	check_pieces("", "");
	check_pieces(" .,-", "");
	check_pieces("The Quick_fox-2", "<w:the w:quick w:fox w:2>");
	check_pieces(" The Quick. ", "w:the w:quick");
	check_pieces("it's", "<w:it w:s>");
	check_pieces("Caf\xc3\xa9", "<w:cafe>");
	check_pieces("Cafe\xcc\x81", "<w:cafe>");
	check_pieces("Stra\xc3\x9f"
		     "e",
		"<w:strasse>");
	check_pieces("a\xe6\x9d\xb1\xe4\xba\xac"
		     "b",
		"<w:a c:\xe6\x9d\xb1\xe4\xba\xac w:b>");
	/* kana keep their voicing, Thai its vowels, Hindi its vowel signs */
	check_pieces("\xe3\x81\x8c", "<c:\xe3\x81\x8c>");
	check_pieces("\xe0\xb8\x81\xe0\xb8\xb4",
		"<c:\xe0\xb8\x81\xe0\xb8\xb4>");
	check_pieces("\xe0\xa4\xb9\xe0\xa4\xbf",
		"<w:\xe0\xa4\xb9\xe0\xa4\xbf>");
	check_pieces("\xed\x95\x9c\xea\xb5\xad",
		"<c:\xed\x95\x9c\xea\xb5\xad>");
	/* woman, skin tone, joiner, rocket */
	check_pieces("\xf0\x9f\x91\xa9\xf0\x9f\x8f\xbd\xe2\x80\x8d\xf0\x9f\x9a"
		     "\x80",
		"<s:\xf0\x9f\x91\xa9 s:\xf0\x9f\x8f\xbd s:\xf0\x9f\x9a\x80>");
	/* heart with variation selector; not-equal keeps its sign */
	check_pieces("\xe2\x9d\xa4\xef\xb8\x8f", "<s:\xe2\x9d\xa4>");
	check_pieces("\xe2\x89\xa0", "<s:\xe2\x89\xa0>");
	check_pieces("\xe2\x82\xac"
		     "5",
		"<s:\xe2\x82\xac w:5>");
	/* soft hyphen and joiners are not there */
	check_pieces("co\xc2\xadop", "<w:coop>");
	check_pieces("a\xff"
		     "b",
		"<w:a w:b>");
}

/* A cut beside what is dropped still counts as a cut. */
static void
pieces_touch_the_ends_across_marks(void **state)
{
	(void)state;
	check_pieces("\xcc\x81"
		     "bc",
		"<w:bc>");
	check_pieces("bc\xcc\x81", "<w:bc>");
	check_pieces("\xcc\x81 bc", "w:bc>");
	check_pieces("\xe2\x80\x8d\xe4\xba\xac", "<c:\xe4\xba\xac>");
}

static int
stop_at_second(void *ctx, const struct text_piece *p)
{
	int *n = ctx;

	(void)p;
	return ++*n == 2 ? 42 : 0;
}

static void
callback_stops_the_scan(void **state)
{
	int n = 0;

	(void)state;
	assert_int_equal(text_pieces("a b c d", 7, stop_at_second, &n), 42);
	assert_int_equal(n, 2);
}

static void
check_tokens(const char *s, const char *stem, const char *want)
{
	AUTO_BUF struct buf b = {0};

	assert_int_equal(buf_adds(&b, "|"), 0);
	assert_int_equal(text_tokens(s, strlen(s), stem, &b), 0);
	assert_string_equal(buf_str(&b) + 1, want);
}

static void
makes_tokens(void **state)
{
	(void)state;
	check_tokens("", "english", "");
	check_tokens("Running foxes, 2nd", "english", "run fox 2nd");
	check_tokens("Running foxes", "", "running foxes");
	check_tokens("\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd", "english",
		"\xe6\x9d\xb1\xe4\xba\xac \xe4\xba\xac\xe9\x83\xbd \xe9\x83\xbd");
	check_tokens("\xe6\x9d\xb1", "", "\xe6\x9d\xb1");
}

/* --- random texts --------------------------------------------------------- */

static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % below;
}

static uint32_t
draw_code_point(void)
{
	static const struct {
		uint32_t first, n;
	} ranges[] = {{'a', 26}, {'A', 26}, {'0', 10}, {' ', 1}, {' ', 15},
		{0xc0, 0x180}, {0x300, 0x70}, {0x370, 0x90}, {0x400, 0x100},
		{0x5b0, 0x40}, {0x620, 0x60}, {0x900, 0x80}, {0xe00, 0x60},
		{0xe80, 0x60}, {0x1000, 0xa0}, {0x1100, 0x100}, {0x1780, 0x80},
		{0x1e00, 0x100}, {0x1f00, 0x100}, {0x2000, 0x70}, {0x2200, 64},
		{0x2600, 0x100}, {0x3000, 0x100}, {0x4e00, 0x200},
		{0xac00, 0x200}, {0xfb00, 7}, {0xfe00, 16}, {0xff00, 0xf0},
		{0x1d400, 0x100}, {0x1f300, 0x300}, {0xe0020, 0x60},
		{1, 0xd7ff}, {0xe000, 0x10ffff - 0xe000}};
	size_t i = draw(ARRAY_LEN(ranges));

	return ranges[i].first + draw(ranges[i].n);
}

/* Offsets of the code points go to at[0, count], the text to b. */
static size_t
draw_text(struct buf *b, size_t at[], size_t max)
{
	size_t n = draw((uint32_t)max);
	uint32_t cp = 'a';

	b->len = 0;
	for (size_t i = 0; i < n; i++) {
		char s[4];

		/* runs of one script are as frequent as changes */
		if (draw(2) == 0)
			cp = draw_code_point();
		else if (cp + 1 < 0xd800)
			cp = cp + draw(2);
		at[i] = b->len;
		assert_int_equal(buf_add(b, s, utf8_encode(cp, s)), 0);
	}
	at[n] = b->len;
	return n;
}

static bool
agrees(const struct pieces *q, size_t i, const struct pieces *t, size_t k)
{
	const char *part = q->p[i].s, *whole = t->p[k].s;
	size_t n = q->p[i].n, m = t->p[k].n;
	bool start = q->p[i].at_start, end = q->p[i].at_end;

	if (q->p[i].kind != t->p[k].kind || n > m)
		return false;
	if (start && end)
		return memmem(whole, m, part, n) != NULL;
	if (start)
		return memcmp(whole + m - n, part, n) == 0;
	if (end)
		return memcmp(whole, part, n) == 0;
	return n == m && memcmp(whole, part, n) == 0;
}

/* The pieces of q follow one another among those of t, except that the
 * outermost may be cut. */
static bool
stands_in(const struct pieces *q, const struct pieces *t)
{
	for (size_t k = 0; k + q->n <= t->n; k++) {
		size_t i = 0;

		while (i < q->n && agrees(q, i, t, k + i))
			i++;
		if (i == q->n)
			return true;
	}
	return q->n == 0;
}

static void
substrings_agree_with_their_text(void **state)
{
	AUTO_BUF struct buf text = {0}, fold = {0}, part = {0};
	size_t at[101];

	(void)state;
	seed = 88172645463325252u;
	for (int round = 0; round < 20000; round++) {
		struct pieces t, q;
		size_t n = draw_text(&text, at, 100), a, b;

		if (n == 0)
			continue;
		a = draw((uint32_t)n);
		b = a + 1 + draw((uint32_t)(n - a));
		fold.len = part.len = 0;
		assert_int_equal(text_fold(text.data, text.len, &fold), 0);
		assert_int_equal(text_fold(text.data + at[a], at[b] - at[a],
					 &part),
			0);
		assert_non_null(
			memmem(fold.data, fold.len, part.data, part.len));
		pieces_read(&t, text.data, text.len);
		pieces_read(&q, text.data + at[a], at[b] - at[a]);
		if (!stands_in(&q, &t))
			fail_msg("round %d: [%zu, %zu) of '%s'", round, at[a],
				at[b], buf_str(&text));
		pieces_done(&t);
		pieces_done(&q);
	}
}

/* Folding first changes no piece: index and query may fold or not. */
static void
pieces_do_not_depend_on_case(void **state)
{
	AUTO_BUF struct buf text = {0}, fold = {0}, a = {0}, b = {0};
	size_t at[101];

	(void)state;
	seed = 1181783497276652981u;
	for (int round = 0; round < 10000; round++) {
		(void)draw_text(&text, at, 100);
		fold.len = a.len = b.len = 0;
		assert_int_equal(text_fold(text.data, text.len, &fold), 0);
		assert_int_equal(text_tokens(text.data, text.len, "", &a), 0);
		assert_int_equal(text_tokens(fold.data, fold.len, "", &b), 0);
		assert_string_equal(buf_str(&a), buf_str(&b));
	}
}

/* A piece taken apart again is itself: the query side works on pieces. */
static void
pieces_are_stable(void **state)
{
	(void)state;
	for (uint32_t cp = 1; cp <= 0x10ffff; cp++) {
		struct pieces one, again;
		char s[5] = "";

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		pieces_read(&one, s, utf8_encode(cp, s));
		for (size_t i = 0; i < one.n; i++) {
			pieces_read(&again, one.p[i].s, one.p[i].n);
			if (again.n != 1 || again.p[0].kind != one.p[i].kind ||
				strcmp(again.p[0].s, one.p[i].s) != 0)
				fail_msg("U+%04X: '%s'", cp, one.p[i].s);
			pieces_done(&again);
		}
		pieces_done(&one);
		/* skip through the large unassigned planes */
		if (cp >= 0x32000 && cp < 0xdffff)
			cp += 61;
	}
}

/* Every character of an unspaced run begins one token, of it and the next. */
static void
bigrams_cover_each_character_once(void **state)
{
	AUTO_BUF struct buf run = {0}, tokens = {0};

	(void)state;
	seed = 362436069u;
	for (int round = 0; round < 300; round++) {
		size_t n = 1 + draw(40), begin[41], k = 0;
		char *rest;

		run.len = tokens.len = 0;
		for (size_t i = 0; i < n; i++) {
			char s[4];

			begin[i] = run.len;
			assert_int_equal(
				buf_add(&run, s,
					utf8_encode(0x4e00 + draw(20000), s)),
				0);
		}
		begin[n] = run.len;
		assert_int_equal(text_tokens(run.data, run.len, "english",
					 &tokens),
			0);
		assert_non_null(buf_str(&tokens));
		rest = tokens.data;
		for (char *token; (token = strsep(&rest, " ")); k++) {
			size_t end = begin[k + 2 <= n ? k + 2 : n];

			assert_true(k < n);
			assert_int_equal(strlen(token), end - begin[k]);
			assert_memory_equal(token, run.data + begin[k],
				end - begin[k]);
		}
		assert_int_equal(k, n);
	}
}

/* What is at most half a chunk long (less what a cut may move) stands whole
 * in one chunk of a long word. */
static void
chunks_hold_each_short_part(void **state)
{
	AUTO_BUF struct buf word = {0}, tokens = {0};

	(void)state;
	seed = 521288629u;
	for (size_t n = TEXT_WORD_MAX - 2; n < 400; n += 7) {
		word.len = tokens.len = 0;
		while (word.len < n) {
			char s[4];
			uint32_t cp =
				draw(3) ? 'a' + draw(26) : 0x430 + draw(32);

			/* not a letter that decomposes */
			if (cp == 0x439)
				cp = 0x438;
			assert_int_equal(buf_add(&word, s, utf8_encode(cp, s)),
				0);
		}
		assert_int_equal(text_tokens(word.data, word.len, "english",
					 &tokens),
			0);
		assert_true(text_is_utf8(tokens.data, tokens.len));
		for (size_t i = 0; n > TEXT_WORD_MAX && i < word.len; i++) {
			size_t left = word.len - i, m = TEXT_WORD_MAX / 2 - 3;

			assert_non_null(memmem(tokens.data, tokens.len,
				word.data + i, left < m ? left : m));
		}
		assert_non_null(buf_str(&tokens));
		for (char *rest = tokens.data, *t; (t = strsep(&rest, " "));)
			assert_in_range(strlen(t), 1, TEXT_WORD_MAX + 3);
	}
}

/* --- as FTS5 sees it ------------------------------------------------------ */

static int64_t
query_int(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t v = -1;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* Its ascii tokenizer splits at our spaces and nowhere else, and folds
 * nothing. */
static void
fts5_sees_the_same_tokens(void **state)
{
	AUTO_BUF struct buf text = {0}, tokens = {0};
	sqlite3_stmt *add = NULL;
	sqlite3 *db = NULL;
	int64_t want = 0;
	size_t at[101];

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"CREATE VIRTUAL TABLE t USING fts5(x, tokenize='ascii',"
			" content='');"
			"CREATE VIRTUAL TABLE v USING fts5vocab(t, instance);",
			NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO t(x) VALUES(?1)",
				 -1, &add, NULL),
		SQLITE_OK);
	seed = 123456789u;
	for (int round = 0; round < 500; round++) {
		(void)draw_text(&text, at, 100);
		tokens.len = 0;
		assert_int_equal(text_tokens(text.data, text.len, "english",
					 &tokens),
			0);
		want += tokens.len > 0;
		for (size_t i = 0; i < tokens.len; i++) {
			unsigned char c = (unsigned char)tokens.data[i];

			want += c == ' ';
			assert_true(c >= 0x80 || c == ' ' ||
				    (c >= '0' && c <= '9') ||
				    (c >= 'a' && c <= 'z'));
		}
		sqlite3_bind_text(add, 1, tokens.data ? tokens.data : "",
			(int)tokens.len, SQLITE_STATIC);
		assert_int_equal(sqlite3_step(add), SQLITE_DONE);
		sqlite3_reset(add);
	}
	sqlite3_finalize(add);
	assert_true(want > 1000);
	assert_int_equal(query_int(db, "SELECT count(*) FROM v"), want);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
survives_failing_malloc(void **state)
{
	static const char s[] = "Running foxes \xe6\x9d\xb1\xe4\xba\xac "
				"\xf0\x9f\x98\x80 and words and words and "
				"words and words and words and words";

	(void)state;
	for (size_t n = 1;; n++) {
		struct buf b = {0};
		int rc;

		heap_fail_at(n);
		rc = text_tokens(s, sizeof(s) - 1, "english", &b);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			assert_true(n > 4);
			buf_done(&b);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
		assert_int_equal(b.len, 0);
		buf_done(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_into_pieces),
		cmocka_unit_test(pieces_touch_the_ends_across_marks),
		cmocka_unit_test(callback_stops_the_scan),
		cmocka_unit_test(makes_tokens),
		cmocka_unit_test(substrings_agree_with_their_text),
		cmocka_unit_test(pieces_do_not_depend_on_case),
		cmocka_unit_test(pieces_are_stable),
		cmocka_unit_test(bigrams_cover_each_character_once),
		cmocka_unit_test(chunks_hold_each_short_part),
		cmocka_unit_test(fts5_sees_the_same_tokens),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests_name("text_words", tests, NULL, NULL);
}
