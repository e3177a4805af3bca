/* Latency of search and recall on a made memory: seven classes of fixed queries.
 *
 *   bench_search [--facts N] [--queries N] [--what search|recall|both]
 *                [--class K] [--query TEXT] [--as-of CHANGE] [--keep PATH]
 *                [--long N]
 *   bench_search --quiet N
 *
 * Builds a store through the store's own interface: entities with a name of
 * two words and a number, and two observations of 14 words, words by Zipf's
 * law out of 50,000. --keep uses the database at PATH, and builds it when it is
 * missing. --long: each tenth observation has N words, as replies of an
 * assistant and documents have. --quiet: what a namespace of 50 facts answers alone, and what it
 * answers beside one of N facts with the same words. */
#include <inttypes.h>
#include <time.h>

#include "common/text.h"
#include "memory-db/model/recall/recall.h"
#include "memory-db/model/search/search.h"
#include "memory-db/store/engine/store_internal.h"
#include "tests/lib/idle.h"
#include "tests/lib/store_fixture.h"

#define VOCABULARY 50000
#define WORDS	   14

static double cumulated[VOCABULARY];
static struct sf_random rng = {1};
static int64_t as_of; /* change; 0: now */
static int64_t asked = NAMESPACE_DEFAULT;
static const char *one_query;  /* instead of the classes */
static int64_t long_words;     /* of each tenth observation; 0: none */
static int64_t one_class = -1; /* of the classes */

/* Words that can be said: rank 0 is "ba". */
static void
word_of(int rank, char out[16])
{
	static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";
	int n = 0;

	for (int k = rank + 1; k > 0 && n < 12; k = (k - 1) / 70) {
		out[n++] = consonants[(k - 1) % 70 % 14];
		out[n++] = vowels[(k - 1) % 70 / 14];
	}
	out[n] = '\0';
}

static void
zipf_init(void)
{
	double sum = 0;

	for (int i = 0; i < VOCABULARY; i++)
		cumulated[i] = sum += 1.0 / (i + 1);
	for (int i = 0; i < VOCABULARY; i++)
		cumulated[i] /= sum;
}

static int
zipf(void)
{
	double x = (double)(sf_next(&rng) >> 11) / 9007199254740992.0;
	int lo = 0, hi = VOCABULARY - 1;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (cumulated[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
text_of(int words, char *out, size_t size)
{
	size_t n = 0;
	char word[16];

	for (int i = 0; i < words; i++) {
		word_of(zipf(), word);
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "",
			word);
	}
}

/* A fact of a session: recall looks at its neighbours there. */
static void
observe(struct store_fixture *f, int64_t entity, const char *text, int session)
{
	struct fact x = sf_fact(entity, FACT_OBSERVATION, text);
	char label[32];

	snprintf(label, sizeof(label), "session %d", session);
	sf_ok(f, label_intern(f->w, label, &x.source, &f->e));
	sf_ok(f, change_add_fact(f->c, &x, NULL, &f->e));
}

static void
build(struct store_fixture *f, int entities)
{
	char text[8192], name[300];

	for (int i = 0; i < entities; i++) {
		int64_t entity;

		sf_begin(f);
		text_of(2, text, 256);
		snprintf(name, sizeof(name), "%.255s %d", text, i);
		entity = sf_entity(f, name, i % 3 ? "note" : "person");
		for (int k = 0; k < 2; k++) {
			text_of(k == 0 && i % 5 == 0 && long_words > 0
					? (int)long_words
					: WORDS,
				text, sizeof(text));
			observe(f, entity, text, i / 10);
		}
		if (i % 250 == 249 || i == entities - 1)
			sf_commit(f);
		else
			sf_seal(f);
	}
	/* As the service does when nobody writes. */
	while (idle_step(f->w) == 1)
		;
}

/* --- queries -------------------------------------------------------------- */

enum query_class {
	RARE,
	MID,
	COMMON,
	SENTENCE,
	ABSENT,
	SUBSTRING,
	PROMPT,
	CLASSES
};
static const char *const class_names[] = {"rare word", "word in 1 %",
	"word in > 50 %", "12 words", "absent word", "3 characters",
	"20 sentences"};
/* A quiet namespace is asked the short ones. */
#define SHORT_CLASSES PROMPT

/* What an agent gets as its task: sentences of 6 to 14 words. */
static void
prompt_of(char *out, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < 20 && n + 256 < size; i++) {
		text_of(6 + sf_below(&rng, 9), out + n, 256);
		out[n] = (char)(out[n] - 'a' + 'A');
		n += strlen(out + n);
		n += (size_t)snprintf(out + n, size - n, ". ");
	}
}

static void
query_of(enum query_class class, char *out, size_t size)
{
	char word[16];

	switch (class) {
	case RARE:
		word_of(20000 + sf_below(&rng, 20000), out);
		break;
	case MID:
		word_of(100 + sf_below(&rng, 100), out);
		break;
	case COMMON:
		word_of(sf_below(&rng, 2), out);
		break;
	case SENTENCE:
		text_of(12, out, size);
		break;
	case ABSENT:
		word_of(sf_below(&rng, VOCABULARY), word);
		snprintf(out, size, "%sxq%d", word, sf_below(&rng, 100));
		break;
	case SUBSTRING:
		do
			word_of(sf_below(&rng, VOCABULARY), word);
		while (strlen(word) < 6);
		snprintf(out, size, "%.3s", word + sf_below(&rng, 3));
		break;
	case PROMPT:
		prompt_of(out, size);
		break;
	case CLASSES:
		abort();
	}
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Time of this thread on a processor: other jobs on the machine show less. */
static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

struct timing {
	double wall_ms, cpu_ms;
};

/* Of a class: percentiles, and all rows together. */
struct figures {
	struct timing p50, p99;
	double rows;
	int64_t steps; /* of SQLite's machine */
};

static int64_t
steps_of(struct store *st)
{
	int64_t n = 0;

	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(st->db, s));)
		n += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
	return n;
}

