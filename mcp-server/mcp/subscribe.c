/* A subscription is a set of resource URIs. The one of the legacy era has no
 * id and lasts as long as the process; each subscriptions/listen of the modern
 * era is one of its own and its id is in everything sent for it. */
#include "mcp-server/mcp/subscribe.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/log.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/mcp_resources.h"

struct subscription {
	struct subscription *next;
	json_t *id;	 /* owned; NULL: legacy */
	json_t *uris;	 /* owned; object used as a set */
	json_t *touched; /* owned; those to be told about */
};

static void
subscription_free(struct subscription *sub)
{
	json_decref(sub->id);
	json_decref(sub->uris);
	json_decref(sub->touched);
	free(sub);
}

static struct subscription *
subscription_add(struct session *s, json_t *id)
{
	struct subscription *sub = calloc(1, sizeof(*sub));

	if (!sub)
		return NULL;
	sub->uris = json_object();
	sub->touched = json_object();
	if (!sub->uris || !sub->touched) {
		subscription_free(sub);
		return NULL;
	}
	sub->id = json_incref(id);
	sub->next = s->subscriptions;
	s->subscriptions = sub;
	return sub;
}

/* The subscription with this id; NULL is the legacy one. */
static struct subscription **
subscribe_find(struct session *s, const json_t *id)
{
	struct subscription **p = &s->subscriptions;

	while (*p && !(id ? (*p)->id && json_equal((*p)->id, id) : !(*p)->id))
		p = &(*p)->next;
	return p;
}

static void
remove_at(struct subscription **p)
{
	struct subscription *sub = *p;

	*p = sub->next;
	subscription_free(sub);
}

/* --- events --------------------------------------------------------------- */

static json_t *
meta_of(json_t *id)
{
	return json_pack("{s:O}", ERA_META "subscriptionId", id);
}

static void
notify(struct session *s, const struct subscription *sub, const char *uri)
{
	AUTO_JSON json_t *params = json_object();

	if (!params || (sub->id && jx_set(params, "_meta", meta_of(sub->id))) ||
		jx_set(params, "uri", json_string(uri))) {
		log_event(LOG_ERROR, "notification dropped", 0,
			LOG_S("error", "out of memory"));
		return;
	}
	session_send(s, jsonrpc_notification("notifications/resources/updated",
				take_ptr(params)));
}

/* Each URI is told about once for all the events that have come together. */
static void
subscribe_tell(struct session *s)
{
	const char *uri;
	json_t *value;

	for (struct subscription *sub = s->subscriptions; sub;
		sub = sub->next) {
		json_object_foreach(sub->touched, uri, value)
			notify(s, sub, uri);
		json_object_clear(sub->touched);
	}
}

static void
on_event(void *ctx, json_t *event)
{
	struct session *s = ctx;
	const char *uri;
	json_t *value;

	if (!event) {
		subscribe_tell(s);
		return;
	}
	for (struct subscription *sub = s->subscriptions; sub; sub = sub->next)
		json_object_foreach(sub->uris, uri, value)
			if (resource_is_touched(uri, event) &&
				jx_set(sub->touched, uri, json_true()))
				notify(s, sub, uri);
}

static void
want_events(struct session *s)
{
	bool wanted = false;

	for (struct subscription *sub = s->subscriptions; sub; sub = sub->next)
		wanted = wanted || json_object_size(sub->uris) > 0;
	relay_events(s->relay, wanted, on_event, s);
}

/* --- legacy --------------------------------------------------------------- */

static const char *
known_uri(struct session_request *r)
{
	const char *uri = request_string(r, "uri");

	if (uri && !resource_is_known(uri)) {
		resource_not_found(r, uri);
		return NULL;
	}
	return uri;
}

void
subscribe_legacy_add(struct session_request *r)
{
	struct session *s = r->session;
	const char *uri = known_uri(r);
	struct subscription *sub;

	if (!uri)
		return;
	sub = *subscribe_find(s, NULL);
	if (!sub)
		sub = subscription_add(s, NULL);
	if (sub && json_object_size(sub->uris) >= LIMIT_MCP_SUBSCRIPTIONS) {
		session_fail(r, JSONRPC_PARAMS, NULL,
			"at most %d resources can be subscribed to",
			LIMIT_MCP_SUBSCRIPTIONS);
		return;
	}
	if (!sub || jx_set(sub->uris, uri, json_true())) {
		request_reply(r, NULL);
		return;
	}
	want_events(s);
	request_reply(r, json_object());
}

