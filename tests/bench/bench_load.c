/* Load generator for the socket of memory-db.
 *
 *     bench_load SOCKET GROUP...
 *
 * A group is KEY=VALUE pairs separated by commas; groups run side by side:
 *   op=create|append|search|status|ping|bulk   what is asked
 *   clients=N      connections (1)
 *   count=N        requests of the group in all; or
 *   each=N         requests of each client; or
 *   seconds=S      until then (fractions allowed); without any of the three the
 *                  group runs until the others are done
 *   rate=R         requests a second of each client, open loop (0: closed loop)
 *   class=NAME     of search: a query class of words.h
 *   name=PREFIX    of entities (e); from=N: number of the first
 *   bytes=N        of an observation (190); batch=N: entities of a bulk (100)
 *   warm=N         first requests that are not measured
 * One request a connection is under way. Latency counts from the moment a
 * request was due, so a slow service cannot slow its own measurement down.
 * Prints one JSON object a group. Exit code 1 when a request failed. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/samples.h"
#include "tests/bench/words.h"

#define QUERIES 250 /* of a class */
#define GROUPS	8

struct group {
	char op[16], class[16], name[32];
	int64_t clients, count, each, from, bytes, batch, warm;
	double seconds, rate;
	int64_t started, answered, failed, busy;
	int64_t next_number;
	int64_t begin, end; /* of the measured requests */
	struct samples latency;
	uint64_t random;
	char error[200]; /* the first failure */
};

struct client {
	int fd;
	struct group *g;
	int64_t due;  /* when the request under way was due */
	int64_t left; /* of each=; -1: no limit */
	int64_t asked;
	bool busy;
	char *out;
	size_t out_n, out_at;
	char head[160]; /* begin of the reply line */
	size_t head_n;
};

static struct group groups[GROUPS];
static size_t groups_n;
static struct client *clients;
static size_t clients_n;
static struct words *words;
static char *queries[GROUPS][QUERIES];
static int64_t start_ns;
static int epoll_fd, timer_fd;

