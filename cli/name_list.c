/* The names in a list file, given as "@LIST". */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "name_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static FILE *open_list(const char *list)
{
	struct stat about;
	return stat(list, &about) == 0 && S_ISREG(about.st_mode) ? fopen(list, "rb") : NULL;
}

bool pmill_cli_list_has(const char *list, pmill_cli_name_fn *matches, void *context)
{
	FILE *names = open_list(list);
	if (names == NULL)
		return false;
	bool is_found = false;
	char *name = NULL;
	size_t capacity = 0;
	while (!is_found && getline(&name, &capacity, names) > 0) {
		name[strcspn(name, "\r\n")] = 0;
		is_found = matches(context, name);
	}
	free(name);
	fclose(names);
	return is_found;
}
