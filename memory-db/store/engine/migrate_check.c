/* Is the schema of a file the one that the schema steps make?
 *
 * A file that comes from elsewhere may have a trigger, a view or a table in
 * another shape, and with it do things that no statement of ours would. So
 * before a file is used, each object in it is compared with what the steps
 * make, text against text, but for spaces and comments. What is too much,
 * missing or different refuses the file, by its name. */
#include "memory-db/store/engine/migrate.h"

#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"

#define NAME_SHOWN 64

/* --- equal but for spaces and comments ------------------------------------ */

static bool
migrate_check_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Where the text goes on behind spaces and comments: s itself when there are
 * none. */
static const char *
migrate_check_skip(const char *s)
{
	for (;;) {
		if (migrate_check_is_space(*s)) {
			s++;
		} else if (s[0] == '-' && s[1] == '-') {
			s += strcspn(s, "\n");
		} else if (s[0] == '/' && s[1] == '*') {
			const char *end = strstr(s + 2, "*/");

			s = end != NULL ? end + 2 : s + strlen(s);
		} else {
			return s;
		}
	}
}

/* Texts and quoted names are compared as they are. */
static char
closing(char c)
{
	if (c == '\'' || c == '"' || c == '`')
		return c;
	return c == '[' ? ']' : '\0';
}

static bool
same_sql(const char *a, const char *b)
{
	char until = '\0';

	for (;;) {
		if (until == '\0') {
			const char *next_a = migrate_check_skip(a),
				   *next_b = migrate_check_skip(b);
			/* At the end they do not matter; elsewhere they part
			 * words. */
			bool parted = (next_a != a) == (next_b != b);

			a = next_a, b = next_b;
			if (!parted && (*a != '\0' || *b != '\0'))
				return false;
		}
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
		if (until == '\0')
			until = closing(*a);
		else if (*a == until)
			until = '\0';
		a++, b++;
	}
}

/* --- what may be there ---------------------------------------------------- */

/* ANALYZE makes these, in whatever program it is called; they hold counts, and
 * their text is always this. */
static const struct migrate_object of_sqlite[] = {
	{0, 0, "table", "sqlite_stat1", "sqlite_stat1",
		"CREATE TABLE sqlite_stat1(tbl,idx,stat)"},
	{0, 0, "table", "sqlite_stat4", "sqlite_stat4",
		"CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"},
};

struct migrate_check_row {
	const char *type, *name, *table, *sql;
};

static bool
is_named(const struct migrate_object *o, const struct migrate_check_row *row)
{
	return strcmp(o->type, row->type) == 0 &&
	       strcmp(o->name, row->name) == 0;
}

static bool
migrate_check_is_same(const struct migrate_object *o,
	const struct migrate_check_row *row)
{
	if (strcmp(o->table, row->table) != 0)
		return false;
	if (!o->sql || !row->sql)
		return o->sql == row->sql;
	return same_sql(o->sql, row->sql);
}

/* As an error may show it: what a file says is not to be trusted. */
static void
migrate_check_show(const char *name, char out[NAME_SHOWN + 1])
{
	size_t n = 0;

	for (; name[n] != '\0' && n < NAME_SHOWN; n++)
		out[n] = name[n] >= ' ' && name[n] <= '~' ? name[n] : '?';
	out[n] = '\0';
}

static int
migrate_check_refuse(const char *what, const char *how,
	const struct migrate_check_row *row, struct err *e)
{
	char type[NAME_SHOWN + 1], name[NAME_SHOWN + 1];

	migrate_check_show(row->type, type);
	migrate_check_show(row->name, name);
	return err_set(e, MDB_E_CORRUPT,
		"%s is damaged or was changed by another program: the %s '%s' "
		"%s. Nothing was changed; look at the file with "
		"sqlite3 (.schema), or restore a backup",
		what, type, name, how);
}

/* The index of the object in migrate_objects, migrate_objects_n for one of
 * SQLite, -1 after an error. */
static ptrdiff_t
migrate_check_find(const struct migrate_check_row *row, int schema,
	const char *what, struct err *e)
{
	bool is_changed = false;

	for (size_t i = 0; i < migrate_objects_n; i++) {
		const struct migrate_object *o = &migrate_objects[i];

		if (schema < o->first || schema > o->last || !is_named(o, row))
			continue;
		if (migrate_check_is_same(o, row))
			return (ptrdiff_t)i;
		is_changed = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(of_sqlite); i++)
		if (is_named(&of_sqlite[i], row) &&
			migrate_check_is_same(&of_sqlite[i], row))
			return (ptrdiff_t)migrate_objects_n;
	(void)migrate_check_refuse(what,
		is_changed ? "is not as memory-db made it"
			   : "is none that memory-db makes",
		row, e);
	return -1;
}

static const char *
text(sqlite3_stmt *s, int column)
{
	const unsigned char *t = sqlite3_column_text(s, column);

	return t != NULL ? (const char *)t : "";
}

static int
migrate_check_compare(sqlite3_stmt *s, int schema, const char *what, bool *seen,
	struct err *e)
{
	int rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct migrate_check_row row = {text(s, 0), text(s, 1),
			text(s, 2), (const char *)sqlite3_column_text(s, 3)};
		ptrdiff_t i = migrate_check_find(&row, schema, what, e);

		if (i < 0)
			return MDB_E_CORRUPT;
		if (seen[i] && (size_t)i < migrate_objects_n)
			return migrate_check_refuse(what, "is there twice",
				&row, e);
		seen[i] = true;
	}
	if (rc != SQLITE_DONE)
		return err_set(e,
			rc == SQLITE_NOMEM ? MDB_E_NOMEM : MDB_E_CORRUPT,
			"%s is damaged: its schema cannot be read (%s); "
			"restore a backup",
			what, sqlite3_errmsg(sqlite3_db_handle(s)));
	for (size_t i = 0; i < migrate_objects_n; i++) {
		const struct migrate_object *o = &migrate_objects[i];
		struct migrate_check_row row = {o->type, o->name, o->table,
			o->sql};

		if (schema >= o->first && schema <= o->last && !seen[i])
			return migrate_check_refuse(what, "is missing", &row,
				e);
	}
	return 0;
}

int
migrate_check(sqlite3 *db, int schema, const char *what, struct err *e)
{
	AUTO_FREE bool *seen = calloc(migrate_objects_n + 1, sizeof(*seen));
	sqlite3_stmt *s = NULL;
	int rc;

	if (!seen)
		return err_nomem(e);
	if (sqlite3_prepare_v2(db,
		    "SELECT type, name, tbl_name, sql"
		    " FROM sqlite_schema",
		    -1, &s, NULL) != SQLITE_OK)
		rc = err_set(e, MDB_E_CORRUPT,
			"%s is damaged: its schema cannot be read (%s); "
			"restore a backup",
			what, sqlite3_errmsg(db));
	else
		rc = migrate_check_compare(s, schema, what, seen, e);
	sqlite3_finalize(s);
	return rc;
}
