/* An event of a client's hook, and the answer in that client's shape. */
#ifndef CLI_LIB_HOOKEVENT_H
#define CLI_LIB_HOOKEVENT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"

enum hook_what {
	HOOK_START,
	HOOK_PROMPT,
	HOOK_CAPTURE,
	HOOK_SUBAGENT,
	HOOK_BRANCH,
	HOOK_UNBRANCH
};

enum hook_answer {
	ANSWER_NOTHING,	 /* no output at all */
	ANSWER_EMPTY,	 /* {} */
	ANSWER_TEXT,	 /* the text */
	ANSWER_SPECIFIC, /* {"hookSpecificOutput": {..}}; nothing without text */
	ANSWER_SPECIFIC_ALWAYS, /* the same; {} without text */
	ANSWER_SNAKE,		/* {"additional_context": ..} or {} */
	ANSWER_CONTINUE, /* {"continue": true, "additional_context"?: ..} */
	ANSWER_CAMEL,	 /* {"additionalContext": ..} or {} */
	ANSWER_PROMPT	 /* {"modifiedTransformedPrompt": ..} or {} */
};

struct hook {
	const char *client, *event;
	enum hook_what what;
	enum hook_answer answer;
	bool is_installed;
	int timeout; /* in the client's unit */
};

extern const struct hook hooks[];
extern const size_t hooks_n;

/* The row, or NULL. */
const struct hook *hookevent_find(const char *client, const char *event);

/* Reads an event; what a client does not send is NULL or false. */
struct hookevent {
	json_t *json; /* owned; everything below is borrowed from it */
	const char *session, *transcript, *cwd, *prompt, *reply, *source;
	const char *worktree;
	const char *agent_transcript; /* of a sub-agent that stops */
	/* the prompt with what the client added to it, else the prompt */
	const char *for_model;
	bool is_subagent;
};

/* Reads standard input up to its end, the most of which is kept. False: it is
 * empty, too large or no JSON object. */
bool hookevent_read(int fd, struct hookevent *ret);
/* The pure part. */
bool hookevent_parse(const char *s, size_t n, struct hookevent *ret);
void hookevent_done(struct hookevent *ev);

/* Appends the answer; text "": nothing to say. */
int hookevent_answer(const struct hook *h, const struct hookevent *ev,
	const char *text, struct buf *out) MUST_CHECK;

#define AUTO_HOOKEVENT __attribute__((cleanup(hookevent_done)))

#endif
