/* Records of other memories: each becomes facts of an entity, with its tags, its
 * date and, where there is one, its validity. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/cli/lib/importitem.h"

/* A member as tags: a list of texts, or one text with commas. */
static void
importrecords_add_tags(struct import_item *i, json_t *content,
	const json_t *tags)
{
	AUTO_FREE char *copy = NULL;
	const json_t *tag;
	char *rest, *one;
	size_t k;

	json_array_foreach((json_t *)(uintptr_t)tags, k, tag)
		import_item_tag(i, content, json_string_value(tag));
	if (!content || !json_is_string(tags))
		return;
	copy = strdup(json_string_value(tags));
	if (!copy) {
		i->bad = MDB_E_NOMEM;
		return;
	}
	for (rest = copy; (one = strsep(&rest, ",")) != NULL;)
		import_item_tag(i, content, one);
}

/* Metadata that is an object, or one as text. */
static void
importrecords_add_metadata(struct import_item *i, json_t *content,
	const json_t *metadata)
{
	AUTO_JSON json_t *parsed = NULL;

	if (!content)
		return;
	if (json_is_string(metadata))
		parsed = jx_parse(json_string_value(metadata),
			json_string_length(metadata), NULL);
	else
		parsed = json_incref((json_t *)(uintptr_t)metadata);
	if (json_is_object(parsed) && json_object_size(parsed) > 0 &&
		json_object_set(content, "metadata", parsed) != 0)
		i->bad = MDB_E_NOMEM;
}

/* --- mem0 ------------------------------------------------------------------ */
void
import_map_mem0(struct import_item *i, const char *key, const json_t *j)
{
	const char *text = jx_text(j, "memory"), *who = jx_text(j, "user_id");
	const json_t *metadata = json_object_get(j, "metadata");
	const char *type = "person";
	json_t *content;

	/* {"results": [..], "relations": [{source, relationship, target}]} */
	if (strcmp(key, "relations") == 0) {
		const char *to = jx_text(j, "target");

		import_item_entity(i, jx_text(j, "source"), NULL);
		import_item_entity(i, to ? to : jx_text(j, "destination"),
			NULL);
		import_item_relation(i, jx_text(j, "source"),
			jx_text(j, "relationship"),
			to ? to : jx_text(j, "destination"));
		return;
	}
	if (!who) {
		who = jx_text(j, "agent_id");
		type = who ? "agent" : "person";
	}
	if (!text)
		text = jx_text(j, "text");
	content = import_item_fact(i, who ? who : "user", type, text);
	import_item_time(i, content, "source_timestamp",
		json_object_get(j, "created_at"));
	importrecords_add_tags(i, content, json_object_get(j, "categories"));
	importrecords_add_tags(i, content,
		json_object_get(metadata, "category"));
	importrecords_add_metadata(i, content, metadata);
}

/* The value of "key: value" in a block, without quotes; NULL: none. */
static const char *
importrecords_front_value(const char *line, const char *key, char *out,
	size_t size)
{
	size_t n = strlen(key), len;

	if (strncmp(line, key, n) != 0 || line[n] != ':')
		return NULL;
	line += n + 1;
	line += strspn(line, " \t\"'[");
	len = strcspn(line, "\r\n");
	while (len > 0 && strchr(" \t\"']", line[len - 1]))
		len--;
	snprintf(out, size, "%.*s", (int)len, line);
	return out;
}

