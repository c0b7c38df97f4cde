/* pairmill version: the version of the library, and the patterns and Unicode versions it knows. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command.h"
#include "json.h"
#include "summary.h"

static void print_json(struct pmill_cli *cli)
{
	struct pmill_cli_json json;
	const char *name;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_begin(&json, "patterns", '[');
	for (size_t i = 0; (name = pmill_pattern_name(i)) != NULL; i++)
		pmill_cli_json_text(&json, NULL, name);
	pmill_cli_json_end(&json, ']');
	pmill_cli_json_begin(&json, "unicode", '[');
	for (size_t i = 0; (name = pmill_unicode_name(i)) != NULL; i++)
		pmill_cli_json_text(&json, NULL, name);
	pmill_cli_json_end(&json, ']');
	pmill_cli_json_end(&json, '}');
}

int pmill_cli_run_version(struct pmill_cli *cli)
{
	if (cli->settings.json)
		print_json(cli);
	else
		printf("pairmill %s\n", pmill_version());
	return PMILL_CLI_DONE;
}
