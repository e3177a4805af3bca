#include "memory-db/cli/lib/background.h"

#include <stdio.h>
#include <string.h>

#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const struct table_column columns[] = {
	{"TASK", false, false},
	{"STATE", false, false},
	{"LAST RUN", false, false},
	{"MS", true, false},
	{"NEXT", false, false},
	{"RUNS", true, false},
	{"FAILED", true, false},
	{"WHAT IT DOES", false, TABLE_TAIL},
};

static void
background_add_row(struct table *t, const json_t *task)
{
	char at[OUT_TIME_SIZE];

	table_text(t, cli_str(task, "name", "?"));
	table_text(t, cli_str(task, "outcome", "?"));
	table_text(t, out_time(cli_str(task, "last_run", "-"), at));
	table_number(t, cli_int(task, "duration_ms", 0));
	table_text(t, out_time(cli_str(task, "next_due", "with work"), at));
	table_number(t, cli_int(task, "runs", 0));
	table_number(t, cli_int(task, "failures", 0));
	table_text(t, cli_str(task, "about", ""));
}

int
background_print(const struct cli *c, const json_t *tasks)
{
	AUTO_TABLE struct table t;
	const json_t *task;
	const char *error;
	size_t i;

	table_init(&t, columns, ARRAY_LEN(columns));
	json_array_foreach((json_t *)(uintptr_t)tasks, i, task)
		background_add_row(&t, task);
	if (table_print(&t, c, stdout) != 0)
		return cli_nomem();
	json_array_foreach((json_t *)(uintptr_t)tasks, i, task) {
		error = cli_str(task, "error", NULL);
		if (!error)
			continue;
		printf("%s%s failed:%s ", out_on(c, OUT_YELLOW),
			cli_str(task, "name", "?"), out_off(c, OUT_YELLOW));
		out_text(stdout, error);
		putchar('\n');
	}
	return CLI_OK;
}
