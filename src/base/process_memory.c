/* The memory of this process. */
/* SPDX-License-Identifier: MIT */
/*
 * ru_maxrss survives exec: a command started by a process of 1 GB would report 1 GB. So on Linux
 * the figure is VmHWM of /proc/self/status, which begins anew with the program. Elsewhere the peak
 * also stands for the memory of this moment.
 */
#include "base/process_memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pairmill.h"

/* Reads a file of /proc into a string, as much of it as fits. Returns false if there is none. */
static bool read_text(const char *path, char *text, size_t capacity)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	size_t len = 0;
	ssize_t got = 1;
	while (got > 0 && len + 1 < capacity) {
		got = read(file, text + len, capacity - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	text[len] = '\0';
	close(file);
	return len > 0;
}

/* "VmHWM:      1234 kB"; 0 if the line is missing. The program's name, before it, has no LF. */
static uint64_t find_line(const char *status, const char *key)
{
	const char *at = strstr(status, key);
	uint64_t kib = 0;
	if (at == NULL)
		return 0;
	at += strlen(key);
	at += strspn(at, " \t");
	for (; *at >= '0' && *at <= '9'; at++)
		kib = kib * 10 + (uint64_t)(*at - '0');
	return kib * 1024;
}

static uint64_t peak_of_usage(void)
{
#ifdef __APPLE__
	const uint64_t unit = 1;
#else
	const uint64_t unit = 1024;
#endif
	struct rusage usage;
	return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * unit : 0;
}

static uint64_t read_line(const char *key)
{
	char status[4096];
	uint64_t bytes = read_text("/proc/self/status", status, sizeof status) ? find_line(status, key)
																		   : 0;
	return bytes > 0 ? bytes : peak_of_usage();
}

uint64_t pmill_peak_memory(void)
{
	return read_line("\nVmHWM:");
}

/* The sanitizers' own memory is many times the program's. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

uint64_t pmill_current_memory(void)
{
#ifdef HAS_SANITIZER
	return 8 << 20;
#else
	return read_line("\nVmRSS:");
#endif
}
