/* Three processes: a child of ours writes the plain bytes into a pipe, the
 * program encrypts from that pipe into another, and we take what comes out of it.
 * Were it two, each could wait for the other with full pipes. */
#include "memory-db/cli/lib/backup_cipher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK	  65536
#define SAID_SIZE 300
#define ARGS_MOST 16

struct backup_cipher_tool {
	const char *program, *package;
};

static const struct backup_cipher_tool tools[BACKUP_CIPHER_MAX] = {
	[BACKUP_AGE] = {"age", "age"},
	[BACKUP_GPG] = {"gpg", "gnupg"},
};

enum backup_cipher
backup_cipher_of(const char *recipient)
{
	if (!recipient)
		return BACKUP_PLAIN;
	if (strncmp(recipient, "age1", 4) == 0 ||
		strncmp(recipient, "ssh-", 4) == 0)
		return BACKUP_AGE;
	return BACKUP_GPG;
}

static bool
is_on_path(const char *program)
{
	const char *env = getenv("PATH");
	AUTO_FREE char *list = strdup(env && *env ? env : "/usr/bin:/bin");
	char *at = list, *folder;

	while (at && (folder = strsep(&at, ":"))) {
		AUTO_FREE char *path = NULL;

		if (asprintf(&path, "%s/%s", *folder ? folder : ".", program) >
				0 &&
			access(path, X_OK) == 0)
			return true;
	}
	return false;
}

int
backup_cipher_check(enum backup_cipher c, struct err *e)
{
	if (c == BACKUP_PLAIN || is_on_path(tools[c].program))
		return 0;
	return err_set(e, MDB_E_NOT_FOUND,
		"%s is not installed; its Debian package is %s (apt-get "
		"install %s)",
		tools[c].program, tools[c].package, tools[c].package);
}

/* --- processes ------------------------------------------------------------ */
static int
no_descriptors(struct err *e)
{
	return err_set(e, MDB_E_LIMIT, "no descriptors or processes: %s",
		strerrordesc_np(errno));
}

static int
open_said(int *ret_fd, struct err *e)
{
	*ret_fd = (int)syscall(SYS_memfd_create, "said", 1u /* CLOEXEC */);
	return *ret_fd >= 0 ? 0 : no_descriptors(e);
}

/* in, out: what the program has as 0 and 1. It may ask for a pass phrase at the
 * terminal; it does not outlive us. */
static int
run_tool(const char *const *argv, int in, int out, int said, pid_t *ret_child,
	struct err *e)
{
	pid_t child = fork();

	if (child < 0)
		return no_descriptors(e);
	if (child > 0) {
		*ret_child = child;
		return 0;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
		dup2(said, STDERR_FILENO) < 0)
		_exit(111);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(111);
}

