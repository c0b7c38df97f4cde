/* Random numbers that are always the same: preloaded while instructions are counted. */
/* SPDX-License-Identifier: MIT */
/*
 * The seeds of our hash tables decide how long their probes are: up to 2 % of the instructions of an
 * encoding. Always the same number, so that one call more doesn't change what the others get.
 */
#include <string.h>
#include <sys/random.h>

ssize_t getrandom(void *buffer, size_t len, unsigned flags)
{
	(void)flags;
	memset(buffer, 0x5A, len);
	return (ssize_t)len;
}
