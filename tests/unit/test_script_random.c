/* Random scripts: what a script did is what the same calls do directly, also
 * after what others wrote meanwhile; what it did not commit never was;
 * conflicts are whole, and what must be one is one; others write, checkpoint
 * and begin the log anew meanwhile. */
#include "tests/lib/unit.h"

#include "memory-db/model/script/script.h"
#include "tests/lib/idle.h"
#include "tests/lib/db_fixture.h"

#define NAMES 9

struct world {
	struct fixture *f;	/* where scripts run */
	struct fixture *direct; /* where the same calls are made directly */
	struct store *s;	/* STORE_SCRIPT */
	uint64_t random;
};

static unsigned
pick(struct world *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random >> 33) % n;
}

/* --- calls ---------------------------------------------------------------- */
struct made {
	const char *method;
	json_t *params;
};

/* Names from `low` on: so that two writers can keep out of each other's way.
 * Of the kinds of calls, the first 4 only add. */
#define ADDING 4
#define ANY    7
static struct made
random_call(struct world *w, unsigned low, unsigned n, unsigned kinds)
{
	char a[16], b[16], text[40];

	snprintf(a, sizeof(a), "e%u", low + pick(w, n));
	snprintf(b, sizeof(b), "e%u", low + pick(w, n));
	snprintf(text, sizeof(text), "pear %u", pick(w, 6));
	switch (pick(w, kinds)) {
	case 0:
	case 1:
		return (struct made){"create_entities",
			json_pack("{s:[{s:s,s:s,s:[s]}]}", "entities", "name",
				a, "entityType", "t", "observations", text)};
	case 2:
		return (struct made){"add_observations",
			json_pack("{s:[{s:s,s:[s]}]}", "observations",
				"entityName", a, "contents", text)};
	case 3:
		return (struct made){"create_relations",
			json_pack("{s:[{s:s,s:s,s:s}]}", "relations", "from", a,
				"to", b, "relationType", "knows")};
	case 4:
		return (struct made){"delete_observations",
			json_pack("{s:[{s:s,s:[s]}]}", "deletions",
				"entityName", a, "observations", text)};
	case 5:
		return (struct made){"delete_entities",
			json_pack("{s:[s]}", "entityNames", a)};
	default:
		return (struct made){"update_entity",
			json_pack("{s:s,s:s,s:{s:s}}", "name", a, "tier",
				pick(w, 2) ? "semantic" : "episodic",
				"metadata", "k", text)};
	}
}

/* --- the state ------------------------------------------------------------ */
#define GRAPH                                                                  \
	"{\"fields\":[\"name\",\"type\",\"observations\",\"relations\","       \
	"\"tier\",\"metadata\"]}"

/* The graph as text, without ids, times and order of entities. */
static char *
graph(struct fixture *f, struct store *st)
{
	struct call c = {.st = st, .ctx = &f->ctx, .params = parse(GRAPH)};
	json_t *result = NULL, *sorted = json_object(), *e;
	char *text;
	size_t i;

	must(f, m_read_graph(&c, &result, &f->e));
	assert_null(json_object_get(result, "next"));
	json_array_foreach(json_object_get(result, "entities"), i, e)
		assert_int_equal(json_object_set(sorted,
					 json_string_value(
						 json_object_get(e, "name")),
					 e),
			0);
	text = json_dumps(sorted, JSON_SORT_KEYS | JSON_COMPACT);
	assert_non_null(text);
	json_decref(sorted);
	json_decref(result);
	json_decref(c.params);
	return text;
}

static char *
graph_now(struct fixture *f)
{
	char *text;

	must(f, store_read_begin(f->r, &f->e));
	text = graph(f, f->r);
	store_read_end(f->r);
	return text;
}

