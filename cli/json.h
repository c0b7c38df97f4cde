/* A JSON writer. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_JSON_H
#define PMILL_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The key is NULL in arrays and for the outermost value. For write errors, see ferror(out). */
struct pmill_cli_json {
	FILE *out;
	unsigned depth;
	bool is_first; /* of the values of the innermost object or array */
};

void pmill_cli_json_begin(struct pmill_cli_json *json, const char *key, char bracket); /* { or [ */
void pmill_cli_json_end(struct pmill_cli_json *json, char bracket);                    /* } or ] */
void pmill_cli_json_number(struct pmill_cli_json *json, const char *key, uint64_t value);
void pmill_cli_json_real(struct pmill_cli_json *json, const char *key, double value);
void pmill_cli_json_truth(struct pmill_cli_json *json, const char *key, bool value);
/* NULL becomes null. Bytes that are not well-formed UTF-8 become the four characters \xHH. */
void pmill_cli_json_text(struct pmill_cli_json *json, const char *key, const char *value);
void pmill_cli_json_bytes(
	struct pmill_cli_json *json, const char *key, const void *data, size_t len);
/* As printable bytes, as in a vocab.json: any bytes, without ambiguity. */
void pmill_cli_json_printable(
	struct pmill_cli_json *json, const char *key, const void *data, size_t len);

/*
 * A file name. One that is not UTF-8 is also written whole, in printable bytes, as `printable_key`.
 */
void pmill_cli_json_name(
	struct pmill_cli_json *json, const char *key, const char *printable_key, const char *name);

#endif
