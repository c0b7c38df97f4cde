/* The memory of this process. (pmill_peak_memory is public.) */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_PROCESS_MEMORY_H
#define PMILL_BASE_PROCESS_MEMORY_H

#include <stdint.h>

/* Bytes in use now; the peak if the system doesn't say. */
uint64_t pmill_current_memory(void);

#endif
