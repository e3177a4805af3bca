/* A main for fuzz targets without libFuzzer: runs each file named, and each
 * file of each folder named, through the target once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, got;

	if (!f) {
		perror(path);
		return -1;
	}
	do {
		uint8_t *more = realloc(data, n + 65536);

		if (!more)
			abort();
		data = more;
		got = fread(data + n, 1, 65536, f);
		n += got;
	} while (got > 0);
	fclose(f);
	/* An allocation of the exact size lets ASan see a read behind it. */
	data = realloc(data, n > 0 ? n : 1);
	if (!data)
		abort();
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 1;
}

static int
run(const char *path)
{
	struct stat st;
	struct dirent *entry;
	int total = 0;
	DIR *dir;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return run_file(path);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(dir))) {
		char file[4096];
		int n;

		if (entry->d_name[0] == '.')
			continue;
		n = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (n < 0 || (size_t)n >= sizeof(file) || run_file(file) < 0) {
			total = -1;
			break;
		}
		total++;
	}
	closedir(dir);
	return total;
}

int
main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int n = run(argv[i]);

		if (n < 0)
			return 1;
		total += n;
	}
	printf("%d inputs replayed\n", total);
	return total > 0 ? 0 : 1;
}
