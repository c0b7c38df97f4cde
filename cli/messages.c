/* Messages on stderr, and their exit codes. */
/* SPDX-License-Identifier: MIT */
#include "messages.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"

/*
 * The length of the control character that `text` begins with; 0: none. Terminals obey U+0080 to
 * U+009F as well.
 */
static size_t control_len(const unsigned char *text)
{
	if (text[0] < 0x20 || text[0] == 0x7F)
		return 1;
	return text[0] == 0xC2 && text[1] >= 0x80 && text[1] < 0xA0 ? 2 : 0;
}

/* Keeps file names from moving the cursor or faking a second line. A backslash stays one. */
static void print_safely(const char *message)
{
	const unsigned char *text = (const unsigned char *)message;
	while (*text != 0) {
		size_t escaped = control_len(text);
		if (escaped == 0)
			putc(*text++, stderr);
		for (; escaped > 0; escaped--)
			fprintf(stderr, "\\x%02X", *text++);
	}
}

static void print_message(const struct pmill_cli *cli, const char *format, va_list values)
{
	char message[2048];
	vsnprintf(message, sizeof message, format, values);
	fputs("pairmill: ", stderr);
	if (cli->command != NULL)
		fprintf(stderr, "%s: ", cli->command->name);
	print_safely(message);
	putc('\n', stderr);
}

int pmill_cli_fail(const struct pmill_cli *cli, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	print_message(cli, format, values);
	va_end(values);
	return PMILL_CLI_FAILED;
}

void pmill_cli_note(struct pmill_cli *cli, const char *format, ...)
{
	va_list values;
	pmill_cli_progress_clear(&cli->progress);
	va_start(values, format);
	print_message(cli, format, values);
	va_end(values);
}

int pmill_cli_wrong_usage(const struct pmill_cli *cli, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	print_message(cli, format, values);
	va_end(values);
	if (cli->command != NULL && !cli->command->is_hidden)
		fprintf(stderr, "See \"pairmill help %s\".\n", cli->command->name);
	else
		fputs("See \"pairmill help\".\n", stderr);
	return PMILL_CLI_WRONG_USAGE;
}

int pmill_cli_report(struct pmill_cli *cli, pmill_status status, const pmill_error *error)
{
	pmill_cli_progress_clear(&cli->progress);
	if (status == PMILL_CANCELLED || pmill_cli_is_interrupted())
		return pmill_cli_report_interrupt(cli);
	const char *message = error->message[0] != 0 ? error->message : pmill_status_text(status);
	if (status == PMILL_BAD_OPTION)
		return pmill_cli_wrong_usage(cli, "%s", message);
	const char *hint = status == PMILL_EXISTS ? " (-f overwrites)" : "";
	return pmill_cli_fail(cli, "%s%s", message, hint);
}

int pmill_cli_report_interrupt(struct pmill_cli *cli)
{
	pmill_cli_progress_clear(&cli->progress);
	pmill_cli_fail(cli, "interrupted");
	return PMILL_CLI_INTERRUPTED;
}

int pmill_cli_no_memory(const struct pmill_cli *cli)
{
	return pmill_cli_fail(cli, "%s", pmill_status_text(PMILL_NO_MEMORY));
}
