/* The names in a list, which "@LIST" stands for. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_NAME_LIST_H
#define PMILL_CLI_NAME_LIST_H

#include <stdbool.h>

/* Whether a name is what is looked for. */
typedef bool pmill_cli_name_fn(void *context, const char *name);

/*
 * Whether the list (its path, without the @) has such a name; later ones are not looked at then. One that
 * is no regular file has none: it can be read only once, and not here.
 */
bool pmill_cli_list_has(const char *list, pmill_cli_name_fn *is_it, void *context);

#endif