/* Rows found by recall. */
static size_t
recall_one(struct store_fixture *f, struct store *reader, const char *query)
{
	struct recall_request q = {.ns = {asked, 0},
		.query = query,
		.query_n = strlen(query),
		.types_n = -1,
		.limit = 10,
		.since = INT64_MIN,
		.until = INT64_MAX,
		.valid_at = FACT_NO_TIME,
		.now = clock_now_ms(),
		.zone = ""};
	struct recall_result r;
	size_t n;

	sf_ok(f, recall_run(reader, &q, &r, &f->e));
	n = r.n;
	recall_result_done(&r);
	return n;
}

static size_t
search_one(struct store_fixture *f, struct store *reader, const char *query)
{
	struct search_request q = {.ns = {asked, 0},
		.query = query,
		.query_n = strlen(query),
		.types_n = -1,
		.limit = 10};
	struct search_result r;
	size_t n;

	sf_ok(f, search_run(reader, &q, &r, &f->e));
	n = r.n;
	search_result_done(&r);
	return n;
}

static struct timing
run_one(struct store_fixture *f, struct store *reader, bool recalls,
	const char *query, double *ret_rows)
{
	struct lens lens;
	int64_t begin = clock_mono_ns(), cpu = cpu_ns();

	sf_ok(f, store_read_begin(reader, &f->e));
	sf_ok(f, lens_make(reader, STORE_MAIN, as_of ? as_of : STORE_OPEN_END,
			 &lens, &f->e));
	sf_ok(f, lens_apply(reader, &lens, &f->e));
	*ret_rows +=
		(double)(recalls ? recall_one : search_one)(f, reader, query);
	store_read_end(reader);
	begin = clock_mono_ns() - begin;
	cpu = cpu_ns() - cpu;
	return (struct timing){(double)begin / 1e6, (double)cpu / 1e6};
}

static struct figures
run_class(struct store_fixture *f, struct store *reader, bool recalls,
	int class, int n)
{
	double *ms = calloc((size_t)n, sizeof(*ms));
	double *cpu = calloc((size_t)n, sizeof(*cpu));
	struct figures x = {0};
	char query[8192];

	if (!ms || !cpu)
		abort();
	rng.state = (uint64_t) class + 100;
	(void)steps_of(reader);
	for (int i = 0; i < n; i++) {
		struct timing t;

		query_of((enum query_class) class, query, sizeof(query));
		if (one_query)
			snprintf(query, sizeof(query), "%s", one_query);
		t = run_one(f, reader, recalls, query, &x.rows);
		ms[i] = t.wall_ms;
		cpu[i] = t.cpu_ms;
	}
	x.steps = steps_of(reader);
	qsort(ms, (size_t)n, sizeof(*ms), ascending);
	qsort(cpu, (size_t)n, sizeof(*cpu), ascending);
	x.p50 = (struct timing){ms[n / 2], cpu[n / 2]};
	x.p99 = (struct timing){ms[n * 99 / 100], cpu[n * 99 / 100]};
	free(ms);
	free(cpu);
	return x;
}

static void
run_classes(struct store_fixture *f, bool recalls, int n)
{
	struct store *reader;

	sf_ok(f, store_open(f->db, STORE_READER, &reader, &f->e));
	for (int class = 0; class < CLASSES; class ++) {
		struct figures x;

		if (one_query ? class != 0
			      : one_class >= 0 && one_class != class)
			continue;
		x = run_class(f, reader, recalls, class, n);
		printf("%s, %-14s p50 %7.2f ms  p99 %7.2f ms  "
		       "(cpu p50 %6.2f p99 %6.2f)  rows %4.1f\n",
			recalls ? "recall" : "search", class_names[class],
			x.p50.wall_ms, x.p99.wall_ms, x.p50.cpu_ms,
			x.p99.cpu_ms, x.rows / n);
	}
	store_close(reader);
}

