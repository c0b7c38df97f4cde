/* What lets a shared object hold Debian's static jansson. */
/* SPDX-License-Identifier: MIT */
/*
 * Distributions compile static libraries for programs. Their code works in a shared object as well
 * if all variables that it reads are within, and hidden (--exclude-libs). jansson compares a FILE
 * with stdin, which is the C library's, so that the linker would refuse it. By --wrap=stdin it
 * reads this copy instead.
 */
#include <stdio.h>

extern FILE *__real_stdin;
__attribute__((visibility("hidden"))) FILE *__wrap_stdin;

__attribute__((constructor)) static void copy_stdin(void)
{
	__wrap_stdin = __real_stdin;
}
