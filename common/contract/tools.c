/* tools[], from the records in common/contract/tools/, and what several
 * records have in common. */
#include "common/contract/tools/words.h"

#include <string.h>

#include "common/jx.h"
#include "common/text.h"

const char *const tool_tiers[] = {"working", "episodic", "semantic",
	"procedural", NULL};
const char *const tool_related_kinds[] = {"relations", "words", "names", "tags",
	"session", NULL};
const char *const tool_plan_states[] = {"todo", "doing", "blocked", "done",
	"dropped", NULL};

static const char *const scopes[] = {"project", "user", NULL};

const struct param tools_common[] = {
	STR("namespace", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	STR("branch", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	POINT("as_of", PF_SOCKET_ONLY, NULL),
	POINT("valid_at", PF_SOCKET_ONLY, NULL),
	STR("session", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	STR("client", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	STR("actor", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
	STR("message", PF_SOCKET_ONLY, NULL, LIMIT_MESSAGE_BYTES),
	STR("key", PF_SOCKET_ONLY, NULL, LIMIT_KEY_BYTES),
	CHOICE("scope", PF_SOCKET_ONLY, NULL, scopes),
	BOOLEAN("confirm", PF_SOCKET_ONLY, NULL),
	BOOLEAN("allow_secret", PF_SOCKET_ONLY, NULL),
	BOOLEAN("mark_secrets", PF_SOCKET_ONLY, NULL),
	{0},
};

const struct param tools_any_reply[] = {
	MAYBE(P_INT, "change"),
	MAYBE(P_BOOL, "repeated"),
	MAYBE(P_STRING, "note"),
	MAYBE(P_BOOL, "staged"),
	MAYBE(P_STRING, "review"),
	MAYBE(P_ARRAY, "marked"),
	MAYBE(P_ARRAY, "ignored"),
	MAYBE(P_OBJECT, "ignored_settings"),
	{0},
};

/* --- values and entries of lists ------------------------------------------ */
static const char *const extraction_methods[] = {"manual", "auto", "import",
	"script", NULL};
static const char *const create_modes[] = {"merge", "replace", "skip", NULL};
static const char *const search_modes[] = {"best", "substring", NULL};
static const char *const recall_formats[] = {"rows", "lines", NULL};
static const char *const handoff_actions[] = {"leave", "claim", "list", NULL};
static const char *const handoff_states[] = {"open", "claimed", "all", NULL};
static const char *const plan_lists[] = {"open", "all", NULL};
static const char *const context_sources[] = {"pinned", "relevant", "conflicts",
	"recent", NULL};
static const char *const conflict_kinds[] = {"duplicate", "update",
	"contradiction", "attribute", "merge", "succession", NULL};
static const char *const conflict_states[] = {"pending", "resolved", "settled",
	"gone", "all", NULL};
static const char *const resolve_strategies[] = {"merge", "update", "keep_both",
	"branch", "auto", NULL};
static const char *const conflict_modes[] = {"none", "report", "queue",
	"supersede", NULL};
static const char *const scan_actions[] = {"start", "status", "stop", NULL};
static const char *const resolve_keeps[] = {"existing", "new", NULL};
static const char *const undo_policies[] = {"refuse", "skip", "cascade", NULL};
static const char *const staged_states[] = {"waiting", "approved", "rejected",
	"expired", "withdrawn", "all", NULL};
static const char *const staged_decisions[] = {"approve", "reject", NULL};
static const char *const staged_conflicts[] = {"skip", "staged", NULL};
static const char *const branch_actions[] = {"create", "list", "describe",
	"discard", NULL};
/* Members of an entity that a read can be asked for. */
static const char *const entity_members[] = {"id", "name", "type",
	"observations", "relations", "tier", "pin", "version", "branch",
	"created_at", "updated_at", "namespace", "metadata", "aliases", "facts",
	"access_count", "confirmed_at", "expires_at", NULL};

static const struct param name_entry = STR("", 0, NULL, LIMIT_NAME_BYTES);
static const struct param type_entry = STR("", 0, NULL, LIMIT_TYPE_BYTES);
static const struct param tag_entry = WORDS("", 0, NULL, LIMIT_TYPE_BYTES);
static const struct param tier_entry = CHOICE("", 0, NULL, tool_tiers);
static const struct param text_entry = STR("", 0, NULL, 0);
static const struct param receipt_entry = STR("", 0, NULL, 64);
static const struct param id_entry = INT("", 0, NULL, 1, INT64_MAX);
static const struct param free_entry = FREE_OBJECT("", 0, NULL);
static const struct param member_entry = CHOICE("", 0, NULL, entity_members);
static const struct param context_source = CHOICE("", 0, NULL, context_sources);
static const struct param source_entry = POINT("", 0, NULL);

/* Where in the code a fact was read: "src/pool.c:10-14", or an object
 * (common/codespan.h). memory-mcp completes it from the file. */
#define CODE_SOURCE(flags)                                                     \
	PARAM("source", P_TEXT_OR_OBJECT, (flags) | PF_NOT_EMPTY,              \
		"as a.c:1-9", .min = 1, .max = LIMIT_CODE_PATH_BYTES + 32,     \
		.sub = PARAMS(WORDS("path", PF_REQUIRED, NULL,                 \
				      LIMIT_CODE_PATH_BYTES),                  \
			ANY("lines", 0, NULL),                                 \
			STR("hash", 0, NULL, LIMIT_CODE_HASH_BYTES),           \
			STR("commit", 0, NULL, LIMIT_CODE_HASH_BYTES),         \
			STR("project", 0, NULL, LIMIT_LABEL_BYTES)))

/* An observation to be deleted is told by its text alone. */
static const struct param observation_text =
	STR("", 0, NULL, LIMIT_OBSERVATION_BYTES);
static const struct param observation = PARAM("", P_TEXT_OR_OBJECT,
	PF_NOT_EMPTY, NULL, .min = 1, .max = LIMIT_OBSERVATION_BYTES,
	.sub = PARAMS(STR("text", PF_REQUIRED | PF_NOT_EMPTY, NULL,
			      LIMIT_OBSERVATION_BYTES),
		STR("source_session", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
		POINT("source_timestamp", PF_SOCKET_ONLY | PF_MAY_BE_EMPTY,
			NULL),
		STR("speaker", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),
		NUM("confidence", PF_SOCKET_ONLY, NULL, 0, 1),
		POINT("valid_from", PF_SOCKET_ONLY, NULL),
		POINT("valid_to", PF_SOCKET_ONLY, NULL),
		LIST("derived_from", PF_SOCKET_ONLY, NULL, &source_entry),
		NUM("salience", PF_SOCKET_ONLY, NULL, 0, 1),
		LIST("tags", PF_SOCKET_ONLY, NULL, &tag_entry),
		POINT("expires_at", PF_SOCKET_ONLY, NULL),
		NUM("ttl_days", PF_SOCKET_ONLY, NULL, 0, 36500),
		CODE_SOURCE(PF_SOCKET_ONLY),
		FREE_OBJECT("metadata", PF_SOCKET_ONLY, NULL)));
static const struct param relation_entry = PARAM("", P_OBJECT, 0, NULL,
	.sub = PARAMS(NAME("from", PF_REQUIRED, "entity"),
		NAME("to", PF_REQUIRED, "entity"),
		TYPE("relationType", PF_REQUIRED, "verb: works at"),
		NUM("weight", PF_SOCKET_ONLY, NULL, 0, 1)));

static const struct param related_kind =
	CHOICE("", 0, NULL, tool_related_kinds);
static const struct param plan_command = WORDS("", 0, NULL, LIMIT_QUERY_BYTES);
static const struct param plan_step_entry = PARAM("", P_TEXT_OR_OBJECT,
	PF_NOT_EMPTY | PF_AS_OBJECT, NULL, .min = 1,
	.max = LIMIT_PLAN_TEXT_BYTES,
	.sub = PARAMS(STR("text", PF_REQUIRED | PF_NOT_EMPTY, "what to do",
			      LIMIT_PLAN_TEXT_BYTES),
		LIST_TO("acceptance", 0, "commands that show it is done",
			LIMIT_PLAN_COMMANDS, &plan_command),
		CHOICE("state", 0, "default todo", tool_plan_states),
		INT("step", 0, "number of a step that is there", 1, INT64_MAX),
		STR("note", PF_SOCKET_ONLY, NULL, LIMIT_PLAN_TEXT_BYTES),
		STR("evidence", PF_SOCKET_ONLY, NULL, LIMIT_PLAN_TEXT_BYTES)));

/* --- parameters of several records ---------------------------------------- */
/* What the reference memory server does: all of it or nothing, and only equal
 * texts are the same. */
#define STRICT BOOLEAN("strict", PF_SOCKET_ONLY, NULL)
#define ON_CONFLICT                                                            \
	CHOICE("on_conflict", PF_ORDER | PF_EXTRA,                             \
		"what becomes of a fact at odds with a stored one",            \
		conflict_modes)
#define SOURCE_OF_SESSION                                                      \
	STR("source_session", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES),        \
		POINT("source_timestamp", PF_SOCKET_ONLY | PF_MAY_BE_EMPTY,    \
			NULL)
#define SOURCE                                                                 \
	SOURCE_OF_SESSION,                                                     \
		STR("speaker", PF_SOCKET_ONLY, NULL, LIMIT_LABEL_BYTES)

/* Time to live. */
#define EXPIRES                                                                \
	POINT("expires_at", PF_ORDER | PF_EXTRA, "when it goes, or never"),    \
		NUM("ttl_days", PF_ORDER | PF_EXTRA, "or days from now", 0,    \
			36500)

#define FIELDS		 LIST("fields", PF_SOCKET_ONLY, NULL, &member_entry)
#define CURSOR		 STR("cursor", PF_EXTRA, "`next` of a page", 256)
#define MAX_BYTES	 INT("max_bytes", PF_SOCKET_ONLY, NULL, 256, LIMIT_REPLY_BYTES)
#define MAX_TOKENS	 INT("max_tokens", PF_EXTRA, "of the reply", 50, 250000)
#define LIMIT_ROWS_OF(t) INT("limit", PF_EXTRA, t, 1, LIMIT_ROWS)
#define TYPES		 LIST("types", PF_SOCKET_ONLY, NULL, &type_entry)
#define TIERS		 LIST("tiers", PF_ORDER | PF_EXTRA, "only these", &tier_entry)
/* All of them are asked for, and no fact has more. */
#define ALL_TAGS(about)                                                        \
	LIST_TO("tags", PF_EXTRA, about, LIMIT_FACT_TAGS, &tag_entry)

#define SKILL_VERSION INT("version", 0, "default: the newest", 1, INT64_MAX)
#define SCRIPT_RUN                                                             \
	INT("timeout_ms", 0, "default 5000", 1, LIMIT_SCRIPT_WALL_MAX_MS),     \
		DRY_RUN
#define FILE_NAME WORDS("name", PF_REQUIRED, "of the value", LIMIT_LABEL_BYTES)
#define DRY_RUN	  BOOLEAN("dry_run", 0, "show what it would change")
/* Large ones: a part a call. */
#define SLICED                                                                 \
	BOOLEAN("sliced", 0,                                                   \
		"in several changes; repeat the call until done"),             \
		INT("slice_facts", PF_SOCKET_ONLY, NULL, 1, LIMIT_RUN_FACTS)
/* Branch and point in time are parameters over MCP: nothing there depends on
 * the state of a connection. */
#define BRANCH		    STR("branch", 0, "default main", LIMIT_LABEL_BYTES)
#define NAMESPACE(n, about) WORDS(n, PF_REQUIRED, about, LIMIT_LABEL_BYTES)

/* --- members of several replies ------------------------------------------- */
#define FAILED                                                                 \
	MAYBE_ROWS("failed", ALWAYS(P_INT, "index"),                           \
		ALWAYS(P_STRING, "error"), ALWAYS(P_STRING, "code"),           \
		MAYBE(P_STRING, "param"))
/* Texts that are there already, and texts that say nearly the same. */
#define TOLD_OF_TEXTS                                                          \
	MAYBE(P_ARRAY, "same_as"), MAYBE(P_ARRAY, "similar"),                  \
		MAYBE(P_BOOL, "confirmed")
#define CHANGES                                                                \
	ROWS("changes", ALWAYS(P_INT, "change"), ALWAYS(P_STRING, "at"),       \
		ALWAYS(P_STRING, "kind"), MAYBE(P_INT, "version"),             \
		MAYBE(P_STRING, "actor"), MAYBE(P_STRING, "client"),           \
		MAYBE(P_STRING, "session"), MAYBE(P_STRING, "message"),        \
		MAYBE(P_STRING, "namespace"), MAYBE(P_STRING, "branch"),       \
		MAYBE(P_ANY, "about"), MAYBE(P_ANY, "merged"),                 \
		MAYBE(P_ANY, "created_branch"),                                \
		MAYBE(P_ANY, "discarded_branch"), MAYBE(P_ARRAY, "added"),     \
		MAYBE(P_ARRAY, "removed"), MAYBE(P_ARRAY, "set"),              \
		MAYBE(P_INT, "more"))
#define OF_A_RUN                                                               \
	MAYBE(P_BOOL, "dry_run"), MAYBE(P_BOOL, "done"),                       \
		MAYBE(P_STRING, "run"), MAYBE(P_INT, "slices"),                \
		MAYBE(P_INT, "remaining")
/* One of the two facts of a conflict. */
#define FACT_OF_CONFLICT                                                       \
	ALWAYS(P_INT, "fact"), ALWAYS(P_STRING, "entity"),                     \
		ALWAYS(P_STRING, "text")
#define SIDE_OF_CONFLICT                                                       \
	FACT_OF_CONFLICT, ALWAYS(P_STRING, "said_at"),                         \
		MAYBE(P_STRING, "valid_from"), MAYBE(P_STRING, "valid_to"),    \
		MAYBE(P_STRING, "session"), MAYBE(P_STRING, "client"),         \
		MAYBE(P_STRING, "actor"), MAYBE(P_BOOL, "hidden")
/* What on_conflict found. */
#define AT_ODDS                                                                \
	MAYBE_ROWS("conflicts", ALWAYS(P_STRING, "existing_entity"),           \
		ALWAYS(P_INT, "existing_id"),                                  \
		ALWAYS(P_STRING, "conflict_type"),                             \
		ALWAYS(P_NUMBER, "confidence"),                                \
		ALWAYS(P_STRING, "suggested_action"),                          \
		ALWAYS(P_STRING, "reason"), FACT_OF_CONFLICT,                  \
		ALWAYS(P_INT, "new_fact"), ALWAYS(P_STRING, "said"),           \
		ALWAYS(P_STRING, "did"), MAYBE(P_INT, "id")),                  \
		MAYBE(P_INT, "conflict_count"),                                \
		MAYBE(P_BOOL, "conflicts_later")
#define WEIGHTS                                                                \
	ROWS("weights", ALWAYS(P_STRING, "name"), ALWAYS(P_NUMBER, "value"),   \
		ALWAYS(P_STRING, "from"), ALWAYS(P_NUMBER, "default"),         \
		ALWAYS(P_NUMBER, "most"), ALWAYS(P_STRING, "about"))
#define SETTINGS                                                               \
	ROWS("settings", ALWAYS(P_STRING, "name"), ALWAYS(P_ANY, "value"),     \
		ALWAYS(P_STRING, "from"), ALWAYS(P_ANY, "default"),            \
		MAYBE(P_ARRAY, "choices"), ALWAYS(P_STRING, "about")),         \
		MAYBE(P_OBJECT, "proposed")
#define SCRIPT_RESULT                                                          \
	ALWAYS(P_STRING, "outcome"), MAYBE(P_ANY, "result"),                   \
		MAYBE(P_STRING, "stdout"), MAYBE(P_STRING, "message"),         \
		MAYBE(P_INT, "line"), MAYBE(P_ARRAY, "traceback"),             \
		MAYBE(P_STRING, "limit"), MAYBE(P_OBJECT, "limits"),           \
		MAYBE(P_OBJECT, "usage"), MAYBE(P_ARRAY, "warnings"),          \
		MAYBE(P_STRING, "hint"), MAYBE(P_BOOL, "dry_run"),             \
		MAYBE(P_ARRAY, "changes")

/* --- what an agent is shown of replies ------------------------------------ */
#define SCRIPT_OUTPUT GIVES(ALWAYS(P_STRING, "outcome"), MAYBE(P_ANY, "result"))
/* As create_entities and create_relations take them: said once is enough. */
#define GRAPH_OUTPUT                                                           \
	GIVES(LIST("entities", PF_REQUIRED, NULL, &free_entry),                \
		LIST("relations", PF_REQUIRED, NULL, &free_entry),             \
		MAYBE(P_STRING, "next"))
/* In the profile compat each member is described. */
#define WHOLE_ENTITIES                                                         \
	ROWS("entities", ALWAYS(P_STRING, "name"),                             \
		ALWAYS(P_STRING, "entityType"),                                \
		LIST("observations", PF_REQUIRED, NULL, &text_entry))
#define WHOLE_RELATIONS                                                        \
	ROWS("relations", ALWAYS(P_STRING, "from"), ALWAYS(P_STRING, "to"),    \
		ALWAYS(P_STRING, "relationType"))
#define WHOLE_GRAPH GIVES(WHOLE_ENTITIES, WHOLE_RELATIONS)
#define DONE	    GIVES(ALWAYS(P_BOOL, "success"), ALWAYS(P_STRING, "message"))

/* --- the records ---------------------------------------------------------- */
#define TOOL(n, ...)	  {.name = #n, __VA_ARGS__},
#define LOOP_TOOL(n, ...) {.name = #n, __VA_ARGS__},
const struct tool tools[] = {
#include "common/contract/tools/all.def"
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

int
tool_check_reply(const struct tool *t, const json_t *reply, struct err *e)
{
	/* The check settles numbers in place; the reply stays as it is. */
	AUTO_JSON json_t *copy = jx_copy(reply);
	struct err why = {0};
	int rc;

	if (!copy)
		return err_nomem(e);
	rc = schema_check(t->result, tools_any_reply, copy, NULL, &why);
	if (rc == MDB_E_INVALID)
		return err_param(e, MDB_E_INTERNAL, why.param,
			"the reply of %s is not as its record says: %s",
			t->name, why.text);
	return rc ? err_nomem(e) : 0;
}