static void
same(char *a, char *b)
{
	if (strcmp(a, b) != 0)
		print_error("%s\n%s\n", a, b);
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void
check_whole(struct fixture *f)
{
	const char *next;

	do_read(f, m_verify, "{}");
	for (;;) {
		assert_int_equal(json_array_size(
					 json_object_get(f->last, "problems")),
			0);
		next = json_string_value(json_object_get(f->last, "next"));
		if (next == NULL)
			return;
		must(f, fixture_read(f, m_verify,
				json_pack("{s:s}", "cursor", next)));
	}
}

/* --- scripts -------------------------------------------------------------- */
/* As the writer thread does it. 0 committed, 1 conflict. */
static int
commit(struct world *w, struct script *s)
{
	struct fixture *f = w->f;
	struct call c = {.st = f->w, .ctx = &f->ctx};
	json_t *pack = NULL;
	bool conflict;
	int64_t change;

	must(f, script_pack(s, &pack, &f->e));
	must(f, store_group_begin(f->w, &f->e));
	must(f, store_savepoint(f->w, &f->e));
	must(f, script_commit(&c, pack, method_run, &change, &conflict, &f->e));
	if (conflict)
		store_rollback(f->w);
	else
		must(f, store_release(f->w, &f->e));
	must(f, store_group_commit(f->w, &f->e));
	call_done(&c);
	json_decref(pack);
	return conflict;
}

/* Errors are a part of it: both sides have to give the same. */
static void
random_script(struct world *w, struct script *s, bool also_direct)
{
	unsigned n = 1 + pick(w, 8);

	for (unsigned i = 0; i < n; i++) {
		struct made m = random_call(w, 0, NAMES, ANY);
		json_t *result = NULL;
		int r = script_call(s, m.method, m.params, 5000, &result,
			&w->f->e);

		if (also_direct)
			assert_int_equal(fixture_write(w->direct,
						 method_of(tool_find(m.method)),
						 json_deep_copy(m.params)),
				r);
		json_decref(result);
		json_decref(m.params);
	}
}

/* As far as scripts and readers allow. */
static void
checkpoint(struct fixture *f)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM meta", NULL, NULL,
				 NULL),
		SQLITE_OK); /* it has no log before */
	assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL,
				 SQLITE_CHECKPOINT_PASSIVE, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
}

static void
others_write(struct world *w, unsigned low, unsigned n, bool also_direct)
{
	for (unsigned i = pick(w, 4); i > 0; i--) {
		struct made m = random_call(w, low, n, ANY);

		if (also_direct)
			(void)fixture_write(w->direct,
				method_of(tool_find(m.method)),
				json_deep_copy(m.params));
		(void)fixture_write(w->f, method_of(tool_find(m.method)),
			m.params);
	}
	if (pick(w, 4) == 0)
		checkpoint(w->f);
	else if (pick(w, 3) == 0)
		(void)idle_step(w->f->w);
}

static struct script
new_script(struct world *w)
{
	return (struct script){.st = w->s,
		.ctx = &w->f->ctx,
		.run = method_run};
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->f = fixture_new();
	w->direct = fixture_new();
	w->random = 88172645463325252u;
	must(w->f, store_open(w->f->db, STORE_SCRIPT, &w->s, &w->f->e));
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	store_close(w->s);
	fixture_free(w->f);
	fixture_free(w->direct);
	free(w);
	return 0;
}

static void
test_equals_direct_calls(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 60; i++) {
		struct script s = new_script(w);

		random_script(w, &s, true);
		if (s.began)
			same(graph(w->f, w->s), graph_now(w->direct));
		if (script_wrote(&s))
			assert_int_equal(commit(w, &s), 0);
		script_done(&s);
		same(graph_now(w->f), graph_now(w->direct));
	}
	check_whole(w->f);
}

static void
test_dry_runs_leave_nothing(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 30; i++) {
		struct script s = new_script(w);
		json_t *changes = NULL;
		char *before;

		others_write(w, 0, NAMES, false);
		before = graph_now(w->f);
		random_script(w, &s, false);
		if (script_wrote(&s))
			must(w->f, script_changes(&s, &changes, &w->f->e));
		json_decref(changes);
		script_done(&s);
		same(graph_now(w->f), before);
	}
	check_whole(w->f);
}

/* Others write what the script reads and writes, or only what it does not. */
static void
test_interleavings(void **state)
{
	struct world *w = *state;
	int conflicts = 0, commits = 0;

	for (int i = 0; i < 200; i++) {
		struct script s = new_script(w);
		bool apart = pick(w, 2) == 0;
		char *view, *before;
		int r;

		random_script(w, &s, false);
		if (!s.began) /* it begins with its first call */
			continue;
		view = graph(w->f, w->s);
		if (apart)
			others_write(w, NAMES, 3, false);
		else
			others_write(w, 0, NAMES, false);
		same(graph(w->f, w->s), view); /* nothing moves under it */
		before = graph_now(w->f);
		r = script_wrote(&s) ? commit(w, &s) : 1;
		if (r == 1)
			same(graph_now(w->f), before);
		else
			free(before);
		assert_true(!apart || r == 0 || !script_wrote(&s));
		conflicts += r && script_wrote(&s);
		commits += !r;
		script_done(&s);
	}
	assert_true(conflicts > 10);
	assert_true(commits > 50);
	check_whole(w->f);
}

