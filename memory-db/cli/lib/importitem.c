/* What an importer makes of a record: turns of a conversation, or facts of
 * entities. Texts are trimmed and bounded here, and times come in three forms
 * (ISO, seconds, milliseconds: a number above 1e11 cannot be seconds), so that
 * readers of other memories only say which member is what. */
#include "memory-db/cli/lib/importitem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/cli/lib/transcript.h"

/* Of a turn: a longer one is something pasted. Of a fact: no sentence. */
#define TURN_BYTES (16 * 1024)
#define FACT_BYTES (64 * 1024)
/* Numbers above are milliseconds: as seconds they would be the year 5138. */
#define SECONDS_MAX 1e11

int
import_item_init(struct import_item *i)
{
	*i = (struct import_item){.turns = json_array(),
		.facts = json_array(),
		.entities = json_array(),
		.relations = json_array(),
		.names = json_object()};
	return i->turns && i->facts && i->entities && i->relations && i->names
		       ? 0
		       : MDB_E_NOMEM;
}

void
import_item_done(struct import_item *i)
{
	json_decref(i->turns);
	json_decref(i->facts);
	json_decref(i->entities);
	json_decref(i->relations);
	json_decref(i->names);
}

/* Without the white space around; *ret_n: at most `most` bytes. */
static const char *
importitem_trim(const char *s, size_t most, size_t *ret_n)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]))
		n--;
	*ret_n = n > most ? text_cut(s, most) : n;
	return s;
}

void
import_item_turn(struct import_item *i, const char *role, const char *text,
	const char *at)
{
	AUTO_BUF struct buf own = {0};
	size_t n;

	if (i->is_naming || !text)
		return;
	if (transcript_strip(text, strlen(text), &own) != 0 || !buf_str(&own)) {
		i->bad = MDB_E_NOMEM;
		return;
	}
	text = importitem_trim(own.data, TURN_BYTES, &n);
	if (n > 0 && jx_add(i->turns, json_pack("{s:s,s:s%,s:s*}", "role", role,
					      "content", text, n, "at", at)))
		i->bad = MDB_E_NOMEM;
}

json_t *
import_item_fact(struct import_item *i, const char *entity, const char *type,
	const char *text)
{
	json_t *content, *entry;
	size_t n, name_n;

	if (i->is_naming || !text || !entity)
		return NULL;
	text = importitem_trim(text, FACT_BYTES, &n);
	entity = importitem_trim(entity, LIMIT_NAME_BYTES, &name_n);
	if (n == 0 || name_n == 0)
		return NULL;
	content = json_pack("{s:s%}", "text", text, n);
	entry = content ? json_pack("{s:s%,s:s,s:[O]}", "entityName", entity,
				  name_n, "entityType",
				  type && type[0] ? type : "note", "contents",
				  content)
			: NULL;
	json_decref(content);
	if (!entry || jx_add(i->facts, entry) != 0) {
		i->bad = MDB_E_NOMEM;
		return NULL;
	}
	return content;
}

void
import_item_entity(struct import_item *i, const char *name, const char *type)
{
	size_t n;

	if (i->is_naming || !name)
		return;
	name = importitem_trim(name, LIMIT_NAME_BYTES, &n);
	if (n > 0 &&
		jx_add(i->entities,
			json_pack("{s:s%,s:s,s:[]}", "name", name, n,
				"entityType", type && type[0] ? type : "note",
				"observations")) != 0)
		i->bad = MDB_E_NOMEM;
}

void
import_item_relation(struct import_item *i, const char *from, const char *type,
	const char *to)
{
	if (i->is_naming || !from || !to || !from[0] || !to[0])
		return;
	if (jx_add(i->relations,
		    json_pack("{s:s,s:s,s:s}", "from", from, "relationType",
			    type && type[0] ? type : "relates to", "to", to)))
		i->bad = MDB_E_NOMEM;
}

void
import_item_tag(struct import_item *i, json_t *content, const char *tag)
{
	json_t *tags = json_object_get(content, "tags");
	const json_t *known;
	size_t n, k;

	if (!content || !tag)
		return;
	tag = importitem_trim(tag, LIMIT_TYPE_BYTES, &n);
	if (n == 0 || json_array_size(tags) >= LIMIT_FACT_TAGS)
		return;
	json_array_foreach(tags, k, known)
		if (json_string_length(known) == n &&
			memcmp(json_string_value(known), tag, n) == 0)
			return;
	if (!tags) {
		tags = json_array();
		if (jx_set(content, "tags", tags) != 0) {
			i->bad = MDB_E_NOMEM;
			return;
		}
	}
	if (jx_add(tags, json_stringn(tag, n)) != 0)
		i->bad = MDB_E_NOMEM;
}

bool
import_item_iso(const json_t *time, char out[32])
{
	const char *text = json_string_value(time);
	double v = json_number_value(time);
	int64_t ms;

	if (text) {
		if (clock_parse(text, clock_now_ms(), 0, false, &ms, NULL) != 0)
			return false;
	} else if (json_is_number(time) && isfinite(v) && v > 0 && v < 1e15) {
		ms = (int64_t)(v < SECONDS_MAX ? v * 1000 : v);
	} else {
		return false;
	}
	clock_format(ms, out);
	return true;
}

void
import_item_time(struct import_item *i, json_t *content, const char *key,
	const json_t *time)
{
	char at[CLOCK_TEXT_SIZE];

	if (content && import_item_iso(time, at) &&
		jx_set(content, key, json_string(at)) != 0)
		i->bad = MDB_E_NOMEM;
}

static const struct import_kind kinds[] = {
	{"claude-ai", import_map_chat, {NULL}, true, NULL},
	{"chatgpt", import_map_chat, {NULL}, false, NULL},
	{"gemini", import_map_gemini, {NULL}, false, NULL},
	{"mem0", import_map_mem0, {NULL}, false, import_text_mem0},
	{"claude-mem", import_map_claude_mem,
		{"observations", "session_summaries", "user_prompts", NULL},
		false, NULL},
	{"doobidoo", import_map_doobidoo, {"memories", NULL}, false, NULL},
	{"letta", import_map_letta, {NULL}, false, NULL},
	{"graphiti", import_map_graphiti, {NULL}, true, NULL},
	{"basic-memory", NULL, {NULL}, false, import_text_basic},
};

const struct import_kind *
import_kind_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}
