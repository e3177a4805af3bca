/* A line is written for people, and read back as an import would read it. Where
 * that gives something else than the fact, the fact itself follows in a
 * comment. */
#include "memory-db/cli/lib/exportmd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/emptyfolder.h"
#include "memory-db/cli/lib/importitem.h"
#include "memory-db/cli/lib/newfile.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/yamltext.h"

#define PAGE_ROWS 200
/* Of a file name, before its number and ending. */
#define SLUG_BYTES 80

/* --- one line -------------------------------------------------------------- */
/* A text on one line. */
static int
exportmd_add_line(const char *s, struct buf *out)
{
	for (; *s; s++)
		if (buf_addc(out, *s == '\n' || *s == '\r' ? ' ' : *s) != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* JSON that ends no comment: ">" only stands in texts. */
static int
add_comment(const json_t *value, struct buf *out)
{
	AUTO_BUF struct buf text = {0};

	if (jx_dump(value, &text) != 0 || buf_adds(out, EXPORTMD_MARK) != 0)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] == '>' ? buf_adds(out, "\\u003e")
					 : buf_addc(out, text.data[i])) != 0)
			return MDB_E_NOMEM;
	return buf_adds(out, " -->\n");
}

/* The `category` of its metadata, when it can stand in front in brackets. */
static const char *
category_of(const json_t *fact)
{
	const char *said =
		jx_text(json_object_get(fact, "metadata"), "category");

	return said && said[0] && !strpbrk(said, "[]\n") ? said : NULL;
}

static bool
is_plain_tag(const char *tag)
{
	for (const char *s = tag; *s; s++)
		if (isspace((unsigned char)*s) || *s == '#')
			return false;
	return tag[0] != '\0';
}

/* "- [method] text #tag (context)". */
static int
fact_line(const json_t *fact, struct buf *out)
{
	const char *category = category_of(fact), *context;
	const json_t *tag;
	size_t i;

	if (buf_adds(out, "- ") != 0 ||
		(category && buf_addf(out, "[%s] ", category) != 0) ||
		exportmd_add_line(jx_text(fact, "text"), out) != 0)
		return MDB_E_NOMEM;
	json_array_foreach(json_object_get(fact, "tags"), i, tag) {
		const char *s = json_string_value(tag);

		if (s && is_plain_tag(s) &&
			!(category && strcmp(s, category) == 0) &&
			buf_addf(out, " #%s", s) != 0)
			return MDB_E_NOMEM;
	}
	context = jx_text(json_object_get(fact, "metadata"), "context");
	if (category && context && !strpbrk(context, "()\n") &&
		buf_addf(out, " (%s)", context) != 0)
		return MDB_E_NOMEM;
	return buf_addc(out, '\n');
}

/* What of a fact an import takes: in the order in which it gives it. */
static json_t *
fact_content(const json_t *fact)
{
	static const char *const members[] = {"text", "tags", "metadata",
		"valid_from", "valid_to", "salience"};
	AUTO_JSON json_t *o = json_object();

	for (size_t i = 0; o && i < ARRAY_LEN(members); i++) {
		json_t *v = json_object_get(fact, members[i]);

		if (v && !(json_is_array(v) && json_array_size(v) == 0) &&
			json_object_set(o, members[i], v) != 0)
			return NULL;
	}
	return take_ptr(o);
}

static bool
has_tag(const json_t *tags, const json_t *tag)
{
	const json_t *t;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)tags, i, t)
		if (json_equal(t, tag))
			return true;
	return false;
}

/* The same, whatever the order of the tags. */
static bool
is_same_content(const json_t *a, const json_t *b)
{
	const json_t *x = json_object_get(a, "tags");
	const json_t *y = json_object_get(b, "tags"), *t;
	AUTO_JSON json_t *p = jx_copy(a);
	AUTO_JSON json_t *q = jx_copy(b);
	size_t i;

	if (!p || !q || json_array_size(x) != json_array_size(y))
		return false;
	json_array_foreach((json_t *)(uintptr_t)x, i, t)
		if (!has_tag(y, t))
			return false;
	json_object_del(p, "tags");
	json_object_del(q, "tags");
	return json_equal(p, q);
}

/* Does the line alone say all of the fact, and nothing else? */
static bool
is_read_back(const char *line, size_t n, const json_t *content)
{
	struct import_item i;
	bool is_same = false;

	if (import_item_init(&i) == 0) {
		import_text_basic(&i, "x", line, n);
		is_same = i.bad == 0 && json_array_size(i.facts) == 1 &&
			  json_array_size(i.relations) == 0 &&
			  is_same_content(
				  json_array_get(json_object_get(
							 json_array_get(i.facts,
								 0),
							 "contents"),
					  0),
				  content);
	}
	import_item_done(&i);
	return is_same;
}

static int
exportmd_add_fact(const json_t *fact, struct buf *out)
{
	AUTO_JSON json_t *content = fact_content(fact);
	AUTO_BUF struct buf line = {0};

	if (!content || fact_line(fact, &line) != 0 ||
		buf_add(out, line.data, line.len) != 0)
		return MDB_E_NOMEM;
	return is_read_back(line.data, line.len, content)
		       ? 0
		       : add_comment(content, out);
}

