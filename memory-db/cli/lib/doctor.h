/* doctor: findings, and the checks that make them. None needs the service. */
#ifndef CLI_LIB_DOCTOR_H
#define CLI_LIB_DOCTOR_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "memory-db/cli/lib/cli.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	const struct cli *c;
	json_t *findings; /* owned; of {check, level, text, advice?} */
	int warnings, failures;
	bool is_out_of_memory;
	/* what the checks tell each other */
	char socket[PATH_MAX];
	bool is_listening;	 /* somebody we may talk to */
	char database[PATH_MAX]; /* that is looked at; "" unknown */
	json_t *hello;		 /* owned; reply of the service or NULL */
	json_t *status;		 /* owned; what it says of itself, or NULL */
	long pid;		 /* who listens; 0: unknown */
};

/* A finding. advice: what to do, NULL when nothing. */
void doctor_say(struct doctor *d, enum doctor_level level, const char *check,
	const char *advice, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

void doctor_environment(struct doctor *d); /* doctor_env.c */
void doctor_programs(struct doctor *d);
void doctor_socket(struct doctor *d); /* doctor_socket.c */
void doctor_service(struct doctor *d);
void doctor_database(struct doctor *d); /* doctor_database.c */
void doctor_lock(struct doctor *d);
void doctor_disk(struct doctor *d);    /* doctor_disk.c */
void doctor_log(struct doctor *d);     /* doctor_log.c */
void doctor_backup(struct doctor *d);  /* doctor_backup.c */
void doctor_clients(struct doctor *d); /* doctor_clients.c */

/* A process: whether it lives, and its name (size bytes, "" unknown). */
bool doctor_process(long pid, char *name, size_t size);
/* What the kernel says of its state: a letter as ps has it; '?' unknown. */
char doctor_process_state(long pid);
/* Name of a user, or its number; in a static buffer. */
const char *doctor_user(unsigned uid);

#endif
