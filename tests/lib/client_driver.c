/* Drives libmemory-client from a script: one JSON object a line on stdin, one
 * a line on stdout. client_driver.py does the same with the Python client, so
 * that one set of conversations tests both.
 *
 *   {"op":"new", "socket":..., "timeout_ms":..., ...}
 *   {"op":"connect"} {"op":"call","method":..,"params":..,"key":..}
 *   {"op":"submit",...,"as":"a"} {"op":"receive"} {"op":"cancel","as":"a"}
 *   {"op":"event"} {"op":"socket"}   each with "timeout_ms" where it fits
 *   -> {"result":"ok","reply":{...},"as":"a","error":"...","code":"..."} */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/client/memory_client.h"

#define NAMES_MAX 64

static memory_client *client;
static struct {
	char name[16];
	unsigned long long ticket;
} names[NAMES_MAX];
static size_t names_n;

static const char *
result_name(int result)
{
	static const char *const failures[] = {"ok", "unreachable", "timed_out",
		"bad_argument", "no_memory", "protocol", "denied"};

	return result == MEMORY_REFUSED ? "refused" : failures[-result];
}

static const char *
text_of(const json_t *op, const char *name)
{
	return json_string_value(json_object_get(op, name));
}

static int
int_of(const json_t *op, const char *name, int otherwise)
{
	const json_t *j = json_object_get(op, name);

	return json_is_integer(j) ? (int)json_integer_value(j) : otherwise;
}

static const char *
name_of(unsigned long long ticket)
{
	for (size_t i = 0; i < names_n; i++)
		if (names[i].ticket == ticket)
			return names[i].name;
	return "?";
}

static unsigned long long
ticket_of(const json_t *op)
{
	const char *name = text_of(op, "as");

	for (size_t i = 0; name != NULL && i < names_n; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].ticket;
	return 0;
}

static void
remember(const json_t *op, unsigned long long ticket)
{
	const char *name = text_of(op, "as");

	if (name == NULL || names_n == NAMES_MAX)
		return;
	snprintf(names[names_n].name, sizeof(names[0].name), "%s", name);
	names[names_n++].ticket = ticket;
}

/* Takes reply (may be NULL). */
static void
answer(int result, char *reply, unsigned long long ticket)
{
	json_t *out = json_object();

	json_object_set_new(out, "result", json_string(result_name(result)));
	if (reply != NULL)
		json_object_set_new(out, "reply", json_loads(reply, 0, NULL));
	if (ticket != 0)
		json_object_set_new(out, "as", json_string(name_of(ticket)));
	if (result != MEMORY_OK)
		json_object_set_new(out, "error",
			json_string(memory_client_error(client)));
	if (result == MEMORY_REFUSED)
		json_object_set_new(out, "code",
			json_string(memory_client_error_code(client)));
	char *line = json_dumps(out, JSON_COMPACT);
	puts(line);
	fflush(stdout);
	free(line);
	json_decref(out);
	memory_free(reply);
}

static void
op_new(const json_t *op)
{
	struct memory_options o = {
		.size = sizeof(o),
		.socket = text_of(op, "socket"),
		.client = text_of(op, "client"),
		.namespace_ = text_of(op, "namespace"),
		.branch = text_of(op, "branch"),
		.session = text_of(op, "session"),
		.time_zone = text_of(op, "time_zone"),
		.expect_database = text_of(op, "expect_database"),
		.timeout_ms = int_of(op, "timeout_ms", 0),
		.connect_timeout_ms = int_of(op, "connect_timeout_ms", 0),
		.retries = int_of(op, "retries", 0),
	};

	memory_client_free(client);
	client = memory_client_new(&o);
	if (client == NULL)
		exit(111);
	answer(MEMORY_OK, NULL, 0);
}

static void
op_connect(const json_t *op)
{
	char *reply = NULL;
	int result = memory_client_connect(client, &reply);

	(void)op;
	answer(result, reply, 0);
}

/* The parameters as text: an object, or a string taken as it is. */
static char *
params_of(const json_t *op)
{
	const json_t *params = json_object_get(op, "params");

	if (json_is_string(params))
		return strdup(json_string_value(params));
	return params == NULL ? NULL : json_dumps(params, 0);
}

static void
op_call(const json_t *op)
{
	char *reply = NULL, *params = params_of(op);
	int result = memory_client_call_with(client, text_of(op, "method"),
		params, int_of(op, "timeout_ms", 0), text_of(op, "key"),
		&reply);

	free(params);
	answer(result, reply, 0);
}

static void
op_submit(const json_t *op)
{
	unsigned long long ticket = 0;
	char *params = params_of(op);
	int result = memory_client_submit(client, text_of(op, "method"), params,
		text_of(op, "key"), int_of(op, "timeout_ms", 0), &ticket);

	free(params);
	if (result == MEMORY_OK)
		remember(op, ticket);
	answer(result, NULL, 0);
}

static void
op_receive(const json_t *op)
{
	unsigned long long ticket = 0;
	char *reply = NULL;
	int result = memory_client_receive(client, int_of(op, "timeout_ms", -1),
		&ticket, &reply);

	answer(result, reply, ticket);
}

static void
op_cancel(const json_t *op)
{
	int result = memory_client_cancel(client, ticket_of(op));

	answer(result, NULL, 0);
}

static void
op_event(const json_t *op)
{
	char *event = NULL;
	int result = memory_client_next_event(client,
		int_of(op, "timeout_ms", -1), &event);

	answer(result, event, 0);
}

static void
op_socket(const json_t *op)
{
	json_t *path = json_pack("{s:s}", "path", memory_client_socket(client));

	(void)op;
	answer(MEMORY_OK, json_dumps(path, 0), 0);
	json_decref(path);
}

static const struct {
	const char *name;
	void (*run)(const json_t *op);
} ops[] = {{"new", op_new}, {"connect", op_connect}, {"call", op_call},
	{"submit", op_submit}, {"receive", op_receive}, {"cancel", op_cancel},
	{"event", op_event}, {"socket", op_socket}};

static int
run(const char *line)
{
	json_t *op = json_loads(line, 0, NULL);
	const char *name = text_of(op, "op");

	for (size_t i = 0; name != NULL && i < sizeof(ops) / sizeof(*ops); i++)
		if (strcmp(ops[i].name, name) == 0) {
			ops[i].run(op);
			json_decref(op);
			return 0;
		}
	fprintf(stderr, "client_driver: no such op: %s\n", line);
	json_decref(op);
	return 100;
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (r == 0 && getline(&line, &size, stdin) > 0)
		r = run(line);
	free(line);
	memory_client_free(client);
	return r;
}
