/* LD_PRELOAD: the n-th allocation or I/O call fails.
 *
 * A test maps the file named by FAIL_CONTROL (struct control, written by
 * tests/lib/faults.py) and arms it while the program runs: of the calls of the
 * armed kinds, `skip` pass, the next `count` fail with `error`, later ones pass
 * again. `seen` and `failed` count. With `error` 0 they hang, as on a disk that
 * answers no more, until they are disarmed. So one process is taken through a loop over
 * n without restarts.
 *
 * Not hit: allocations of libev (it aborts without memory by design; its tables
 * are grown at start), of the C library, the loader and sanitizers. I/O calls
 * count only on files whose path contains `path`. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum kind {
	K_MALLOC = 1,
	K_READ = 2,
	K_WRITE = 4,
	K_SYNC = 8,
	K_TRUNCATE = 16,
	K_OPEN = 32,
	K_ACCEPT = 64,
	K_LOCK = 128
};

struct control {
	_Atomic uint32_t kinds;
	_Atomic int32_t error;
	_Atomic int64_t skip, count, seen, failed;
	char path[88];
};

#define TRACE_FRAMES 24

static struct control *control;
static int trace; /* FAIL_TRACE: say who was hit (addr2line -e) */
static void *trace_frames[TRACE_FRAMES];

struct range {
	uintptr_t from, to;
};
static struct range spared[64];
static int spared_n;

static int
note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	static const char *const names[] = {"libev.so", "libc.so", "ld-linux",
		"libasan", "libtsan", "libubsan", "libgcc_s", "shim_fail"};

	(void)size;
	(void)arg;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strstr(info->dlpi_name, names[i]))
			continue;
		for (int k = 0; k < info->dlpi_phnum; k++) {
			const ElfW(Phdr) *p = &info->dlpi_phdr[k];

			if (p->p_type != PT_LOAD || !(p->p_flags & PF_X) ||
				spared_n == 64)
				continue;
			spared[spared_n].from = info->dlpi_addr + p->p_vaddr;
			spared[spared_n].to =
				spared[spared_n].from + p->p_memsz;
			spared_n++;
		}
	}
	return 0;
}

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("FAIL_CONTROL");
	void *map;
	int fd;

	dl_iterate_phdr(note_object, NULL);
	trace = getenv("FAIL_TRACE") != NULL;
	if (trace) /* the first call allocates */
		backtrace(trace_frames, TRACE_FRAMES);
	if (!path || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		return;
	map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		control = map;
	close(fd);
}

static int
from_spared(uintptr_t caller)
{
	for (int i = 0; i < spared_n; i++)
		if (caller >= spared[i].from && caller < spared[i].to)
			return 1;
	return 0;
}

/* True: this call shall fail; errno is set. */
static int
hit(enum kind kind)
{
	struct control *c = control;
	int64_t number;

	if (!c || !(atomic_load(&c->kinds) & (uint32_t)kind))
		return 0;
	number = atomic_fetch_add(&c->seen, 1);
	if (number < atomic_load(&c->skip) ||
		number >= atomic_load(&c->skip) + atomic_load(&c->count))
		return 0;
	atomic_fetch_add(&c->failed, 1);
	/* Error 0: the call hangs until it is disarmed, and then passes. */
	if (atomic_load(&c->error) == 0) {
		while (atomic_load(&c->kinds) & (uint32_t)kind)
			(void)usleep(5000);
		return 0;
	}
	if (trace)
		backtrace_symbols_fd(trace_frames,
			backtrace(trace_frames, TRACE_FRAMES), 2);
	errno = atomic_load(&c->error);
	return 1;
}

static int
path_counts(const char *path)
{
	return strstr(path, control->path) != NULL;
}

