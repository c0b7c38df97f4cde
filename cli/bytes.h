/* Visible forms of bytes, for terminals, tables and JSON. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_BYTES_H
#define PMILL_CLI_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Length of the well-formed UTF-8 character at the start of `data` (len > 0), or 0. */
size_t pmill_cli_utf8_read(const uint8_t *data, size_t len, uint32_t *code_point);
void pmill_cli_utf8_write(FILE *out, uint32_t code_point);

/*
 * Shows bytes unambiguously: a space as a middle dot; line feeds, tabs and the like as \n, \t;
 * other control bytes, and bytes that are not well-formed UTF-8, as \xHH; a backslash as two;
 * `separator` (0: none) after a backslash.
 */
void pmill_cli_bytes_show(FILE *out, const void *data, size_t len, char separator);
/* Gives `put` the printable form of each byte, as in GPT-2's vocab.json. */
void pmill_cli_bytes_printable(
	FILE *out, const void *data, size_t len, void (*put)(FILE *out, uint32_t code_point));

#endif
