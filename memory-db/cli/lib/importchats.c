/* Conversations of claude.ai, ChatGPT and Gemini CLI.
 *
 * claude.ai keeps a list of messages. ChatGPT keeps a tree, as an answer may be
 * asked for again: what was said last is the way from `current_node` to the
 * root. */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/cli/lib/importitem.h"
#include "memory-db/cli/lib/notes.h"

/* Messages of one way through a tree. */
#define WAY_MAX 20000

/* The texts of a list of parts: texts, or {type: "text", text}. */
static int
add_parts(const json_t *parts, struct buf *out)
{
	const json_t *part;
	size_t i;

	if (json_is_string(parts))
		return buf_adds(out, json_string_value(parts));
	json_array_foreach((json_t *)(uintptr_t)parts, i, part) {
		const char *type = jx_text(part, "type");
		const char *text = json_is_string(part)
					   ? json_string_value(part)
					   : jx_text(part, "text");

		if (!text || (type && strcmp(type, "text") != 0))
			continue;
		if ((out->len > 0 && buf_addc(out, '\n') != 0) ||
			buf_adds(out, text) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static void
take_turn(struct import_item *i, const char *role, const json_t *parts,
	const char *text, const json_t *time)
{
	AUTO_BUF struct buf all = {0};
	char at[32];

	if ((text ? buf_adds(&all, text) : add_parts(parts, &all)) != 0 ||
		!buf_str(&all)) {
		i->bad = MDB_E_NOMEM;
		return;
	}
	import_item_turn(i, role, all.data,
		import_item_iso(time, at) ? at : NULL);
}

static void
take_claude(struct import_item *i, const json_t *messages)
{
	const json_t *m;
	size_t k;

	json_array_foreach((json_t *)(uintptr_t)messages, k, m) {
		const char *sender = jx_text(m, "sender");
		const char *text = jx_text(m, "text");
		const json_t *content = json_object_get(m, "content");

		if (!sender)
			continue;
		/* Newer exports have the text in parts, older ones by itself. */
		take_turn(i,
			strcmp(sender, "human") == 0 ? "user" : "assistant",
			content, json_array_size(content) > 0 ? NULL : text,
			json_object_get(m, "created_at"));
	}
}

static bool
importchats_is_said(const json_t *m, const char *role)
{
	const json_t *content = json_object_get(m, "content");
	const char *type = jx_text(content, "content_type");

	if (!role ||
		(strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0))
		return false;
	if (json_is_true(json_object_get(json_object_get(m, "metadata"),
		    "is_visually_hidden_from_conversation")))
		return false;
	return !type || strcmp(type, "text") == 0 ||
	       strcmp(type, "multimodal_text") == 0;
}

/* The message that nothing follows, the newest of them: of an export without a
 * current node. */
static const char *
last_leaf(const json_t *mapping)
{
	const char *id, *found = NULL;
	double newest = -1;
	json_t *node;

	json_object_foreach((json_t *)(uintptr_t)mapping, id, node) {
		double at = json_number_value(
			json_object_get(json_object_get(node, "message"),
				"create_time"));

		if (json_array_size(json_object_get(node, "children")) == 0 &&
			at > newest) {
			newest = at;
			found = id;
		}
	}
	return found;
}

static void
take_chatgpt(struct import_item *i, const json_t *mapping, const char *node)
{
	AUTO_JSON json_t *way = json_array();
	size_t n = 0;

	if (!node || !json_object_get(mapping, node))
		node = last_leaf(mapping);
	for (; way && node && n < WAY_MAX; n++) {
		json_t *at = json_object_get(mapping, node);

		if (!at || json_array_append(way, at) != 0)
			break;
		node = jx_text(at, "parent");
	}
	if (!way) {
		i->bad = MDB_E_NOMEM;
		return;
	}
	for (size_t k = json_array_size(way); k-- > 0;) {
		const json_t *m =
			json_object_get(json_array_get(way, k), "message");
		const char *role =
			jx_text(json_object_get(m, "author"), "role");

		if (importchats_is_said(m, role))
			take_turn(i, role,
				json_object_get(json_object_get(m, "content"),
					"parts"),
				NULL, json_object_get(m, "create_time"));
	}
}

static void
importchats_name_session(struct import_item *i, const json_t *j)
{
	const char *id = jx_text(j, "uuid");

	if (!id)
		id = jx_text(j, "conversation_id");
	if (!id)
		id = jx_text(j, "id");
	if (!id)
		id = jx_text(j, "title");
	snprintf(i->session, sizeof(i->session), "%.120s", id ? id : "");
	i->is_whole = true;
}

/* A text of Markdown that claude.ai keeps of its user, or of a project. */
static void
take_memory(struct import_item *i, const char *entity, const char *text)
{
	AUTO_JSON json_t *facts = json_array();
	const json_t *fact;
	size_t k;

	if (!facts || notes_facts(text, strlen(text), facts) != 0) {
		i->bad = MDB_E_NOMEM;
		return;
	}
	json_array_foreach(facts, k, fact)
		(void)import_item_fact(i, entity, "memory",
			json_string_value(fact));
}

/* {"conversations_memory": text, "project_memories": {uuid: text}} */
static void
take_memories(struct import_item *i, const json_t *j)
{
	const char *whole = jx_text(j, "conversations_memory"), *id;
	json_t *text;

	if (whole)
		take_memory(i, "claude.ai", whole);
	json_object_foreach(json_object_get(j, "project_memories"), id, text) {
		AUTO_BUF struct buf name = {0};
		const char *known = jx_text(i->names, id);

		if (!json_is_string(text))
			continue;
		if (buf_addf(&name, "%s%s", known ? "" : "project ",
			    known ? known : id) != 0 ||
			!buf_str(&name)) {
			i->bad = MDB_E_NOMEM;
			return;
		}
		take_memory(i, name.data, json_string_value(text));
	}
}

/* A project of claude.ai: what it was told, and its documents. */
static void
take_project(struct import_item *i, const json_t *j)
{
	const char *told = jx_text(j, "prompt_template");
	const char *about = jx_text(j, "description");
	const json_t *docs = json_object_get(j, "docs"), *doc;
	size_t k;

	if (told)
		(void)import_item_fact(i, jx_text(j, "name"), "project", told);
	if (about && docs)
		(void)import_item_fact(i, jx_text(j, "name"), "project", about);
	json_array_foreach(docs, k, doc) {
		json_t *content = import_item_fact(i, jx_text(doc, "filename"),
			"document", jx_text(doc, "content"));

		import_item_time(i, content, "source_timestamp",
			json_object_get(doc, "created_at"));
	}
}

void
import_map_chat(struct import_item *i, const char *key, const json_t *j)
{
	const json_t *mapping = json_object_get(j, "mapping");
	const char *id = jx_text(j, "uuid"), *name = jx_text(j, "name");

	(void)key;
	if (i->is_naming) {
		/* Memories of a project name it by its id. */
		if (id && name && name[0] && json_object_get(j, "docs") &&
			jx_set(i->names, id, json_string(name)) != 0)
			i->bad = MDB_E_NOMEM;
		return;
	}
	importchats_name_session(i, j);
	if (json_is_object(mapping))
		take_chatgpt(i, mapping, jx_text(j, "current_node"));
	else
		take_claude(i, json_object_get(j, "chat_messages"));
	take_project(i, j);
	take_memories(i, j);
}

void
import_map_gemini(struct import_item *i, const char *key, const json_t *j)
{
	const char *type = jx_text(j, "type");
	const json_t *content = json_object_get(j, "content");

	if (!type || (key[0] && strcmp(key, "messages") != 0))
		return;
	if (strcmp(type, "user") == 0 || strcmp(type, "gemini") == 0)
		take_turn(i, type[0] == 'u' ? "user" : "assistant", content,
			NULL, json_object_get(j, "timestamp"));
}
