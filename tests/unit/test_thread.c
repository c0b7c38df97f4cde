/* Threads of ours have a large enough stack, whatever the system gives by default. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/team.h"
#include "base/thread.h"
#include "base/watch.h"

enum { THREADS = 3, USED = 600 << 10 };

/* musl's default. */
enum { SMALL_STACK = 128 << 10 };

static bool has_run[THREADS];

/* Writes to every page of more stack than a small one has. */
static void use_stack(void *context, unsigned index)
{
	(void)context;
	volatile uint8_t bytes[USED];
	for (size_t i = 0; i < USED; i += 1024)
		bytes[USED - 1 - i] = 1;
	has_run[index] = bytes[USED - 1] == 1;
}

static void check_all_ran(void)
{
	for (int i = 0; i < THREADS; i++)
		assert_true(has_run[i]);
	memset(has_run, 0, sizeof has_run);
}

static void test_run(void **state)
{
	(void)state;
	pmill_threads_run(THREADS, use_stack, NULL);
	check_all_ran();
}

static void test_team(void **state)
{
	(void)state;
	struct pmill_team *team = pmill_team_create(THREADS);
	assert_int_equal(pmill_team_size(team), THREADS);
	pmill_team_run(team, use_stack, NULL);
	check_all_ran();
	pmill_team_free(team);
}

static void use_stack_watched(void *context)
{
	*(pthread_t *)context = pthread_self();
	use_stack(NULL, 0);
}

static uint64_t nothing_done(void *context)
{
	(void)context;
	return 0;
}

static void no_stop(void *context)
{
	(void)context;
}

static int go_on(void *context, const pmill_progress *event)
{
	(void)context;
	(void)event;
	return 0;
}

static void test_watch(void **state)
{
	(void)state;
	pthread_t worker = pthread_self();
	const struct pmill_watched_work watched = {
		.work = use_stack_watched, .done = nothing_done, .stop = no_stop, .context = &worker};
	struct pmill_progress_state progress = {.callback = go_on};
	pmill_watch_run(&watched, &progress);
	assert_true(has_run[0]);
	assert_false(pthread_equal(worker, pthread_self()));
}

/* The count is of processors that may be used, and the caller's number wins. */
static void test_count(void **state)
{
	(void)state;
	assert_true(pmill_thread_count(0) >= 1);
	assert_int_equal(pmill_thread_count(7), 7);
}

static int make_stacks_small(void **state)
{
	(void)state;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, SMALL_STACK);
	const int number = pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
	return number;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_team),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_count),
	};
	return cmocka_run_group_tests(tests, make_stacks_small, NULL);
}
