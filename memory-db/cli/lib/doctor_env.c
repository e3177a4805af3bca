/* doctor, the environment and the programs: variables that are set and lead
 * nowhere, names that are nearly one of ours (MEMORY_DB_SOCKT), and whether
 * the programs are found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/programs.h"

extern char **environ;

/* Every name that one of the programs reads; a test looks for others in the
 * sources. */
static const char *const known[] = {"MEMORY_BRANCH", "MEMORY_CHAT",
	"MEMORY_CHAT_KEY", "MEMORY_CHAT_MODEL", "MEMORY_DB_EXIT_WHEN_IDLE",
	"MEMORY_DB_PATH", "MEMORY_DB_PROGRAM", "MEMORY_DB_SERVICE_USER",
	"MEMORY_DB_SOCKET", "MEMORY_EMBED", "MEMORY_EMBED_KEY",
	"MEMORY_EMBED_MODEL", "MEMORY_FILE_PATH", "MEMORY_HOOKS",
	"MEMORY_HOOKS_SYNC", "MEMORY_LOG_FORMAT", "MEMORY_LOG_LEVEL",
	"MEMORY_NAMESPACE", "MEMORY_NO_SPAWN", "MEMORY_PAGER",
	"MEMORY_RECALL_WEIGHTS", "MEMORY_SANDBOX_PROGRAM",
	"MEMORY_TEST_CLOCK_OFFSET_MS", "MEMORY_TEST_VFS", "MEMORY_TOOLS", NULL};

static bool
doctor_env_is_known(const char *name)
{
	for (size_t i = 0; known[i] != NULL; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

/* Other products use the prefix too: only a near miss is surely meant for
 * us. */
static void
doctor_env_check_name(struct doctor *d, const char *name)
{
	const char *near;
	char advice[200];

	if (doctor_env_is_known(name))
		return;
	near = text_nearest(name, known);
	if (near)
		snprintf(advice, sizeof(advice), "did you mean %s?", near);
	else
		snprintf(advice, sizeof(advice), "nothing here reads it");
	doctor_say(d, DOCTOR_WARN, "environment", advice,
		"%s is set but is no name of ours", name);
}

static void
check_path(struct doctor *d, const char *name)
{
	const char *value = getenv(name);

	if (!value || value[0] == '\0' || value[0] == '/')
		return;
	doctor_say(d, DOCTOR_WARN, "environment",
		value[0] == '~' ? "write the path in full: only shells know ~"
				: "give an absolute path",
		"%s is '%s': each program would count it from the folder it "
		"runs in",
		name, value);
}

static void
doctor_env_check_number(struct doctor *d, const char *name)
{
	const char *value = getenv(name);
	int64_t n;

	if (value && value[0] != '\0' && text_int(value, 0, INT64_MAX, &n) != 0)
		doctor_say(d, DOCTOR_FAIL, "environment", "give whole seconds",
			"%s is '%s', which is no number: memory-db will not "
			"start",
			name, value);
}

/* The variable of the reference memory server. */
static void
check_reference(struct doctor *d)
{
	const char *value = getenv("MEMORY_FILE_PATH");
	char advice[PATH_MAX + 32];

	if (!value || value[0] == '\0')
		return;
	snprintf(advice, sizeof(advice), "memoryctl import %s", value);
	doctor_say(d, DOCTOR_WARN, "environment", advice,
		"MEMORY_FILE_PATH is not used here; what its file holds can be "
		"imported");
}

void
doctor_environment(struct doctor *d)
{
	int before = d->warnings + d->failures;
	const char *home = getenv("HOME");

	for (char **p = environ; *p != NULL; p++) {
		char name[200];
		size_t n = strcspn(*p, "=");

		if (strncmp(*p, "MEMORY_", 7) != 0 || n >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)n, *p);
		doctor_env_check_name(d, name);
	}
	check_path(d, "MEMORY_DB_PATH");
	check_path(d, "MEMORY_DB_SOCKET");
	check_path(d, "MEMORY_DB_PROGRAM");
	doctor_env_check_number(d, "MEMORY_DB_EXIT_WHEN_IDLE");
	check_reference(d);
	if (!home || home[0] != '/')
		doctor_say(d, DOCTOR_WARN, "environment",
			"set HOME, or MEMORY_DB_PATH",
			"HOME is not set: the default database has no place");
	if (d->warnings + d->failures == before)
		doctor_say(d, DOCTOR_OK, "environment", NULL,
			"nothing suspicious");
}

static void
check_program(struct doctor *d, const char *name, const char *env,
	enum doctor_level otherwise)
{
	const char *value = env ? getenv(env) : NULL;
	char path[PATH_MAX];

	if (value && value[0] != '\0') {
		if (programs_is_program(value))
			doctor_say(d, DOCTOR_OK, "programs", NULL,
				"%s: %s "
				"(given by %s)",
				name, value, env);
		else
			doctor_say(d, DOCTOR_FAIL, "programs",
				"correct or "
				"unset it",
				"%s is '%s', which is no "
				"executable file",
				env, value);
	} else if (programs_find(name, path)) {
		doctor_say(d, DOCTOR_OK, "programs", NULL, "%s: %s", name,
			path);
	} else {
		doctor_say(d, otherwise, "programs",
			"install it beside "
			"memoryctl or put its folder on PATH",
			"%s is neither beside memoryctl nor on PATH", name);
	}
}

void
doctor_programs(struct doctor *d)
{
	doctor_say(d, DOCTOR_OK, "programs", NULL, "memoryctl %s",
		MEMORY_VERSION);
	check_program(d, "memory-db", "MEMORY_DB_PROGRAM", DOCTOR_FAIL);
	check_program(d, "memory-mcp", NULL, DOCTOR_WARN);
	check_program(d, "memory-sandbox", "MEMORY_SANDBOX_PROGRAM",
		DOCTOR_WARN);
}
