/* Parameter tables: validation of requests and JSON Schema for MCP come from
 * the same data. */
#ifndef COMMON_CONTRACT_SCHEMA_H
#define COMMON_CONTRACT_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

enum param_type {
	P_STRING,
	P_INT,
	P_NUMBER,
	P_BOOL,
	P_OBJECT,	  /* members: sub; free-form when sub is NULL */
	P_ARRAY,	  /* entries: item (one struct param) */
	P_POINT,	  /* as_of: change id (an integer, or its digits), or a
			   string with a time. MCP shows a string */
	P_TEXT_OR_OBJECT, /* an observation: a string, or an object of sub.
			   MCP shows a string, with PF_AS_OBJECT the object */
	P_ANY		  /* any value */
};

enum param_flag {
	PF_REQUIRED = 1,
	PF_SOCKET_ONLY = 2, /* not shown in the MCP schema */
	PF_NOT_EMPTY = 4,
	PF_MAY_BE_EMPTY = 8, /* P_POINT: "" counts as not given */
	PF_EXTRA = 16,	     /* of one of the nine, but not in the reference
				   memory server: not part of `compat` */
	PF_AS_OBJECT = 32,   /* P_TEXT_OR_OBJECT: MCP shows the object */
	PF_ORDER = 64	     /* MCP takes it of any agent, and shows it to one
				   that has the profile `order` */
};

struct param {
	const char *name; /* NULL ends a table */
	enum param_type type;
	unsigned flags;
	const char *text;	    /* description, terse; NULL: none */
	int64_t min, max;	    /* P_INT, P_NUMBER: value; P_STRING: bytes;
				   P_ARRAY: entries. max 0: no limit here */
	const char *const *choices; /* NULL-terminated; P_STRING */
	const struct param *sub;
	const struct param *item;
};

/* Checks an object against a table: types, ranges, required, choices, valid
 * members. Its numbers are put into the form that the table asks for (see
 * jx_integral), so that who reads them later finds an integer where one is
 * wanted, and never -0.0. Free-form members stay as they are. Unknown members: MDB_E_INVALID naming the nearest known one, or,
 * when ret_ignored is not NULL, they are collected there (new array of names)
 * and pass. extra: a second table also allowed (the common parameters), may
 * be NULL. */
int schema_check(const struct param *table, const struct param *extra,
	json_t *object, json_t **ret_ignored, struct err *e) MUST_CHECK;

/* JSON Schema (2020-12, an object) of a table, without the members that have
 * one of the flags `hidden`, and without unions of types. What the schema does not name is memory-db's to
 * explain: it knows the nearest name. Returns new or NULL: no memory. */
json_t *schema_json(const struct param *table, unsigned hidden) MUST_CHECK;

/* The same of a reply that has no other members: `additionalProperties` is
 * false at each level. */
json_t *schema_json_closed(const struct param *table) MUST_CHECK;

#endif
