/* A file in memory: has a path as other files, and goes with the process. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MEMORY_FILE_H
#define PMILL_CLI_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* `descriptor` is -1 where there is none. */
struct pmill_cli_memory_file {
	int descriptor;
	char path[40]; /* opens it from its beginning, as often as one likes */
};

/* False where the system has no such files, with errno set. */
bool pmill_cli_memory_file_open(struct pmill_cli_memory_file *file);
/* A pmill_write_fn; `context` is the file. */
int pmill_cli_memory_file_write(void *context, const void *data, size_t len);
void pmill_cli_memory_file_close(struct pmill_cli_memory_file *file);

#endif
