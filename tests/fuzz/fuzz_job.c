/* A frame on its way to a method: parsed, checked against the tables and
 * answered. Whatever comes in, there is one line out, and it is JSON. */
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/work/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_reply(const struct job *j)
{
	struct err e;
	json_t *reply, *id;

	if (!j->is_answered || j->reply.len < 3 ||
		memchr(j->reply.data, '\n', j->reply.len) !=
			j->reply.data + j->reply.len - 1)
		abort();
	reply = jx_parse(j->reply.data, j->reply.len, &e);
	if (!reply)
		abort();
	id = json_object_get(reply, "id");
	if (j->id ? !json_equal(id, j->id) : id != NULL)
		abort();
	if (json_is_true(json_object_get(reply, "success")) !=
		(j->code == MDB_OK))
		abort();
	json_decref(reply);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct job j;
	struct err e = {0};

	job_init(&j, 1);
	if (job_read(&j, (const char *)data, n, &e) == 0) {
		if (!j.tool || !json_is_object(j.params))
			abort();
		if (job_answer(&j, NULL, &e))
			abort();
	} else {
		if (e.code >= 0 || !*e.text)
			abort();
		job_fail(&j, &e);
	}
	check_reply(&j);
	job_retract(&j);
	job_done(&j);
	return 0;
}
