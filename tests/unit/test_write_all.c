/* Writing under a limit on file sizes: an error, and no signal, whatever the process does. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "files/write_all.h"
#include "support/scratch_folder.h"

enum { LIMIT = 4096 };

/* Runs `check` in a process of its own, under the limit; it exits with 0 if all is well. */
static void run_limited(int (*check)(int descriptor))
{
	struct scratch_folder folder;
	scratch_create(&folder);
	const int descriptor = open(scratch_path(&folder, "out"), O_WRONLY | O_CREAT, 0600);
	assert_true(descriptor >= 0);
	const pid_t child = fork();
	if (child == 0) {
		const struct rlimit limit = {LIMIT, LIMIT};
		_exit(setrlimit(RLIMIT_FSIZE, &limit) == 0 ? check(descriptor) : 100);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(descriptor);
	scratch_remove(&folder);
}

static int is_signal_pending(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ);
}

static int is_signal_blocked(void)
{
	sigset_t mask;
	return pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGXFSZ);
}

static int write_too_much(int descriptor)
{
	static const char data[LIMIT + 1];
	signal(SIGXFSZ, SIG_DFL);
	for (int i = 0; i < 2; i++)
		if (pmill_write_all(descriptor, data, sizeof data) != EFBIG)
			return 1;
	if (is_signal_pending() || is_signal_blocked())
		return 2;
	struct stat about;
	return fstat(descriptor, &about) == 0 && about.st_size == LIMIT ? 0 : 3;
}

static int write_as_much_as_allowed(int descriptor)
{
	static const char data[LIMIT];
	signal(SIGXFSZ, SIG_DFL);
	return pmill_write_all(descriptor, data, sizeof data);
}

static int write_ignoring_the_signal(int descriptor)
{
	static const char data[LIMIT + 1];
	signal(SIGXFSZ, SIG_IGN);
	return pmill_write_all(descriptor, data, sizeof data) == EFBIG ? 0 : 1;
}

/* A caller that blocks the signal and has one pending keeps it. */
static int write_with_a_pending_signal(int descriptor)
{
	static const char data[LIMIT + 1];
	sigset_t set;
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	raise(SIGXFSZ);
	if (pmill_write_all(descriptor, data, sizeof data) != EFBIG)
		return 1;
	return is_signal_pending() && is_signal_blocked() ? 0 : 2;
}

static void *write_on_a_thread(void *descriptor)
{
	return write_too_much(*(int *)descriptor) == 0 ? descriptor : NULL;
}

static int write_on_another_thread(int descriptor)
{
	pthread_t thread;
	void *result;
	if (pthread_create(&thread, NULL, write_on_a_thread, &descriptor) != 0 ||
		pthread_join(thread, &result) != 0)
		return 10;
	return result == &descriptor && !is_signal_pending() ? 0 : 11;
}

static void test_limits(void **state)
{
	(void)state;
	run_limited(write_too_much);
	run_limited(write_as_much_as_allowed);
	run_limited(write_ignoring_the_signal);
	run_limited(write_with_a_pending_signal);
	run_limited(write_on_another_thread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_limits)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
