/* The words in which the records of methods (*.def beside this file) write
 * their tables. tools.c alone includes this file.
 *
 *   .params = PARAMS(
 *           NAME("name", PF_REQUIRED, "entity"),
 *           LIST("tags", 0, "of the entity", &tag_entry))
 *   .result = GIVES(
 *           ALWAYS(P_STRING, "name"),
 *           MAYBE_ROWS("failed", ALWAYS(P_INT, "index")))
 *
 * A parameter has a name, flags (PF_*), the text that a model reads, and what
 * its type needs. Texts cost every agent tokens: they are terse, and only
 * there where the name does not say it. NULL: none. */
#ifndef COMMON_CONTRACT_TOOLS_WORDS_H
#define COMMON_CONTRACT_TOOLS_WORDS_H

#include "common/contract/tools.h"
#include "common/limits.h"

#define PARAMS(...)                                                            \
	(const struct param[])                                                 \
	{                                                                      \
		__VA_ARGS__,                                                   \
		{                                                              \
			0                                                      \
		}                                                              \
	}
#define NO_PARAMS                                                              \
	(const struct param[])                                                 \
	{                                                                      \
		{                                                              \
			0                                                      \
		}                                                              \
	}

/* --- parameters ----------------------------------------------------------- */
#define PARAM(n, t, f, about, ...)                                             \
	{                                                                      \
		.name = (n), .type = (t), .flags = (f), .text = (about),       \
		__VA_ARGS__                                                    \
	}
/* A text of at most `most` bytes. */
#define STR(n, f, about, most) PARAM(n, P_STRING, f, about, .max = (most))
/* The same, not empty. */
#define WORDS(n, f, about, most)                                               \
	PARAM(n, P_STRING, (f) | PF_NOT_EMPTY, about, .min = 1, .max = (most))
/* The name of an entity, and a type of entities or relations. */
#define NAME(n, f, about) WORDS(n, f, about, LIMIT_NAME_BYTES)
#define TYPE(n, f, about) WORDS(n, f, about, LIMIT_TYPE_BYTES)
#define INT(n, f, about, least, most)                                          \
	PARAM(n, P_INT, f, about, .min = (least), .max = (most))
#define NUM(n, f, about, least, most)                                          \
	PARAM(n, P_NUMBER, f, about, .min = (least), .max = (most))
#define BOOLEAN(n, f, about) PARAM(n, P_BOOL, f, about, .max = 0)
/* A point in time, or a change id. */
#define POINT(n, f, about) PARAM(n, P_POINT, f, about, .max = 0)
/* One of the texts of a list that NULL ends. */
#define CHOICE(n, f, about, list)                                              \
	PARAM(n, P_STRING, f, about, .choices = (list))
/* An object with any members. */
#define FREE_OBJECT(n, f, about) PARAM(n, P_OBJECT, f, about, .max = 0)
/* Any value. */
#define ANY(n, f, about) PARAM(n, P_ANY, f, about, .max = 0)
/* A list. What follows points to what each of its entries is: &name_entry, or
 * OBJECT_OF(members). */
#define LIST_TO(n, f, about, most, ...)                                        \
	PARAM(n, P_ARRAY, f, about, .max = (most), .item = __VA_ARGS__)
#define LIST(n, f, about, ...)                                                 \
	LIST_TO(n, f, about, LIMIT_LIST_ENTRIES, __VA_ARGS__)
/* An entry of a list that is an object with these members. */
#define OBJECT_OF(...)                                                         \
	&(const struct param)                                                  \
	{                                                                      \
		.name = "", .type = P_OBJECT, .sub = PARAMS(__VA_ARGS__)       \
	}

/* --- replies -------------------------------------------------------------- */
/* Members of a reply, without those that any reply may have (tools_any_reply).
 * ALWAYS is in each reply, MAYBE is not there when it has nothing to say. */
#define GIVES(...)    PARAMS(__VA_ARGS__)
#define ANY_NUMBER(t) ((t) == P_INT || (t) == P_NUMBER ? INT64_MIN : 0)
#define ALWAYS(t, n)                                                           \
	{                                                                      \
		.name = (n), .type = (t), .flags = PF_REQUIRED,                \
		.min = ANY_NUMBER(t)                                           \
	}
#define MAYBE(t, n)                                                            \
	{                                                                      \
		.name = (n), .type = (t), .min = ANY_NUMBER(t)                 \
	}
/* A list of objects with these members. */
#define ROWS(n, ...)                                                           \
	{                                                                      \
		.name = (n), .type = P_ARRAY, .flags = PF_REQUIRED,            \
		.item = OBJECT_OF(__VA_ARGS__)                                 \
	}
#define MAYBE_ROWS(n, ...)                                                     \
	{                                                                      \
		.name = (n), .type = P_ARRAY, .item = OBJECT_OF(__VA_ARGS__)   \
	}
/* An object with these members. */
#define GROUP(n, ...)                                                          \
	{                                                                      \
		.name = (n), .type = P_OBJECT, .flags = PF_REQUIRED,           \
		.sub = PARAMS(__VA_ARGS__)                                     \
	}
#define MAYBE_GROUP(n, ...)                                                    \
	{                                                                      \
		.name = (n), .type = P_OBJECT, .sub = PARAMS(__VA_ARGS__)      \
	}

/* --- what memory-mcp adds to the arguments of an agent --------------------- */
#define ARGS(...)                                                              \
	(const struct tool_arg[])                                              \
	{                                                                      \
		__VA_ARGS__,                                                   \
		{                                                              \
			0                                                      \
		}                                                              \
	}
/* SET replaces what the agent said, DEFAULT stands in for what it left out. */
#define SET_TEXT(n, v)                                                         \
	{                                                                      \
		.name = (n), .is = ARG_TEXT, .text = (v)                       \
	}
#define SET_TRUE(n)                                                            \
	{                                                                      \
		.name = (n), .is = ARG_TRUE                                    \
	}
#define SET_INT(n, v)                                                          \
	{                                                                      \
		.name = (n), .is = ARG_INT, .number = (v)                      \
	}
#define DEFAULT_INT(n, v)                                                      \
	{                                                                      \
		.name = (n), .is = ARG_INT, .number = (v), .may_stay = true    \
	}
#define DEFAULT_REAL(n, v)                                                     \
	{                                                                      \
		.name = (n), .is = ARG_REAL, .number = (v), .may_stay = true   \
	}
/* The budget of a page. */
#define PAGE_ARGS ARGS(SET_INT("max_bytes", LIMIT_MCP_PAGE_BYTES))

#endif
