/* verify: rows altered behind the service's back, table by table. */
#include "tests/lib/unit.h"

#include "tests/lib/verify_fixture.h"

struct tampering {
	const char *sql, *what;
};

static const struct tampering cases[] = {
	{"UPDATE change SET message = 'First meeting' WHERE id = 1", "message"},
	{"UPDATE change SET message_salt = randomblob(8) WHERE id = 1",
		"message"},
	{"UPDATE change SET message_digest = zeroblob(16) WHERE id = 1",
		"chain"},
	{"UPDATE change SET at = at + 1 WHERE id = 2", "chain"},
	{"UPDATE change SET at = at - 100000000 WHERE id = 5", "change"},
	{"UPDATE change SET kind = 2 WHERE id = 3", "chain"},
	{"UPDATE change SET about = 1 WHERE id = 3", "chain"},
	{"UPDATE change SET session = NULL WHERE id = 3", "chain"},
	{"UPDATE change SET client = session WHERE id = 3", "chain"},
	{"UPDATE change SET actor = 1 WHERE id = 3", "chain"},
	{"UPDATE change SET ns = 1 WHERE id = 7", "chain"},
	{"UPDATE change SET chain = zeroblob(32) WHERE id = 4", "chain"},
	{"UPDATE change SET chain = zeroblob(32) WHERE id = 8", "head"},
	{"UPDATE change SET fact_max = fact_max + 1 WHERE id = 4", "change"},
	{"UPDATE change SET past_max = past_max + 1 WHERE id = 4", "change"},
	{"UPDATE change SET id = 80 WHERE id = 8", "chain"},
	{"DELETE FROM change WHERE id = 2", "chain"},
	{"DELETE FROM change WHERE id = 8", "head"},
	{"DELETE FROM change WHERE id = 8", "op"},
	{"UPDATE op SET entity = 2 WHERE change = 1 AND seq = 0", "chain"},
	{"UPDATE op SET what = 2 WHERE change = 1 AND seq = 0", "chain"},
	{"UPDATE op SET fact = fact + 1 WHERE change = 4 AND seq = 0", "chain"},
	{"UPDATE op SET key = 2 WHERE change = 3 AND key = 1", "chain"},
	{"UPDATE op SET value = 3 WHERE change = 3 AND key = 1", "chain"},
	{"UPDATE op SET seq = 9 WHERE change = 1 AND seq = 1", "op"},
	{"DELETE FROM op WHERE change = 1 AND seq = 3", "chain"},
	{"INSERT INTO op SELECT change, 99, what, entity, fact, key, value "
	 "FROM op WHERE change = 1 AND seq = 0",
		"chain"},
	{"UPDATE label SET text = 'persom' WHERE text = 'person'", "digest"},
	{"UPDATE label SET text = 's2' WHERE text = 's1'", "chain"},
	{"UPDATE label SET text = 'Eve' WHERE text = 'eve'", "digest"},
	{"UPDATE namespace SET head = zeroblob(32) WHERE id = 2", "head"},
	{"UPDATE namespace SET last_change = 3 WHERE id = 1", "head"},
	{"UPDATE namespace SET fact_max = fact_max + 1 WHERE id = 1", "head"},
	{"UPDATE namespace SET past_max = past_max - 1 WHERE id = 1", "head"},
	{"INSERT INTO namespace_alias VALUES('p1', 1)", "name"},
	{"UPDATE entity SET name = 'adq' WHERE id = 1", "digest"},
	{"UPDATE entity SET ns = 2 WHERE id = 2", "version"},
	{"DELETE FROM alias WHERE name = 'robert'", "name"},
	{"UPDATE alias SET name = 'rupert' WHERE name = 'robert'", "name"},
	{"UPDATE alias SET ns = 2 WHERE name = 'robert'", "name"},
	{"UPDATE fact SET entity = 2 WHERE kind = 1 AND entity = 1", "digest"},
	{"UPDATE fact SET kind = 3 WHERE id = (SELECT min(id) FROM fact WHERE "
	 "kind = 1)",
		"digest"},
	{"UPDATE fact SET peer = 1 WHERE kind = 2", "digest"},
	{"UPDATE fact SET weight = 0.25 WHERE kind = 2", "digest"},
	{"UPDATE fact SET method = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET confidence = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET valid_from = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET valid_to = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET source = NULL WHERE source IS NOT NULL", "digest"},
	{"UPDATE fact SET speaker = NULL WHERE speaker IS NOT NULL", "digest"},
	{"UPDATE fact SET source_at = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET supersedes = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET same = same + 1 WHERE kind = 1", "fact"},
	{"UPDATE fact SET same = same + 1 WHERE kind = 2", "fact"},
	{"UPDATE fact SET salt = zeroblob(8) WHERE kind = 0", "digest"},
	{"UPDATE fact SET salt = NULL, body = NULL WHERE kind = 1", "digest"},
	{"UPDATE fact SET digest = zeroblob(16) WHERE kind = 1", "digest"},
	{"UPDATE fact SET digest = zeroblob(16) WHERE kind = 1", "chain"},
	{"UPDATE fact SET size = size + 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET body = NULL WHERE kind = 1", "digest"},
	{"INSERT INTO fact(id, entity, kind, method, salt, digest, size) "
	 "SELECT max(id) + 1, entity, kind, method, salt, digest, size FROM "
	 "fact",
		"head"},
	{"DELETE FROM fact WHERE kind = 3", "sqlite"},
	{"UPDATE span SET removed = 140737488355327 WHERE removed = 4", "span"},
	{"UPDATE span SET removed = 5 WHERE removed = 4", "span"},
	{"UPDATE span SET removed = 5 WHERE fact = (SELECT min(fact) FROM span)",
		"span"},
	{"UPDATE span SET added = 3 WHERE added = 2", "span"},
	{"UPDATE span SET branch = 2 WHERE added = 2", "span"},
	{"UPDATE span SET entity = 2 WHERE entity = 1", "span"},
	{"DELETE FROM span WHERE added = 2", "span"},
	{"INSERT INTO span SELECT fact, 1, 6, 140737488355327, entity FROM span "
	 "WHERE removed = 4",
		"span"},
	{"UPDATE attr SET value = 3 WHERE key = 1 AND entity = 1", "attribute"},
	{"UPDATE attr SET added = 2 WHERE key = 1 AND entity = 1", "attribute"},
	{"DELETE FROM attr WHERE key = 2", "attribute"},
	{"UPDATE attr SET removed = 5 WHERE key = 2", "attribute"},
	{"INSERT INTO attr VALUES(4, 1, 2, 140737488355327, 6, 1)",
		"attribute"},
	{"UPDATE version SET n = 9 WHERE entity = 1 AND n = 2", "version"},
	{"UPDATE version SET change = 5 WHERE entity = 1 AND n = 4", "version"},
	{"DELETE FROM version WHERE entity = 1 AND n = 4", "version"},
	{"INSERT INTO version VALUES(1, 1, 5, 6, 10)", "version"},
	{"UPDATE version SET bytes = bytes + 1 WHERE entity = 1 AND n = 1",
		"counter"},
	{"UPDATE past SET added = 2 WHERE removed = 4", "past"},
	{"UPDATE past SET fact = fact + 1 WHERE removed = 4", "past"},
	{"DELETE FROM past WHERE removed = 4", "past"},
	{"UPDATE tally SET n = n + 1 WHERE kind = 1 AND key = 2", "counter"},
	{"DELETE FROM tally WHERE kind = 3", "counter"},
	{"INSERT INTO ft_live(rowid, name, body) VALUES(8589934593, 'x', "
	 "'ghost')",
		"text index"},
	{"INSERT INTO ft_past(rowid, name, body) VALUES(8589934599, '', "
	 "'ghost')",
		"text index"},
	{"DELETE FROM ft_live_data WHERE id > 10", "text index"},
};

