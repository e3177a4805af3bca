/* A disk that loses power, for test builds. MEMORY_TEST_VFS=seed=N,sync=K puts
 * a VFS before SQLite's own (nothing happens without the variable).
 *
 * Writes and truncations go to the real files at once, so that every reader
 * and stat(2) see them, but what they replaced is kept until the file is
 * synced. At the cut all threads stop at their next write, each file goes back
 * to what was synced, and then some of the lost writes happen after all: in
 * random order, whole or torn into 512-byte sectors. What the files hold then
 * is what a disk may hold after a power failure. The process ends with exit
 * code 77.
 *
 * The cut comes at the K-th sync, by the seed before or after it takes effect,
 * or at SIGUSR2. Not simulated: files and folders whose creation was not
 * synced, bytes outside of a torn write (SQLite's powersafe overwrite). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#define SECTOR	 512
#define EXIT_CUT 77

struct file { /* one inode, never forgotten */
	dev_t dev;
	ino_t ino;
	int fd; /* stays open: closing would drop SQLite's locks */
	struct file *next;
};

struct lost { /* a write or truncation not synced yet */
	struct file *file;
	bool truncates;
	int64_t at, n; /* of a truncation: at = the new size */
	int64_t size_before;
	char *old; /* bytes replaced or cut off */
	int64_t old_n;
	char *new;
};

struct handle { /* what SQLite holds; the real one follows */
	sqlite3_file base;
	struct file *file; /* NULL: not watched (temporary files) */
	sqlite3_file *real;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3_vfs *below;
static struct file *files;
static struct lost *lost;
static size_t lost_n, lost_size;
static uint64_t seed = 1, state;
static long syncs_left = -1;

/* splitmix64 */
static uint64_t
random_bits(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int64_t
size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "power cut: %s: %s\n", what, strerror(errno));
	_exit(111);
}

static void
put_back(const struct lost *l)
{
	if (l->old_n > 0)
		must(pwrite(l->file->fd, l->old, (size_t)l->old_n, l->at) ==
				l->old_n,
			"undo");
	must(ftruncate(l->file->fd, l->size_before) == 0, "undo size");
}

static void
write_sectors(const struct lost *l, bool torn)
{
	int64_t from = 0;

	while (from < l->n) {
		int64_t to = from + SECTOR - (l->at + from) % SECTOR;

		if (to > l->n)
			to = l->n;
		if (!torn || random_bits() % 2)
			must(pwrite(l->file->fd, l->new + from,
				     (size_t)(to - from),
				     l->at + from) == to - from,
				"redo");
		from = to;
	}
}

/* The lock is held and never given back. */
static void
power_cut(void)
{
	size_t kept = 0, torn = 0;

	for (size_t i = lost_n; i-- > 0;)
		put_back(&lost[i]);
	for (size_t i = lost_n; i > 1; i--) {
		size_t k = (size_t)(random_bits() % i);
		struct lost swap = lost[k];

		lost[k] = lost[i - 1];
		lost[i - 1] = swap;
	}
	for (size_t i = 0; i < lost_n; i++) {
		uint64_t fate = random_bits() % 3;

		if (fate == 0)
			continue;
		if (lost[i].truncates) {
			must(ftruncate(lost[i].file->fd, lost[i].at) == 0,
				"redo size");
		} else {
			write_sectors(&lost[i], fate == 1);
		}
		kept += fate == 2;
		torn += fate == 1;
	}
	fprintf(stderr,
		"power cut: seed %llu, %zu unsynced writes, %zu kept, "
		"%zu torn\n",
		(unsigned long long)seed, lost_n, kept, torn);
	_exit(EXIT_CUT);
}

static struct lost *
remember(struct file *f)
{
	if (lost_n == lost_size) {
		lost_size = lost_size ? lost_size * 2 : 256;
		lost = realloc(lost, lost_size * sizeof(*lost));
		must(lost != NULL, "memory");
	}
	memset(&lost[lost_n], 0, sizeof(*lost));
	lost[lost_n].file = f;
	lost[lost_n].size_before = size_of(f->fd);
	return &lost[lost_n++];
}

static void
keep_old(struct lost *l, int64_t at, int64_t n)
{
	l->at = at;
	l->n = n;
	if (at + n > l->size_before)
		n = l->size_before - at;
	l->old_n = n > 0 ? n : 0;
	if (l->old_n == 0)
		return;
	l->old = malloc((size_t)l->old_n);
	must(l->old && pread(l->file->fd, l->old, (size_t)l->old_n, at) ==
				l->old_n,
		"old bytes");
}

/* The writes of f are on the disk now; those of others are not. */
static void
forget(const struct file *f)
{
	size_t k = 0;

	for (size_t i = 0; i < lost_n; i++) {
		if (lost[i].file == f) {
			free(lost[i].old);
			free(lost[i].new);
		} else {
			lost[k++] = lost[i];
		}
	}
	lost_n = k;
}

/* --- the methods of a file ------------------------------------------------ */
static sqlite3_file *
real(sqlite3_file *f)
{
	return ((struct handle *)f)->real;
}

static int
x_close(sqlite3_file *f)
{
	return real(f)->pMethods ? real(f)->pMethods->xClose(real(f))
				 : SQLITE_OK;
}

static int
x_read(sqlite3_file *f, void *buf, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), buf, n, at);
}

