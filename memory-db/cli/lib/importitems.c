/* Records of other memories are read one after the other, made into items
 * (importitem.h) and sent in calls of bounded size. Markers take the
 * places of secrets; what is known is not stored again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/owned.h"
#include "common/text.h"
#include "memory-db/cli/lib/bytesource.h"
#include "memory-db/cli/lib/importfrom_int.h"
#include "memory-db/cli/lib/importitem.h"
#include "memory-db/cli/lib/jstream.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/notes.h"
#include "memory-db/cli/lib/sqlitefile.h"

/* Of one call: facts, and text of turns. */
#define FACTS_MAX  100
#define FACT_BYTES (256 * 1024)
#define TURN_BYTES (128 * 1024)
/* Relations that wait for their ends to be there. */
#define RELATIONS_MAX  20000
#define RELATIONS_ONCE 500
#define LINE_BYTES     (6 * 1024 * 1024)

struct records {
	struct import_job *j;
	const struct import_kind *kind;
	struct import_item item;
	struct buf place; /* namespace */
	char file[128];	  /* name of the file: its session */
	size_t turn_bytes, fact_bytes;
	int64_t left_out;
};

/* --- sending --------------------------------------------------------------- */
static void
importitems_send_facts(struct records *r)
{
	importfrom_entities(r->j, r->place.data, r->item.entities);
	json_array_clear(r->item.entities);
	importfrom_facts(r->j, r->place.data, r->item.facts);
	json_array_clear(r->item.facts);
	r->fact_bytes = 0;
}

static void
keep_relations(struct records *r)
{
	if (json_array_extend(r->j->relations, r->item.relations) != 0)
		r->item.bad = MDB_E_NOMEM;
	json_array_clear(r->item.relations);
	if (json_array_size(r->j->relations) > RELATIONS_MAX)
		importfrom_relations(r->j);
}

static void
send_turns(struct records *r)
{
	importfrom_turns(r->j, r->place.data,
		r->item.session[0] ? r->item.session : r->file, r->item.turns);
	json_array_clear(r->item.turns);
	r->turn_bytes = 0;
}

/* Sends what is there when it is enough, or all of it. */
static void
flush_item(struct records *r, bool is_all)
{
	if (json_array_size(r->item.facts) + json_array_size(r->item.entities) +
				json_array_size(r->item.turns) >
			0 &&
		r->j->rc == CLI_OK)
		importfrom_prepare(r->j, r->place.data);
	if (is_all || r->turn_bytes > TURN_BYTES)
		send_turns(r);
	if (is_all || json_array_size(r->item.facts) >= FACTS_MAX ||
		json_array_size(r->item.entities) >= FACTS_MAX ||
		r->fact_bytes > FACT_BYTES) {
		importitems_send_facts(r);
	}
	keep_relations(r);
}

/* Turns of one conversation may be many: they go in pieces. */
static void
split_turns(struct records *r)
{
	AUTO_JSON json_t *all = r->item.turns;
	json_t *turn;
	size_t i;

	r->item.turns = json_array();
	json_array_foreach(all, i, turn) {
		if (!r->item.turns ||
			json_array_append(r->item.turns, turn) != 0) {
			r->item.bad = MDB_E_NOMEM;
			return;
		}
		r->turn_bytes += strlen(cli_str(turn, "content", ""));
		if (r->turn_bytes > TURN_BYTES && r->j->rc == CLI_OK) {
			importfrom_prepare(r->j, r->place.data);
			send_turns(r);
		}
	}
}

/* --- one record ------------------------------------------------------------ */
static int
take_element(void *ctx, const char *key, const json_t *element)
{
	struct records *r = ctx;
	char before[sizeof(r->item.session)];
	size_t facts = json_array_size(r->item.facts), turns;

	if (r->item.is_naming) {
		r->kind->map(&r->item, key, element);
		return r->item.bad;
	}
	memcpy(before, r->item.session, sizeof(before));
	turns = json_array_size(r->item.turns);
	r->item.is_whole = false;
	r->kind->map(&r->item, key, element);
	/* Turns of another session than those that wait: those go first. */
	if (turns > 0 && strcmp(before, r->item.session) != 0) {
		AUTO_JSON json_t *new_ = json_array();
		char now[sizeof(before)];

		for (size_t i = turns;
			new_ && i < json_array_size(r->item.turns); i++)
			r->item.bad |=
				json_array_append(new_,
					json_array_get(r->item.turns, i)) != 0;
		while (json_array_size(r->item.turns) > turns)
			json_array_remove(r->item.turns,
				json_array_size(r->item.turns) - 1);
		memcpy(now, r->item.session, sizeof(now));
		memcpy(r->item.session, before, sizeof(before));
		importfrom_prepare(r->j, r->place.data);
		send_turns(r);
		memcpy(r->item.session, now, sizeof(now));
		if (!new_ || json_array_extend(r->item.turns, new_) != 0)
			return MDB_E_NOMEM;
	}
	if (json_array_size(r->item.facts) > facts)
		r->fact_bytes += 2048;
	r->turn_bytes = 0;
	split_turns(r);
	flush_item(r, false);
	if (r->item.is_whole)
		send_turns(r);
	if (r->item.bad != 0)
		return r->item.bad;
	return r->j->rc == CLI_OK ? 0 : 1;
}