/* Branches, a merge with a conflict, derived facts, something forgotten. */
static void
fill_more(struct fixture *f)
{
	fill(f);
	do_write(f, m_memory_branch,
		"{\"action\":\"create\",\"name\":\"try\"}"); /* 9 */
	f->ctx.branch = "try";
	do_write(f, m_add_observations,
		"{\"observations\":[{\"entityName\":\"ada\",\"contents\":["
		"\"on the branch\",{\"text\":\"a conclusion\","
		"\"derived_from\":[\"robert\"]}]}]}"); /* 10 */
	do_write(f, m_delete_observations,
		"{\"deletions\":[{\"entityName\":\"ada\",\"observations\":["
		"\"likes tea and long walks in the evening\"]}]}"); /* 11 */
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"tier\":\"procedural\"}"); /* 12 */
	f->ctx.branch = "main";
	do_write(f, m_memory_merge, "{\"branch\":\"try\"}"); /* 13 */
	do_write(f, m_memory_branch,
		"{\"action\":\"create\",\"name\":\"no\"}"); /* 14 */
	do_write(f, m_memory_branch,
		"{\"action\":\"discard\",\"name\":\"no\"}"); /* 15 */
	do_write(f, m_forget,
		"{\"name\":\"ada\",\"observation\":"
		"\"plays chess\",\"confirm\":true}"); /* 16 */
}