void
subscribe_legacy_remove(struct session_request *r)
{
	struct session *s = r->session;
	const char *uri = request_string(r, "uri");
	struct subscription *sub;

	if (!uri)
		return;
	sub = *subscribe_find(s, NULL);
	if (sub)
		json_object_del(sub->uris, uri);
	want_events(s);
	request_reply(r, json_object());
}

/* --- modern --------------------------------------------------------------- */

/* The wanted URIs that exist -> sub->uris and the acknowledgement's list.
 * Returns new or NULL: no memory. */
static json_t *
honour(struct subscription *sub, json_t *wanted)
{
	AUTO_JSON json_t *list = json_array();
	json_t *uri;
	size_t i;

	if (!list)
		return NULL;
	json_array_foreach(wanted, i, uri) {
		const char *u = json_string_value(uri);

		if (!u || !resource_is_known(u) ||
			json_object_get(sub->uris, u))
			continue;
		if (json_object_size(sub->uris) >= LIMIT_MCP_SUBSCRIPTIONS)
			break;
		if (jx_set(sub->uris, u, json_true()) ||
			jx_add(list, json_string(u)))
			return NULL;
	}
	return take_ptr(list);
}

static json_t *
acknowledgement(struct subscription *sub, json_t *wanted)
{
	AUTO_JSON json_t *params = json_object();
	AUTO_JSON json_t *filter = json_object();

	if (!params || !filter || jx_set(params, "_meta", meta_of(sub->id)))
		return NULL;
	/* The lists of tools and resources never change while we run. */
	if (wanted &&
		jx_set(filter, "resourceSubscriptions", honour(sub, wanted)))
		return NULL;
	if (jx_set(params, "notifications", take_ptr(filter)))
		return NULL;
	return jsonrpc_notification("notifications/subscriptions/acknowledged",
		take_ptr(params));
}

static size_t
subscribe_count(const struct session *s)
{
	size_t n = 0;

	for (struct subscription *sub = s->subscriptions; sub; sub = sub->next)
		n++;
	return n;
}

void
subscribe_listen(struct session_request *r)
{
	struct session *s = r->session;
	json_t *filter = NULL, *wanted = NULL;
	struct subscription *sub;
	struct err e = {0};
	json_t *ack;

	if (jx_object(r->params, "notifications", JX_REQUIRED, &filter, &e) ||
		jx_array(filter, "resourceSubscriptions", JX_OPTIONAL, &wanted,
			&e) < 0) {
		session_fail(r, JSONRPC_PARAMS, NULL,
			"invalid params of %s: %s", r->method, e.text);
		return;
	}
	if (subscribe_count(s) >= LIMIT_MCP_SUBSCRIPTIONS) {
		session_fail(r, JSONRPC_PARAMS, NULL,
			"at most %d subscriptions can be open",
			LIMIT_MCP_SUBSCRIPTIONS);
		return;
	}
	sub = subscription_add(s, r->id);
	ack = sub ? acknowledgement(sub, wanted) : NULL;
	if (!ack) {
		if (sub)
			remove_at(subscribe_find(s, r->id));
		request_reply(r, NULL);
		return;
	}
	session_send(s, ack);
	want_events(s);
	/* The answer comes when the subscription ends, if at all; from here on
	 * it is the subscription that stands for the request. */
	request_drop(r);
}

bool
subscribe_cancel(struct session *s, const json_t *id)
{
	struct subscription **p = subscribe_find(s, id);

	if (!*p)
		return false;
	remove_at(p);
	want_events(s);
	return true;
}

void
subscribe_end_all(struct session *s)
{
	for (struct subscription *sub = s->subscriptions; sub;
		sub = sub->next) {
		json_t *result;

		if (!sub->id)
			continue;
		result = json_pack("{s:s, s:{s:O, s:o*}}", "resultType",
			"complete", "_meta", ERA_META "subscriptionId", sub->id,
			ERA_META "serverInfo", era_server_info());
		session_send(s,
			result ? jsonrpc_result(sub->id, result) : NULL);
	}
	subscribe_free_all(s);
}

void
subscribe_free_all(struct session *s)
{
	while (s->subscriptions)
		remove_at(&s->subscriptions);
	relay_events(s->relay, false, NULL, NULL);
}
