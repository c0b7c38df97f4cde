/* Work that falls like that of merges: what remains is estimated within a factor of two. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/work_estimate.h"

/* The work of step k, from 1. */
typedef uint64_t work_fn(uint64_t step);

static uint64_t zipf(uint64_t step)
{
	return UINT64_C(1000000000) / step;
}

static uint64_t slow_start(uint64_t step)
{
	return UINT64_C(1000000000) / (step + 300);
}

static uint64_t with_overhead(uint64_t step)
{
	return zipf(step) + 20000;
}

static void check_estimates(work_fn *work_of, uint64_t limit, uint64_t stride)
{
	struct pmill_work_estimate estimate = {0};
	struct pmill_work_estimate_point now = {0};
	uint64_t all = 0, estimates = 0;
	for (uint64_t step = 1; step <= limit; step++)
		all += work_of(step);
	while (now.steps < limit) {
		now.steps++;
		now.work += work_of(now.steps);
		if (now.steps % stride != 0)
			continue;
		pmill_work_estimate_note(&estimate, now);
		uint64_t total = pmill_work_estimate_total(&estimate, now, limit);
		assert_true(total == 0 || total >= now.work);
		if (now.steps < 1024 || now.steps > limit - 10)
			continue;
		double left = (double)(all - now.work), estimated = (double)(total - now.work);
		assert_true(estimated > left / 2 && estimated < left * 2);
		estimates++;
	}
	assert_true(estimates > 10);
}

static void estimates_what_remains(void **state)
{
	(void)state;
	for (uint64_t stride = 1; stride < 400; stride = stride * 5 / 2 + 1) {
		check_estimates(zipf, 32000, stride);
		check_estimates(slow_start, 32000, stride);
		check_estimates(with_overhead, 32000, stride);
	}
}

static void limits(void **state)
{
	(void)state;
	struct pmill_work_estimate estimate = {0};
	struct pmill_work_estimate_point now = {0};
	assert_int_equal(pmill_work_estimate_total(&estimate, now, 0), 0);
	assert_int_equal(pmill_work_estimate_total(&estimate, now, 100), 0);
	for (now.steps = 0; now.steps < 64; now.steps++, now.work += 1000) {
		pmill_work_estimate_note(&estimate, now);
		assert_int_equal(pmill_work_estimate_total(&estimate, now, UINT64_MAX), 0);
	}
	for (; now.steps < 5000; now.steps++, now.work += UINT64_C(1) << 50) {
		pmill_work_estimate_note(&estimate, now);
		assert_true(pmill_work_estimate_total(&estimate, now, UINT64_MAX) >= now.work);
		assert_int_equal(pmill_work_estimate_total(&estimate, now, now.steps), now.work);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimates_what_remains),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
