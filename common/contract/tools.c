/* The parameter tables of all methods, and the list that ties them to
 * tools.def. Descriptions cost every agent tokens: terse, and only where the
 * name does not say it. */
#include "common/contract/tools.h"

#include <string.h>

#include "common/limits.h"
#include "common/text.h"

const char *const tool_tiers[] = {"working", "episodic", "semantic",
	"procedural", NULL};

#define END                                                                    \
	{                                                                      \
		NULL, P_STRING, 0, NULL, 0, 0, NULL, NULL, NULL                \
	}
#define STR(n, f, t, max)                                                      \
	{                                                                      \
		n, P_STRING, f, t, 0, max, NULL, NULL, NULL                    \
	}
#define NAME(n, f, t)                                                          \
	{                                                                      \
		n, P_STRING, (f) | PF_NOT_EMPTY, t, 1, LIMIT_NAME_BYTES, NULL, \
			NULL, NULL                                             \
	}
#define TYPE(n, f, t)                                                          \
	{                                                                      \
		n, P_STRING, (f) | PF_NOT_EMPTY, t, 1, LIMIT_TYPE_BYTES, NULL, \
			NULL, NULL                                             \
	}
#define INT(n, f, t, lo, hi)                                                   \
	{                                                                      \
		n, P_INT, f, t, lo, hi, NULL, NULL, NULL                       \
	}
#define NUM(n, f, t, lo, hi)                                                   \
	{                                                                      \
		n, P_NUMBER, f, t, lo, hi, NULL, NULL, NULL                    \
	}
#define BOOLEAN(n, f, t)                                                       \
	{                                                                      \
		n, P_BOOL, f, t, 0, 0, NULL, NULL, NULL                        \
	}
#define OBJ(n, f, t, s)                                                        \
	{                                                                      \
		n, P_OBJECT, f, t, 0, 0, NULL, s, NULL                         \
	}
#define LIST(n, f, t, i)                                                       \
	{                                                                      \
		n, P_ARRAY, f, t, 0, LIMIT_LIST_ENTRIES, NULL, NULL, i         \
	}
/* Each must be there: more than a fact may have make no sense. */
#define ALL_OF(n, f, t, i)                                                     \
	{                                                                      \
		n, P_ARRAY, f, t, 0, LIMIT_FACT_TAGS, NULL, NULL, i            \
	}
#define CHOICE(n, f, t, c)                                                     \
	{                                                                      \
		n, P_STRING, f, t, 0, 0, c, NULL, NULL                         \
	}
#define POINT(n, f, t)                                                         \
	{                                                                      \
		n, P_POINT, f, t, 0, 0, NULL, NULL, NULL                       \
	}

static const char *const scopes[] = {"project", "user", NULL};

