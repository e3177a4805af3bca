/* Packing in idle time: what it saves, that every text reads the same whatever
 * happens on the way, and that dictionaries lose what is erased. */
#include "tests/lib/unit.h"

#include "common/limits.h"
#include "memory-db/store/check/verify.h"
#include "memory-db/store/engine/dictionaries.h"
#include "memory-db/store/engine/squeeze.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/pack.h"
#include "memory-db/store/idle.h"
#include "tests/lib/index_fixture.h"
#include "tests/lib/samples.h"

#define LATE INT64_MAX

/* --- a namespace ---------------------------------------------------------- */
static struct sf_random
texts_of(int seed)
{
	return (struct sf_random){(uint64_t)seed};
}

static void
write_sentences(struct store_fixture *f, int seed, int n)
{
	struct sf_random r = texts_of(seed);
	char text[256], name[32];

	for (int i = 0; i < n; i++) {
		if (i % 50 == 0) {
			if (i > 0)
				sf_commit(f);
			sf_begin(f);
		}
		snprintf(name, sizeof(name), "e%d.%d", seed, i);
		sample_sentence(&r, text);
		(void)sf_observe(f, sf_entity(f, name, "thing"), text);
	}
	sf_commit(f);
}

struct walker {
	struct sf_random r;
	int n, seed_n;
};

static int
check_text(void *ctx, const struct fact *f)
{
	struct walker *w = ctx;
	char text[256];

	if (f->kind != FACT_OBSERVATION || w->n == w->seed_n)
		return 0;
	sample_sentence(&w->r, text);
	assert_string_equal(f->text, text);
	w->n++;
	return 0;
}

/* Every text reads as it was written; digests are checked on the way. */
static void
check_sentences(struct store_fixture *f, int seed, int n)
{
	struct walker w = {texts_of(seed), 0, n};
	struct lens now;

	sf_ok(f, lens_make(f->w, STORE_MAIN, STORE_OPEN_END, &now, &f->e));
	sf_ok(f, lens_apply(f->w, &now, &f->e));
	sf_ok(f, fact_each_stored(f->w, f->ns, 0, check_text, &w, &f->e));
	assert_int_equal(w.n, n);
}

static void
pack_all(struct store_fixture *f)
{
	while (sf_ok(f, pack_step(f->w, LATE, &f->e)) == 1)
		continue;
}

static void
assert_counted(struct store_fixture *f)
{
	assert_int_equal(rows(f, "SELECT sum(n) FROM tally WHERE kind = 1 "
				 "AND key = 8"),
		rows(f, "SELECT sum(length(body)) FROM fact"));
}

#define BODIES "SELECT sum(length(body)) FROM fact WHERE kind = 1"
#define TEXTS  "SELECT sum(size) FROM fact WHERE kind = 1"

static void
test_saves(void **state)
{
	struct store_fixture f;
	int64_t seen;

	(void)state;
	sf_open(&f);
	write_sentences(&f, 1, 30);
	pack_all(&f);
	/* Too few for a dictionary of their own. */
	assert_int_equal(rows(&f, "SELECT count(*) FROM dictionary"), 0);
	assert_true(rows(&f, BODIES) < rows(&f, TEXTS));
	write_sentences(&f, 2, 450);
	assert_true(pack_wanted(f.w));
	pack_all(&f);
	assert_int_equal(rows(&f, "SELECT count(*) FROM dictionary"), 1);
	assert_true(rows(&f, BODIES) * 100 < rows(&f, TEXTS) * 50);
	check_sentences(&f, 1, 30);
	assert_counted(&f);

	/* Sentences it has not seen, packed with what it has. */
	seen = rows(&f, "SELECT max(id) FROM fact");
	write_sentences(&f, 3, 200);
	pack_all(&f);
	assert_int_equal(rows(&f, "SELECT count(*) FROM dictionary"), 1);
	assert_int_equal(rows(&f, "SELECT min(id) FROM dictionary"), 1);
	(void)seen;
	assert_true(rows(&f, "SELECT sum(length(body)) * 100 < sum(size) * 50"
			     " FROM fact WHERE kind = 1 AND id > (SELECT "
			     "max(id) - 400 FROM fact)"));
	assert_counted(&f);
	assert_false(pack_wanted(f.w));
	sf_close(&f);
}

