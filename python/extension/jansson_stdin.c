/* What lets a shared object hold Debian's static jansson. */
/* SPDX-License-Identifier: MIT */
/*
 * Distributions build static libraries for programs. In a shared object their code works too, if
 * all that it refers to is within that object. jansson's reader of FILE refers to stdin, which is
 * not: the linker would refuse it. pairmill never reads a FILE with jansson, so that a null pointer
 * of this name, seen by nothing else, is as good. No other part of the library names stdin; a test
 * looks at the symbols.
 */
extern void *stdin;
__attribute__((visibility("hidden"))) void *stdin;
