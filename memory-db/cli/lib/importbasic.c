/* A note of basic-memory, which is also the form of our own export to Markdown:
 *
 *   ---
 *   title: Coffee
 *   type: note
 *   tags: [drinks]
 *   ---
 *   # Coffee
 *   ## Observations
 *   - [method] Pour over brings out the taste #brewing (kitchen)
 *   ## Relations
 *   - pairs with [[Chocolate]]
 *
 * The title is the entity. The category becomes a tag and stands in the metadata
 * too, so that the way back knows which of the tags it was. A paragraph is a
 * fact without a category, [[links]] in it are relations. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/cli/lib/exportmd.h"
#include "memory-db/cli/lib/importitem.h"
#include "memory-db/cli/lib/notes.h"

#define VALUE_BYTES (LIMIT_NAME_BYTES + 1)

/* What an item has before a line. */
struct note_state {
	size_t facts, relations;
};

struct importbasic_note {
	struct import_item *i;
	struct note_state before; /* the line before this one */
	char title[VALUE_BYTES], type[LIMIT_TYPE_BYTES + 1];
	json_t *tags;	/* of the frontmatter; owned */
	json_t *entity; /* of a comment, or NULL; owned */
	struct buf paragraph;
	bool is_code;
};

/* --- frontmatter ----------------------------------------------------------- */
/* A text that is cut where a character ends. */
static void
note_keep(char *out, size_t size, const char *s, size_t len)
{
	if (len >= size)
		len = text_cut(s, size - 1);
	memcpy(out, s, len);
	out[len] = '\0';
}

/* A text in quotes, as our own export has it: what it says. */
static bool
note_quoted(const char *s, size_t n, json_t **ret)
{
	if (n < 2 || s[0] != '"')
		return false;
	*ret = jx_parse_any(s, n, NULL);
	return json_is_string(*ret);
}

/* "key: value", the value without quotes; false: another key. */
static bool
note_value(const char *line, const char *key, char *out, size_t size)
{
	AUTO_JSON json_t *quoted = NULL;
	size_t n = strlen(key), len;

	if (strncmp(line, key, n) != 0 || line[n] != ':')
		return false;
	line += n + 1;
	line += strspn(line, " \t");
	len = strlen(line);
	while (len > 0 && strchr(" \t\r", line[len - 1]))
		len--;
	if (note_quoted(line, len, &quoted)) {
		note_keep(out, size, json_string_value(quoted),
			json_string_length(quoted));
		return true;
	}
	/* Others write what is no JSON. */
	if (len >= 2 && (line[0] == '"' || line[0] == '\'') &&
		line[len - 1] == line[0]) {
		line++;
		len -= 2;
	}
	note_keep(out, size, line, len);
	return true;
}

static void
note_tag(struct importbasic_note *n, const char *s, size_t len)
{
	AUTO_JSON json_t *quoted = NULL;

	while (len > 0 && strchr(" \t\r", s[len - 1]))
		len--;
	if (note_quoted(s, len, &quoted)) {
		if (json_string_length(quoted) > 0 &&
			json_array_append(n->tags, quoted) != 0)
			n->i->bad = MDB_E_NOMEM;
		return;
	}
	while (len > 0 && strchr(" \t\"'", *s)) {
		s++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\"'", s[len - 1]))
		len--;
	if (len > 0 && jx_add(n->tags, json_stringn(s, len)) != 0)
		n->i->bad = MDB_E_NOMEM;
}

static void
note_front(struct importbasic_note *n, const char *line)
{
	char value[VALUE_BYTES];

	/* An empty one says nothing: the name of the file stays. */
	if (note_value(line, "title", value, sizeof(value))) {
		if (value[0])
			note_keep(n->title, sizeof(n->title), value,
				strlen(value));
		return;
	}
	if (note_value(line, "type", n->type, sizeof(n->type)))
		return;
	if (note_value(line, "tags", value, sizeof(value))) {
		char *s = value + strspn(value, "[");

		s[strcspn(s, "]")] = '\0';
		for (char *rest = s, *one; (one = strsep(&rest, ",")) != NULL;)
			note_tag(n, one, strlen(one));
	} else if (strncmp(line, "- ", 2) == 0 ||
		   strncmp(line, "  - ", 4) == 0) {
		line += strspn(line, " -");
		note_tag(n, line, strlen(line));
	}
}

