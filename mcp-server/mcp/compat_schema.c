/* Schemas and descriptions. The literals are JSON with ' for ". */
#include "mcp-server/mcp/compat.h"

#include <string.h>

#include "common/jx.h"

#define S	   "{'type':'string'}"
#define N	   "{'type':'integer'}"
#define B	   "{'type':'boolean'}"
#define LIST(item) "{'type':'array','items':" item "}"
#define OPEN(members, required)                                                \
	"{'type':'object','properties':{" members "},'required':[" required "]}"
/* Inside a list, where `required` would only cost tokens. */
#define ITEM(members) "{'type':'object','properties':{" members "}}"
#define CLOSED(members, required)                                              \
	"{'type':'object','properties':{" members "},'required':[" required    \
	"],'additionalProperties':false}"

#define ENTITY_M   "'name':" S ",'entityType':" S ",'observations':" LIST(S)
#define ENTITY_R   "'name','entityType','observations'"
#define RELATION_M "'from':" S ",'to':" S ",'relationType':" S
#define RELATION_R "'from','to','relationType'"
#define ADDED	   "'entityName':" S ",'addedObservations':" LIST(S)
#define ADDED_R	   "'entityName','addedObservations'"
#define DONE_M	   "'success':" B ",'message':" S
#define DONE_R	   "'success','message'"

#define ENTITIES_C  "'entities':" LIST(CLOSED(ENTITY_M, ENTITY_R))
#define RELATIONS_C "'relations':" LIST(CLOSED(RELATION_M, RELATION_R))
/* As create_entities and create_relations take them: said once is enough. */
#define ENTITIES  "'entities':" LIST("{'type':'object'}")
#define RELATIONS "'relations':" LIST("{'type':'object'}")

#define DONE_C	CLOSED(DONE_M, DONE_R)
#define GRAPH_C CLOSED(ENTITIES_C "," RELATIONS_C, "'entities','relations'")
#define GRAPH                                                                  \
	OPEN(ENTITIES "," RELATIONS ",'next':" S, "'entities','relations'")

struct schema_text {
	const char *tool;
	const char *plain;	 /* elsewhere; NULL: none. What a write tells is
				   short and read by the model as it comes */
	const char *compat;	 /* NULL: not one of the nine */
	const char *description; /* in compat; NULL: that of tools.def */
};

static const struct schema_text schemas[] = {
	{"create_entities", NULL, CLOSED(ENTITIES_C, "'entities'"),
		"Store new entities with observations. An existing name is "
		"skipped; add_observations adds to it."},
	{"create_relations", NULL, CLOSED(RELATIONS_C, "'relations'"), NULL},
	{"add_observations", NULL,
		CLOSED("'results':" LIST(CLOSED(ADDED, ADDED_R)), "'results'"),
		NULL},
	{"delete_entities", NULL, DONE_C, NULL},
	{"delete_observations", NULL, DONE_C, NULL},
	{"delete_relations", NULL, DONE_C, NULL},
	{"read_graph", GRAPH, GRAPH_C, "Read everything at once."},
	{"search_nodes", GRAPH, GRAPH_C,
		"Find all entities whose name, type or observations contain "
		"the query, upper or lower case alike, with their relations."},
	{"open_nodes", GRAPH, GRAPH_C, NULL},
	{"recall",
		OPEN("'results':" LIST(S) ",'relevant':" B,
			"'results','relevant'"),
		NULL, NULL},
};

static const struct schema_text *
compat_schema_find(const char *tool)
{
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
		if (strcmp(schemas[i].tool, tool) == 0)
			return &schemas[i];
	return NULL;
}

const char *
compat_description(const char *tool)
{
	const struct schema_text *s = compat_schema_find(tool);

	return s ? s->description : NULL;
}

/* Parses a literal of this file. */
static json_t *
compat_schema_parse(const char *literal)
{
	AUTO_FREE char *text = strdup(literal);

	if (!text)
		return NULL;
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	return jx_parse(text, strlen(text), NULL);
}

json_t *
compat_output_schema(const char *tool, bool compat)
{
	const struct schema_text *s = compat_schema_find(tool);

	const char *text = s == NULL ? NULL : compat ? s->compat : s->plain;

	if (text == NULL)
		return json_null();
	return compat_schema_parse(text);
}