static void
die(const char *what)
{
	fprintf(stderr, "bench_load: %s: %s\n", what, strerror(errno));
	exit(111);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- what is asked -------------------------------------------------------- */
static void
put_entity(FILE *f, struct group *g)
{
	char text[4096];

	words_text(words, &g->random, (size_t)g->bytes, text, sizeof(text));
	fprintf(f,
		"{\"name\":\"%s%lld\",\"entityType\":\"note\","
		"\"observations\":[\"%s\"]}",
		g->name, (long long)g->next_number++, text);
}

static void
put_request(FILE *f, struct client *c)
{
	struct group *g = c->g;
	char text[4096];

	if (strcmp(g->op, "create") == 0) {
		fputs("{\"id\":1,\"method\":\"create_entities\","
		      "\"params\":{\"entities\":[",
			f);
		put_entity(f, g);
		fputs("]}}\n", f);
	} else if (strcmp(g->op, "bulk") == 0) {
		fputs("{\"id\":1,\"method\":\"create_entities\","
		      "\"params\":{\"entities\":[",
			f);
		for (int64_t i = 0; i < g->batch; i++) {
			if (i)
				fputc(',', f);
			put_entity(f, g);
		}
		fputs("]}}\n", f);
	} else if (strcmp(g->op, "append") == 0) {
		words_text(words, &g->random, (size_t)g->bytes, text,
			sizeof(text));
		fprintf(f,
			"{\"id\":1,\"method\":\"add_observations\","
			"\"params\":{\"observations\":[{\"entityName\":\"%s\","
			"\"contents\":[\"%s %lld\"]}]}}\n",
			g->name, text, (long long)g->next_number++);
	} else if (strcmp(g->op, "search") == 0) {
		fprintf(f,
			"{\"id\":1,\"method\":\"search_nodes\","
			"\"params\":{\"query\":\"%s\",\"limit\":10}}\n",
			queries[g - groups][g->next_number++ % QUERIES]);
	} else if (strcmp(g->op, "status") == 0) {
		fputs("{\"id\":1,\"method\":\"get_memory_status\"}\n", f);
	} else {
		fputs("{\"id\":1,\"method\":\"ping\"}\n", f);
	}
}

/* --- one connection ------------------------------------------------------- */
static void
watch(struct client *c, uint32_t events, int op)
{
	struct epoll_event ev = {.events = events, .data = {.ptr = c}};

	if (epoll_ctl(epoll_fd, op, c->fd, &ev) < 0)
		die("epoll_ctl");
}

static void
flush_out(struct client *c)
{
	while (c->out_at < c->out_n) {
		ssize_t n = send(c->fd, c->out + c->out_at,
			c->out_n - c->out_at, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
			return;
		}
		if (n < 0)
			die("send");
		c->out_at += (size_t)n;
	}
}

static bool
group_over(const struct group *g)
{
	if (g->count)
		return g->started >= g->count;
	return g->seconds > 0 && (double)(now() - start_ns) >= g->seconds * 1e9;
}

/* Asks the next request when it is due. False: nothing to ask (yet). */
static bool
ask(struct client *c)
{
	struct group *g = c->g;
	FILE *f;

	if (c->busy || c->left == 0 || group_over(g))
		return false;
	if (g->rate > 0) {
		c->due = start_ns + (int64_t)((double)c->asked * 1e9 / g->rate);
		if (c->due > now())
			return false;
	} else {
		c->due = now();
	}
	free(c->out);
	c->out = NULL;
	f = open_memstream(&c->out, &c->out_n);
	if (!f)
		die("memory");
	put_request(f, c);
	fclose(f);
	c->out_at = 0;
	c->busy = true;
	c->asked++;
	g->started++;
	if (c->left > 0)
		c->left--;
	flush_out(c);
	return true;
}

static void
record(struct client *c)
{
	struct group *g = c->g;
	int64_t at = now();
	const char *head = c->head;

	c->head[c->head_n < sizeof(c->head) ? c->head_n : sizeof(c->head) - 1] =
		'\0';
	c->busy = false;
	c->head_n = 0;
	g->answered++;
	if (!strstr(head, "\"success\":true")) {
		g->failed++;
		g->busy += strstr(head, "busy") != NULL;
		if (!g->error[0])
			snprintf(g->error, sizeof(g->error), "%s", head);
	}
	if (g->answered <= g->warm) {
		g->begin = at;
		return;
	}
	samples_add(&g->latency, at - c->due);
	g->end = at;
}

static void
take_input(struct client *c)
{
	static char buf[1 << 18];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		die("recv");
	if (n == 0) {
		fprintf(stderr, "bench_load: the service closed a "
				"connection\n");
		exit(111);
	}
	for (char *p = buf, *end = buf + n; p < end;) {
		char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t part = (size_t)((nl ? nl : end) - p);
		size_t room = sizeof(c->head) - 1 - c->head_n;

		memcpy(c->head + c->head_n, p, part < room ? part : room);
		c->head_n += part < room ? part : room;
		if (nl)
			record(c);
		p += part + 1;
	}
}

/* --- all of them ---------------------------------------------------------- */
static void
connect_all(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	for (size_t i = 0; i < groups_n; i++)
		clients_n += (size_t)groups[i].clients;
	clients = calloc(clients_n, sizeof(*clients));
	if (!clients)
		die("memory");
	struct client *c = clients;

	for (size_t i = 0; i < groups_n; i++) {
		for (int64_t k = 0; k < groups[i].clients; k++, c++) {
			c->g = &groups[i];
			c->left = groups[i].each ? groups[i].each : -1;
			c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
			if (c->fd < 0)
				die("socket");
			while (connect(c->fd, (struct sockaddr *)&a,
				       sizeof(a)) < 0)
				if (errno != EAGAIN && errno != EINTR)
					die("connect");
			fcntl(c->fd, F_SETFL, O_NONBLOCK);
			watch(c, EPOLLIN, EPOLL_CTL_ADD);
		}
	}
}

/* Asks what is due and arms the timer for the next due request. False: all
 * groups with an end have come to it. */
static bool
ask_all(void)
{
	bool working = false;
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < clients_n; i++) {
		struct client *c = &clients[i];
		const struct group *g = c->g;
		bool has_end = g->count || g->each || g->seconds > 0;

		if (!c->busy && !ask(c)) {
			if (c->left == 0 || group_over(g))
				continue;
			if (c->due < next)
				next = c->due;
		}
		working |= has_end;
	}
	if (next != INT64_MAX) {
		struct itimerspec t = {
			.it_value = {next / 1000000000, next % 1000000000}};

		timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
	}
	return working;
}

static void
run(void)
{
	struct epoll_event events[256];

	start_ns = now();
	for (size_t i = 0; i < groups_n; i++)
		groups[i].begin = groups[i].end = start_ns;
	while (ask_all()) {
		int n = epoll_wait(epoll_fd, events, 256, 1000);

		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;
			uint64_t ticks;

			if (!c) {
				if (read(timer_fd, &ticks, sizeof(ticks)) < 0 &&
					errno != EAGAIN)
					die("timer");
				continue;
			}
			if (events[i].events & EPOLLOUT) {
				watch(c, EPOLLIN, EPOLL_CTL_MOD);
				flush_out(c);
			}
			if (events[i].events & (EPOLLIN | EPOLLHUP))
				take_input(c);
		}
	}
}

