/* Writing to a descriptor until all is written or an error stops it. */
/* SPDX-License-Identifier: MIT */
/*
 * Past RLIMIT_FSIZE, write() fails with EFBIG and sends SIGXFSZ, which by default kills the
 * process. A library must not change what signals do to the process, but the kernel sends this one
 * to the thread that writes, so it is blocked for this thread while it writes, and taken back.
 */
#define _GNU_SOURCE
#include "files/write_all.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

static int write_rest(int descriptor, const uint8_t *data, size_t len)
{
	while (len > 0) {
		const ssize_t put = write(descriptor, data, len);
		if (put < 0 && errno != EINTR)
			return errno;
		if (put > 0) {
			data += put;
			len -= (size_t)put;
		}
	}
	return 0;
}

static bool is_pending(int signal)
{
	sigset_t pending;
	return sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
}

int pmill_write_all(int descriptor, const void *data, size_t len)
{
	sigset_t over_limit, before;
	sigemptyset(&over_limit);
	sigaddset(&over_limit, SIGXFSZ);
	const bool was_pending = is_pending(SIGXFSZ);
	if (pthread_sigmask(SIG_BLOCK, &over_limit, &before) != 0)
		return write_rest(descriptor, data, len);
	const int number = write_rest(descriptor, data, len);
	int taken;
	if (number == EFBIG && !was_pending && is_pending(SIGXFSZ))
		sigwait(&over_limit, &taken);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return number;
}
