/* Numbers, sizes and times in human-readable form. */
/* SPDX-License-Identifier: MIT */
#include "sizes.h"

#include <stdio.h>
#include <string.h>

struct pmill_cli_figure pmill_cli_count_text(uint64_t count)
{
	struct pmill_cli_figure result;
	size_t at = sizeof result.text;
	result.text[--at] = 0;
	for (int digits = 0; digits == 0 || count > 0; digits++, count /= 10) {
		if (digits > 0 && digits % 3 == 0)
			result.text[--at] = ',';
		result.text[--at] = (char)('0' + count % 10);
	}
	memmove(result.text, result.text + at, sizeof result.text - at);
	return result;
}

struct pmill_cli_figure pmill_cli_bytes_text(uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	struct pmill_cli_figure result;
	if (bytes < 1000) {
		snprintf(result.text, sizeof result.text, "%u B", (unsigned)bytes);
		return result;
	}
	double value = (double)bytes / 1000;
	size_t unit = 0;
	for (; value >= 999.95; unit++)
		value /= 1000;
	snprintf(result.text, sizeof result.text, "%.1f %s", value, units[unit]);
	return result;
}

struct pmill_cli_figure pmill_cli_seconds_text(double seconds)
{
	struct pmill_cli_figure result;
	unsigned long whole = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000;
	if (seconds < 9.995)
		snprintf(result.text, sizeof result.text, "%.2f s", seconds);
	else if (seconds < 59.95)
		snprintf(result.text, sizeof result.text, "%.1f s", seconds);
	else if (whole < 3600)
		snprintf(result.text, sizeof result.text, "%lu min %02lu s", whole / 60, whole % 60);
	else
		snprintf(
			result.text, sizeof result.text, "%lu h %02lu min", whole / 3600, whole % 3600 / 60);
	return result;
}

/* Parses leading digits. Returns the rest of `text`; NULL if there are none or too many. */
static const char *parse_digits(const char *text, uint64_t *value)
{
	if (*text < '0' || *text > '9')
		return NULL;
	uint64_t number = 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		unsigned digit = (unsigned)(*text - '0');
		if (number > (UINT64_MAX - digit) / 10)
			return NULL;
		number = number * 10 + digit;
	}
	*value = number;
	return text;
}

bool pmill_cli_parse_number(const char *text, uint64_t *value)
{
	uint64_t number;
	const char *rest = parse_digits(text, &number);
	if (rest == NULL || *rest != 0)
		return false;
	*value = number;
	return true;
}

bool pmill_cli_parse_size(const char *text, uint64_t *value)
{
	static const char letters[] = "KMGT";
	uint64_t number;
	const char *rest = parse_digits(text, &number);
	if (rest == NULL)
		return false;
	unsigned shift = 0;
	if (*rest != 0) {
		const char *letter = strchr(letters, *rest);
		if (letter == NULL || rest[1] != 0)
			return false;
		shift = 10 * (unsigned)(letter - letters + 1);
	}
	if (number > UINT64_MAX >> shift)
		return false;
	*value = number << shift;
	return true;
}
