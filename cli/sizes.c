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

/* A number as people write it: 15 with 1 decimal is 1.5. */
struct decimal {
	uint64_t digits;
	unsigned decimals;
};

/* Returns what follows the number; NULL if there is none, or if it has too many digits. */
static const char *parse_decimal(const char *text, struct decimal *number)
{
	bool is_fraction = false;
	*number = (struct decimal){0};
	if (*text < '0' || *text > '9')
		return NULL;
	for (; (*text >= '0' && *text <= '9') || (*text == '.' && !is_fraction); text++) {
		if (*text == '.') {
			is_fraction = true;
			continue;
		}
		unsigned digit = (unsigned)(*text - '0');
		if (number->digits > (UINT64_MAX - digit) / 10)
			return NULL;
		number->digits = number->digits * 10 + digit;
		number->decimals += is_fraction;
	}
	return text[-1] == '.' ? NULL : text;
}

/*
 * Parses "k", "Mi" and so on: "k" is 1000, "Ki" 1024. Case doesn't matter, since no unit smaller
 * than one makes sense here. Returns what follows the unit.
 */
static const char *parse_unit(const char *text, uint64_t *unit)
{
	static const char letters[] = "kmgt";
	const char *letter = *text != 0 ? strchr(letters, *text | ' ') : NULL;
	*unit = 1;
	if (letter == NULL)
		return text;
	bool is_binary = (text[1] | ' ') == 'i';
	for (const char *l = letters; l <= letter; l++)
		*unit *= is_binary ? 1024 : 1000;
	return text + 1 + is_binary;
}

/* The product, rounded down; false if it doesn't fit, or if `is_exact` and it isn't whole. */
static bool multiply(struct decimal number, uint64_t unit, bool is_exact, uint64_t *value)
{
	unsigned __int128 product = (unsigned __int128)number.digits * unit;
	for (; number.decimals > 0; number.decimals--) {
		if (is_exact && product % 10 != 0)
			return false;
		product /= 10;
	}
	if (product > UINT64_MAX)
		return false;
	*value = (uint64_t)product;
	return true;
}

bool pmill_cli_parse_number(const char *text, uint64_t *value)
{
	struct decimal number;
	uint64_t unit;
	const char *rest = parse_decimal(text, &number);
	if (rest == NULL)
		return false;
	rest = parse_unit(rest, &unit);
	return *rest == 0 && multiply(number, unit, true, value);
}

bool pmill_cli_parse_size(const char *text, uint64_t *value)
{
	struct decimal number;
	uint64_t unit;
	const char *rest = parse_decimal(text, &number);
	if (rest == NULL)
		return false;
	rest = parse_unit(rest + (*rest == ' '), &unit);
	if ((*rest | ' ') == 'b')
		rest++;
	return *rest == 0 && multiply(number, unit, unit == 1, value);
}
