/* What the hooks of a session remember from one event to the next: facts that
 * were shown, how far the transcript was read, counts; and when which hook
 * fired last. Small files of this user below XDG_STATE_HOME. */
#ifndef CLI_LIB_HOOKSTATE_H
#define CLI_LIB_HOOKSTATE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct hookstate {
	char path[PATH_MAX];
	int lock;	 /* fd; -1: none */
	json_t *shown;	 /* owned; object: fact id -> true */
	json_t *pending; /* owned; [{receipt, facts: [id]}]: shown since the
			    last answer that was judged */
	json_t *before;	 /* owned; [receipt]: judged by the last answer, and
			    what the next prompt may deny */
	json_t *calls;	 /* owned; [{query} or {receipt}]: what the agent asked
			    for since then (transcriptcalls.h) */
	json_t *agents;	 /* owned; the same of sub-agents whose lines stand in
			    the transcript: name -> {asked, answer, calls} */
	int64_t judged_ms; /* when an answer was judged last; 0: never */
	json_t *asked;	   /* owned; the prompt, or NULL */
	int64_t used, contradicted; /* facts, by answers (hookuse.h) */
	char transcript[PATH_MAX];  /* that cursor counts in */
	int64_t inode, cursor;
	int64_t loaded, recalled, captured; /* facts */
	int64_t prompts, silent; /* prompts, and those without an answer */
	int64_t at_ms;		 /* of the last event that did something */
};

/* Reads the state of a session and locks it against other hooks of it; waits
 * wait_ms at most. False: it is busy, or there is no folder. A file that
 * cannot be read counts as empty. */
bool hookstate_open(const char *client, const char *session, int wait_ms,
	struct hookstate *ret);
/* Only reads; for counters. */
bool hookstate_look(const char *client, const char *session,
	struct hookstate *ret);
/* Writes it: whole, or not at all. */
int hookstate_save(struct hookstate *s) MUST_CHECK;
void hookstate_done(struct hookstate *s);

bool hookstate_was_shown(const struct hookstate *s, int64_t fact);
int hookstate_show(struct hookstate *s, int64_t fact) MUST_CHECK;

/* Notes that a hook fired now; when it did last in ms since 1970, 0: never. */
void hookstate_fired(const char *client, const char *event);
int64_t hookstate_last_fired(const char *client, const char *event);

/* The newest change that a session of this namespace began with; 0: none. */
int64_t hookstate_seen(const char *namespace_);
void hookstate_see(const char *namespace_, int64_t change);

/* Removes the files of sessions that are older than a month. */
void hookstate_tidy(void);

/* Whether hooks are switched off: MEMORY_HOOKS=off, or the file hooks.off in
 * XDG_CONFIG_HOME/enhanced-memory, which install never touches. */
bool hookstate_is_off(void);
/* The same of keeping notes in step (hooksync.h): MEMORY_HOOKS_SYNC=off, or the
 * file hooks-sync.off. */
bool hookstate_is_sync_off(void);
enum hookstate_part { HOOKSTATE_ALL, HOOKSTATE_SYNC };
/* The variable that switches one of both off, whatever the file says; NULL: it
 * does not. */
const char *hookstate_off_variable(enum hookstate_part part);
/* Writes or removes the file of one of both. */
int hookstate_switch(enum hookstate_part part, bool is_off,
	char ret_path[PATH_MAX], struct err *e) MUST_CHECK;

#define AUTO_HOOKSTATE __attribute__((cleanup(hookstate_done)))

#endif