/* --- arguments and results ------------------------------------------------ */
static void
set_member(struct group *g, const char *key, const char *value)
{
	static const struct {
		const char *key;
		size_t offset;
	} numbers[] = {{"clients", offsetof(struct group, clients)},
		{"count", offsetof(struct group, count)},
		{"each", offsetof(struct group, each)},
		{"from", offsetof(struct group, from)},
		{"bytes", offsetof(struct group, bytes)},
		{"batch", offsetof(struct group, batch)},
		{"warm", offsetof(struct group, warm)}};

	if (strcmp(key, "op") == 0) {
		snprintf(g->op, sizeof(g->op), "%s", value);
	} else if (strcmp(key, "class") == 0) {
		snprintf(g->class, sizeof(g->class), "%s", value);
	} else if (strcmp(key, "name") == 0) {
		snprintf(g->name, sizeof(g->name), "%s", value);
	} else if (strcmp(key, "seconds") == 0) {
		g->seconds = strtod(value, NULL);
	} else if (strcmp(key, "rate") == 0) {
		g->rate = strtod(value, NULL);
	} else {
		for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
			if (strcmp(key, numbers[i].key) == 0) {
				*(int64_t *)(void *)((char *)g +
						     numbers[i].offset) =
					strtoll(value, NULL, 10);
				return;
			}
		fprintf(stderr, "bench_load: no key '%s'\n", key);
		exit(100);
	}
}

static void
parse_group(char *text)
{
	struct group *g = &groups[groups_n];
	char *rest = NULL;

	g->clients = 1;
	g->bytes = 190;
	g->batch = 100;
	snprintf(g->op, sizeof(g->op), "create");
	snprintf(g->name, sizeof(g->name), "e");
	for (char *t = strtok_r(text, ",", &rest); t;
		t = strtok_r(NULL, ",", &rest)) {
		char *eq = strchr(t, '=');

		if (!eq) {
			fprintf(stderr, "bench_load: '%s' is not KEY=VALUE\n",
				t);
			exit(100);
		}
		*eq = '\0';
		set_member(g, t, eq + 1);
	}
	g->random = 1000u + (uint64_t)g->from;
	g->next_number = g->from;
	for (uint32_t k = 0; strcmp(g->op, "search") == 0 && k < QUERIES; k++) {
		queries[groups_n][k] = malloc(256);
		if (!queries[groups_n][k])
			die("memory");
		if (words_query(words, g->class, k, queries[groups_n][k], 256) <
			0) {
			fprintf(stderr, "bench_load: no class '%s'\n",
				g->class);
			exit(100);
		}
	}
	groups_n++;
}

static void
print_group(struct group *g, double cpu_s)
{
	double seconds = (double)(g->end - g->begin) / 1e9;
	const struct samples *l = &g->latency;

	samples_sort(&g->latency);
	printf("{\"op\":\"%s\",\"clients\":%lld,\"samples\":%zu,"
	       "\"failed\":%lld,\"busy\":%lld,\"seconds\":%.3f,\"rate\":%.1f,"
	       "\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f,"
	       "\"cpu_s\":%.3f,\"error\":",
		g->op, (long long)g->clients, l->n, (long long)g->failed,
		(long long)g->busy, seconds,
		seconds > 0 ? (double)l->n / seconds : 0, samples_ms(l, 0.5),
		samples_ms(l, 0.99), samples_ms(l, 1), cpu_s);
	samples_print_text(g->error);
	puts("}");
}

int
main(int argc, char **argv)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct rusage used;
	int64_t failed = 0;
	double cpu_s;

	words = words_new();
	if (!words)
		die("memory");
	if (argc < 3 || argc - 2 > GROUPS) {
		fprintf(stderr, "usage: bench_load SOCKET GROUP...\n");
		return 100;
	}
	for (int i = 2; i < argc; i++)
		parse_group(argv[i]);
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (epoll_fd < 0 || timer_fd < 0 ||
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &ev) < 0)
		die("epoll");
	connect_all(argv[1]);
	run();
	getrusage(RUSAGE_SELF, &used);
	cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	for (size_t i = 0; i < groups_n; i++) {
		print_group(&groups[i], cpu_s);
		failed += groups[i].failed;
	}
	return failed ? 1 : 0;
}
