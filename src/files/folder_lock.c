/* One writer at a time: an advisory lock on a folder. */
/* SPDX-License-Identifier: MIT */
/*
 * flock() on the folder itself, since a lock file would have to be left behind or removed, and both
 * go wrong when the process is killed. Locks are taken from the outside in: that of the parent
 * folder before that of a folder in it.
 */
#define _GNU_SOURCE
#include "files/folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

/* Saving takes milliseconds, seconds on a slow disk. */
enum { WAIT_SECONDS = 30, POLL_MS = 20 };

static void wait_a_moment(void)
{
	const struct timespec moment = {.tv_nsec = POLL_MS * 1000000L};
	nanosleep(&moment, NULL);
}

/* While a writer waits, another may put a new folder in the place of the one that is open. */
static bool is_still_there(int descriptor, const char *folder)
{
	struct stat opened, named;
	return fstat(descriptor, &opened) == 0 && stat(folder, &named) == 0 &&
		opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Returns 0, EAGAIN if another holds the lock, or another error if there can't be one. */
static int try_lock(struct pmill_folder_lock *lock, const char *folder)
{
	const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return errno == EAGAIN ? EIO : errno;
	int number = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
	if (number == EINTR || number == EWOULDBLOCK ||
		(number == 0 && !is_still_there(descriptor, folder)))
		number = EAGAIN;
	if (number == 0)
		*lock = (struct pmill_folder_lock){descriptor, true};
	else
		close(descriptor);
	return number;
}

pmill_status pmill_folder_lock_take(
	struct pmill_folder_lock *lock, const char *folder, const char *path, pmill_error *error)
{
	*lock = (struct pmill_folder_lock){0};
	for (int poll = 0; poll < WAIT_SECONDS * 1000 / POLL_MS; poll++) {
		if (try_lock(lock, folder) != EAGAIN)
			return PMILL_OK;
		wait_a_moment();
	}
	return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET,
		"%s: cannot write: for %d seconds another program has held the lock on the folder %s", path,
		WAIT_SECONDS, folder);
}

/* Unlocks first: a child process may have inherited the descriptor. */
void pmill_folder_lock_release(struct pmill_folder_lock *lock)
{
	if (lock->is_held) {
		flock(lock->descriptor, LOCK_UN);
		close(lock->descriptor);
	}
	*lock = (struct pmill_folder_lock){0};
}
