/* What adding and removing of hooks share: the text of a file while edits go
 * on in it. */
#ifndef CLI_LIB_HOOKFILE_INT_H
#define CLI_LIB_HOOKFILE_INT_H

#include <stdbool.h>

#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/hookevent.h"
#include "memory-db/cli/lib/hookfile.h"

/* The text and what it says, as edits go on. */
struct editing {
	struct buf text; /* owned */
	json_t *all;	 /* owned */
	int edits;
};

/* Reads the file of the hooks; ed gets a copy of its text. */
int hookfile_begin(const struct connect *w, const struct hookfile *hf,
	struct clientfile *cf, struct editing *ed, struct connected *r)
	MUST_CHECK;
/* ed begins with this text. */
int hookfile_edit(struct editing *ed, const struct buf *text, struct err *e)
	MUST_CHECK;
/* `after` is the text now; takes what is in it. */
int hookfile_settle(struct editing *ed, struct buf *after, struct err *e)
	MUST_CHECK;
/* Writes the text, or removes the file when is_gone. */
int hookfile_end(const struct connect *w, struct clientfile *cf,
	struct editing *ed, bool is_gone, const char *action,
	struct connected *r) MUST_CHECK;
void hookfile_editing_done(struct editing *ed);

#define AUTO_EDITING __attribute__((cleanup(hookfile_editing_done)))

/* Our entry of an event: its index, and in a nested one that within it and
 * whether it is the only one there. False: none. */
bool hookfile_find(const json_t *all, const struct hookfile *hf,
	const struct hook *h, size_t *ret_i, size_t *ret_j, bool *ret_is_only,
	const char **ret_command);
/* Appends the entry of an event. */
int hookfile_append(struct editing *ed, const struct hookfile *hf,
	const struct hook *h, const char *command, struct err *e) MUST_CHECK;
/* Removes ours of an event; there may be several. */
int hookfile_remove_event(struct editing *ed, const struct hookfile *hf,
	const struct hook *h, struct err *e) MUST_CHECK;
int hookfile_add_version(struct editing *ed, struct err *e) MUST_CHECK;

/* Tells the failure of an edit with the name of the file. */
int hookfile_told(int rc, struct connected *r) MUST_CHECK;

#endif