static int
add_relation(const json_t *relation, struct buf *out)
{
	const char *type = jx_text(relation, "relationType");
	const char *to = jx_text(relation, "to");
	bool is_plain = !json_object_get(relation, "weight") && to && type &&
			type[0] != '[' && !isspace((unsigned char)type[0]) &&
			!isspace((unsigned char)type[strlen(type) - 1]) &&
			!strstr(type, "[[") && !strpbrk(type, "\n\r") &&
			!strpbrk(to, "[]|#\n\r") &&
			!isspace((unsigned char)to[0]);
	AUTO_JSON json_t *o = NULL;

	if (!to || !type)
		return 0;
	if (buf_adds(out, "- ") != 0 || exportmd_add_line(type, out) != 0 ||
		buf_adds(out, " [[") != 0 || exportmd_add_line(to, out) != 0 ||
		buf_adds(out, "]]\n") != 0)
		return MDB_E_NOMEM;
	if (is_plain)
		return 0;
	o = json_pack("{s:O,s:O,s:O*}", "relationType",
		json_object_get(relation, "relationType"), "to",
		json_object_get(relation, "to"), "weight",
		json_object_get(relation, "weight"));
	return !o ? MDB_E_NOMEM : add_comment(o, out);
}

/* --- one entity ------------------------------------------------------------ */
/* "title: .." or "- ..": in quotes what YAML would read as something else. */
static int
add_front(const char *key, const char *value, struct buf *out)
{
	if (buf_adds(out, key) != 0)
		return MDB_E_NOMEM;
	if (yamltext_is_plain(value))
		return buf_addf(out, "%s\n", value);
	return jx_quote(value, strlen(value), out) != 0 ? MDB_E_NOMEM
							: buf_addc(out, '\n');
}

/* What the frontmatter does not hold, for the way back. */
static json_t *
entity_content(const json_t *entity)
{
	const char *tier = jx_text(entity, "tier");
	json_t *metadata = json_object_get(entity, "metadata");

	return json_pack("{s:O,s:O,s:O*,s:s*,s:b}", "name",
		json_object_get(entity, "name"), "entityType",
		json_object_get(entity, "type"), "metadata",
		json_object_size(metadata) > 0 ? metadata : NULL, "tier", tier,
		"pin", json_is_true(json_object_get(entity, "pin")));
}