/* Texts that came with a crowd stand as they are, until the walk comes. */
static void
test_a_crowd_packs_later(void **state)
{
	struct store_fixture f;
	struct sf_random r = texts_of(1);
	char text[256], name[32];

	(void)state;
	sf_open(&f);
	for (int i = 0; i < 200; i++) {
		if (i % 50 == 0)
			sf_begin(&f);
		store_crowd(f.w, true);
		snprintf(name, sizeof(name), "e1.%d", i);
		sample_sentence(&r, text);
		(void)sf_observe(&f, sf_entity(&f, name, "thing"), text);
		if (i % 50 == 49)
			sf_commit(&f);
	}
	/* A byte says how each of them is stored. */
	assert_true(rows(&f, BODIES) >= rows(&f, TEXTS));
	check_sentences(&f, 1, 200);
	pack_all(&f);
	assert_true(2 * rows(&f, BODIES) < rows(&f, TEXTS) + 200);
	check_sentences(&f, 1, 200);
	assert_counted(&f);
	/* The next group is none, unless it says so. */
	sf_begin(&f);
	assert_false(f.w->is_crowded);
	sf_commit(&f);
	sf_close(&f);
}

/* A step may be the last one of a process at any time. */
static void
test_goes_on_after_a_crash(void **state)
{
	struct sf_random r = {99};
	struct store_fixture f;
	int crashes = 0, rc = 1;

	(void)state;
	sf_open(&f);
	write_sentences(&f, 4, 700);
	while (rc == 1) {
		/* Slices of next to nothing: hundreds of them. */
		for (int i = sf_below(&r, 40); rc == 1 && i >= 0; i--)
			rc = sf_ok(&f, pack_step(f.w, 0, &f.e));
		check_sentences(&f, 4, 700);
		assert_counted(&f);
		if (crashes == 20)
			continue;
		crashes++;
		store_close(f.w);
		sf_ok(&f, store_open(f.db, STORE_WRITER, &f.w, &f.e));
		/* New texts on the way. */
		if (crashes == 7)
			write_sentences(&f, 5, 60);
		rc = 1;
	}
	assert_int_equal(rows(&f, "SELECT count(*) FROM fact WHERE kind = 1 "
				  "AND substr(body, 1, 1) = x'00'"),
		0);
	sf_close(&f);
}

/* Readers keep what they saw; a text packed meanwhile does not disturb. */
static void
test_readers_beside(void **state)
{
	struct store_fixture f;
	struct store *reader;

	(void)state;
	sf_open(&f);
	write_sentences(&f, 6, 300);
	sf_ok(&f, store_open(f.db, STORE_READER, &reader, &f.e));
	sf_ok(&f, store_read_begin(reader, &f.e));
	pack_all(&f);
	for (int i = 0; i < 2; i++) {
		struct store *writer = f.w;

		f.w = reader;
		check_sentences(&f, 6, 300);
		f.w = writer;
		store_read_end(reader);
	}
	store_close(reader);
	sf_close(&f);
}

static void
test_no_memory(void **state)
{
	struct store_fixture f;
	bool failed = true;

	(void)state;
	sf_open(&f);
	write_sentences(&f, 8, 120);
	for (size_t n = 1; failed; n += n / 16 + 1) {
		int rc;

		heap_fail_at(n);
		do
			rc = pack_step(f.w, LATE, &f.e);
		while (rc == 1);
		failed = heap_disarm();
		assert_int_equal(rc < 0 ? rc : 0, rc < 0 ? MDB_E_NOMEM : 0);
		assert_false(store_in_group(f.w));
	}
	pack_all(&f);
	check_sentences(&f, 8, 120);
	assert_counted(&f);
	assert_int_equal(rows(&f, "SELECT count(*) FROM dictionary"), 1);
	sf_close(&f);
}

/* --- erasing -------------------------------------------------------------- */
static int
look_for(void *ctx, const struct dictionary_row *d)
{
	return memmem(d->bytes, d->n, ctx, strlen(ctx)) != NULL;
}

static bool
stands_in_dictionary(struct store_fixture *f, char *text)
{
	return sf_ok(f, dictionary_each(f->w, 0, look_for, text, &f->e)) == 1;
}

