/* The options of memory-db: command line, environment, memory-db.conf. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/net/config.h"

/* As they were given; borrowed from argv, the environment or the file. */
struct options {
	const char *socket, *database, *namespace_, *branch;
	const char *allow_uid, *allow_gid;
	const char *log_format, *log_level, *log_file, *audit;
	const char *embed, *embed_model, *embed_key_file, *weights;
	const char *chat, *chat_model, *chat_key_file;
	const char *secrets, *database_id;
	bool spawned, read_only, new_instance;
	int64_t idle, ready_fd, group_max, embed_ms;
	int64_t chat_ms, chat_calls, chat_tokens;
	char *file_text; /* owned; members point into it */
};

/* Reads all of them into *ret, and what follows from them into *config, which
 * holds the defaults of limits. The database's own file memory-db.conf, beside
 * it, comes before the defaults; the environment before that, but of a spawned
 * service, whose environment is that of some client; the command line before
 * all. *ret_database is new: its absolute path. Call once.
 * 0; 1 when --help or --version was answered; MDB_E_*. *ret is good for
 * ready_fd on failure, too. */
int options_read(int argc, char **argv, struct options *ret,
	struct config *config, char **ret_database, struct err *e) MUST_CHECK;

/* At the end: the members and those of the config must not be used any more. */
void options_done(struct options *o);

/* Absolute, with "~/" for the home folder; the file need not exist. New. */
int options_path(const char *path, char **ret_new, struct err *e) MUST_CHECK;

#endif