int
exportmd_entity(const json_t *entity, const json_t *relations, struct buf *out)
{
	const char *name = jx_text(entity, "name");
	AUTO_JSON json_t *content = entity_content(entity);
	const json_t *x, *tags;
	size_t i;

	if (!content || buf_adds(out, "---\n") != 0 ||
		add_front("title: ", name, out) != 0 ||
		add_front("type: ", jx_text(entity, "type"), out) != 0)
		return MDB_E_NOMEM;
	tags = json_object_get(json_object_get(entity, "metadata"), "tags");
	if (json_array_size(tags) > 0 && buf_adds(out, "tags:\n") != 0)
		return MDB_E_NOMEM;
	json_array_foreach((json_t *)(uintptr_t)tags, i, x)
		if (json_is_string(x) &&
			add_front("- ", json_string_value(x), out) != 0)
			return MDB_E_NOMEM;
	if (buf_adds(out, "---\n") != 0 || add_comment(content, out) != 0 ||
		buf_adds(out, "\n# ") != 0 ||
		exportmd_add_line(name, out) != 0 ||
		buf_adds(out, "\n\n## Observations\n") != 0)
		return MDB_E_NOMEM;
	json_array_foreach(json_object_get(entity, "facts"), i, x)
		if (exportmd_add_fact(x, out) != 0)
			return MDB_E_NOMEM;
	if (json_array_size(relations) > 0 &&
		buf_adds(out, "\n## Relations\n") != 0)
		return MDB_E_NOMEM;
	json_array_foreach((json_t *)(uintptr_t)relations, i, x)
		if (add_relation(x, out) != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* --- the folder ------------------------------------------------------------ */
struct markdown {
	struct cli *c;
	const char *folder;
	json_t *slugs;	   /* lower-case file names that are taken; owned */
	json_t *entities;  /* of a page, owned */
	json_t *relations; /* name -> [relation]; owned */
	int64_t files;
	struct progress progress;
};

/* A file name of a name: letters and digits stay, case too. */
static int
file_name(struct markdown *m, const char *name, char out[SLUG_BYTES + 32])
{
	char slug[SLUG_BYTES + 1], key[SLUG_BYTES + 32];
	size_t n = 0;

	for (const char *s = name; *s && n < SLUG_BYTES; s++) {
		bool is_kept = isalnum((unsigned char)*s) ||
			       (unsigned char)*s >= 0x80 || strchr("-_", *s);

		if (is_kept || (n > 0 && slug[n - 1] != '-'))
			slug[n++] = is_kept ? *s : '-';
	}
	slug[n] = '\0';
	n = text_cut(slug, n);
	while (n > 0 && slug[n - 1] == '-')
		n--;
	slug[n] = '\0';
	for (int i = 1;; i++) {
		if (i == 1)
			snprintf(out, SLUG_BYTES + 32, "%s",
				n > 0 ? slug : "entity");
		else
			snprintf(out, SLUG_BYTES + 32, "%s-%d",
				n > 0 ? slug : "entity", i);
		/* Some file systems see no difference in case. */
		for (size_t k = 0; k <= strlen(out); k++)
			key[k] = (char)tolower((unsigned char)out[k]);
		if (!json_object_get(m->slugs, key))
			return jx_set(m->slugs, key, json_true());
	}
}

static int
exportmd_write_file(struct markdown *m, const json_t *entity)
{
	AUTO_NEWFILE struct newfile nf = {0};
	AUTO_BUF struct buf text = {0};
	char name[SLUG_BYTES + 32], path[PATH_MAX];
	struct err e = {0};

	if (file_name(m, jx_text(entity, "name"), name) != 0 ||
		exportmd_entity(entity,
			json_object_get(m->relations, jx_text(entity, "name")),
			&text) != 0)
		return cli_nomem();
	if (snprintf(path, sizeof(path), "%s/%s.md", m->folder, name) >=
		(int)sizeof(path))
		return cli_fail(CLI_USAGE, "%s: too long", m->folder);
	if (newfile_open(&nf, path, 0600, &e) != 0)
		return cli_fail_err(&e);
	fwrite(text.data, 1, text.len, nf.f);
	if (newfile_commit(&nf, &e) != 0)
		return cli_fail_err(&e);
	progress_at(&m->progress, -1, ++m->files, "files");
	return CLI_OK;
}

/* A read of a project gives the user's own memory beside it, and says of what
 * namespace that is; a folder is of one namespace. */
static bool
is_of_elsewhere(const json_t *x)
{
	return json_object_get(x, "namespace") ||
	       json_object_get(x, "from_namespace") ||
	       json_object_get(x, "to_namespace");
}

static int
exportmd_take_page(struct markdown *m, const json_t *reply)
{
	const char *name;
	const json_t *x;
	size_t i;

	json_array_foreach(json_object_get(reply, "relations"), i, x) {
		json_t *list;

		name = jx_text(x, "from");
		if (!name || is_of_elsewhere(x))
			continue;
		list = json_object_get(m->relations, name);
		if (!list) {
			list = json_array();
			if (jx_set(m->relations, name, list) != 0)
				return cli_nomem();
		}
		if (!has_tag(list, x) &&
			json_array_append(list, (json_t *)(uintptr_t)x) != 0)
			return cli_nomem();
	}
	json_array_foreach(json_object_get(reply, "entities"), i, x) {
		if (is_of_elsewhere(x))
			continue;
		if (cli_int(x, "omitted", 0) > 0)
			return cli_fail(CLI_PROBLEM,
				"%s has more facts than one reply holds (%lld "
				"were left out): nothing was written; export "
				"without --markdown has all",
				cli_str(x, "name", "?"),
				(long long)cli_int(x, "omitted", 0));
		if (json_array_append(m->entities, (json_t *)(uintptr_t)x) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

static int
markdown_page(struct cli *c, json_t *reply, void *ctx)
{
	(void)c;
	return exportmd_take_page(ctx, reply);
}

static int
exportmd_read_all(struct markdown *m)
{
	struct pages p = {.method = "read_graph",
		.list = "entities",
		.with_as_of = CLI_AS_OF,
		.page = markdown_page,
		.ctx = m};

	return pages_read(m->c, &p,
		json_pack("{s:i,s:[s,s,s,s,s,s]}", "limit", PAGE_ROWS, "fields",
			"name", "type", "facts", "metadata", "pin", "tier"));
}

static int
write_all(struct markdown *m)
{
	const json_t *entity;
	size_t i;
	int rc = exportmd_read_all(m);

	if (rc != CLI_OK)
		return rc;
	rc = emptyfolder_make(m->folder);
	if (rc != CLI_OK)
		return rc;
	json_array_foreach(m->entities, i, entity) {
		rc = exportmd_write_file(m, entity);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

static void
markdown_done(struct markdown *m)
{
	json_decref(m->slugs);
	json_decref(m->entities);
	json_decref(m->relations);
}

int
exportmd_run(struct cli *c, const char *folder)
{
	__attribute__((cleanup(markdown_done))) struct markdown m = {.c = c,
		.folder = folder,
		.slugs = json_object(),
		.entities = json_array(),
		.relations = json_object()};
	AUTO_JSON json_t *o = NULL;
	int rc;

	if (!m.slugs || !m.entities || !m.relations)
		return cli_nomem();
	progress_start(&m.progress, c, "exporting");
	rc = write_all(&m);
	progress_clear(&m.progress);
	if (rc != CLI_OK)
		return rc;
	if (!c->json) {
		cli_note(c,
			"%lld files written to %s; import --from "
			"basic-memory %s reads them back",
			(long long)m.files, folder, folder);
		return CLI_OK;
	}
	o = json_pack("{s:I,s:s}", "files", (json_int_t)m.files, "folder",
		folder);
	return !o ? cli_nomem() : cli_print_json(c, o);
}