/* --- observations ---------------------------------------------------------- */
/* "#tag" words become tags; those at the end go out of the text as well. */
static void
note_hashtags(struct importbasic_note *n, char *text, json_t *content)
{
	size_t len = strlen(text);
	bool at_end = true;

	while (len > 0) {
		size_t end = len, from;

		while (end > 0 && isspace((unsigned char)text[end - 1]))
			end--;
		from = end;
		while (from > 0 && !isspace((unsigned char)text[from - 1]))
			from--;
		if (text[from] == '#' && end - from > 1) {
			char tag[LIMIT_TYPE_BYTES + 1];

			note_keep(tag, sizeof(tag), text + from + 1,
				end - from - 1);
			import_item_tag(n->i, content, tag);
			if (at_end)
				text[from] = '\0';
		} else {
			at_end = false;
		}
		len = from;
	}
}

/* Relations of the [[links]] in a text. */
static void
note_links(struct importbasic_note *n, const char *text, const char *type)
{
	const char *s = text, *end;

	while ((s = strstr(s, "[[")) != NULL &&
		(end = strstr(s, "]]")) != NULL) {
		AUTO_FREE char *to = strndup(s + 2, (size_t)(end - s) - 2);

		if (!to) {
			n->i->bad = MDB_E_NOMEM;
			return;
		}
		to[strcspn(to, "|#")] = '\0';
		import_item_relation(n->i, n->title, type, to);
		s = end + 2;
	}
}

/* " (kitchen)" at the end: the context. */
static void
note_context(struct importbasic_note *n, char *text, json_t *metadata)
{
	size_t len = strlen(text);
	char *open;

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	open = len > 2 && text[len - 1] == ')' ? strrchr(text, '(') : NULL;
	if (!open || open == text || open[-1] != ' ')
		return;
	if (jx_set(metadata, "context",
		    json_stringn(open + 1,
			    (size_t)(text + len - 1 - open - 1))) != 0)
		n->i->bad = MDB_E_NOMEM;
	*open = '\0';
}

static void
note_observation(struct importbasic_note *n, char *text, const char *category)
{
	AUTO_JSON json_t *metadata = json_object(), *tags = json_object();
	json_t *content;
	const json_t *tag;
	size_t k;

	if (!metadata || !tags) {
		n->i->bad = MDB_E_NOMEM;
		return;
	}
	if (category) {
		note_context(n, text, metadata);
		if (jx_set(metadata, "category", json_string(category)) != 0)
			n->i->bad = MDB_E_NOMEM;
	}
	import_item_tag(n->i, tags, category);
	note_hashtags(n, text, tags);
	content = import_item_fact(n->i, n->title, n->type, text);
	json_array_foreach(json_object_get(tags, "tags"), k, tag)
		import_item_tag(n->i, content, json_string_value(tag));
	if (content && json_object_size(metadata) > 0 &&
		json_object_set(content, "metadata", metadata) != 0)
		n->i->bad = MDB_E_NOMEM;
}

/* "- [method] text", "- pairs with [[Chocolate]]", "- text". */
static void
note_item(struct importbasic_note *n, char *s)
{
	char *close = s[0] == '[' && s[1] != '[' ? strchr(s, ']') : NULL;
	char *link = strstr(s, "[["), *end;

	/* "- [ ] buy milk" is a task, "[x](url)" a link. */
	if (close && close - s > 1 && close[1] == ' ') {
		*close = '\0';
		note_observation(n, close + 2,
			strcmp(s + 1, " ") == 0 || strcmp(s + 1, "x") == 0
				? "task"
				: s + 1);
		note_links(n, close + 2, "links to");
		return;
	}
	end = link ? strstr(link, "]]") : NULL;
	if (end && (end[2] == '\0' || strncmp(end + 2, " (", 2) == 0)) {
		AUTO_FREE char *type = strndup(s, (size_t)(link - s));
		size_t len = type ? strlen(type) : 0;

		while (len > 0 && isspace((unsigned char)type[len - 1]))
			type[--len] = '\0';
		note_links(n, link, len > 0 ? type : "relates to");
		return;
	}
	note_observation(n, s, NULL);
	note_links(n, s, "links to");
}

static void
note_end_paragraph(struct importbasic_note *n)
{
	AUTO_FREE char *text = NULL;

	if (n->paragraph.len == 0)
		return;
	if (!buf_str(&n->paragraph) || !(text = strdup(n->paragraph.data))) {
		n->i->bad = MDB_E_NOMEM;
		return;
	}
	buf_clear(&n->paragraph, 4096);
	note_links(n, text, "links to");
	note_observation(n, text, NULL);
}

static void
note_forget(json_t *list, size_t n)
{
	while (json_array_size(list) > n)
		json_array_remove(list, json_array_size(list) - 1);
}

