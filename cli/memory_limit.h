/* --memory and --tmp-dir: where temporary files and kept counts go. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MEMORY_LIMIT_H
#define PMILL_CLI_MEMORY_LIMIT_H

#include "command.h"
#include "json.h"

/*
 * --tmp-dir, else the folder of the output, else the one the environment names. Release it with
 * free. NULL if out of memory.
 */
char *pmill_cli_tmp_dir(const struct pmill_cli *cli);

/*
 * Where train keeps its counts if the limit is too small for merging. Release it with free. NULL if
 * out of memory.
 */
char *pmill_cli_kept_counts(const struct pmill_cli *cli);

/*
 * Prints "Counted within 200.0 MB of memory: 12 sorted runs of 80.1 MB in temporary files." to
 * stderr, if anything was spilled, and what there is to know about the inputs.
 */
void pmill_cli_summary_counting(const struct pmill_cli *cli, const pmill_counter_info *counting);
/* memory_limit, table_memory, spilled_runs, spilled_bytes, and pmill_cli_json_inputs. */
void pmill_cli_json_counting(struct pmill_cli_json *json, const pmill_counter_info *counting);

#endif