static int
x_write(sqlite3_file *f, const void *buf, int n, sqlite3_int64 at)
{
	struct handle *h = (struct handle *)f;
	int rc;

	if (!h->file)
		return h->real->pMethods->xWrite(h->real, buf, n, at);
	pthread_mutex_lock(&lock);
	struct lost *l = remember(h->file);
	keep_old(l, at, n);
	l->new = malloc((size_t)n);
	must(l->new != NULL, "memory");
	memcpy(l->new, buf, (size_t)n);
	rc = h->real->pMethods->xWrite(h->real, buf, n, at);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct handle *h = (struct handle *)f;
	int rc;

	if (!h->file)
		return h->real->pMethods->xTruncate(h->real, size);
	pthread_mutex_lock(&lock);
	struct lost *l = remember(h->file);
	keep_old(l, size, l->size_before - size);
	l->truncates = true;
	rc = h->real->pMethods->xTruncate(h->real, size);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
x_sync(sqlite3_file *f, int flags)
{
	struct handle *h = (struct handle *)f;
	bool cut;

	(void)flags;
	if (!h->file)
		return SQLITE_OK;
	pthread_mutex_lock(&lock);
	cut = syncs_left > 0 && --syncs_left == 0;
	if (cut && random_bits() % 2)
		power_cut();
	forget(h->file);
	if (cut)
		power_cut();
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int
x_file_size(sqlite3_file *f, sqlite3_int64 *ret_size)
{
	return real(f)->pMethods->xFileSize(real(f), ret_size);
}

static int
x_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int
x_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int
x_check_reserved(sqlite3_file *f, int *ret)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), ret);
}

static int
x_file_control(sqlite3_file *f, int op, void *arg)
{
	/* Would write around us: ask SQLite to do it by xWrite. */
	if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int
x_sector_size(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int
x_device(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int
x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, ret);
}

static int
x_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void
x_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int
x_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

/* Version 2: no memory-mapped reads or writes. */
static const sqlite3_io_methods methods = {2, x_close, x_read, x_write,
	x_truncate, x_sync, x_file_size, x_lock, x_unlock, x_check_reserved,
	x_file_control, x_sector_size, x_device, x_shm_map, x_shm_lock,
	x_shm_barrier, x_shm_unmap, NULL, NULL};

/* --- the VFS -------------------------------------------------------------- */
static struct file *
watch(const char *path)
{
	struct stat st;
	struct file *f;

	must(stat(path, &st) == 0, path);
	pthread_mutex_lock(&lock);
	for (f = files; f; f = f->next)
		if (f->dev == st.st_dev && f->ino == st.st_ino)
			break;
	if (!f) {
		f = calloc(1, sizeof(*f));
		must(f != NULL, "memory");
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		f->fd = open(path, O_RDWR | O_CLOEXEC);
		must(f->fd >= 0, path);
		f->next = files;
		files = f;
	}
	pthread_mutex_unlock(&lock);
	return f;
}

static int
v_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *file, int flags,
	int *ret_flags)
{
	struct handle *h = (struct handle *)file;
	const int watched = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL |
			    SQLITE_OPEN_WAL;
	int got = 0;
	int rc;

	(void)v;
	memset(h, 0, sizeof(*h));
	h->real = (sqlite3_file *)(h + 1);
	rc = below->xOpen(below, name, h->real, flags, &got);
	if (ret_flags)
		*ret_flags = got;
	if (rc != SQLITE_OK)
		return rc;
	if (name && (flags & watched) && (got & SQLITE_OPEN_READWRITE))
		h->file = watch(name);
	h->base.pMethods = &methods;
	return SQLITE_OK;
}

static int
v_delete(sqlite3_vfs *v, const char *name, int sync)
{
	struct stat st;

	(void)v;
	/* The unsynced writes of a file that is gone do not matter. */
	if (stat(name, &st) == 0) {
		pthread_mutex_lock(&lock);
		for (struct file *f = files; f; f = f->next)
			if (f->dev == st.st_dev && f->ino == st.st_ino) {
				forget(f);
				f->ino = 0;
			}
		pthread_mutex_unlock(&lock);
	}
	return below->xDelete(below, name, sync);
}

/* The default VFS passes all other calls on: a copy of it with ours in place
 * of two members. */
static sqlite3_vfs power;

static void *
wait_for_signal(void *set)
{
	int number;

	while (sigwait(set, &number) != 0)
		;
	pthread_mutex_lock(&lock);
	power_cut();
	return NULL;
}

static long
number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

__attribute__((constructor)) static void
vfs_shim_start(void)
{
	static sigset_t set;
	const char *how = getenv("MEMORY_TEST_VFS");
	pthread_t thread;

	if (!how)
		return;
	if (number_after(how, "seed=") >= 0)
		seed = (uint64_t)number_after(how, "seed=");
	state = seed;
	syncs_left = number_after(how, "sync=");
	/* All later threads inherit the mask. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	must(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0, "signal mask");
	must(pthread_create(&thread, NULL, wait_for_signal, &set) == 0,
		"thread");
	pthread_detach(thread);

	below = sqlite3_vfs_find(NULL);
	must(below != NULL, "no VFS");
	power = *below;
	power.zName = "power";
	power.pNext = NULL;
	power.szOsFile = below->szOsFile + (int)sizeof(struct handle);
	power.xOpen = v_open;
	power.xDelete = v_delete;
	must(sqlite3_vfs_register(&power, 1) == SQLITE_OK, "register");
}
