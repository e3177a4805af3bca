/* What an importer makes of a record or a conversation of another memory, before
 * it is sent: turns of a conversation, which are read by extraction, or facts of
 * entities with what belongs to them. */
#ifndef CLI_LIB_IMPORTITEM_H
#define CLI_LIB_IMPORTITEM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

struct import_item {
	/* a conversation */
	char session[128]; /* "": that of the file */
	json_t *turns;	   /* [{role, content, at?}] */
	bool is_whole;	   /* the turns are a conversation of their own */
	/* facts: entries of add_observations, each with one content */
	json_t *facts;
	json_t *entities;  /* those without a fact: {name, entityType} */
	json_t *relations; /* {from, to, relationType} */
	json_t *names;	   /* of what is named elsewhere: id -> name */
	bool is_naming;	   /* only names are gathered */
	int bad;	   /* not 0: no memory */
};
int import_item_init(struct import_item *i) MUST_CHECK;
void import_item_done(struct import_item *i);

/* Adds a turn; at: ISO text or NULL. Our own blocks are cut out of it. */
void import_item_turn(struct import_item *i, const char *role, const char *text,
	const char *at);
/* Adds a fact and gives its content, to which members may be added (borrowed;
 * NULL: nothing was added). */
json_t *import_item_fact(struct import_item *i, const char *entity,
	const char *type, const char *text);
void import_item_entity(struct import_item *i, const char *name,
	const char *type);
void import_item_relation(struct import_item *i, const char *from,
	const char *type, const char *to);
/* content.tags: adds one; content.KEY: a time as these programs write it: text,
 * seconds or milliseconds since 1970. */
void import_item_tag(struct import_item *i, json_t *content, const char *tag);
void import_item_time(struct import_item *i, json_t *content, const char *key,
	const json_t *time);
/* A time as ISO text; false: it is none. */
bool import_item_iso(const json_t *time, char out[32]);

/* --- the formats ----------------------------------------------------------- */
/* key: of the array or table that the element stands in. */
typedef void (*import_map_fn)(struct import_item *i, const char *key,
	const json_t *element);

struct import_kind {
	const char *name; /* of its disksource */
	import_map_fn map;
	const char *tables[4]; /* of an SQLite file, in this order; NULL */
	bool has_names;	       /* a first pass gathers names */
	/* A file that is no JSON: its whole text. */
	void (*map_text)(struct import_item *i, const char *name,
		const char *text, size_t n);
};

/* The row, or NULL: the source is no such kind. */
const struct import_kind *import_kind_named(const char *name);

void import_map_chat(struct import_item *i, const char *key, const json_t *j);
void import_map_gemini(struct import_item *i, const char *key, const json_t *j);
void import_map_mem0(struct import_item *i, const char *key, const json_t *j);
void import_map_claude_mem(struct import_item *i, const char *key,
	const json_t *j);
void import_map_doobidoo(struct import_item *i, const char *key,
	const json_t *j);
void import_map_letta(struct import_item *i, const char *key, const json_t *j);
void import_map_graphiti(struct import_item *i, const char *key,
	const json_t *j);
void import_text_mem0(struct import_item *i, const char *name, const char *text,
	size_t n);
void import_text_basic(struct import_item *i, const char *name,
	const char *text, size_t n);

#endif
