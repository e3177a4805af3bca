/* What memory-db was told: options, environment, defaults. Read by main.c,
 * constant from then on. */
#ifndef NET_CONFIG_H
#define NET_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "memory-db/embed/embed.h"
#include "memory-db/model/recall/recall_weights.h"
#include "memory-db/model/secrets/secrets.h"

#define CONFIG_UIDS 64

struct config {
	const char *socket;   /* path; NULL when systemd passed the socket */
	const char *database; /* absolute path */
	const char *namespace_, *branch; /* of requests that name none */
	bool is_spawned;		 /* by a client, not by an operator */
	bool is_read_only;
	int64_t exit_when_idle_s;      /* 0: never */
	int64_t group_max;	       /* requests of a commit group */
	uid_t allow_uids[CONFIG_UIDS]; /* beside our own and root */
	size_t allow_n;
	gid_t allow_gids[CONFIG_UIDS]; /* whose members may connect */
	size_t allow_gids_n;
	/* the limits that can be set; see common/limits.h */
	int64_t connections;
	int64_t request_bytes;
	int64_t disk_free_bytes;
	int64_t writes_per_minute; /* 0: no limit */
	int64_t writes_burst;
	int64_t day_bytes; /* of a namespace; 0: no limit */
	int64_t namespace_facts;
	int64_t script_ms;	    /* a script may run at most */
	enum secret_policy secrets; /* what becomes of texts that hold one */
	int64_t slow_ms;	    /* a request that takes longer is logged */
	bool audits_reads;	    /* the audit notes them, too */
	bool no_scripts;
	bool no_upkeep; /* background tasks that can wait */
	struct recall_weights weights;
	struct embedder *embedder; /* NULL: none */
	struct chat *chat;	   /* the same */
	/* as they were given; NULL: not */
	const char *embed, *embed_model, *weights_text;
	bool has_embed_key;
	int64_t embed_question_ms;
	int64_t vectors_bytes; /* that vectors in memory may take */
};

#endif
