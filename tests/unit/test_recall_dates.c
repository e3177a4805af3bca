/* How dates are written, and which days are meant. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "memory-db/model/recall/recall_dates.h"
#include "tests/lib/store_fixture.h"

/* A Sunday. */
static const struct clock_date now = {2026, 11, 29};

static const char *
first_span(const char *text, bool us)
{
	static char out[64];
	struct recall_dates d;
	struct clock_date a, b;

	recall_dates_read(text, clock_days(now), us, &d);
	if (d.spans_n == 0)
		return "none";
	a = clock_date_of(d.spans[0].from);
	b = clock_date_of(d.spans[0].to);
	snprintf(out, sizeof(out), "%lld-%d-%d", (long long)a.year, a.month,
		a.day);
	if (d.spans[0].from != d.spans[0].to)
		snprintf(out + strlen(out), sizeof(out) - strlen(out),
			" %lld-%d-%d", (long long)b.year, b.month, b.day);
	return out;
}

static void
forms_are_read(void **state)
{
	static const struct {
		const char *text, *span;
	} cases[] = {{"on 23 january 2024", "2024-1-23"},
		{"jan 23, 2024", "2024-1-23"},
		{"the 23rd of january", "2026-1-23"},
		{"the 23rd of december", "2025-12-23"},
		{"2024-01-23", "2024-1-23"}, {"2024/1/23", "2024-1-23"},
		{"at 23.01.2024.", "2024-1-23"}, {"23.1.24", "2024-1-23"},
		{"23/01/2024", "2024-1-23"}, {"01/23/2024", "2024-1-23"},
		{"23-01-2024", "2024-1-23"}, {"5/8/2023?", "2023-8-5"},
		{"5.8.2023", "2023-8-5"}, {"30.02.2024", "2024-1-1 2024-12-31"},
		{"version 1.2.3", "none"}, {"2024.5", "2024-1-1 2024-12-31"},
		{"in 2024-02", "2024-2-1 2024-2-29"},
		{"in 02/2024", "2024-2-1 2024-2-29"},
		{"in january", "2026-1-1 2026-1-31"},
		{"in december", "2025-12-1 2025-12-31"},
		{"in may of 2023", "2023-5-1 2023-5-31"}, {"may i go", "none"},
		{"a march through town", "none"},
		{"early 2024", "2024-1-1 2024-5-26"},
		{"in early may 2023", "2023-5-1 2023-5-13"},
		{"mid-may 2023", "2023-5-8 2023-5-24"},
		{"at the end of may 2023", "2023-5-19 2023-5-31"},
		{"the first half of january 2024", "2024-1-1 2024-1-15"},
		{"the second week of may 2023", "2023-5-8 2023-5-14"},
		{"the last week of may 2023", "2023-5-25 2023-5-31"},
		{"last spring", "2026-3-1 2026-5-31"},
		{"in the winter", "2025-12-1 2026-2-28"},
		{"summer of 2023", "2023-6-1 2023-8-31"},
		{"a spring of water", "none"}, {"did he fall", "none"},
		{"q3 2025", "2025-7-1 2025-9-30"},
		{"the third quarter of 2025", "2025-7-1 2025-9-30"},
		{"last april", "2026-4-1 2026-4-30"},
		{"last december", "2025-12-1 2025-12-31"},
		{"yesterday", "2026-11-28"}, {"3 days ago", "2026-11-26"},
		{"a week ago", "2026-11-19 2026-11-25"},
		{"on monday", "2026-11-23"}, {"on sunday", "2026-11-29"},
		{"last sunday", "2026-11-22"},
		{"last weekend", "2026-11-28 2026-11-29"},
		{"this month", "2026-11-1 2026-11-29"},
		{"the last three weeks", "2026-11-8 2026-11-29"},
		{"since 2022", "2022-1-1 2022-12-31"},
		{"flight 2019", "2019-1-1 2019-12-31"},
		{"what does ada drink", "none"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = first_span(cases[i].text, false);

		if (strcmp(got, cases[i].span) != 0)
			print_error("%s: %s\n", cases[i].text, got);
		assert_string_equal(got, cases[i].span);
	}
}

static void
region_decides_what_is_open(void **state)
{
	(void)state;
	assert_string_equal(first_span("5/8/2023", true), "2023-5-8");
	assert_string_equal(first_span("5/8/2023", false), "2023-8-5");
	/* what can be only one is that one */
	assert_string_equal(first_span("23/01/2024", true), "2024-1-23");
	assert_string_equal(first_span("01/23/2024", false), "2024-1-23");
	assert_string_equal(first_span("5.8.2023", true), "2023-8-5");
	assert_true(recall_month_first("America/New_York"));
	assert_true(recall_month_first("US/Pacific"));
	assert_true(recall_month_first("America/Indiana/Knox"));
	assert_false(recall_month_first("America/Sao_Paulo"));
	assert_false(recall_month_first("Europe/Berlin"));
	assert_false(recall_month_first("UTC"));
	assert_false(recall_month_first(""));
}

static void
years_and_texts(void **state)
{
	struct recall_dates d;
	static const char text[] =
		"what did ada say on 8 may 2023 and in 2024-02?";

	(void)state;
	recall_dates_read("in april", clock_days(now), false, &d);
	assert_true(d.spans_n > 5); /* of every year */
	for (int i = 1; i < d.spans_n; i++)
		assert_true(d.spans[i].to < d.spans[i - 1].from);
	/* a year anywhere is that of the month */
	recall_dates_read("in 2023, what was in april", clock_days(now), false,
		&d);
	assert_int_equal(d.spans_n, 1);
	recall_dates_read(text, clock_days(now), false, &d);
	assert_int_equal(d.texts_n, 2);
	assert_memory_equal(text + d.texts[0].at, "8 may 2023", 10);
	assert_int_equal(d.texts[0].n, 10);
	assert_memory_equal(text + d.texts[1].at, "2024-02", 7);
	assert_int_equal(d.texts[1].n, 7);
}

static void
nearer_days_fit_better(void **state)
{
	struct recall_dates d;
	int64_t day = clock_days((struct clock_date){2023, 5, 8});

	(void)state;
	recall_dates_read("on 8 may 2023", clock_days(now), false, &d);
	assert_true(recall_date_fits(&d, day) > recall_date_fits(&d, day + 1));
	assert_true(recall_date_fits(&d, day + 1) > 0);
	assert_true(recall_date_fits(&d, day + 20) > 0);
	assert_true(recall_date_fits(&d, day + 60) == 0);
	recall_dates_read("in may 2023", clock_days(now), false, &d);
	assert_true(recall_date_fits(&d, day) > recall_date_fits(&d, day + 30));
}

/* Whatever is asked: spans in order, texts inside. */
static void
anything_is_taken(void **state)
{
	static const char *const words[] = {"may", "8", "2023", "-", "/", ".",
		" ", "last", "of", "the", "31", "02", "q", "4", "th", "week",
		"spring", "ago", "99999", "first", "half", "on", "sunday", ",",
		"early", "a", "24"};
	struct sf_random random = {3};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[300] = "";
		struct recall_dates d;

		for (int i = sf_below(&random, 14); i > 0; i--) {
			strcat(text, words[sf_below(&random,
					     (int)ARRAY_LEN(words))]);
			strcat(text, sf_below(&random, 2) ? " " : "");
		}
		recall_dates_read(text, clock_days(now), sf_below(&random, 2),
			&d);
		assert_in_range(d.spans_n, 0, DATES_SPANS);
		assert_in_range(d.texts_n, 0, DATES_TEXTS);
		for (int i = 0; i < d.spans_n; i++)
			assert_true(d.spans[i].from <= d.spans[i].to);
		for (int i = 0; i < d.texts_n; i++)
			assert_true(
				d.texts[i].at + d.texts[i].n <= strlen(text));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_read),
		cmocka_unit_test(region_decides_what_is_open),
		cmocka_unit_test(years_and_texts),
		cmocka_unit_test(nearer_days_fit_better),
		cmocka_unit_test(anything_is_taken),
	};

	return cmocka_run_group_tests_name("recall_dates", tests, NULL, NULL);
}