const struct param tools_common[] = {STR("namespace", PF_SOCKET_ONLY, NULL,
					     LIMIT_LABEL_BYTES),
	STR("branch", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	POINT("as_of", PF_SOCKET_ONLY, NULL),
	POINT("valid_at", PF_SOCKET_ONLY, NULL),
	STR("session", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	STR("client", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	STR("actor", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	STR("message", PF_SOCKET_ONLY, NULL, LIMIT_MESSAGE_BYTES),
	STR("key", PF_SOCKET_ONLY, NULL, LIMIT_KEY_BYTES),
	CHOICE("scope", PF_SOCKET_ONLY, NULL, scopes),
	BOOLEAN("confirm", PF_SOCKET_ONLY, NULL), END};

/* --- entries -------------------------------------------------------------- */
static const struct param source_entry = {"", P_POINT, 0, NULL, 0, 0, NULL,
	NULL, NULL};
static const struct param tag_entry = {"", P_STRING, PF_NOT_EMPTY, NULL, 1,
	LIMIT_TYPE_BYTES, NULL, NULL, NULL};
static const struct param observation_fields[] = {
	STR("text", PF_REQUIRED | PF_NOT_EMPTY, NULL, LIMIT_OBSERVATION_BYTES),
	STR("source_session", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	POINT("source_timestamp", PF_SOCKET_ONLY | PF_MAY_BE_EMPTY, NULL),
	STR("speaker", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	NUM("confidence", PF_SOCKET_ONLY, NULL, 0, 1),
	POINT("valid_from", PF_SOCKET_ONLY, NULL),
	POINT("valid_to", PF_SOCKET_ONLY, NULL),
	LIST("derived_from", PF_SOCKET_ONLY, NULL, &source_entry),
	NUM("salience", PF_SOCKET_ONLY, NULL, 0, 1),
	LIST("tags", PF_SOCKET_ONLY, NULL, &tag_entry),
	OBJ("metadata", PF_SOCKET_ONLY, NULL, NULL), END};
static const struct param observation = {"", P_TEXT_OR_OBJECT, PF_NOT_EMPTY,
	NULL, 1, LIMIT_OBSERVATION_BYTES, NULL, observation_fields, NULL};
static const struct param plain_text = {"", P_STRING, 0, NULL, 0,
	LIMIT_OBSERVATION_BYTES, NULL, NULL, NULL};
static const struct param name_entry = {"", P_STRING, 0, NULL, 0,
	LIMIT_NAME_BYTES, NULL, NULL, NULL};
static const char *const methods[] = {"manual", "auto", "import", "script",
	NULL};

static const struct param entity_fields[] = {NAME("name", PF_REQUIRED,
						     "unique"),
	TYPE("entityType", PF_REQUIRED, "person, project, ..."),
	LIST("observations", PF_REQUIRED, "one fact each", &observation),
	CHOICE("tier", PF_SOCKET_ONLY, NULL, tool_tiers),
	BOOLEAN("pin", PF_SOCKET_ONLY, NULL),
	LIST("tags", PF_EXTRA, "of the entity", &tag_entry),
	NUM("salience", PF_SOCKET_ONLY, NULL, 0, 1),
	OBJ("metadata", PF_SOCKET_ONLY, NULL, NULL),
	STR("source_session", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	POINT("source_timestamp", PF_SOCKET_ONLY | PF_MAY_BE_EMPTY, NULL),
	STR("speaker", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	CHOICE("extraction_method", PF_SOCKET_ONLY, NULL, methods), END};
static const struct param entity_entry = {"", P_OBJECT, 0, NULL, 0, 0, NULL,
	entity_fields, NULL};

static const struct param relation_fields[] = {NAME("from", PF_REQUIRED,
						       "entity"),
	NAME("to", PF_REQUIRED, "entity"),
	TYPE("relationType", PF_REQUIRED, "verb: works at"),
	NUM("weight", PF_SOCKET_ONLY, NULL, 0, 1), END};
static const struct param relation_entry = {"", P_OBJECT, 0, NULL, 0, 0, NULL,
	relation_fields, NULL};

static const struct param addition_fields[] = {NAME("entityName", PF_REQUIRED,
						       "entity"),
	LIST("contents", PF_REQUIRED, "one fact each", &observation),
	TYPE("entityType", PF_EXTRA, "to make the entity"),
	STR("source_session", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	POINT("source_timestamp", PF_SOCKET_ONLY | PF_MAY_BE_EMPTY, NULL),
	NUM("salience", PF_SOCKET_ONLY, NULL, 0, 1),
	STR("speaker", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES), END};
static const struct param addition_entry = {"", P_OBJECT, 0, NULL, 0, 0, NULL,
	addition_fields, NULL};

static const struct param deletion_fields[] = {NAME("entityName", PF_REQUIRED,
						       "entity"),
	LIST("observations", PF_REQUIRED, "exact texts", &plain_text), END};
static const struct param deletion_entry = {"", P_OBJECT, 0, NULL, 0, 0, NULL,
	deletion_fields, NULL};

/* --- methods -------------------------------------------------------------- */
static const char *const create_modes[] = {"merge", "replace", "skip", NULL};
/* What the reference memory server does: all of it or nothing, and only equal
 * texts are the same. */
#define STRICT BOOLEAN("strict", PF_SOCKET_ONLY, NULL)
static const struct param params_create_entities[] =
	{LIST("entities", PF_REQUIRED, "new or known ones", &entity_entry),
		STRICT, CHOICE("mode", PF_SOCKET_ONLY, NULL, create_modes),
		END};
static const struct param params_add_observations[] =
	{LIST("observations", PF_REQUIRED, "by entity", &addition_entry),
		STRICT, END};
static const struct param params_replace_observation[] = {NAME("entityName",
								  PF_REQUIRED,
								  "entity"),
	{"old", P_STRING, PF_REQUIRED | PF_NOT_EMPTY,
		"its text, or a telling part", 1, LIMIT_OBSERVATION_BYTES, NULL,
		NULL, NULL},
	{"new", P_STRING, PF_REQUIRED | PF_NOT_EMPTY, "what holds now", 1,
		LIMIT_OBSERVATION_BYTES, NULL, NULL, NULL},
	POINT("valid_from", PF_SOCKET_ONLY, NULL),
	POINT("valid_to", PF_SOCKET_ONLY, NULL), END};
static const struct param params_create_relations[] =
	{LIST("relations", PF_REQUIRED, "new ones", &relation_entry), STRICT,
		END};
static const struct param params_delete_entities[] =
	{LIST("entityNames", PF_REQUIRED, "exact names", &name_entry), END};
static const struct param params_delete_observations[] =
	{LIST("deletions", PF_REQUIRED, "by entity", &deletion_entry), END};
static const struct param params_delete_relations[] =
	{LIST("relations", PF_REQUIRED, "as stored", &relation_entry), END};
static const struct param params_update_entity[] = {NAME("name", PF_REQUIRED,
							    "entity"),
	TYPE("entityType", 0, "new type"),
	CHOICE("tier", 0, "new tier", tool_tiers),
	BOOLEAN("pin", 0, "always part of the context"),
	OBJ("metadata", 0, "replaces the present object; {} removes it", NULL),
	LIST("tags", 0, "these and no others", &tag_entry),
	STR("observation", 0, "tags and metadata of this fact, by exact text",
		LIMIT_OBSERVATION_BYTES),
	INT("fact", 0, "or by id", 1, INT64_MAX), END};
static const struct param params_rename_entity[] = {NAME("name", PF_REQUIRED,
							    "entity"),
	NAME("new_name", PF_REQUIRED, "must be free"), END};

/* Members of an entity a read can be asked for. */
static const char *const entity_members[] = {"id", "name", "type",
	"observations", "relations", "tier", "pin", "version", "branch",
	"created_at", "updated_at", "namespace", "metadata", "aliases", "facts",
	"access_count", NULL};
static const struct param member_entry = {"", P_STRING, 0, NULL, 0, 0,
	entity_members, NULL, NULL};
#define FIELDS		 LIST("fields", PF_SOCKET_ONLY, NULL, &member_entry)
#define CURSOR		 STR("cursor", PF_EXTRA, "`next` of a page", 256)
#define MAX_BYTES	 INT("max_bytes", PF_SOCKET_ONLY, NULL, 256, LIMIT_REPLY_BYTES)
#define MAX_TOKENS	 INT("max_tokens", PF_EXTRA, "of the reply", 50, 250000)
#define LIMIT_ROWS_OF(t) INT("limit", PF_EXTRA, t, 1, LIMIT_ROWS)

static const struct param type_entry = {"", P_STRING, 0, NULL, 0,
	LIMIT_TYPE_BYTES, NULL, NULL, NULL};
static const struct param tier_entry = {"", P_STRING, 0, NULL, 0, 0, tool_tiers,
	NULL, NULL};
static const char *const search_modes[] = {"best", "substring", NULL};
static const struct param params_search_nodes[] = {STR("query", PF_REQUIRED,
							   "words",
							   LIMIT_QUERY_BYTES),
	LIMIT_ROWS_OF("entities, default 10"), MAX_TOKENS, CURSOR,
	LIST("types", PF_SOCKET_ONLY, NULL, &type_entry),
	/* On the entity, or with it on one fact. */
	ALL_OF("tags", PF_EXTRA, "has all of these", &tag_entry),
	LIST("tiers", PF_SOCKET_ONLY, NULL, &tier_entry),
	CHOICE("mode", PF_SOCKET_ONLY, NULL, search_modes),
	BOOLEAN("relations", PF_SOCKET_ONLY, NULL), FIELDS, MAX_BYTES, END};
static const char *const recall_formats[] = {"rows", "lines", NULL};
static const struct param params_recall[] = {STR("query",
						     PF_REQUIRED | PF_NOT_EMPTY,
						     "the question",
						     LIMIT_QUERY_BYTES),
	LIMIT_ROWS_OF("facts, default 10"), MAX_TOKENS,
	STR("since", 0, "date, yesterday, 3 days ago", 64),
	STR("until", 0, "as since", 64),
	LIST("types", PF_SOCKET_ONLY, NULL, &type_entry),
	/* On the fact or its entity; instructions have theirs by their
	 * words. */
	ALL_OF("tags", PF_EXTRA, "all of these; instruction", &tag_entry),
	LIST("tiers", PF_SOCKET_ONLY, NULL, &tier_entry),
	NUM("min_score", PF_SOCKET_ONLY, NULL, 0, 1),
	NUM("cut", PF_SOCKET_ONLY, NULL, 0, 1),
	CHOICE("format", PF_SOCKET_ONLY, NULL, recall_formats),
	BOOLEAN("explain", PF_SOCKET_ONLY, NULL),
	OBJ("weights", PF_SOCKET_ONLY, NULL, NULL), MAX_BYTES, END};
static const char *const context_sources[] = {"pinned", "relevant", "conflicts",
	"recent", NULL};
static const struct param context_source = {"", P_STRING, 0, NULL, 0, 0,
	context_sources, NULL, NULL};
static const struct param params_assemble_context[] = {
	STR("task", PF_REQUIRED, "what you are about to do", LIMIT_QUERY_BYTES),
	INT("max_tokens", 0, "of the reply", 1, 250000),
	LIST("sources", 0, "default all", &context_source), END};
static const struct param params_memory_why[] =
	{STR("receipt", PF_REQUIRED | PF_NOT_EMPTY, "of the answer", 64), END};
static const struct param params_open_nodes[] = {LIST("names", PF_REQUIRED,
							 "exact names",
							 &name_entry),
	CURSOR, BOOLEAN("relations", PF_SOCKET_ONLY, NULL), FIELDS, MAX_BYTES,
	END};
static const struct param params_read_graph[] = {CURSOR,
	INT("limit", PF_SOCKET_ONLY, NULL, 1, LIMIT_ROWS),
	BOOLEAN("relations", PF_SOCKET_ONLY, NULL), FIELDS, MAX_BYTES, END};
static const struct param params_memory_history[] = {
	NAME("name", 0, "entity; without it: everything"),
	LIMIT_ROWS_OF("changes"), CURSOR,
	POINT("since", 0, "time or change id"), POINT("until", 0, "as since"),
	STR("session", 0, "who wrote", LIMIT_LABEL_BYTES), MAX_BYTES, END};
static const struct param params_get_memory_status[] = {END};

static const struct param params_execute_code[] = {
	{"code", P_STRING, PF_REQUIRED | PF_NOT_EMPTY, "Lua 5.4", 1,
		LIMIT_SCRIPT_SOURCE_BYTES, NULL, NULL, NULL},
	OBJ("args", 0, "the global `args`", NULL),
	INT("timeout_ms", 0, "default 5000", 1, LIMIT_SCRIPT_WALL_MAX_MS),
	BOOLEAN("dry_run", 0, "show what it would change"), END};

static const struct param params_save_skill[] = {NAME("name", PF_REQUIRED,
							 "of the skill"),
	{"code", P_STRING, PF_REQUIRED | PF_NOT_EMPTY, "Lua 5.4", 1,
		LIMIT_SKILL_BYTES, NULL, NULL, NULL},
	{"description", P_STRING, PF_REQUIRED | PF_NOT_EMPTY,
		"what it does and returns", 1, LIMIT_MESSAGE_BYTES, NULL, NULL,
		NULL},
	OBJ("params", 0, "name: what it means", NULL), END};
#define VERSION INT("version", 0, "default: the newest", 1, INT64_MAX)
static const struct param params_load_skill[] = {NAME("name", PF_REQUIRED,
							 "of the skill"),
	VERSION, END};
static const struct param params_list_skills[] =
	{STR("query", 0, "words; without it: all", LIMIT_QUERY_BYTES),
		LIMIT_ROWS_OF("skills"), CURSOR, END};
static const struct param params_run_skill[] = {NAME("name", PF_REQUIRED,
							"of the skill"),
	OBJ("params", 0, "its global `args`", NULL), VERSION,
	INT("timeout_ms", 0, "default 5000", 1, LIMIT_SCRIPT_WALL_MAX_MS),
	BOOLEAN("dry_run", 0, "show what it would change"), END};
#define FILE_NAME                                                              \
	{                                                                      \
		"name", P_STRING, PF_REQUIRED | PF_NOT_EMPTY, "of the value",  \
			1, LIMIT_LABEL_BYTES, NULL, NULL, NULL                 \
	}
static const struct param params_list_files[] = {END};
static const struct param params_read_file[] = {FILE_NAME, END};
static const struct param params_write_file[] = {FILE_NAME,
	{"content", P_ANY, PF_REQUIRED, "any JSON value", 0, 0, NULL, NULL,
		NULL},
	END};
static const struct param params_delete_file[] = {FILE_NAME, END};

/* Branch and point in time are parameters over MCP: nothing there depends on
 * the state of a connection. */
#define BRANCH STR("branch", 0, "default main", LIMIT_LABEL_BYTES)
static const struct param params_memory_diff[] = {
	NAME("name", 0, "entity; without it: everything"),
	POINT("from", 0, "change id or time; default: the start"),
	POINT("to", 0, "default: now"),
	INT("from_version", 0, "of the entity, instead of from", 1, INT64_MAX),
	INT("to_version", 0, "of the entity, instead of to", 1, INT64_MAX),
	STR("from_branch", 0, "default main", LIMIT_LABEL_BYTES),
	STR("to_branch", 0, "default main", LIMIT_LABEL_BYTES),
	BOOLEAN("text", 0, "also as lines with + and -"), CURSOR, MAX_BYTES,
	END};
/* Large ones: a part a call. */
#define SLICED                                                                 \
	BOOLEAN("sliced", 0,                                                   \
		"in several changes; repeat the call until done"),             \
		INT("slice_facts", PF_SOCKET_ONLY, NULL, 1, LIMIT_RUN_FACTS)
static const struct param params_memory_revert[] = {NAME("name", PF_REQUIRED,
							    "entity"),
	INT("version", PF_REQUIRED, "as memory_history has it", 1, INT64_MAX),
	BOOLEAN("dry_run", 0, "show what it would change"), SLICED, BRANCH,
	END};
static const struct param change_entry = {"", P_INT, 0, NULL, 1, INT64_MAX,
	NULL, NULL, NULL};
static const char *const undo_policies[] = {"refuse", "skip", "cascade", NULL};
static const struct param params_memory_undo[] = {INT("change", 0, "its id", 1,
							  INT64_MAX),
	LIST("changes", 0, "their ids", &change_entry),
	STR("session", 0, "all that this session wrote", LIMIT_LABEL_BYTES),
	POINT("since", 0, "all since this time or change id"),
	POINT("until", 0, "and until this one"),
	STR("run", 0, "all changes of this run", LIMIT_LABEL_BYTES),
	CHOICE("on_conflict", 0, "default refuse", undo_policies),
	BOOLEAN("dry_run", 0, "show what it would change"), SLICED, BRANCH,
	END};
static const char *const branch_actions[] = {"create", "list", "describe",
	"discard", NULL};
static const struct param params_memory_branch[] =
	{CHOICE("action", PF_REQUIRED, "what to do", branch_actions),
		STR("name", 0, "of the branch", LIMIT_LABEL_BYTES),
		STR("from_branch", 0, "default main", LIMIT_LABEL_BYTES),
		POINT("at", 0, "fork from a past point"),
		STR("about", 0, "what it is for", LIMIT_MESSAGE_BYTES),
		BOOLEAN("lease", PF_SOCKET_ONLY, NULL),
		INT("id", PF_SOCKET_ONLY, NULL, 2, INT64_MAX), END};
static const struct param params_memory_merge[] =
	{STR("branch", PF_REQUIRED | PF_NOT_EMPTY, "merged into its parent",
		 LIMIT_LABEL_BYTES),
		BOOLEAN("dry_run", 0, "show what it would change"), SLICED,
		END};
static const struct param params_changes_since[] =
	{STR("cursor", 0, "`next` of the call before; none: from the start",
		 256),
		LIMIT_ROWS_OF("changes"), MAX_BYTES, END};
static const struct param params_forget[] = {NAME("name", PF_REQUIRED,
						     "entity"),
	STR("observation", 0, "only this one, by its exact text",
		LIMIT_OBSERVATION_BYTES),
	BOOLEAN("confirm", PF_REQUIRED, "true: erase"), SLICED, END};
static const struct param params_hello[] = {INT("protocol", 0, NULL, 1, 1000),
	STR("version", 0, NULL, 64), STR("time_zone", 0, NULL, 64),
	STR("expect_database", 0, NULL, 4096),
	STR("tools", 0, "profiles of the agent behind it", 256),
	OBJ("settings", 0, NULL, NULL), END};
static const struct param params_ping[] = {END};
static const struct param params_metrics[] = {END};
static const struct param params_retire[] = {END};
static const struct param params_cancel[] = {{"id", P_INT, PF_REQUIRED, NULL,
						     INT64_MIN, INT64_MAX, NULL,
						     NULL, NULL},
	END};
static const struct param params_subscribe[] = {BOOLEAN("all", 0,
							"every namespace"),
	END};
static const struct param params_unsubscribe[] = {END};

static const struct param params_list_sessions[] = {LIMIT_ROWS_OF("sessions"),
	CURSOR, STR("session", 0, "only this one", LIMIT_LABEL_BYTES), END};
static const struct param params_list_namespaces[] = {END};
#define NS(n, t) STR(n, PF_REQUIRED | PF_NOT_EMPTY, t, LIMIT_LABEL_BYTES)
static const struct param params_rename_namespace[] = {NS("from", "its name"),
	NS("to", "must be free"), END};
static const struct param params_merge_namespaces[] = {NS("from", "emptied"),
	NS("to", "gets it all"), END};
static const struct param params_alias_namespace[] =
	{NS("alias", "the second name"), NS("of", "a namespace"), END};
static const struct param params_recall_weights[] = {END};
static const struct param params_set_recall_weights[] =
	{OBJ("weights", PF_REQUIRED, "name: number or null", NULL), END};
static const struct param params_export_log[] = {CURSOR,
	BOOLEAN("current", 0, "today's state instead of the log"),
	BOOLEAN("all", 0, "every namespace"), MAX_BYTES, END};
static const struct param record_entry = {"", P_OBJECT, 0, NULL, 0, 0, NULL,
	NULL, NULL};
static const struct param params_import_records[] = {
	STR("source", PF_REQUIRED | PF_NOT_EMPTY,
		"identity of the file: name of its resumable state", 256),
	INT("offset", PF_REQUIRED, "lines before this slice", 0,
		LIMIT_IMPORT_LINES),
	LIST("records", 0, "parsed lines; none: only asks how far it got",
		&record_entry),
	BOOLEAN("done", 0, "this was the last slice"),
	BOOLEAN("all_namespaces", 0, "write where the lines say"),
	BOOLEAN("confirm_erasures", 0, "a log may erase what is here"), END};
static const struct param fact_entry = {"", P_INT, 0, NULL, 1, INT64_MAX, NULL,
	NULL, NULL};
static const struct param params_repair[] =
	{{"facts", P_ARRAY, PF_REQUIRED | PF_NOT_EMPTY,
		 "ids, as verify names them", 1, LIMIT_SLICE_FACTS, NULL, NULL,
		 &fact_entry},
		BOOLEAN("dry_run", 0, "show what it would change"), END};
static const struct param params_verify[] = {CURSOR,
	STR("head", 0, "NAMESPACE:HEX, a chain head kept elsewhere", 600), END};

#define TOOL(name, title, flags, profiles, order, text)                        \
	{#name, title, text, flags, profiles, order, params_##name, NULL},
const struct tool tools[] = {
#include "common/contract/tools.def"
};
const size_t tools_n = ARRAY_LEN(tools);

const struct tool *
tool_find(const char *name)
{
	for (size_t i = 0; i < tools_n; i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	return NULL;
}

const char *
tool_nearest(const char *name)
{
	const char *names[ARRAY_LEN(tools) + 1];

	for (size_t i = 0; i < tools_n; i++)
		names[i] = tools[i].name;
	names[tools_n] = NULL;
	return text_nearest(name, names);
}
