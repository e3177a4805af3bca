/* What is wrong with the file or its disk, as the errors of SQLite tell.
 *
 * For example a write fails with SQLITE_FULL: the trouble is TROUBLE_DISK from
 * then on, status shows it, and writes are refused without trying, with a text
 * that says why. The next commit that succeeds ends it. A damaged page
 * (SQLITE_CORRUPT) is a trouble that no write ends; only a verification that
 * finds nothing does. */
#include "memory-db/store/engine/trouble.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "memory-db/store/engine/store_internal.h"

static void
trouble_set(struct database *db, enum trouble t, const char *cause)
{
	static const char *const kinds[] = {[TROUBLE_NONE] = "none",
		[TROUBLE_LOCKS] = "locks",
		[TROUBLE_DISK] = "disk",
		[TROUBLE_DAMAGE] = "damage"};
	bool is_worse;

	pthread_mutex_lock(&db->trouble_lock);
	is_worse = (int)t > atomic_load(&db->trouble);
	if (is_worse) {
		atomic_store(&db->trouble, (int)t);
		snprintf(db->trouble_cause, sizeof(db->trouble_cause), "%s",
			cause);
	}
	pthread_mutex_unlock(&db->trouble_lock);
	if (is_worse)
		log_event(LOG_ERROR, "the database is in trouble", 0,
			LOG_S("kind", kinds[t]), LOG_S("cause", cause));
}

static enum trouble
of_io(const struct store *st, int rc)
{
	switch (rc) {
	case SQLITE_IOERR_LOCK:
	case SQLITE_IOERR_RDLOCK:
	case SQLITE_IOERR_UNLOCK:
	case SQLITE_IOERR_CHECKRESERVEDLOCK:
	case SQLITE_IOERR_SHMLOCK:
	case SQLITE_IOERR_SHMOPEN:
		return TROUBLE_LOCKS;
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
	case SQLITE_IOERR_TRUNCATE:
		/* The views of scripts write nothing. */
		return st->role == STORE_WRITER ? TROUBLE_DISK : TROUBLE_NONE;
	default:
		return TROUBLE_NONE;
	}
}

void
trouble_note(struct store *st, int rc)
{
	enum trouble t = TROUBLE_NONE;
	char cause[sizeof(st->base->trouble_cause)];

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		t = TROUBLE_DAMAGE;
		break;
	case SQLITE_PROTOCOL:
		t = TROUBLE_LOCKS;
		break;
	case SQLITE_IOERR:
		t = of_io(st, rc);
		break;
	default:
		break;
	}
	if (t == TROUBLE_NONE)
		return;
	snprintf(cause, sizeof(cause), "%s, SQLite %d", sqlite3_errstr(rc), rc);
	trouble_set(st->base, t, cause);
}

void
trouble_damage(struct database *db, const char *text)
{
	trouble_set(db, TROUBLE_DAMAGE, text);
}

enum trouble
trouble_now(const struct database *db)
{
	return (enum trouble)atomic_load_explicit(&db->trouble,
		memory_order_acquire);
}

void
trouble_text(struct database *db, char *ret, size_t size)
{
	char cause[sizeof(db->trouble_cause)];

	pthread_mutex_lock(&db->trouble_lock);
	snprintf(cause, sizeof(cause), "%s", db->trouble_cause);
	pthread_mutex_unlock(&db->trouble_lock);
	switch (trouble_now(db)) {
	case TROUBLE_DAMAGE:
		snprintf(ret, size,
			"the database file is damaged (%s): writes "
			"are off, reads go on where what they read verifies. "
			"'memoryctl verify' tells what is damaged; export what "
			"can be read, restore a backup and restart memory-db",
			cause);
		break;
	case TROUBLE_DISK:
		snprintf(ret, size,
			"the disk does not take writes (%s): "
			"writes are off until it does, reads go on. Look at "
			"the system's log, the disk and its file system",
			cause);
		break;
	default:
		snprintf(ret, size,
			"the file system refuses locks (%s): the "
			"database is opened anew until they work. It must lie "
			"on a local disk",
			cause);
		break;
	}
}

int
trouble_refuse(struct database *db, struct err *e)
{
	char text[600];

	trouble_text(db, text, sizeof(text));
	switch (trouble_now(db)) {
	case TROUBLE_DAMAGE:
		return err_set(e, MDB_E_CORRUPT, "nothing was stored: %s",
			text);
	case TROUBLE_DISK:
		return err_set(e, MDB_E_STORE, "nothing was stored: %s", text);
	default:
		err_set(e, MDB_E_BUSY, "nothing was stored: %s", text);
		if (e)
			e->retry_after_ms = 500;
		return MDB_E_BUSY;
	}
}

void
trouble_over(struct database *db, enum trouble t)
{
	bool is_over;

	if (trouble_now(db) != t)
		return;
	pthread_mutex_lock(&db->trouble_lock);
	is_over = atomic_load(&db->trouble) == (int)t;
	if (is_over)
		atomic_store(&db->trouble, TROUBLE_NONE);
	pthread_mutex_unlock(&db->trouble_lock);
	if (is_over)
		log_event(LOG_INFO, "the trouble is over", 0);
}
