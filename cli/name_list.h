/* The names in a list file, given as "@LIST". */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_NAME_LIST_H
#define PMILL_CLI_NAME_LIST_H

#include <stdbool.h>

/* Whether this is the name to find. */
typedef bool pmill_cli_name_fn(void *context, const char *name);

/*
 * Whether the list (a path, without the @) has a name that matches; stops at the first. False if
 * the list is not a regular file: it can be read only once, and not here.
 */
bool pmill_cli_list_has(const char *list, pmill_cli_name_fn *matches, void *context);

#endif
