/* What the system refuses, and sizes that no memory has: threads, random numbers, /proc. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/hash.h"
#include "base/pages.h"
#include "base/process_memory.h"
#include "base/progress.h"
#include "base/team.h"
#include "base/thread.h"
#include "pairmill.h"
#include "support/refuse_memory.h"
#include "support/scratch_folder.h"

/* ---- Calls that can be refused ---- */

static long threads_left = -1; /* before one is refused; negative: none is */
static bool has_no_affinity, has_no_random;
static const char *status_path; /* instead of /proc/self/status; NULL: that itself */

int __real_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __real_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
long __real_sysconf(int name);
ssize_t __real_getrandom(void *buffer, size_t len, unsigned flags);
int __real_open(const char *path, int flags, ...);
int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
long __wrap_sysconf(int name);
ssize_t __wrap_getrandom(void *buffer, size_t len, unsigned flags);
int __wrap_open(const char *path, int flags, ...);

int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
	if (threads_left == 0)
		return EAGAIN;
	threads_left -= threads_left > 0;
	return __real_pthread_create(thread, attributes, start, argument);
}

int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
	return has_no_affinity ? -1 : __real_sched_getaffinity(process, size, set);
}

long __wrap_sysconf(int name)
{
	return has_no_affinity && name == _SC_NPROCESSORS_ONLN ? -1 : __real_sysconf(name);
}

ssize_t __wrap_getrandom(void *buffer, size_t len, unsigned flags)
{
	return has_no_random ? -1 : __real_getrandom(buffer, len, flags);
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	const mode_t mode = va_arg(arguments, mode_t);
	va_end(arguments);
	const bool is_status = status_path != NULL && strcmp(path, "/proc/self/status") == 0;
	return __real_open(is_status ? status_path : path, flags, mode);
}

/* ---- Threads ---- */

enum { THREADS = 5 };

static void note_index(void *context, unsigned index)
{
	atomic_fetch_add((atomic_uint *)context, 1u << 4 * index);
}

static void work_is_done_by_the_threads_there_are(void **state)
{
	(void)state;
	for (long k = 0; k < THREADS; k++) {
		atomic_uint done = 0;
		threads_left = k;
		pmill_threads_run(THREADS, note_index, &done);
		assert_int_equal(done, 0x11111);
	}
	threads_left = -1;
	atomic_uint done = 0;
	allocations_left = 0;
	pmill_threads_run(THREADS, note_index, &done);
	assert_true(was_refused());
	assert_int_equal(done, 0x11111);
}

static void a_team_is_as_large_as_can_be(void **state)
{
	(void)state;
	for (long k = 0; k < THREADS; k++) {
		atomic_uint done = 0;
		threads_left = k;
		struct pmill_team *team = pmill_team_create(THREADS);
		assert_int_equal(pmill_team_size(team), k + 1 < THREADS ? k + 1 : THREADS);
		pmill_team_run(team, note_index, &done);
		assert_int_equal(done, 0x11111 & ((1u << 4 * pmill_team_size(team)) - 1));
		pmill_team_free(team);
	}
	threads_left = -1;
	pmill_team_free(NULL);
}

static void one_thread_where_nothing_is_known(void **state)
{
	(void)state;
	has_no_affinity = true;
	assert_int_equal(pmill_thread_count(0), 1);
	assert_int_equal(pmill_thread_count(7), 7);
	has_no_affinity = false;
}

/* ---- Numbers ---- */

static void seeds_differ_without_random_numbers(void **state)
{
	(void)state;
	has_no_random = true;
	const uint64_t first = pmill_hash_random_seed();
	unsigned same = 0;
	for (unsigned i = 0; i < 100; i++)
		same += pmill_hash_random_seed() == first;
	has_no_random = false;
	assert_true(same < 100);
}

static void nothing_has_one_hash(void **state)
{
	(void)state;
	assert_true(pmill_hash64(NULL, 0, 5) == pmill_hash64("x", 0, 5));
	assert_true(pmill_hash64(NULL, 0, 5) != pmill_hash64(NULL, 0, 6));
}

/* The peak that the system counts stands in for lines of /proc that can't be read. */
static void memory_is_known_without_proc(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "Name:\tx\n", "Name:\tx\nVmHWM:\t0 kB\nVmRSS:\t0 kB\n"};
	struct scratch_folder folder;
	scratch_create(&folder);
	status_path = scratch_path(&folder, "nothing");
	assert_true(pmill_peak_memory() >= 1 << 16);
	for (size_t i = 0; i < 3; i++) {
		status_path = scratch_write(&folder, "status", texts[i], strlen(texts[i]));
		assert_true(pmill_peak_memory() >= 1 << 16);
		assert_true(pmill_current_memory() >= 1 << 16);
	}
	static const char exact[] = "Name:\tVmHWM: 9\nVmHWM:\t   1234 kB\n";
	status_path = scratch_write(&folder, "status", exact, strlen(exact));
	assert_int_equal(pmill_peak_memory(), 1234 * 1024);
	status_path = NULL;
	scratch_remove(&folder);
}

/* ---- Sizes ---- */

static void no_memory_is_that_large(void **state)
{
	(void)state;
	struct pmill_arena arena = {0};
	struct pmill_buffer buffer = {0};
	assert_null(pmill_arena_allocate(&arena, SIZE_MAX - 8, 1));
	assert_null(pmill_arena_copy(&arena, "", SIZE_MAX));
	assert_null(pmill_copy_text("", SIZE_MAX));
	assert_null(pmill_pages_allocate(SIZE_MAX));
	assert_true(pmill_buffer_append(&buffer, "x", 1));
	assert_false(pmill_buffer_reserve(&buffer, SIZE_MAX));
	assert_int_equal(buffer.data[0], 'x');
	pmill_buffer_release(&buffer);
	pmill_arena_release(&arena);
}

/* Small allocations are no pages of their own: their neighbours must stay. */
static void what_is_small_is_not_dropped(void **state)
{
	(void)state;
	uint8_t *bytes = pmill_pages_allocate(8192);
	assert_non_null(bytes);
	memset(bytes, 7, 8192);
	pmill_pages_drop(bytes, 8192, 0, 8192);
	for (size_t i = 0; i < 8192; i++)
		assert_int_equal(bytes[i], 7);
	pmill_pages_free(bytes, 8192);
}

/* ---- Progress ---- */

static int check_stage(void *context, const pmill_progress *event)
{
	assert_string_equal(event->stage, "count (slow: a+)");
	++*(unsigned *)context;
	return 0;
}

static void a_note_is_part_of_the_stage(void **state)
{
	(void)state;
	unsigned events = 0;
	struct pmill_progress_state progress = {.callback = check_stage,
		.context = &events,
		.stage = "count",
		.unit = "bytes",
		.note = "slow: a+"};
	assert_true(pmill_progress_end(&progress, 5));
	assert_int_equal(events, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_done_by_the_threads_there_are),
		cmocka_unit_test(a_team_is_as_large_as_can_be),
		cmocka_unit_test(one_thread_where_nothing_is_known),
		cmocka_unit_test(seeds_differ_without_random_numbers),
		cmocka_unit_test(nothing_has_one_hash),
		cmocka_unit_test(memory_is_known_without_proc),
		cmocka_unit_test(no_memory_is_that_large),
		cmocka_unit_test(what_is_small_is_not_dropped),
		cmocka_unit_test(a_note_is_part_of_the_stage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
