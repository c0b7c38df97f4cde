/* --memory and --tmp-dir: where temporary files and kept counts go. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* asprintf */
#include "memory_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "input_notes.h"
#include "sizes.h"
#include "summary.h"

/* Length of the path without trailing slashes, which a folder may have. */
static size_t name_len(const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

static char *environment_tmp_dir(void)
{
	const char *folder = getenv("TMPDIR");
	return strdup(folder != NULL && folder[0] != 0 ? folder : "/tmp");
}

static bool is_device(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

char *pmill_cli_tmp_dir(const struct pmill_cli *cli)
{
	const char *out = cli->settings.output;
	if (cli->settings.tmp_dir != NULL)
		return strdup(cli->settings.tmp_dir);
	if (out == NULL || is_device(out))
		return environment_tmp_dir();
	size_t len = name_len(out);
	while (len > 0 && out[len - 1] != '/')
		len--;
	if (len == 0)
		return strdup(".");
	return strndup(out, len == 1 ? 1 : len - 1);
}

char *pmill_cli_kept_counts(const struct pmill_cli *cli)
{
	const char *out = cli->settings.output;
	char *path = NULL;
	if (out != NULL && !is_device(out))
		return asprintf(&path, "%.*s.counts", (int)name_len(out), out) < 0 ? NULL : path;
	char *folder = pmill_cli_tmp_dir(cli);
	if (folder == NULL || asprintf(&path, "%s/pairmill.counts", folder) < 0)
		path = NULL;
	free(folder);
	return path;
}

static struct pmill_cli_input_notes input_notes(const pmill_counter_info *counting)
{
	return (struct pmill_cli_input_notes){
		counting->skipped_inputs, counting->repeated_inputs, counting->hidden_inputs};
}

void pmill_cli_summary_counting(const struct pmill_cli *cli, const pmill_counter_info *counting)
{
	const struct pmill_cli_input_notes notes = input_notes(counting);
	pmill_cli_summary_inputs(cli, &notes);
	if (counting->memory_limit == 0 || (counting->spilled_runs == 0 && !cli->settings.verbose))
		return;
	fprintf(stderr, "Counted within %s of memory: %s sorted %s of %s in temporary files.\n",
		pmill_cli_bytes_text(counting->memory_limit).text,
		pmill_cli_count_text(counting->spilled_runs).text,
		pmill_cli_plural(counting->spilled_runs, "run", "runs"),
		pmill_cli_bytes_text(counting->spilled_bytes).text);
}

void pmill_cli_json_counting(struct pmill_cli_json *json, const pmill_counter_info *counting)
{
	pmill_cli_json_number(json, "memory_limit", counting->memory_limit);
	pmill_cli_json_number(json, "table_memory", counting->table_memory);
	pmill_cli_json_number(json, "spilled_runs", counting->spilled_runs);
	pmill_cli_json_number(json, "spilled_bytes", counting->spilled_bytes);
	const struct pmill_cli_input_notes notes = input_notes(counting);
	pmill_cli_json_inputs(json, &notes);
}
