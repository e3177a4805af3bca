/* memory-sandbox: a jail for one script. Started by memory-db with a socket
 * as descriptor 3 and nothing else:
 *
 *   memory-sandbox serve PARENT UID
 *   memory-sandbox probe PARENT UID N
 *
 * PARENT: its process id; UID: whom to become when started by root. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/jail/alarm.h"
#include "sandbox/jail/confine.h"
#include "sandbox/jail/io.h"
#include "sandbox/jail/probe.h"
#include "sandbox/jail/run.h"

static long
main_number(const char *s)
{
	long n = 0;

	if (!*s || strlen(s) > 10)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n;
}

static int
usage(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("memory-sandbox %s\n", MEMORY_VERSION);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		puts("memory-sandbox runs one script of execute_code in a "
		     "jail.\nmemory-db starts it; by hand it does nothing.");
		return 0;
	}
	fputs("memory-sandbox is started by memory-db; see --help\n", stderr);
	return WIRE_EXIT_USAGE;
}

static void
send_ready(const struct confine_report *r)
{
	struct out *o = out_begin();

	out_count(o, WIRE_ARRAY, 3);
	out_int(o, WIRE_VERSION);
	out_int(o, r->in_place);
	out_int(o, r->refused);
	io_send(o, WIRE_READY);
}

static void
expect(struct frame *f, enum wire_frame type, struct in *ret)
{
	io_read(f);
	if (f->type != type)
		_exit(WIRE_EXIT_PROTOCOL);
	*ret = (struct in){f->body, f->body + f->len};
}

static _Noreturn void
main_serve(const struct confine_report *r, lua_State *L)
{
	struct frame f;
	struct in in;

	expect(&f, WIRE_SETUP, &in);
	run_setup(L, &in);
	send_ready(r);
	expect(&f, WIRE_RUN, &in);
	run_script(L, &in);
	_exit(WIRE_EXIT_DONE);
}

int
main(int argc, char **argv)
{
	struct confine_report r = {0, 0};
	long parent, uid;
	lua_State *L;

	if (argc < 4 || (parent = main_number(argv[2])) < 0 ||
		(uid = main_number(argv[3])) < 0)
		return usage(argc, argv);
	confine((pid_t)parent, (uid_t)uid, &r);
	L = run_prepare();
	alarm_install();
	confine_seal(&r);
	if (strcmp(argv[1], "serve") == 0)
		main_serve(&r, L);
	if (strcmp(argv[1], "probe") == 0 && argc == 5)
		probe_run((int)main_number(argv[4]));
	_exit(WIRE_EXIT_DONE);
}