/* --- one file -------------------------------------------------------------- */
static int
take_json(struct records *r, struct bytesource *s)
{
	struct jstream_result result = {0};
	int rc = jstream_each(s, take_element, r, &result);

	r->left_out += result.left_out + result.is_torn;
	return rc;
}

/* A small file that is one record or a list of them. */
static int
importitems_take_whole(struct records *r, struct bytesource *s)
{
	AUTO_BUF struct buf text = {0};
	AUTO_JSON json_t *all = NULL;
	const json_t *x;
	ssize_t got;
	size_t i;

	do {
		if (text.len > JSTREAM_ELEMENT_BYTES ||
			buf_reserve(&text, 64 * 1024) != 0) {
			r->left_out++;
			return text.len > JSTREAM_ELEMENT_BYTES ? 0
								: MDB_E_NOMEM;
		}
		got = bytesource_read(s, text.data + text.len, 64 * 1024);
		if (got < 0)
			return (int)got;
		text.len += (size_t)got;
	} while (got > 0);
	all = text.len > 0 ? jx_parse_any(text.data, text.len, NULL) : NULL;
	r->left_out += all == NULL && text.len > 0;
	if (json_is_object(all))
		return take_element(r, "", all);
	json_array_foreach(all, i, x) {
		int rc = take_element(r, "", x);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
take_in_zip(void *ctx, const char *name, struct bytesource *s)
{
	struct records *r = ctx;
	size_t n = strlen(name);

	if (n < 5 || strcmp(name + n - 5, ".json") != 0)
		return 0;
	/* projects.json and memories.json, or a folder of either. */
	if (r->kind->has_names &&
		(strstr(name, "projects") || strstr(name, "memories")))
		return importitems_take_whole(r, s);
	/* conversations.json, conversations-001.json */
	if (r->item.is_naming || (!strstr(name, "conversations") &&
					 strcmp(r->kind->name, "mem0") != 0))
		return 0;
	return take_json(r, s);
}

static int
importitems_take_lines(struct records *r, int fd)
{
	AUTO_LINES struct lines l;
	const char *line;
	size_t n;
	int rc;

	lines_init(&l, fd, LINE_BYTES);
	while ((rc = lines_next(&l, &line, &n, NULL)) != 0) {
		AUTO_JSON json_t *j = NULL;

		if (rc < 0 && rc != MDB_E_LIMIT)
			return rc;
		if (rc > 0 && n > 0)
			j = jx_parse(line, n, NULL);
		if (!j) {
			r->left_out += n > 0 || rc < 0;
			continue;
		}
		rc = take_element(r, "", j);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* *ret_any: one of the tables is there. 1: the import is to end. */
static int
take_tables(struct records *r, const char *path, bool *ret_any, struct err *e)
{
	AUTO_SQLITEFILE struct sqlitefile *f = NULL;
	int rc = sqlitefile_open(path, &f, e);

	if (rc != 0)
		return rc;
	for (const char *const *t = r->kind->tables; *t; t++) {
		rc = sqlitefile_each(f, *t, take_element, r, e);

		*ret_any |= rc == 1;
		/* 1 is also what stops: then j->rc says why. */
		if (rc < 0 || (rc == 1 && r->j->rc != CLI_OK))
			return rc;
	}
	return 0;
}

static int
take_database(struct records *r, const char *path)
{
	struct err e = {0};
	bool has_any = false;
	int rc = take_tables(r, path, &has_any, &e);

	if (rc == 0 && has_any)
		return 0;
	if (rc < 0 && rc != MDB_E_NOMEM)
		cli_fail(0, "%s: %s", path, e.text);
	else if (rc == 0)
		cli_fail(0, "%s: it has none of the tables of %s", path,
			r->kind->name);
	if (r->j->rc == CLI_OK && rc != MDB_E_NOMEM)
		r->j->n.unread++;
	return rc == MDB_E_NOMEM ? rc : 0;
}

/* The text of a file in pieces: a note has no bound, memory has. */
static int
importitems_take_text(struct records *r, int fd, const char *name)
{
	AUTO_NOTE_PIECES struct note_pieces p = {.fd = fd};
	const char *text;
	size_t n;
	int rc;

	while ((rc = notes_piece(&p, &text, &n)) == 1) {
		if (!text_is_utf8(text, n) || memchr(text, '\0', n)) {
			r->j->n.unread++;
			return 0;
		}
		r->kind->map_text(&r->item, name, text, n);
		if (r->item.bad != 0)
			return r->item.bad;
		flush_item(r, true);
	}
	return rc < 0 ? rc : 0;
}

static bool
importitems_ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

static int
take_content(struct records *r, int fd, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	AUTO_BYTESOURCE struct bytesource *s = NULL;

	if (sqlitefile_is(fd) && r->kind->tables[0])
		return take_database(r, path);
	if (r->kind->map_text &&
		(!r->kind->map || importitems_ends_with(name, ".md")))
		return importitems_take_text(r, fd, name);
	/* Names of claude.ai stand in files of their own. */
	if (r->item.is_naming && r->kind->map == import_map_chat &&
		!bytesource_is_zip(fd))
		return 0;
	if (bytesource_is_zip(fd))
		return bytesource_each_in_zip(fd, take_in_zip, r, &r->left_out);
	if (importitems_ends_with(name, ".jsonl"))
		return importitems_take_lines(r, fd);
	s = bytesource_file(fd);
	return !s ? MDB_E_NOMEM : take_json(r, s);
}

/* Twice where records name others: the first time gathers the names. */
static int
take_records(struct records *r, int fd, const char *path)
{
	int rc = import_item_init(&r->item);

	if (rc != 0)
		return rc;
	if (!importfrom_namespace(r->j, NULL, &r->place))
		return MDB_E_NOMEM;
	if (r->kind->has_names) {
		r->item.is_naming = true;
		rc = take_content(r, fd, path);
		r->item.is_naming = false;
		r->left_out = 0;
		if (lseek(fd, 0, SEEK_SET) < 0)
			return MDB_E_STORE;
		if (rc != 0)
			return rc;
	}
	rc = take_content(r, fd, path);
	if (rc != 0)
		return rc;
	if (r->j->rc == CLI_OK)
		flush_item(r, true);
	return 0;
}

void
importfrom_records(struct import_job *j, int fd, const char *path)
{
	struct records r = {.j = j, .kind = import_kind_named(j->src->name)};
	const char *name = strrchr(path, '/') + 1;
	int rc;

	snprintf(r.file, sizeof(r.file), "%.*s", (int)strcspn(name, "."), name);
	rc = take_records(&r, fd, path);
	j->n.left_out += r.left_out;
	if (rc == MDB_E_NOMEM || r.item.bad != 0)
		j->rc = cli_nomem();
	else if (rc < 0)
		j->n.unread++;
	import_item_done(&r.item);
	buf_done(&r.place);
}

/* --- relations ------------------------------------------------------------- */
/* Ends that nobody told of are there as well: a [[link]] to a note that was
 * never written. */
static void
make_ends(struct import_job *j, const char *place, const json_t *part)
{
	AUTO_JSON json_t *ends = json_array(), *reply = NULL;
	const json_t *relation;
	json_t *params;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)part, i, relation) {
		static const char *const keys[] = {"from", "to"};

		for (size_t k = 0; k < 2; k++)
			if (jx_add(ends,
				    json_pack("{s:O,s:s,s:[]}", "name",
					    json_object_get(relation, keys[k]),
					    "entityType", "note",
					    "observations")) != 0) {
				j->rc = cli_nomem();
				return;
			}
	}
	params = json_pack("{s:O,s:s,s:s*}", "entities", ends, "mode", "skip",
		"scope", strcmp(place, "default") == 0 ? NULL : "project");
	/* The relation says the same names: they are counted there. */
	if (!params || importfrom_secrets(j, params) != 0) {
		json_decref(params);
		j->rc = cli_nomem();
		return;
	}
	reply = importfrom_ask(j, place, j->branch, "create_entities", params);
}

void
importfrom_relations(struct import_job *j)
{
	AUTO_BUF struct buf place = {0};

	if (json_array_size(j->relations) == 0 || j->rc != CLI_OK)
		return;
	if (!importfrom_namespace(j, NULL, &place)) {
		j->rc = cli_nomem();
		return;
	}
	importfrom_prepare(j, place.data);
	for (size_t at = 0;
		at < json_array_size(j->relations) && j->rc == CLI_OK;
		at += RELATIONS_ONCE) {
		AUTO_JSON json_t *part = json_array(), *reply = NULL;
		const json_t *row;
		size_t k;

		for (size_t i = at; i < at + RELATIONS_ONCE; i++)
			if (json_array_get(j->relations, i) &&
				json_array_append(part,
					json_array_get(j->relations, i)) != 0)
				j->rc = cli_nomem();
		if (j->rc == CLI_OK)
			make_ends(j, place.data, part);
		if (j->rc != CLI_OK)
			return;
		reply = importfrom_write(j, place.data, "create_relations",
			"relations", part);
		json_array_foreach(json_object_get(reply, "results"), k, row)
			j->n.relations += strcmp(cli_str(row, "action", ""),
						  "created") == 0;
	}
	json_array_clear(j->relations);
}
