/* Fixed "random" numbers, preloaded while instructions are counted. */
/* SPDX-License-Identifier: MIT */
/*
 * The seeds of our hash tables decide how long their probes are: up to 2 % of the instructions of
 * encoding. All calls get the same bytes, so that an additional call doesn't change the others.
 */
#include <string.h>
#include <sys/random.h>

ssize_t getrandom(void *buffer, size_t len, unsigned flags)
{
	(void)flags;
	memset(buffer, 0x5A, len);
	return (ssize_t)len;
}
