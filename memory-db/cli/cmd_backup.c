/* backup: a copy of the whole memory, now, while it is in use. */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/text.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/backup_advice.h"
#include "memory-db/cli/lib/backup_base.h"
#include "memory-db/cli/lib/backup_check.h"
#include "memory-db/cli/lib/backup_cipher.h"
#include "memory-db/cli/lib/backup_folder.h"
#include "memory-db/cli/lib/backup_make.h"
#include "memory-db/cli/lib/out.h"

/* How near to the end of what may be ahead a name waits for its second. */
#define SECONDS_TAKEN_MS 30000
#define DEFAULT_FOLDER	 "memory_backups"

static int64_t keep_days, keep_n;
static const char *recipient;
static bool incremental;

static const struct conf_opt opts[] = {
	CLI_FLAG("incremental", &incremental,
		"only what changed since the newest backup in the folder"),
	CLI_TEXT("encrypt-to", &recipient, "RECIPIENT",
		"encrypt it with age (age1..., ssh-...) or gpg (a key, a mail "
		"address)"),
	CLI_COUNT("keep-days", &keep_days, 1, 36500, "N",
		"remove backups that are older than N days"),
	CLI_COUNT("keep", &keep_n, 1, 1000000, "N",
		"remove all but the newest N"),
};

struct cmd_backup {
	struct cli *c;
	struct backup_copy copy;
	struct backup_folder folder;
	const char *given; /* the argument, or NULL */
	bool is_file;	   /* it names the file itself */
	char *path;	   /* owned; of the backup */
	int64_t made_ms, bytes;
	size_t removed;
};

static void
backup_done(struct cmd_backup *b)
{
	backup_copy_done(&b->copy);
	backup_folder_done(&b->folder);
	free(b->path);
}

/* The folder to write into: the argument, or that of the file it names, or
 * ~/memory_backups. New. */
static char *
folder_of(const struct cmd_backup *b)
{
	const char *home = getenv("HOME"), *slash;
	char *path = NULL;

	if (b->is_file) {
		slash = strrchr(b->given, '/');
		return slash ? strndup(b->given,
				       slash == b->given
					       ? 1
					       : (size_t)(slash - b->given))
			     : strdup(".");
	}
	if (b->given)
		return strdup(b->given);
	if (!home || home[0] != '/')
		return strdup(DEFAULT_FOLDER);
	return asprintf(&path, "%s/%s", home, DEFAULT_FOLDER) < 0 ? NULL : path;
}

/* A folder is one that is there, or ends in a slash, or has no suffix. */
static bool
names_file(const char *given)
{
	const char *slash = strrchr(given, '/');
	const char *last = slash ? slash + 1 : given;
	struct stat st;

	if (stat(given, &st) == 0)
		return !S_ISDIR(st.st_mode);
	return last[0] != '\0' && strchr(last, '.') != NULL &&
	       strcmp(last, ".") != 0 && strcmp(last, "..") != 0;
}

/* A device is no file that a backup could take the place of. */
static int
check_given(const char *given)
{
	struct stat st;

	if (!given)
		return CLI_OK;
	if (given[0] == '\0')
		return cli_fail(CLI_USAGE,
			"the folder is empty: name one, or leave it out for "
			"~/" DEFAULT_FOLDER);
	if (stat(given, &st) != 0 || S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))
		return CLI_OK;
	return cli_fail(CLI_USAGE,
		"%s is neither a folder nor a file: name one of both", given);
}

/* What can be done about a folder that took nothing; the error is printed. */
static int
advise(const struct cmd_backup *b)
{
	char advice[BACKUP_ADVICE_SIZE];

	backup_advice(&b->folder, cli_int(b->copy.reply, "bytes", 0), advice);
	return advice[0] ? cli_fail(CLI_SYSTEM, "%s", advice) : CLI_SYSTEM;
}

static int
open_folder(struct cmd_backup *b)
{
	AUTO_FREE char *path = folder_of(b);
	struct err e = {0};

	if (!path)
		return cli_nomem();
	if (backup_folder_open(&b->folder, path, !b->is_file, &e) != 0 ||
		backup_folder_lock(&b->folder, b->c->timeout_s, &e) != 0) {
		(void)cli_fail(CLI_SYSTEM, "%s. No backup was made", e.text);
		return advise(b);
	}
	return CLI_OK;
}

/* Of two in one second the later one says a second more, so that names sort by
 * time. When names are so far ahead of the clock that the next one would count
 * as made under a wrong clock, it waits for its second. A clock that was set
 * back by more than that is believed. */