static void
mem0_block(struct import_item *i, const char *head, const char *text)
{
	AUTO_JSON json_t *at = NULL, *tags = NULL;
	char value[512];
	json_t *content = import_item_fact(i, "user", "person", text);

	for (const char *line = head; line && *line && content;) {
		if (importrecords_front_value(line, "created_at", value,
			    sizeof(value))) {
			json_decref(at);
			at = json_string(value);
			import_item_time(i, content, "source_timestamp", at);
		} else if (importrecords_front_value(line, "categories", value,
				   sizeof(value)) ||
			   importrecords_front_value(line, "type", value,
				   sizeof(value))) {
			json_decref(tags);
			tags = json_string(value);
			importrecords_add_tags(i, content, tags);
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

/* "---", keys, "---", text; again and again. */
void
import_text_mem0(struct import_item *i, const char *name, const char *text,
	size_t n)
{
	AUTO_FREE char *copy = strndup(text, n);
	char *s = copy, *head = NULL, *body = NULL;

	(void)name;
	if (!copy) {
		i->bad = MDB_E_NOMEM;
		return;
	}
	while (s) {
		char *next = strchr(s, '\n');
		size_t len = next ? (size_t)(next - s) : strlen(s);

		if (len >= 3 && len <= 4 && strncmp(s, "---", 3) == 0) {
			*s = '\0';
			if (head && body) { /* the block before ends here */
				mem0_block(i, head, body);
				head = NULL;
				body = NULL;
			}
			if (!head)
				head = s + len + (next ? 1 : 0);
			else
				body = s + len + (next ? 1 : 0);
		}
		s = next ? next + 1 : NULL;
	}
	if (head && body)
		mem0_block(i, head, body);
}

/* --- claude-mem ------------------------------------------------------------ */
/* A text that is a JSON list of texts: the parser takes objects. */
static json_t *
importrecords_list_of(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);
	AUTO_JSON json_t *whole = NULL;
	AUTO_BUF struct buf text = {0};

	if (json_is_array(v))
		return json_incref((json_t *)(uintptr_t)v);
	if (!json_is_string(v) ||
		buf_addf(&text, "{\"list\":%s}", json_string_value(v)) != 0)
		return NULL;
	whole = jx_parse(text.data, text.len, NULL);
	v = json_object_get(whole, "list");
	return json_is_array(v) ? json_incref((json_t *)(uintptr_t)v) : NULL;
}

static const char *
importrecords_project_of(const json_t *j)
{
	const char *project = jx_text(j, "project");

	return project && project[0] ? project : "claude-mem";
}

static const json_t *
importrecords_time_of(const json_t *j)
{
	const json_t *epoch = json_object_get(j, "created_at_epoch");

	return epoch ? epoch : json_object_get(j, "created_at");
}

static void
claude_mem_fact(struct import_item *i, const json_t *j, const json_t *concepts,
	const char *text)
{
	json_t *content = import_item_fact(i, importrecords_project_of(j),
		"project", text);

	import_item_time(i, content, "source_timestamp",
		importrecords_time_of(j));
	import_item_tag(i, content, jx_text(j, "type"));
	importrecords_add_tags(i, content, concepts);
}

static void
claude_mem_observation(struct import_item *i, const json_t *j)
{
	AUTO_JSON json_t *facts = importrecords_list_of(j, "facts");
	AUTO_JSON json_t *concepts = importrecords_list_of(j, "concepts");
	const char *title = jx_text(j, "title");
	const char *told = jx_text(j, "narrative");
	AUTO_BUF struct buf all = {0};
	const json_t *fact;
	size_t k;

	json_array_foreach(facts, k, fact)
		claude_mem_fact(i, j, concepts, json_string_value(fact));
	told = told && told[0] ? told : jx_text(j, "text");
	if (json_array_size(facts) > 0)
		told = jx_text(j, "subtitle");
	if (title && title[0] &&
		(buf_adds(&all, title) != 0 ||
			(told && told[0] && buf_adds(&all, ": ") != 0)))
		i->bad = MDB_E_NOMEM;
	if (told && buf_adds(&all, told) != 0)
		i->bad = MDB_E_NOMEM;
	claude_mem_fact(i, j, concepts, buf_str(&all));
}

static void
claude_mem_summary(struct import_item *i, const json_t *j)
{
	static const char *const members[][2] = {{"learned", "Learned"},
		{"completed", "Completed"}, {"investigated", "Investigated"},
		{"next_steps", "Next steps"}, {"notes", "Notes"}};

	for (size_t k = 0; k < ARRAY_LEN(members); k++) {
		const char *text = jx_text(j, members[k][0]);
		AUTO_BUF struct buf all = {0};

		if (!text || !text[0])
			continue;
		if (buf_addf(&all, "%s: %s", members[k][1], text) != 0)
			i->bad = MDB_E_NOMEM;
		else
			claude_mem_fact(i, j, NULL, buf_str(&all));
	}
}

void
import_map_claude_mem(struct import_item *i, const char *key, const json_t *j)
{
	const char *session = jx_text(j, "content_session_id");
	char at[32];

	if (strcmp(key, "observations") == 0) {
		claude_mem_observation(i, j);
	} else if (strstr(key, "summaries")) {
		claude_mem_summary(i, j);
	} else if (strstr(key, "prompts")) {
		if (!session)
			session = jx_text(j, "claude_session_id");
		snprintf(i->session, sizeof(i->session), "%.120s",
			session ? session : "claude-mem");
		import_item_turn(i, "user", jx_text(j, "prompt_text"),
			import_item_iso(importrecords_time_of(j), at) ? at
								      : NULL);
	}
}

/* --- doobidoo -------------------------------------------------------------- */
void
import_map_doobidoo(struct import_item *i, const char *key, const json_t *j)
{
	const char *type = jx_text(j, "memory_type");
	json_t *content;

	/* What was deleted there lies in the table still. */
	if (strcmp(key, "memories") != 0 ||
		json_is_number(json_object_get(j, "deleted_at")))
		return;
	content = import_item_fact(i, type && type[0] ? type : "memory",
		"notes", jx_text(j, "content"));
	import_item_time(i, content, "source_timestamp",
		json_object_get(j, "created_at"));
	importrecords_add_tags(i, content, json_object_get(j, "tags"));
	importrecords_add_metadata(i, content, json_object_get(j, "metadata"));
}

/* --- Letta ----------------------------------------------------------------- */
/* A block "human" with the value "Name: Ada\nLikes tea": a fact a line. */
void
import_map_letta(struct import_item *i, const char *key, const json_t *j)
{
	const char *label = jx_text(j, "label"), *value = jx_text(j, "value");
	AUTO_FREE char *copy = NULL;
	char *rest, *line;

	if (strcmp(key, "blocks") != 0 || !label || !value)
		return;
	copy = strdup(value);
	if (!copy) {
		i->bad = MDB_E_NOMEM;
		return;
	}
	for (rest = copy; (line = strsep(&rest, "\n")) != NULL;) {
		line += strspn(line, " \t");
		if ((line[0] == '-' || line[0] == '*') && line[1] == ' ')
			line += 2;
		import_item_fact(i, label, "block", line);
	}
}

/* --- Graphiti -------------------------------------------------------------- */
static const char *
importrecords_first_of(const json_t *j, const char *const *keys)
{
	for (; *keys; keys++)
		if (jx_text(j, *keys))
			return jx_text(j, *keys);
	return NULL;
}

static const char *
graphiti_type(const json_t *j)
{
	const json_t *label;
	size_t k;

	json_array_foreach(json_object_get(j, "labels"), k, label)
		if (json_is_string(label) &&
			strcmp(json_string_value(label), "Entity") != 0)
			return json_string_value(label);
	return "entity";
}

static void
graphiti_node(struct import_item *i, const json_t *j)
{
	const char *name = jx_text(j, "name"), *uuid = jx_text(j, "uuid");
	const char *summary = jx_text(j, "summary");

	if (i->is_naming) {
		if (name && uuid &&
			jx_set(i->names, uuid, json_string(name)) != 0)
			i->bad = MDB_E_NOMEM;
		return;
	}
	if (summary && summary[0])
		import_item_time(i,
			import_item_fact(i, name, graphiti_type(j), summary),
			"source_timestamp", json_object_get(j, "created_at"));
	else
		import_item_entity(i, name, graphiti_type(j));
}

static void
graphiti_edge(struct import_item *i, const json_t *j)
{
	static const char *const from_keys[] = {"source_node_uuid", "source",
		"source_uuid", "from", NULL};
	static const char *const to_keys[] = {"target_node_uuid", "target",
		"target_uuid", "to", NULL};
	const char *from = importrecords_first_of(j, from_keys),
		   *to = importrecords_first_of(j, to_keys);
	const char *name = jx_text(j, "name"), *known;
	json_t *content;

	known = from ? jx_text(i->names, from) : NULL;
	from = known ? known : from;
	known = to ? jx_text(i->names, to) : NULL;
	to = known ? known : to;
	content = import_item_fact(i, from, "entity", jx_text(j, "fact"));
	import_item_time(i, content, "valid_from",
		json_object_get(j, "valid_at"));
	import_item_time(i, content, "valid_to",
		json_object_get(j, "invalid_at"));
	import_item_time(i, content, "source_timestamp",
		json_object_get(j, "created_at"));
	/* A relation has no validity of its own: one that holds no more is told
	 * by its fact alone. */
	if (!json_is_string(json_object_get(j, "invalid_at")) &&
		!json_is_string(json_object_get(j, "expired_at")))
		import_item_relation(i, from, name, to);
}

void
import_map_graphiti(struct import_item *i, const char *key, const json_t *j)
{
	const json_t *valid_at = json_object_get(j, "valid_at");
	char at[32];

	if (jx_text(j, "fact")) {
		if (!i->is_naming)
			graphiti_edge(i, j);
	} else if (jx_text(j, "content")) {
		snprintf(i->session, sizeof(i->session), "%.120s",
			jx_text(j, "uuid") ? jx_text(j, "uuid") : "graphiti");
		import_item_turn(i, "user", jx_text(j, "content"),
			import_item_iso(valid_at, at) ? at : NULL);
		i->is_whole = true;
	} else if (!strstr(key, "communit")) {
		graphiti_node(i, j);
	}
}
