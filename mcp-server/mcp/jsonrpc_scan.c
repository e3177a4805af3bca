/* The id of a line that is not parsed. Structure is all that matters here:
 *
 *   {"jsonrpc":"2.0","id":7,"params":{...}}
 *    ^ key at depth 1 ^ its value, kept when the key is "id"
 *
 * A later "id" replaces an earlier one; brackets that do not match make the
 * line hopeless. */
#include "mcp-server/mcp/jsonrpc.h"

#include <string.h>

#include "common/jx.h"

void
jsonrpc_scan_init(struct jsonrpc_scan *s)
{
	memset(s, 0, sizeof(*s));
}

static void
keep_byte(struct jsonrpc_scan *s, char c)
{
	if (s->in_key) {
		if (s->key_n < sizeof(s->key))
			s->key[s->key_n] = c;
		s->key_n++;
	} else if (s->keep) {
		if (s->value_n < sizeof(s->value))
			s->value[s->value_n] = c;
		s->value_n++;
	}
}

static void
string_byte(struct jsonrpc_scan *s, char c)
{
	if (!s->escaped && c == '"') {
		s->in_string = false;
		if (!s->in_key)
			keep_byte(s, c);
		s->in_key = false;
		return;
	}
	s->escaped = !s->escaped && c == '\\';
	keep_byte(s, c);
}

static void
begin_string(struct jsonrpc_scan *s)
{
	s->in_string = true;
	if (s->depth == 1 && !s->is_value) {
		s->in_key = true;
		s->key_n = 0;
	} else {
		keep_byte(s, '"');
	}
}

static void
begin_value(struct jsonrpc_scan *s)
{
	if (s->depth != 1)
		return;
	s->is_value = true;
	s->keep = s->key_n == 2 && memcmp(s->key, "id", 2) == 0;
	if (s->keep)
		s->value_n = 0;
}

static void
structure_byte(struct jsonrpc_scan *s, char c)
{
	switch (c) {
	case '"':
		begin_string(s);
		return;
	case ':':
		begin_value(s);
		return;
	case ',':
		if (s->depth == 1)
			s->is_value = s->keep = false;
		return;
	case '{':
	case '[':
		if (s->keep) { /* an id is neither object nor array */
			s->keep = false;
			s->value_n = 0;
		}
		s->depth++;
		return;
	case '}':
	case ']':
		s->bad = s->bad || s->depth == 0;
		s->depth -= s->depth > 0;
		if (s->depth == 0)
			s->keep = false;
		return;
	default:
		if (s->keep && !strchr(" \t\r\n", c))
			keep_byte(s, c);
		return;
	}
}

void
jsonrpc_scan_feed(struct jsonrpc_scan *s, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s->in_string)
			string_byte(s, data[i]);
		else
			structure_byte(s, data[i]);
	}
}

json_t *
jsonrpc_scan_id(const struct jsonrpc_scan *s)
{
	json_t *id, *whole;
	int64_t number;

	if (s->bad || s->value_n == 0 || s->value_n > sizeof(s->value))
		return NULL;
	id = jx_parse_any(s->value, s->value_n, NULL);
	if (json_is_string(id) || json_is_integer(id))
		return id;
	whole = jx_integral(id, &number) ? json_integer(number) : NULL;
	json_decref(id);
	return whole;
}