static int64_t
name_time(struct cmd_backup *b)
{
	int64_t now = clock_now_ms(), next;
	const struct backup_entry *last;
	struct err e = {0};

	if (backup_folder_list(&b->folder, NULL, &e) != 0 || b->folder.n == 0)
		return now;
	last = &b->folder.entries[b->folder.n - 1];
	next = last->name.made_ms + 1000;
	if (last->is_ahead || next <= now)
		return now;
	if (next > now + BACKUP_AHEAD_MS - SECONDS_TAKEN_MS)
		(void)poll(NULL, 0, 1000);
	return next;
}

static int
choose_name(struct cmd_backup *b)
{
	struct backup_name n = {.made_ms = name_time(b),
		.from = cli_int(b->copy.part, "from", 0),
		.to = cli_int(b->copy.reply, "change", 0),
		.is_whole = !b->copy.part,
		.cipher = backup_cipher_of(recipient)};
	char file[BACKUP_NAME_SIZE];
	struct stat st;

	/* Nothing plain gets the name of something encrypted. */
	assert((b->copy.recipient != NULL) == (n.cipher != BACKUP_PLAIN));
	snprintf(n.id, sizeof(n.id), "%.*s", BACKUP_ID_DIGITS,
		cli_str(b->copy.reply, "database_id", "00000000"));
	b->made_ms = n.made_ms;
	if (b->is_file) {
		b->path = strdup(b->given);
		return b->path ? CLI_OK : cli_nomem();
	}
	for (;; n.made_ms += 1000) {
		backup_name_format(&n, file);
		if (fstatat(b->folder.fd, file, &st, 0) != 0)
			break;
	}
	b->path = backup_folder_path(&b->folder, file);
	return b->path ? CLI_OK : cli_nomem();
}

/* A part where there is a chain that it follows, else all of it. */
static int
cmd_backup_take(struct cmd_backup *b)
{
	AUTO_JSON json_t *status = NULL, *base = NULL;
	char why[BACKUP_WHY_SIZE] = "";
	struct err e = {0};
	int rc;

	if (!incremental)
		return backup_copy_take(&b->copy);
	rc = cli_call(b->copy.use.cli, "get_memory_status", json_object(),
		CLI_NOW, &status);
	if (rc != CLI_OK)
		return rc;
	rc = backup_base_find(&b->folder,
		cli_str(json_object_get(status, "database"), "id", ""),
		recipient, &base, why, &e);
	if (rc < 0)
		return cli_fail_err(&e);
	rc = base ? backup_copy_take_part(&b->copy, base, b->folder.path) : -1;
	if (rc != -1)
		return rc;
	cli_note(b->c,
		"no backup in %s is one that changes could follow%s%s: a whole "
		"one is made",
		b->folder.path, why[0] ? ": " : "", why);
	return backup_copy_take(&b->copy);
}

static int
prune(struct cmd_backup *b)
{
	struct err e = {0};
	const char *made;
	int rc;

	if (keep_days == 0 && keep_n == 0)
		return CLI_OK;
	if (backup_folder_list(&b->folder,
		    cli_str(b->copy.reply, "database_id", ""), &e) != 0)
		return cli_fail_err(&e);
	made = strrchr(b->path, '/');
	backup_folder_choose(&b->folder, keep_days, keep_n,
		made ? made + 1 : b->path);
	if (!backup_folder_claim(&b->folder)) {
		cli_note(b->c,
			"a restore reads from %s now: what is old there is "
			"removed by the next backup",
			b->folder.path);
		return CLI_OK;
	}
	rc = backup_folder_prune(&b->folder, &b->removed, &e);
	backup_folder_let(&b->folder);
	if (rc != 0)
		return cli_fail(CLI_SYSTEM, "the backup is made, but %s",
			e.text);
	return CLI_OK;
}