static const struct tampering more_cases[] = {
	{"UPDATE branch SET fork = 3 WHERE id = 2", "branch"},
	{"UPDATE branch SET state = 2 WHERE id = 2", "branch"},
	{"UPDATE branch SET state = 0 WHERE id = 3", "branch"},
	{"INSERT INTO branch(ns, name, parent, fork) VALUES(1, 'x', 1, 3)",
		"branch"},
	{"DELETE FROM merged", "branch"},
	{"UPDATE merged SET upto = 3", "branch"},
	{"INSERT INTO merged VALUES(3, 14, 13)", "branch"},
	{"DELETE FROM derived", "derivation"},
	{"UPDATE derived SET source = source - 1", "derivation"},
	{"INSERT INTO derived SELECT source + 1, fact FROM derived", "branch"},
	{"UPDATE fact SET flags = 0", "derivation"},
	{"UPDATE op SET value = 3 WHERE what = 4", "chain"},
	{"UPDATE span SET added = added + 1 WHERE branch = 2 AND removed > 11",
		"span"},
	{"UPDATE span SET removed = 140737488355327 WHERE branch = 2 AND "
	 "removed = 11",
		"span"},
	{"UPDATE span SET removed = 12 WHERE branch = 2 AND added = 10",
		"span"},
	{"DELETE FROM span WHERE branch = 2 AND removed = 11", "span"},
	{"INSERT INTO span SELECT min(id), 2, 12, 12, entity FROM fact",
		"span"},
	{"UPDATE attr SET value = 1 WHERE branch = 2", "attribute"},
	{"UPDATE version SET branch = 1 WHERE branch = 2 AND change = 12",
		"version"},
	{"UPDATE fact SET salt = zeroblob(8), size = 1, body = x'0061' "
	 "WHERE salt IS NULL",
		"digest"},
	{"UPDATE op SET what = 6 WHERE what = 5", "digest"},
};

static void
check_cases(void (*filler)(struct fixture *f), const struct tampering *list,
	size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fixture *f = fixture_new();

		filler(f);
		assert_clean(f);
		tamper(f, list[i].sql);
		assert_problem(f, list[i].sql, list[i].what);
		if (i % 8 == 0) { /* also in a process that starts anew */
			fixture_close_stores(f);
			fixture_open_stores(f);
			assert_problem(f, list[i].sql, list[i].what);
		}
		fixture_free(f);
	}
}

static void
test_altered_rows(void **state)
{
	(void)state;
	check_cases(fill, cases, ARRAY_LEN(cases));
}

static void
test_altered_branches(void **state)
{
	(void)state;
	check_cases(fill_more, more_cases, ARRAY_LEN(more_cases));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(
							  test_altered_rows),
		cmocka_unit_test(test_altered_branches)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
