/* The namespace `auto`. */
#include "common/client/project.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/limits.h"
#include "tests/lib/unit.h"

static void
test_urls(void **state)
{
	static const char *const cases[][2] = {
		{"https://host.example/team/app.git", "host.example/team/app"},
		{"https://user:secret@HOST.example/Team/App",
			"host.example/Team/App"},
		{"https://a@b@host.example/x", "host.example/x"},
		{"git@host.example:team/app.git", "host.example/team/app"},
		{"host.example:app", "host.example/app"},
		{"git@host.example:/srv/app.git/", "host.example/srv/app"},
		{"ssh://git@host.example:2222/team/app.git",
			"host.example/team/app"},
		{"ssh://git@[::1]:22/app", "[::1]/app"},
		{"git://host.example/app/", "host.example/app"},
		{"https://host.example/app?x=1#y", "host.example/app"},
		{"file:///srv/app", ""},
		{"/srv/app", ""},
		{"../app", ""},
		{"./a:b", ""},
		{"https://host.example", ""},
		{"https://", ""},
		{"", ""},
		{":", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = {0};

		assert_int_equal(project_normalise_url(cases[i][0], &out), 0);
		assert_string_equal(buf_str(&out), cases[i][1]);
	}
}

static void
test_configs(void **state)
{
	static const char *const cases[][2] = {
		{"[core]\n\tbare = false\n[remote \"origin\"]\n"
		 "\turl = git@h:a/b.git\n\tfetch = x\n",
			"git@h:a/b.git"},
		{"[remote \"other\"]\nurl=x\n[Remote \"origin\"]\nURL=y", "y"},
		{"[remote \"origin\"]\n  url = \"a b\" # c\n", "a b"},
		{"[remote \"origin\"]\n  url = a ; c\n", "a"},
		{"[remote \"origin\"]\r\nurl = a\r\n", "a"},
		{"[remote \"origin\"]\nurlx = a\nurl = b\n", "b"},
		{"[remote \"origin\"]\n[branch \"m\"]\nurl = a\n", ""},
		{"[remote \"origin", ""},
		{"url = a", ""},
		{"[remote \"origin\"]\nurl", ""},
		{"[remote \"origin\"]\nurl = a\\", "a\\"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = {0};

		assert_int_equal(project_origin_url(cases[i][0],
					 strlen(cases[i][0]), &out),
			0);
		assert_string_equal(buf_str(&out), cases[i][1]);
	}
}

/* --- folders -------------------------------------------------------------- */

static char root[128];

static void
put(const char *path, const char *text)
{
	char full[512], *slash;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (slash = full + strlen(root) + 1; (slash = strchr(slash, '/'));
		slash++) {
		*slash = '\0';
		assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	fd = open(full, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
is(const char *folder, const char *wanted)
{
	AUTO_BUF struct buf out = {0};
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", root, folder);
	assert_int_equal(project_namespace(full, &out), 0);
	if (wanted[0] == '/') {
		snprintf(full, sizeof(full), "%s%s", root, wanted);
		wanted = full;
	}
	assert_string_equal(buf_str(&out), wanted);
}

#define ORIGIN "[remote \"origin\"]\n\turl = https://h.example/t/app.git\n"

static void
test_folders(void **state)
{
	char gitdir[256];

	(void)state;
	put("plain/sub/file", "");
	is("plain/sub", "/plain/sub");

	put("repo/.git/config", ORIGIN);
	put("repo/src/deep/file", "");
	is("repo", "h.example/t/app");
	is("repo/src/deep", "h.example/t/app");

	/* a worktree elsewhere */
	put("repo/.git/worktrees/w/commondir", "../..\n");
	snprintf(gitdir, sizeof(gitdir), "gitdir: %s/repo/.git/worktrees/w\n",
		root);
	put("tree/.git", gitdir);
	put("tree/src/file", "");
	is("tree/src", "h.example/t/app");

	/* a submodule, with a relative path */
	put("repo/.git/modules/lib/config",
		"[remote \"origin\"]\n\turl = git@h.example:t/lib\n");
	put("repo/lib/.git", "gitdir: ../.git/modules/lib\n");
	is("repo/lib", "h.example/t/lib");

	/* no remote, or one on this machine: the top folder */
	put("local/.git/config", "[core]\n");
	put("local/a/b/file", "");
	is("local/a/b", "/local");
	put("path/.git/config", "[remote \"origin\"]\n\turl = /srv/x\n");
	is("path", "/path");
	put("empty/.git/HEAD", "");
	is("empty", "/empty");
}

static void
test_no_project(void **state)
{
	AUTO_BUF struct buf out = {0};
	AUTO_BUF struct buf home = {0};

	(void)state;
	assert_int_equal(project_namespace("/", &out), 0);
	assert_string_equal(buf_str(&out), "default");
	assert_int_equal(setenv("HOME", root, 1), 0);
	assert_int_equal(project_namespace(root, &home), 0);
	assert_string_equal(buf_str(&home), "default");
	is("plain", "/plain");
}

static void
test_long_names_keep_their_end(void **state)
{
	AUTO_BUF struct buf out = {0};
	char folder[1200];

	(void)state;
	folder[0] = '/';
	for (size_t i = 1; i + 2 < sizeof(folder); i += 2)
		memcpy(folder + i, "\xc3\xa9", 2);
	folder[sizeof(folder) - 2] = 'z';
	folder[sizeof(folder) - 1] = '\0';
	assert_int_equal(project_namespace(folder, &out), 0);
	assert_true(out.len <= LIMIT_LABEL_BYTES && out.len > 250);
	assert_int_equal(out.data[out.len - 1], 'z');
	assert_int_equal((unsigned char)out.data[0], 0xc3);
}

static void
test_without_memory(void **state)
{
	char full[256];

	(void)state;
	snprintf(full, sizeof(full), "%s/tree/src", root);
	for (size_t n = 1;; n++) {
		AUTO_BUF struct buf out = {0};
		int rc;

		heap_fail_at(n);
		rc = project_namespace(full, &out);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
	}
}

static int
make_root(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(root, sizeof(root), "%s/projectXXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(root) ? 0 : -1;
}

static int
remove_root(void **state)
{
	char command[200];
	FILE *f;

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	f = popen(command, "r");
	return f ? pclose(f) : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_configs),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_no_project),
		cmocka_unit_test(test_long_names_keep_their_end),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
