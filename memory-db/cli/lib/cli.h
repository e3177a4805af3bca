/* What the commands of memoryctl share. */
#ifndef CLI_LIB_CLI_H
#define CLI_LIB_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/conf.h"
#include "common/err.h"
#include "common/client/memory_client.h"

/* Exit codes: scripts rely on them. */
enum cli_exit {
	CLI_OK = 0,
	CLI_PROBLEM = 1, /* found problems, or not what was asked for */
	CLI_USAGE = 100,
	CLI_SYSTEM = 111 /* unreachable, disk, memory */
};

struct cli_command;

struct cli {
	/* options of every command; strings borrowed from argv or environ */
	const char *socket, *database, *namespace_, *branch, *as_of;
	int64_t timeout_s;
	bool json, quiet, no_spawn;
	/* where stdout goes */
	bool is_tty, has_color;
	int width; /* columns of the terminal; 0: no terminal */
	/* the service, from the first call on */
	memory_client *client;
	/* where (where.h) */
	bool is_named;		 /* the namespace was given, and not as auto */
	bool is_chosen;		 /* it was chosen by the folder or the client */
	struct buf place, found; /* hold the names that were chosen; owned */
	bool follows_code;	 /* --branch auto: as the code is now */
	struct buf code;   /* the branch that --branch auto means; owned */
	const char *in;	   /* of the next calls; NULL: namespace_ */
	const char *asked; /* entity or query that the command is about */
	/* what runs */
	const struct cli_command *command;
	int argc; /* its arguments, borrowed */
	char **argv;
};

struct cli_command {
	const char *name;
	const char *args;    /* "QUERY...", for the usage line */
	const char *summary; /* one line, for the list of commands */
	const char *about;   /* the text of help COMMAND; NULL: summary */
	const struct conf_opt *opts;
	size_t opts_n;
	int min_args, max_args; /* positional; max -1: any number */
	bool looks;		/* reads a namespace: one that is not there is
				   an error */
	bool writes;		/* always now: --as-of is an error */
	bool is_bulk;		/* its writes are many, and not counted by the
				   minute */
	bool makes;		/* a namespace that is not there is new */
	bool is_raw;		/* its user knows the words of methods: errors
				   are told as the service tells them */
	bool pages;		/* long output goes through a pager */
	bool fails_open;	/* what its user's environment has wrong is no
				   error of it: where it works it finds out
				   itself (where_read) */
	/* argv: the positional arguments. Returns an exit code. */
	int (*run)(struct cli *c, int argc, char **argv);
};

#define CLI_FLAG(name, target, help)                                           \
	{                                                                      \
		name, NULL, CONF_BOOL, target, 0, 0, NULL, help                \
	}
#define CLI_TEXT(name, target, arg, help)                                      \
	{                                                                      \
		name, NULL, CONF_STRING, target, 0, 0, arg, help               \
	}
#define CLI_COUNT(name, target, lo, hi, arg, help)                             \
	{                                                                      \
		name, NULL, CONF_INT, target, lo, hi, arg, help                \
	}

/* --- messages (cli.c) ----------------------------------------------------- */

/* Prints "memoryctl: text" to stderr, terminal-safe, and returns code. */
int cli_fail(int code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for an err. The exit code follows from its code. */
int cli_fail_err(const struct err *e);
int cli_nomem(void);
/* A remark to stderr; not with --quiet. */
void cli_note(const struct cli *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The exit code for an MDB_E_* code. */
int cli_exit_of(int mdb_code);

/* --- the service (call.c) ------------------------------------------------- */

/* Calls a method. params_new (taken; NULL, which json_pack gives for bytes that
 * are no UTF-8, is an error) gets `as_of` when the option is given and
 * with_as_of is set. CLI_OK and a new object, or an exit code
 * after the error was printed. Starts memory-db when nobody listens. */
enum { CLI_NOW = 0, CLI_AS_OF = 1 };
int cli_call(struct cli *c, const char *method, json_t *params_new,
	int with_as_of, json_t **ret_reply) MUST_CHECK;
/* The same without a word about a refusal: CLI_OK with the reply, CLI_PROBLEM
 * with none when it was refused. */
int cli_ask(struct cli *c, const char *method, json_t *params_new,
	json_t **ret_reply) MUST_CHECK;
/* Starts or finds the service and decides the namespace; the calls above do
 * so by themselves. */
int cli_connect(struct cli *c) MUST_CHECK;
/* A point in time as JSON: a change id becomes a number. Returns new. */
json_t *cli_point(const char *text);
/* Texts in and out: the reply as it came, free with memory_free. A refusal
 * is printed and gives an exit code; *ret_reply is untouched then. */
int cli_call_text(struct cli *c, const char *method, const char *params,
	char **ret_reply) MUST_CHECK;
/* The reply of a refusal too; *ret_refused says which. */
int cli_call_raw(struct cli *c, const char *method, const char *params,
	char **ret_reply, bool *ret_refused) MUST_CHECK;
/* Options for a handle, as the command line gives them. path: room for the
 * absolute database path that expect_database points to. */
int cli_client_options(const struct cli *c, struct memory_options *ret,
	char *path, size_t path_size) MUST_CHECK;
/* The path from the root; printed errors, exit codes. */
int cli_absolute(const char *path, char *out, size_t size) MUST_CHECK;

/* --- JSON output (cli.c) -------------------------------------------------- */

/* Prints a value and a newline; terminal-safe on a terminal. An exit code. */
int cli_print_json(const struct cli *c, const json_t *j);
int cli_print_text(const struct cli *c, const char *json, size_t n);
/* One line an entry. */
int cli_print_jsonl(const struct cli *c, const json_t *array);
/* A reply without its envelope. */
void cli_strip(json_t *reply);

/* New array of texts; NULL after saying that one is no UTF-8. */
json_t *cli_texts(int n, char **texts);
/* The same of the parts of "a,b". */
json_t *cli_list(const char *text);

/* Whether a status tells of damage or of a disk that fails. */
bool cli_is_broken(const json_t *status);

/* A member as text or number, or the default. Borrowing. */
const char *cli_str(const json_t *o, const char *key, const char *otherwise);
int64_t cli_int(const json_t *o, const char *key, int64_t otherwise);
double cli_num(const json_t *o, const char *key, double otherwise);

#endif
