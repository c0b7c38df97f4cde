/* A file in memory, if the system has such files: it has a path like others. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MEMORY_FILE_H
#define PMILL_CLI_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* `descriptor` is -1 if the file is not open. */
struct pmill_cli_memory_file {
	int descriptor;
	bool has_name; /* on disk: to be removed */
	char path[40]; /* can be opened any number of times, each time at the start */
};

/* Returns false and sets errno if there can be no such file. */
bool pmill_cli_memory_file_open(struct pmill_cli_memory_file *file);
/* A pmill_write_fn; `context` is a struct pmill_cli_memory_file. */
int pmill_cli_memory_file_write(void *context, const void *data, size_t len);
void pmill_cli_memory_file_close(struct pmill_cli_memory_file *file);

#endif