/* --- a quiet namespace ---------------------------------------------------- */

#define QUIET_ENTITIES 25
#define QUIET_QUERIES  200

static void
quiet_figures(struct store_fixture *f, struct figures v[2][SHORT_CLASSES])
{
	struct store *reader;

	sf_ok(f, store_open(f->db, STORE_READER, &reader, &f->e));
	for (int what = 0; what < 2; what++)
		for (int class = 0; class < SHORT_CLASSES; class ++) {
			/* once more for what is read only once */
			(void)run_class(f, reader, what, class, QUIET_QUERIES);
			v[what][class] = run_class(f, reader, what, class,
				QUIET_QUERIES);
		}
	store_close(reader);
}

static void
quiet_beside_busy(int facts)
{
	struct figures alone[2][SHORT_CLASSES], beside[2][SHORT_CLASSES];
	struct store_fixture f;
	int64_t busy;

	sf_open(&f);
	sf_begin(&f);
	sf_ok(&f, namespace_intern(f.w, "busy", &busy, &f.e));
	sf_ok(&f, namespace_intern(f.w, "quiet", &asked, &f.e));
	sf_commit(&f);
	f.ns = asked;
	build(&f, QUIET_ENTITIES);
	quiet_figures(&f, alone);
	f.ns = busy;
	build(&f, facts / 2);
	quiet_figures(&f, beside);
	for (int what = 0; what < 2; what++)
		for (int class = 0; class < SHORT_CLASSES; class ++) {
			const struct figures *a = &alone[what][class];
			const struct figures *b = &beside[what][class];

			printf("quiet: %s, %s: steps %" PRId64 " -> %" PRId64
			       ", rows %.0f -> %.0f, cpu %.3f -> %.3f ms\n",
				what ? "recall" : "search", class_names[class],
				a->steps / QUIET_QUERIES,
				b->steps / QUIET_QUERIES, a->rows, b->rows,
				a->p50.cpu_ms, b->p50.cpu_ms);
		}
	sf_close(&f);
}

/* --- options -------------------------------------------------------------- */

struct options {
	int64_t facts, queries, quiet;
	const char *what, *keep;
};

static bool
read_option(struct options *o, const char *name, const char *value)
{
	const struct {
		const char *name;
		int64_t least, most, *ret;
	} numbers[] = {
		{"--facts", 2, 10000000, &o->facts},
		{"--queries", 1, 1000000, &o->queries},
		{"--quiet", 2, 10000000, &o->quiet},
		{"--class", 0, CLASSES - 1, &one_class},
		{"--as-of", 1, INT64_MAX, &as_of},
		{"--long", 1, 1000, &long_words},
	};
	const struct {
		const char *name, **ret;
	} texts[] = {
		{"--what", &o->what},
		{"--keep", &o->keep},
		{"--query", &one_query},
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(name, numbers[i].name) == 0)
			return text_int(value, numbers[i].least,
				       numbers[i].most, numbers[i].ret) == 0;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].ret = value;
			return true;
		}
	return false;
}

int
main(int argc, char **argv)
{
	struct options o = {.facts = 200000, .queries = 250, .what = "search"};
	struct store_fixture f;
	bool good = argc % 2 == 1;
	int64_t begin;

	for (int i = 1; good && i + 1 < argc; i += 2)
		good = read_option(&o, argv[i], argv[i + 1]);
	if (!good) {
		fprintf(stderr, "usage: bench_search [--facts N] "
				"[--queries N] [--what search|recall|both] "
				"[--class K] [--query TEXT] [--as-of CHANGE] "
				"[--keep PATH] [--long N] [--quiet N]\n");
		return 100;
	}
	zipf_init();
	if (o.quiet > 0) {
		quiet_beside_busy((int)o.quiet);
		return 0;
	}
	good = o.keep && access(o.keep, F_OK) == 0;
	sf_open_at(&f, o.keep);
	begin = clock_mono_ns();
	if (!good)
		build(&f, (int)(o.facts / 2));
	printf("%" PRId64 " facts, built in %.1f s\n", o.facts,
		(double)(clock_mono_ns() - begin) / 1e9);
	for (int what = 0; what < 2; what++)
		if (strcmp(o.what, "both") == 0 ||
			strcmp(o.what, what ? "recall" : "search") == 0)
			run_classes(&f, what, (int)o.queries);
	sf_close(&f);
	return 0;
}