static int
backup_cipher_wait_for(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* The last line that the program wrote: there it says why. */
static void
last_words(int fd, char out[SAID_SIZE])
{
	char text[4096];
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(text) - 1
			     ? size - (off_t)sizeof(text) + 1
			     : 0;
	ssize_t n = pread(fd, text, sizeof(text) - 1, from);
	char *line;

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	/* age closes with an invitation to report what is no fault of it. */
	line = strstr(text, "\nage: report unexpected");
	if (line)
		*line = '\0';
	line = strrchr(text, '\n');
	snprintf(out, SAID_SIZE, "%.*s", SAID_SIZE - 1, line ? line + 1 : text);
}

static int
tool_failed(enum backup_cipher c, const char *what, int said, struct err *e)
{
	char words[SAID_SIZE];

	last_words(said, words);
	return err_set(e, MDB_E_STORE, "%s cannot %s: %s", tools[c].program,
		what, words[0] != '\0' ? words : "it ended without a word");
}

/* --- encrypting ----------------------------------------------------------- */
/* The child's exit code says whether the plain bytes were all there. */
static int
run_feeder(backup_feed_fn feed, void *ctx, int to, int said, pid_t *ret_child,
	struct err *e)
{
	pid_t child = fork();
	struct err own = {0};
	FILE *f;
	int rc;

	if (child < 0)
		return no_descriptors(e);
	if (child > 0) {
		*ret_child = child;
		return 0;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	f = fdopen(to, "w");
	rc = f ? feed(ctx, f, &own) : MDB_E_NOMEM;
	if (rc == 0 && fflush(f) != 0)
		rc = MDB_E_STORE;
	if (rc)
		(void)!write(said, own.text, strlen(own.text));
	_exit(rc ? 1 : 0);
}

/* From the pipe to the file, hashed on the way. */
static int
take_out(int fd, FILE *out, char sha[BACKUP_SHA_SIZE], struct err *e)
{
	AUTO_FREE unsigned char *chunk = malloc(CHUNK);
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state h;
	ssize_t n;

	if (!chunk)
		return err_nomem(e);
	crypto_hash_sha256_init(&h);
	while ((n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, MDB_E_STORE, "cannot read: %s",
				strerrordesc_np(errno));
		crypto_hash_sha256_update(&h, chunk, (unsigned long long)n);
		if (fwrite(chunk, 1, (size_t)n, out) != (size_t)n)
			return err_set(e, MDB_E_STORE,
				"cannot write the backup: %s",
				strerrordesc_np(errno));
	}
	crypto_hash_sha256_final(&h, hash);
	sodium_bin2hex(sha, BACKUP_SHA_SIZE, hash, sizeof(hash));
	return 0;
}

struct pipes {
	int plain_in, plain_out;   /* feeder -> program */
	int packed_in, packed_out; /* program -> us */
	int said, feeder_said;	   /* what each of both has to say */
	pid_t feeder, program;
};

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
pipes_done(struct pipes *p)
{
	close_end(&p->plain_in);
	close_end(&p->plain_out);
	close_end(&p->packed_in);
	close_end(&p->packed_out);
	close_end(&p->said);
	close_end(&p->feeder_said);
	if (p->program > 0) {
		(void)kill(p->program, SIGKILL);
		(void)backup_cipher_wait_for(p->program);
	}
	if (p->feeder > 0) {
		(void)kill(p->feeder, SIGKILL);
		(void)backup_cipher_wait_for(p->feeder);
	}
}
#define AUTO_PIPES __attribute__((cleanup(pipes_done)))

static int
pipes_open(struct pipes *p, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return no_descriptors(e);
	p->plain_in = fds[0];
	p->plain_out = fds[1];
	if (pipe2(fds, O_CLOEXEC) != 0)
		return no_descriptors(e);
	p->packed_in = fds[0];
	p->packed_out = fds[1];
	if (open_said(&p->said, e) != 0)
		return e->code;
	return open_said(&p->feeder_said, e);
}

static void
encrypt_args(enum backup_cipher c, const char *recipient,
	const char *argv[ARGS_MOST])
{
	const char *age[] = {"age", "--encrypt", "--recipient", recipient,
		NULL};
	const char *gpg[] = {"gpg", "--batch", "--quiet", "--no-tty",
		"--trust-model", "always", "--compress-algo", "none",
		"--recipient", recipient, "--output", "-", "--encrypt", NULL};

	memcpy(argv, c == BACKUP_AGE ? age : gpg,
		c == BACKUP_AGE ? sizeof(age) : sizeof(gpg));
}

/* How both ended; what the program says comes first: it is why the feeder could
 * not go on. */
static int
both_ended(struct pipes *p, enum backup_cipher c, struct err *e)
{
	int program = backup_cipher_wait_for(p->program),
	    feeder = backup_cipher_wait_for(p->feeder);
	char words[SAID_SIZE];

	p->program = p->feeder = 0;
	if (!WIFEXITED(program) || WEXITSTATUS(program) != 0)
		return tool_failed(c, "encrypt the backup", p->said, e);
	if (WIFEXITED(feeder) && WEXITSTATUS(feeder) == 0)
		return 0;
	last_words(p->feeder_said, words);
	return err_set(e, MDB_E_STORE, "the backup cannot be packed: %s",
		words);
}

int
backup_encrypt(enum backup_cipher c, const char *recipient, backup_feed_fn feed,
	void *ctx, FILE *out, char sha[BACKUP_SHA_SIZE], struct err *e)
{
	AUTO_PIPES struct pipes p = {-1, -1, -1, -1, -1, -1, 0, 0};
	const char *argv[ARGS_MOST];
	int rc = pipes_open(&p, e);

	if (rc)
		return rc;
	encrypt_args(c, recipient, argv);
	rc = run_tool(argv, p.plain_in, p.packed_out, p.said, &p.program, e);
	if (rc)
		return rc;
	close_end(&p.plain_in);
	close_end(&p.packed_out);
	/* In the feeder its end of the pipe is the only one. */
	rc = run_feeder(feed, ctx, p.plain_out, p.feeder_said, &p.feeder, e);
	if (rc)
		return rc;
	close_end(&p.plain_out);
	rc = take_out(p.packed_in, out, sha, e);
	if (rc)
		return rc;
	return both_ended(&p, c, e);
}

int
backup_sha(const char *path, char sha[BACKUP_SHA_SIZE], struct err *e)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	FILE *nowhere;
	int rc;

	if (fd < 0)
		return err_set(e, MDB_E_STORE, "cannot read %s: %s", path,
			strerrordesc_np(errno));
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	nowhere = fopen("/dev/null", "we");
	if (!nowhere)
		return no_descriptors(e);
	rc = take_out(fd, nowhere, sha, e);
	(void)fclose(nowhere);
	return rc;
}

/* --- decrypting ----------------------------------------------------------- */
/* By its name; a file of any other name by its first bytes: OpenPGP packets begin
 * with the highest bit set, which neither gzip nor SQLite does. */
static enum backup_cipher
backup_cipher_kind_of(const char *path, int fd)
{
	static const char age_magic[] = "age-encryption.org/";
	const char *slash = strrchr(path, '/');
	unsigned char head[sizeof(age_magic)] = {0};
	struct backup_name name;

	if (backup_name_parse(slash ? slash + 1 : path, &name))
		return name.cipher;
	if (pread(fd, head, sizeof(head) - 1, 0) < 3)
		return BACKUP_PLAIN;
	if (memcmp(head, age_magic, sizeof(age_magic) - 1) == 0)
		return BACKUP_AGE;
	return head[0] & 0x80 ? BACKUP_GPG : BACKUP_PLAIN;
}

static int
start_decrypting(struct backup_source *s, int in, const char *identity,
	struct err *e)
{
	const char *age[] = {"age", "--decrypt", "--identity", identity, NULL};
	const char *gpg[] = {"gpg", "--quiet", "--output", "-", "--decrypt",
		NULL};
	AUTO_FD int out = -1;
	int fds[2], rc;

	if (s->cipher == BACKUP_AGE && !identity)
		return err_set(e, MDB_E_INVALID,
			"it is encrypted with age: --identity FILE names the "
			"file with the key");
	rc = backup_cipher_check(s->cipher, e);
	if (rc)
		return rc;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return no_descriptors(e);
	s->fd = fds[0];
	out = fds[1];
	rc = open_said(&s->err_fd, e);
	if (rc)
		return rc;
	return run_tool(s->cipher == BACKUP_AGE ? age : gpg, in, out, s->err_fd,
		&s->child, e);
}

int
backup_source_open(struct backup_source *s, const char *path,
	const char *identity, struct err *e)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	*s = (struct backup_source){.fd = -1, .err_fd = -1};
	if (fd < 0)
		return err_set(e, MDB_E_STORE, "cannot read it: %s",
			strerrordesc_np(errno));
	s->cipher = backup_cipher_kind_of(path, fd);
	if (s->cipher != BACKUP_PLAIN)
		return start_decrypting(s, fd, identity, e);
	s->fd = take_fd(&fd);
	return 0;
}

int
backup_source_end(struct backup_source *s, int rc, struct err *e)
{
	int status;

	close_end(&s->fd);
	if (s->child <= 0)
		return rc;
	status = backup_cipher_wait_for(s->child);
	s->child = 0;
	/* Of what was not read to its end it could not write the rest. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
		return rc;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return rc;
	return tool_failed(s->cipher, "decrypt it", s->err_fd, e);
}

void
backup_source_done(struct backup_source *s)
{
	close_end(&s->fd);
	if (s->child > 0) {
		(void)kill(s->child, SIGKILL);
		(void)backup_cipher_wait_for(s->child);
		s->child = 0;
	}
	close_end(&s->err_fd);
}
