/* Parts of summaries and JSON documents that several commands share. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_SUMMARY_H
#define PMILL_CLI_SUMMARY_H

#include "command.h"
#include "json.h"

/* Whether to print a summary to stderr. */
bool pmill_cli_summary_is_wanted(const struct pmill_cli *cli);

/* The noun for "1 document", "2 documents". */
const char *pmill_cli_plural(uint64_t count, const char *one, const char *many);

/* Prints "From 120.0 MB of text: 2 documents, ..." to stderr. */
void pmill_cli_summary_totals(const pmill_totals *totals);
/*
 * Prints "Skipped 3 bad lines. The first was a.jsonl: line 7: byte 95: ..." to stderr, if there are
 * any, or with -v the first of each file. `files` are those of which more is known.
 */
void pmill_cli_summary_bad_lines(const struct pmill_cli *cli, uint64_t bad_lines,
	const pmill_bad_lines *files, size_t file_count);
/* Prints "In 3.20 s (count 1.10 s, merge 1.90 s), at most 512.0 MB of memory." to stderr. */
void pmill_cli_summary_time(
	const struct pmill_cli *cli, const pmill_stage *stages, size_t stage_count);
/*
 * Prints "Written to OUT" and `more` to stderr, and why vocab.json and merges.txt are not in a
 * folder that lacks them.
 */
void pmill_cli_summary_written(
	const pmill_tokenizer *tokenizer, const char *output, const char *more);
/* The stages from progress events, for operations that keep no record. Returns their number. */
size_t pmill_cli_summary_stages(const struct pmill_cli *cli, pmill_stage stages[PMILL_CLI_STAGES]);

/* Begins the document, with command and version. */
void pmill_cli_json_document(const struct pmill_cli *cli, struct pmill_cli_json *json);
void pmill_cli_json_totals(struct pmill_cli_json *json, const pmill_totals *totals);
void pmill_cli_json_bad_files(
	struct pmill_cli_json *json, const pmill_bad_lines *files, size_t file_count);
void pmill_cli_json_specials(
	struct pmill_cli_json *json, const char *key, const pmill_bytes *tokens, size_t count);
/* left_out: the usual files that are not in a folder because they can't hold the model. */
void pmill_cli_json_left_out(
	struct pmill_cli_json *json, const pmill_tokenizer *tokenizer, const char *output);
/* stages, seconds, peak_memory. */
void pmill_cli_json_time(const struct pmill_cli *cli, struct pmill_cli_json *json,
	const pmill_stage *stages, size_t stage_count);

#endif