/* "<!-- memory {..} -->": what the line before stands for (exportmd.h), or the
 * entity. False: another comment. */
static bool
note_comment(struct importbasic_note *n, const char *line)
{
	size_t lead = strlen(EXPORTMD_MARK), len = strlen(line);
	AUTO_JSON json_t *j = NULL;
	json_t *content;

	if (len < lead + 4 || strncmp(line, EXPORTMD_MARK, lead) != 0 ||
		strcmp(line + len - 4, " -->") != 0)
		return false;
	j = jx_parse(line + lead, len - lead - 4, NULL);
	if (!j)
		return false;
	if (jx_text(j, "entityType") && jx_text(j, "name")) {
		note_keep(n->title, sizeof(n->title), jx_text(j, "name"),
			strlen(jx_text(j, "name")));
		note_keep(n->type, sizeof(n->type), jx_text(j, "entityType"),
			strlen(jx_text(j, "entityType")));
		json_decref(n->entity);
		n->entity = json_incref(j);
		return true;
	}
	note_forget(n->i->facts, n->before.facts);
	note_forget(n->i->relations, n->before.relations);
	if (jx_text(j, "relationType")) {
		if (jx_set(j, "from", json_string(n->title)) != 0 ||
			json_array_append(n->i->relations, j) != 0)
			n->i->bad = MDB_E_NOMEM;
		return true;
	}
	content = import_item_fact(n->i, n->title, n->type, "x");
	if (content && json_object_update(content, j) != 0)
		n->i->bad = MDB_E_NOMEM;
	return true;
}

static void
note_line(struct importbasic_note *n, char *line)
{
	size_t lead = strspn(line, " \t");
	bool is_fence = strncmp(line + lead, "```", 3) == 0;

	if (note_comment(n, line))
		return;
	n->before = (struct note_state){json_array_size(n->i->facts),
		json_array_size(n->i->relations)};
	if (is_fence || n->is_code) {
		n->is_code = n->is_code != is_fence;
		return;
	}
	if (line[lead] == '\0' || line[lead] == '#') {
		note_end_paragraph(n);
		return;
	}
	if (strchr("-*", line[lead]) && line[lead + 1] == ' ') {
		note_end_paragraph(n);
		note_item(n, line + lead + 2);
		return;
	}
	if ((n->paragraph.len > 0 && buf_addc(&n->paragraph, ' ') != 0) ||
		buf_adds(&n->paragraph, line + lead) != 0)
		n->i->bad = MDB_E_NOMEM;
}

/* What the comment says of the entity is all of it, its tags too. */
static void
note_entity(struct importbasic_note *n, json_t *entity)
{
	if (!n->entity || !entity || n->i->bad != 0 || n->i->is_naming)
		return;
	(void)json_object_del(entity, "tags");
	if (json_object_update(entity, n->entity) != 0)
		n->i->bad = MDB_E_NOMEM;
}

void
import_text_basic(struct import_item *i, const char *name, const char *text,
	size_t size)
{
	struct importbasic_note n = {.i = i,
		.type = "note",
		.tags = json_array()};
	AUTO_FREE char *copy = strndup(text, size);
	bool is_front = notes_head(text, size) > 0, is_first = true;
	size_t title_n = strlen(name);
	const json_t *entity;

	if (title_n > 3 && strcmp(name + title_n - 3, ".md") == 0)
		title_n -= 3;
	note_keep(n.title, sizeof(n.title), name, title_n);
	if (!copy || !n.tags)
		i->bad = MDB_E_NOMEM;
	for (char *rest = copy, *line;
		i->bad == 0 && (line = strsep(&rest, "\n")) != NULL;) {
		line[strcspn(line, "\r")] = '\0';
		if (is_front && !is_first && strcmp(line, "---") == 0)
			is_front = false;
		else if (is_front && !is_first)
			note_front(&n, line);
		else if (!is_front)
			note_line(&n, line);
		is_first = false;
	}
	note_end_paragraph(&n);
	/* Tags of the note are those of its entity. */
	import_item_entity(i, n.title, n.type);
	entity = json_array_get(i->entities, json_array_size(i->entities) - 1);
	if (json_array_size(n.tags) > 0 && i->bad == 0 && !i->is_naming &&
		json_object_set((json_t *)(uintptr_t)entity, "tags", n.tags))
		i->bad = MDB_E_NOMEM;
	note_entity(&n, (json_t *)(uintptr_t)entity);
	json_decref(n.tags);
	json_decref(n.entity);
	buf_done(&n.paragraph);
}
