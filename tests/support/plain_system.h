/* Makes Linux and musl look like a system that has only what macOS and FreeBSD have, too. */
/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else, by gcc's -include: the headers keep their declarations, but what
 * other systems lack is undefined, so that the fallbacks are compiled and tested, or an error where
 * there is none. tools/test-musl.sh builds with it.
 */
#ifndef PMILL_TESTS_SUPPORT_PLAIN_SYSTEM_H
#define PMILL_TESTS_SUPPORT_PLAIN_SYSTEM_H

#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#undef __linux__
#undef __linux
#undef linux
#undef CPU_COUNT
#undef ENODATA
#undef FALLOC_FL_KEEP_SIZE
#undef FALLOC_FL_PUNCH_HOLE
#undef GRND_NONBLOCK
#undef GRND_RANDOM
#undef MADV_HUGEPAGE
#undef MAP_HUGETLB
#undef MAP_POPULATE
#undef MFD_CLOEXEC
#undef O_DIRECT
#undef O_NOATIME
#undef O_PATH
#undef O_TMPFILE
#undef POSIX_FADV_SEQUENTIAL
#undef RENAME_EXCHANGE
#undef RENAME_NOREPLACE

#pragma GCC poison accept4 canonicalize_file_name clock_nanosleep copy_file_range
#pragma GCC poison cpu_set_t dup3 eaccess epoll_create1 epoll_wait error_at_line
#pragma GCC poison euidaccess eventfd explicit_bzero fallocate fdatasync fgetxattr
#pragma GCC poison flistxattr fopencookie fsetxattr get_nprocs getauxval getrandom gettid
#pragma GCC poison malloc_trim malloc_usable_size mallopt memfd_create mempcpy memrchr mremap
#pragma GCC poison pipe2 posix_fadvise posix_fallocate ppoll program_invocation_name
#pragma GCC poison pthread_barrier_init pthread_condattr_setclock pthread_getattr_np
#pragma GCC poison pthread_setaffinity_np pthread_setname_np pthread_spin_init
#pragma GCC poison pthread_timedjoin_np qsort_r rawmemchr readahead reallocarray renameat2
#pragma GCC poison sched_getaffinity sched_setaffinity secure_getenv sem_init sem_timedwait
#pragma GCC poison sendfile sigtimedwait sigwaitinfo splice statx strchrnul strverscmp
#pragma GCC poison sync_file_range syncfs syscall tdestroy versionsort

#endif
