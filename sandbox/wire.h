/* What memory-db and a jail say to each other. Shared by both programs.
 *
 * A frame: u32 length of what follows (little endian), u8 type, body.
 * Most bodies are one value:
 *
 *   nil false true        the tag alone
 *   int  i64, float f64   8 bytes, little endian
 *   string                u32 bytes, the bytes
 *   array                 u32 count, values
 *   map                   u32 count, count x (string without tag, value)
 *
 * The jail speaks when it is spoken to:
 *
 *   SETUP ->            once, while the jail waits in the pool
 *                       <- READY
 *   RUN ->              then any number of
 *                       <- PRINT | CALL, a CALL is answered by
 *   REPLY | FAIL ->     and one of
 *                       <- RESULT | ERROR | EXCESS | TRACE | VIOLATION
 *
 * after which the jail exits with the code that belongs to it. */
#ifndef SANDBOX_WIRE_H
#define SANDBOX_WIRE_H

#define WIRE_FD		 3 /* of the socket in the jail */
#define WIRE_HEADER	 5
#define WIRE_FRAME_BYTES (1024 * 1024) /* a body at most */
#define WIRE_DEPTH	 64
#define WIRE_VERSION	 2 /* in READY: both ends are of one build */

enum wire_frame {
	WIRE_SETUP = 1, /* [[name, doc, positional, is_global], ...] */
	WIRE_RUN,	/* [source, args, [the limits of enum wire_limit],
			   [name of a method that this script lacks, ...]] */
	WIRE_REPLY,	/* any value */
	WIRE_FAIL,	/* [code, text, param] */
	WIRE_READY =
		16,    /* [version, layers in place, layers refused] (masks) */
	WIRE_PRINT,    /* raw bytes */
	WIRE_CALL,     /* [method, params] */
	WIRE_RESULT,   /* [value, [warning, ...], peak bytes] */
	WIRE_ERROR,    /* [message, line, [frame, ...], peak bytes] */
	WIRE_EXCESS,   /* [message, limit, peak bytes]: result too large */
	WIRE_TRACE,    /* [where, line, [frame, ...], peak bytes] */
	WIRE_VIOLATION /* [system call, architecture, address] */
};

enum wire_tag {
	WIRE_NIL,
	WIRE_FALSE,
	WIRE_TRUE,
	WIRE_INT,
	WIRE_FLOAT,
	WIRE_STRING,
	WIRE_ARRAY,
	WIRE_MAP
};

enum wire_limit {
	WIRE_L_MEMORY,
	WIRE_L_OUTPUT,
	WIRE_L_RESULT_BYTES,
	WIRE_L_RESULT_NODES,
	WIRE_L_RESULT_DEPTH,
	WIRE_L_API_CALLS,
	WIRE_L_API_BYTES,
	WIRE_L_MAX
};

/* Exit codes of the jail. */
enum wire_exit {
	WIRE_EXIT_DONE = 0,   /* RESULT, ERROR or EXCESS was sent */
	WIRE_EXIT_LAYER = 64, /* + enum wire_layer: a required one failed */
	WIRE_EXIT_USAGE = 100,
	WIRE_EXIT_TIME = 120,
	WIRE_EXIT_MEMORY = 121,
	WIRE_EXIT_POLICY = 122,
	WIRE_EXIT_API = 123,
	WIRE_EXIT_PROTOCOL = 124,
	WIRE_EXIT_ALONE = 125, /* memory-db has gone */
	WIRE_EXIT_PANIC = 126
};

/* The layers, in the order in which they are put on. The required ones come
 * first in the enum: without one of them the jail refuses to live. */
enum wire_layer {
	WIRE_LAYER_FDS,
	WIRE_LAYER_UID, /* not root, no capabilities */
	WIRE_LAYER_DEATHSIG,
	WIRE_LAYER_NNP,
	WIRE_LAYER_RLIMITS,
	WIRE_LAYER_ARENA,
	WIRE_LAYER_SECCOMP,
	WIRE_LAYER_REQUIRED, /* how many are required */
	WIRE_LAYER_NICE = WIRE_LAYER_REQUIRED,
	WIRE_LAYER_OOM,
	WIRE_LAYER_DUMPABLE,
	WIRE_LAYER_MDWE,
	WIRE_LAYER_LANDLOCK,
	WIRE_LAYER_MAX
};

#define WIRE_LAYER_NAMES                                                       \
	{                                                                      \
		"closed_fds", "non_root", "parent_death", "no_new_privs",      \
			"rlimits", "arena", "seccomp", "nice", "oom_score",    \
			"not_dumpable", "memory_deny_write_exec", "landlock"   \
	}

/* Started with the argument "probe N" instead of serving, the program makes
 * the N-th of these after it has put on everything; it must die of it. */
#define WIRE_PROBE_NAMES                                                       \
	{                                                                      \
		"getpid", "openat", "socket", "execve", "fork", "mmap",        \
			"mprotect", "ptrace", "kill",                          \
			"read from another descriptor", "ioctl", "prctl"       \
	}
enum { WIRE_PROBES = 12 };

#endif
