/* Proof that the walls hold: in a test build the jailed program tries what a
 * script must never be able to do (open a file, make a socket, start a
 * program), and tells how each attempt ended. */
#include "sandbox/jail/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/wire.h"

/* In the order of WIRE_PROBE_NAMES. */
static const struct {
	long nr, arg[3];
} probes[] = {
	{SYS_getpid, {0, 0, 0}},
	{SYS_openat, {AT_FDCWD, 0, O_RDONLY}},
	{SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
	{SYS_execve, {0, 0, 0}},
	{SYS_clone, {SIGCHLD, 0, 0}},
	{SYS_mmap, {0, 4096, PROT_READ}},
	{SYS_mprotect, {0, 4096, PROT_EXEC}},
	{SYS_ptrace, {PTRACE_TRACEME, 0, 0}},
	{SYS_kill, {1, 0, 0}},
	{SYS_read, {WIRE_FD + 1, 0, 0}},
	{SYS_ioctl, {WIRE_FD, 0, 0}},
	{SYS_prctl, {PR_GET_NAME, 0, 0}},
};
_Static_assert(sizeof(probes) / sizeof(probes[0]) == WIRE_PROBES,
	"a probe a name");

void
probe_run(int n)
{
#ifdef SANDBOX_UNJAILED
	(void)n;
	raise(SIGKILL);
#else
	if (n >= 0 && n < WIRE_PROBES)
		syscall(probes[n].nr, probes[n].arg[0], probes[n].arg[1],
			probes[n].arg[2]);
#endif
}

#ifdef SANDBOX_PROBE
#include <lauxlib.h>

/* probe(number, ...): the system call, through the instruction of today. */
static int
probe_syscall(lua_State *L)
{
	long a[6];

	for (int i = 0; i < 6; i++)
		a[i] = (long)luaL_optinteger(L, i + 2, 0);
	long rc = syscall((long)luaL_checkinteger(L, 1), a[0], a[1], a[2], a[3],
		a[4], a[5]);
	lua_pushinteger(L, rc < 0 ? -errno : rc);
	return 1;
}

#ifdef __x86_64__
/* probe_i386(number): through the gate of 32-bit programs. */
static int
probe_i386(lua_State *L)
{
	int32_t rc = (int32_t)luaL_checkinteger(L, 1);

	__asm__ volatile("int $0x80"
			 : "+a"(rc)
			 : "b"(WIRE_FD), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	lua_pushinteger(L, rc);
	return 1;
}
#endif

/* probe_crash(signal number by nature): 1 null, 2 stack, 3 illegal. */
static int
probe_crash(lua_State *L)
{
	volatile int *nowhere =
		(volatile int *)(uintptr_t)luaL_checkinteger(L, 1);

	*nowhere = 1;
	return 0;
}

/* probe_write(text): raw bytes to memory-db, as a jail gone bad would. */
static int
probe_write(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);

	lua_pushinteger(L, write(WIRE_FD, s, n));
	return 1;
}

/* probe_exit(code) */
static int
probe_exit(lua_State *L)
{
	_exit((int)luaL_checkinteger(L, 1));
}

void
probe_setup(lua_State *L)
{
	lua_register(L, "probe", probe_syscall);
#ifdef __x86_64__
	lua_register(L, "probe_i386", probe_i386);
#endif
	lua_register(L, "probe_crash", probe_crash);
	lua_register(L, "probe_write", probe_write);
	lua_register(L, "probe_exit", probe_exit);
}
#else
void
probe_setup(lua_State *L)
{
	(void)L;
}
#endif
