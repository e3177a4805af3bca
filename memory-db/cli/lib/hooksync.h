/* The folder of notes that Claude Code's own memory is, kept in step with the
 * memory by the hooks (foldersync.h): when a session begins, when the agent stops
 * and when the session ends. It lies beside the transcript:
 *
 *   ~/.claude/projects/-srv-shop/7f3a.jsonl      the transcript of the event
 *   ~/.claude/projects/-srv-shop/memory/         the notes
 *
 * Only where that folder is there, and never in the client's way: the answer was
 * given before, what fails or takes too long comes with the next event. Nothing
 * is read when neither side changed since the last time. A protected namespace is
 * left to the command sync-folder: what agents write there waits for a person. */
#ifndef CLI_LIB_HOOKSYNC_H
#define CLI_LIB_HOOKSYNC_H

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/hookevent.h"

/* Milliseconds that it takes at most: 0 where this event has no notes. */
int hooksync_wants(const struct hook *h, const struct hookevent *ev);
/* session: of the changes that it makes. Uses up c->client. */
void hooksync_run(struct cli *c, const struct hook *h,
	const struct hookevent *ev, const char *session);

#endif