static void
test_dictionaries_forget(void **state)
{
	char said[] = "the lighthouse stairs";
	struct store_fixture f;
	int64_t first;

	(void)state;
	sf_open(&f);
	write_sentences(&f, 9, 300);
	pack_all(&f);
	first = rows(&f, "SELECT max(id) FROM dictionary");
	assert_true(stands_in_dictionary(&f, said));
	/* Something that it does not hold changes nothing. */
	sf_ok(&f, store_group_begin(f.w, &f.e));
	sf_ok(&f, pack_erase(f.w, f.ns, "0xQWERTZ", 8, &f.e));
	sf_ok(&f, store_group_commit(f.w, &f.e));
	assert_int_equal(pack_any_stale(f.w, &f.e), 0);

	/* All texts that say so go, as erasing does it. */
	sf_ok(&f, store_group_begin(f.w, &f.e));
	sf_ok(&f, pack_erase(f.w, f.ns, said, strlen(said), &f.e));
	assert_int_equal(sqlite3_exec(f.w->db, "DELETE FROM tally", NULL, NULL,
				 NULL),
		SQLITE_OK);
	sf_ok(&f, store_group_commit(f.w, &f.e));
	assert_int_equal(pack_any_stale(f.w, &f.e), 1);
	pack_all(&f);
	assert_int_equal(pack_any_stale(f.w, &f.e), 0);
	assert_true(rows(&f, "SELECT min(id) FROM dictionary") > first);
	check_sentences(&f, 9, 300);
	sf_close(&f);
}

/* --- damage --------------------------------------------------------------- */
static int
count_told(void *ctx, const char *what, const char *detail, int64_t mendable)
{
	int *n = ctx;

	(void)detail;
	(void)mendable;
	n[0] += strcmp(what, "dictionary") == 0;
	n[1] += strcmp(what, "digest") == 0;
	return 0;
}

/* Problems that verify tells: of dictionaries and of texts. */
static void
verify(struct store_fixture *f, int ret[2])
{
	struct verify_mark mark = {0};
	bool done = false;
	double progress;

	mark.change = rows(f, "SELECT max(id) FROM change");
	ret[0] = ret[1] = 0;
	while (!done)
		sf_ok(f, verify_slice(f->w, &mark, LATE, count_told, ret,
				 &progress, &done, &f->e));
}

static void
run(struct store_fixture *f, const char *sql)
{
	assert_int_equal(sqlite3_exec(f->w->db, sql, NULL, NULL, NULL),
		SQLITE_OK);
}

/* The texts that need the damaged bytes are lost and told; the others are
 * taken out of the dictionary. */
static void
test_a_damaged_dictionary(void **state)
{
	struct store_fixture f;
	int told[2], lost;

	(void)state;
	sf_open(&f);
	write_sentences(&f, 11, 300);
	pack_all(&f);
	verify(&f, told);
	assert_int_equal(told[0] + told[1], 0);
	run(&f, "UPDATE dictionary SET bytes = CAST(substr(bytes, 1, "
		"length(bytes) - 30) || x'5858585858' || substr(bytes, "
		"length(bytes) - 24) AS BLOB)");
	store_close(f.w);
	sf_ok(&f, store_open(f.db, STORE_WRITER, &f.w, &f.e));
	verify(&f, told);
	lost = told[1];
	assert_int_equal(told[0], 1);
	assert_in_range(lost, 1, 299);
	/* A write does without it. */
	write_sentences(&f, 12, 70);
	pack_all(&f);
	assert_true(rows(&f, "SELECT count(*) FROM dictionary") >= 1);
	verify(&f, told);
	assert_int_equal(told[0], 1);
	assert_int_equal(told[1], lost);
	assert_int_equal(rows(&f, "SELECT count(*) FROM fact WHERE "
				  "substr(body, 1, 1) = x'81'"),
		lost);
	sf_close(&f);

	/* It is gone altogether. */
	sf_open(&f);
	write_sentences(&f, 13, 100);
	pack_all(&f);
	run(&f, "DELETE FROM dictionary");
	store_close(f.w);
	sf_ok(&f, store_open(f.db, STORE_WRITER, &f.w, &f.e));
	verify(&f, told);
	assert_int_equal(told[0], 1);
	assert_int_equal(told[1], rows(&f, "SELECT count(*) FROM fact WHERE "
					   "substr(body, 1, 1) = x'81'"));
	write_sentences(&f, 14, 70);
	pack_all(&f);
	sf_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_saves),
		cmocka_unit_test(test_a_crowd_packs_later),
		cmocka_unit_test(test_goes_on_after_a_crash),
		cmocka_unit_test(test_readers_beside),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_dictionaries_forget),
		cmocka_unit_test(test_a_damaged_dictionary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