static int
fd_counts(int fd)
{
	char link[64], path[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return path_counts(path);
}

static int
hit_fd(enum kind kind, int fd)
{
	int saved = errno;

	if (!control || !(atomic_load(&control->kinds) & (uint32_t)kind))
		return 0;
	if (!fd_counts(fd)) {
		errno = saved;
		return 0;
	}
	return hit(kind);
}

/* --- memory ----------------------------------------------------------------
 * dlsym itself allocates: until the real functions are known, memory comes
 * from a static block and is never given back. */
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static _Alignas(16) char early[65536];
static size_t early_used;
static int resolving;

static int
is_early(const void *p)
{
	return (const char *)p >= early &&
	       (const char *)p < early + sizeof(early);
}

static void *
early_alloc(size_t n)
{
	void *p = early + early_used;

	n = (n + 15) & ~(size_t)15;
	if (n > sizeof(early) - early_used)
		_exit(111);
	early_used += n;
	return p;
}

static int
resolve(void)
{
	if (real_free)
		return 1;
	if (resolving)
		return 0;
	resolving = 1;
	*(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&real_free = dlsym(RTLD_NEXT, "free");
	resolving = 0;
	return real_free != NULL;
}

#define NO_MEMORY                                                              \
	(control && (atomic_load(&control->kinds) & K_MALLOC) &&               \
		!from_spared((uintptr_t)__builtin_return_address(0)) &&        \
		hit(K_MALLOC))

void *
malloc(size_t n)
{
	if (!resolve())
		return early_alloc(n);
	return NO_MEMORY ? NULL : real_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	if (!resolve())
		return early_alloc(n * size);
	return NO_MEMORY ? NULL : real_calloc(n, size);
}

void *
realloc(void *old, size_t n)
{
	if (!resolve() || is_early(old)) {
		void *p = real_malloc ? real_malloc(n) : early_alloc(n);

		if (p && old)
			memcpy(p, old, n < 4096 ? n : 4096);
		return p;
	}
	return NO_MEMORY ? NULL : real_realloc(old, n);
}

void
free(void *p)
{
	if (!p || is_early(p) || !resolve())
		return;
	real_free(p);
}

/* --- input and output ----------------------------------------------------- */
#define REAL(name)                                                             \
	static __typeof__(name) *real;                                         \
	if (!real)                                                             \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

#define IO4(name, kind, type)                                                  \
	ssize_t name(int fd, type buf, size_t n, off_t at)                     \
	{                                                                      \
		REAL(name);                                                    \
		return hit_fd(kind, fd) ? -1 : real(fd, buf, n, at);           \
	}
IO4(pread, K_READ, void *)
IO4(pread64, K_READ, void *)
IO4(pwrite, K_WRITE, const void *)
IO4(pwrite64, K_WRITE, const void *)

#define IO3(name, kind, type)                                                  \
	ssize_t name(int fd, type buf, size_t n)                               \
	{                                                                      \
		REAL(name);                                                    \
		return hit_fd(kind, fd) ? -1 : real(fd, buf, n);               \
	}
IO3(read, K_READ, void *)
IO3(write, K_WRITE, const void *)

#define IO1(name)                                                              \
	int name(int fd)                                                       \
	{                                                                      \
		REAL(name);                                                    \
		return hit_fd(K_SYNC, fd) ? -1 : real(fd);                     \
	}
IO1(fsync)
IO1(fdatasync)

#define IO2(name)                                                              \
	int name(int fd, off_t n)                                              \
	{                                                                      \
		REAL(name);                                                    \
		return hit_fd(K_TRUNCATE, fd) ? -1 : real(fd, n);              \
	}
IO2(ftruncate)
IO2(ftruncate64)

#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		REAL(name);                                                    \
		va_list ap;                                                    \
		mode_t mode;                                                   \
                                                                               \
		va_start(ap, flags);                                           \
		mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t)    \
						       : 0;                    \
		va_end(ap);                                                    \
		if (control && (atomic_load(&control->kinds) & K_OPEN) &&      \
			path_counts(path) && hit(K_OPEN))                      \
			return -1;                                             \
		return real(path, flags, mode);                                \
	}
OPEN(open)
OPEN(open64)

/* Locking and unlocking by fcntl. */
#define LOCK(name)                                                             \
	int name(int fd, int cmd, ...)                                         \
	{                                                                      \
		REAL(name);                                                    \
		va_list ap;                                                    \
		void *arg;                                                     \
                                                                               \
		va_start(ap, cmd);                                             \
		arg = va_arg(ap, void *);                                      \
		va_end(ap);                                                    \
		if (cmd == F_SETLK && hit_fd(K_LOCK, fd))                      \
			return -1;                                             \
		return real(fd, cmd, arg);                                     \
	}
LOCK(fcntl)
LOCK(fcntl64)

int
accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
	REAL(accept4);
	return hit(K_ACCEPT) ? -1 : real(fd, a, n, flags);
}
