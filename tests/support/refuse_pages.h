/* Makes the k-th allocation of the library fail, mapped pages included. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_REFUSE_PAGES_H
#define PMILL_TESTS_SUPPORT_REFUSE_PAGES_H

#include <sys/mman.h>

#include "support/refuse_memory.h"

void *__real_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset);

void *__wrap_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset)
{
	return is_refused() ? MAP_FAILED : __real_mmap(at, len, protection, flags, file, offset);
}

#endif