/* --- additions to the same entities --------------------------------------- */
#define NAMES_FEW 3

/* What a script that adds, and perhaps reads, did. */
struct adder {
	struct made calls[8];
	size_t n;
	unsigned read; /* bit: it was told what e<bit> says */
};

static void
read_one(struct world *w, struct script *s, struct adder *a)
{
	bool search = pick(w, 4) == 0;
	unsigned i = pick(w, NAMES_FEW);
	char name[16];
	json_t *params, *result = NULL;

	snprintf(name, sizeof(name), "e%u", i);
	params = search ? json_pack("{s:s}", "query", "pear")
			: json_pack("{s:[s]}", "names", name);
	must(w->f, script_call(s, search ? "search_nodes" : "open_nodes",
			   params, 5000, &result, &w->f->e));
	a->read |= search ? ~0u : 1u << i;
	json_decref(result);
	json_decref(params);
}

static void
adding_script(struct world *w, struct script *s, struct adder *a)
{
	unsigned n = 1 + pick(w, ARRAY_LEN(a->calls) - 1);

	while (n-- > 0) {
		struct made m = random_call(w, 0, NAMES_FEW, ADDING);
		json_t *result = NULL;
		int r;

		if (pick(w, 6) == 0)
			read_one(w, s, a);
		r = script_call(s, m.method, m.params, 5000, &result, &w->f->e);
		json_decref(result);
		if (r == 0) {
			a->calls[a->n++] = m;
			continue;
		}
		json_decref(m.params);
		a->read = ~0u; /* told that something is not there */
	}
}

/* Names in e0.. that differ between two graphs, as bits. */
static unsigned
changed(const char *before, const char *after)
{
	json_t *a = parse(before), *b = parse(after);
	unsigned bits = 0;

	for (unsigned i = 0; i < NAMES_FEW; i++) {
		char name[16];
		json_t *x, *y;

		snprintf(name, sizeof(name), "e%u", i);
		x = json_object_get(a, name);
		y = json_object_get(b, name);
		if (x != y && !json_equal(x, y))
			bits |= 1u << i;
	}
	json_decref(a);
	json_decref(b);
	return bits;
}

static unsigned
script_changed(struct world *w, struct script *s)
{
	json_t *rows = NULL, *row;
	unsigned bits = 0;
	size_t i;

	must(w->f, script_changes(s, &rows, &w->f->e));
	json_array_foreach(rows, i, row)
		bits |= 1u << (json_string_value(
				       json_object_get(row, "entity"))[1] -
				'0');
	json_decref(rows);
	return bits;
}

/* A committed script is as if it had run behind the others; one that was told
 * what they changed, and wrote there, is a conflict. */
static void
test_additions_commute(void **state)
{
	struct world *w = *state;
	int beside = 0, conflicts = 0;

	for (int i = 0; i < 400; i++) {
		struct script s = new_script(w);
		struct adder a = {0};
		char *before = graph_now(w->f), *between;
		unsigned theirs, mine;
		int r = 1;

		adding_script(w, &s, &a);
		others_write(w, 0, NAMES_FEW, true);
		between = graph_now(w->f);
		theirs = changed(before, between);
		mine = s.began ? script_changed(w, &s) : 0;
		if (script_wrote(&s))
			r = commit(w, &s);
		assert_true(r == 1 || !(mine & theirs & a.read));
		beside += r == 0 && (mine & theirs);
		conflicts += r == 1 && script_wrote(&s);
		for (size_t k = 0; k < a.n; k++) {
			if (r == 0)
				must(w->f, fixture_write(w->direct,
						   method_of(tool_find(
							   a.calls[k].method)),
						   json_incref(
							   a.calls[k].params)));
			json_decref(a.calls[k].params);
		}
		script_done(&s);
		free(before);
		free(between);
		same(graph_now(w->f), graph_now(w->direct));
	}
	assert_true(beside > 20);
	assert_true(conflicts > 20);
	check_whole(w->f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_equals_direct_calls, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_dry_runs_leave_nothing,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_interleavings, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_additions_commute, setup,
			teardown),
	};

	return cmocka_run_group_tests_name("script_random", tests, NULL, NULL);
}