static int
cmd_backup_tell(const struct cmd_backup *b)
{
	const struct cli *c = b->c;
	char packed[OUT_NUMBER_SIZE], whole[OUT_NUMBER_SIZE];
	int64_t change = cli_int(b->copy.reply, "change", 0);
	AUTO_JSON json_t *o = NULL;

	if (c->json) {
		o = json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:O}", "path", b->path,
			"kind", b->copy.part ? "changes" : "whole", "change",
			(json_int_t)change, "bytes", (json_int_t)b->bytes,
			"content_bytes",
			(json_int_t)cli_int(b->copy.reply, "bytes", 0),
			"removed", (json_int_t)b->removed, "heads",
			json_object_get(b->copy.reply, "heads"));
		return !o ? cli_nomem() : cli_print_json(c, o);
	}
	if (c->quiet)
		return CLI_OK;
	out_text(stdout, b->path);
	if (b->copy.part && cli_int(b->copy.part, "from", 0) == change)
		fputs(": no change since the one before", stdout);
	else if (b->copy.part)
		printf(": changes %lld to %lld",
			(long long)cli_int(b->copy.part, "from", 0) + 1,
			(long long)change);
	printf(": %s (of %s), up to change %lld, verified",
		out_bytes(b->bytes, packed),
		out_bytes(cli_int(b->copy.reply, "bytes", 0), whole),
		(long long)change);
	if (b->removed > 0)
		printf("; %zu old one%s removed", b->removed,
			b->removed == 1 ? "" : "s");
	putchar('\n');
	return CLI_OK;
}

static int
cmd_backup_run(struct cli *c, int argc, char **argv)
{
	__attribute__((cleanup(backup_done))) struct cmd_backup b = {.c = c,
		.copy = {.fd = -1},
		.folder = {.fd = -1, .lock_fd = -1},
		.given = argc > 0 ? argv[0] : NULL};
	struct err e = {0};
	int rc;

	/* It is of all namespaces, wherever one stands. */
	c->namespace_ = "default";
	c->is_named = true;
	if (sodium_init() < 0)
		return cli_fail(CLI_SYSTEM, "libsodium does not start");
	if (b.given && !text_is_utf8(b.given, strlen(b.given)))
		return cli_fail(CLI_USAGE, "the path is no valid UTF-8");
	rc = check_given(b.given);
	if (rc != CLI_OK)
		return rc;
	b.is_file = b.given != NULL && names_file(b.given);
	if (b.is_file && (keep_days > 0 || keep_n > 0))
		return cli_fail(CLI_USAGE,
			"--keep and --keep-days are for a folder of backups; "
			"%s names one file",
			b.given);
	if (b.is_file && incremental)
		return cli_fail(CLI_USAGE,
			"--incremental is for a folder of backups; %s names "
			"one file",
			b.given);
	if (recipient && recipient[0] == '\0')
		return cli_fail(CLI_USAGE,
			"--encrypt-to is empty: it names who can read the "
			"backup");
	if (backup_cipher_check(backup_cipher_of(recipient), &e))
		return cli_fail(CLI_SYSTEM, "%s. No backup was made", e.text);
	rc = open_folder(&b);
	if (rc != CLI_OK)
		return rc;
	rc = backup_copy_open(c, &b.copy);
	if (rc != CLI_OK)
		return rc;
	b.copy.recipient = recipient;
	rc = cmd_backup_take(&b);
	if (rc == CLI_SYSTEM && incremental)
		return advise(&b);
	if (rc != CLI_OK)
		return rc;
	rc = choose_name(&b);
	if (rc != CLI_OK)
		return rc;
	/* The copy is there; nobody waits for what is left to do. */
	backup_be_nice();
	if (!b.copy.part)
		rc = backup_copy_check(c, &b.copy);
	if (rc != CLI_OK)
		return rc;
	rc = backup_copy_write(c, &b.copy, b.made_ms, b.path, &b.bytes);
	if (rc == CLI_SYSTEM)
		return advise(&b);
	if (rc != CLI_OK)
		return rc;
	rc = prune(&b);
	if (rc != CLI_OK)
		return rc;
	return cmd_backup_tell(&b);
}

const struct cli_command cli_cmd_backup = {
	.name = "backup",
	.args = "[FOLDER|FILE]",
	.summary = "back up the whole memory, while it is in use",
	.about = "Writes all of the database as of now, packed, into a new "
		 "file of mode 0600 in FOLDER (~/memory_backups), with the "
		 "rights of who calls; agents read and write on meanwhile. The "
		 "copy is opened and verified and the file read back before "
		 "anything old is removed. --incremental writes the log "
		 "since the newest backup there alone, as a part of a chain. "
		 "--encrypt-to hands all of it to age or gpg before it reaches "
		 "the disk; only who has the key restores it. "
		 "With --keep-days and --keep a "
		 "backup goes when neither keeps it; the newest always stays, "
		 "and so do other databases' backups in the same folder. One "
		 "line is printed; exit code 1: the database is damaged, 111: "
		 "no room, no rights, no service. gunzip makes of the file an "
		 "SQLite database; memoryctl restore does more.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.writes = true,
	.run = cmd_backup_run,
};
