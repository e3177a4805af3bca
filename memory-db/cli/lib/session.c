#include "memory-db/cli/lib/session.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/text.h"

/* When a process was started, in ticks since the machine was; 0: not known. */
static int64_t
start_of(pid_t pid)
{
	char path[64], line[2048], *at;
	int64_t ticks = 0;
	int field = 2;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	at = fgets(line, sizeof(line), f);
	fclose(f);
	/* Behind the name, which may hold anything, comes field 3. */
	at = at != NULL ? strrchr(line, ')') : NULL;
	for (at = at != NULL ? strtok(at + 1, " ") : NULL; at != NULL;
		at = strtok(NULL, " "))
		if (++field == 22)
			return text_int(at, 0, INT64_MAX, &ticks) == 0 ? ticks
								       : 0;
	return 0;
}

/* Since 1970. A leader that is gone, or not ours to see, counts from today. */
static int64_t
begun_ms(int64_t ticks)
{
	struct timespec up;
	long hz = sysconf(_SC_CLK_TCK);
	int64_t age;

	if (ticks == 0 || hz <= 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return clock_now_ms();
	age = up.tv_sec - ticks / hz;
	return clock_now_ms() - (age > 0 ? age * 1000 : 0);
}

static void
hash_file(crypto_generichash_state *h, const char *path)
{
	unsigned char text[64];
	FILE *f = fopen(path, "re");
	size_t n = f != NULL ? fread(text, 1, sizeof(text), f) : 0;

	if (f)
		fclose(f);
	crypto_generichash_update(h, text, n);
}

void
session_name(char out[SESSION_SIZE])
{
	crypto_generichash_state h;
	unsigned char digest[16];
	char now[CLOCK_TEXT_SIZE];
	const struct {
		int64_t leader, start, uid;
	} login = {getsid(0), start_of(getsid(0)), getuid()};

	clock_format(begun_ms(login.start), now);
	crypto_generichash_init(&h, NULL, 0, sizeof(digest));
	crypto_generichash_update(&h, (const unsigned char *)&login,
		sizeof(login));
	hash_file(&h, "/proc/sys/kernel/random/boot_id");
	crypto_generichash_final(&h, digest, sizeof(digest));
	snprintf(out, SESSION_SIZE, "ctl-%.10s-%02x%02x%02x", now, digest[0],
		digest[1], digest[2]);
}
