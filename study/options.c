/* The options of pairmill-study. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef bool parse_fn(struct pmill_study_options *options, const char *value);

struct row {
	const char *name;  /* without dashes; the article's spelling, with underscores, works too */
	char letter;       /* 0: none */
	const char *value; /* its placeholder in the help; NULL: takes no value */
	parse_fn *parse;
	const char *help; /* NULL: not shown */
};

/* ---- Values ---- */

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 || number < least ||
		number > most)
		return false;
	*value = number;
	return true;
}

static bool parse_unsigned(const char *text, unsigned most, unsigned *value)
{
	uint64_t number;
	bool done = parse_number(text, 1, most, &number);
	if (done)
		*value = (unsigned)number;
	return done;
}

/* "50kb", "2mb", "50000": powers of 1000, as in the article's program. */
static bool parse_size(const char *text, size_t *size)
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} units[] = {{"kb", 1000}, {"k", 1000}, {"mb", 1000000}, {"m", 1000000}, {"b", 1}, {"", 1}};
	char digits[24] = {0};
	size_t len = strspn(text, "0123456789");
	uint64_t number;
	if (len == 0 || len >= sizeof digits)
		return false;
	memcpy(digits, text, len);
	if (!parse_number(digits, 1, UINT64_C(1) << 40, &number))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcasecmp(text + len, units[i].suffix) == 0) {
			*size = (size_t)(number * units[i].factor);
			return true;
		}
	return false;
}

static const char *name_at(size_t index)
{
	size_t systems = 0, experiments = 0;
	for (; pmill_study_system_at(systems) != NULL; systems++)
		if (systems == index)
			return pmill_study_system_at(systems)->name;
	for (; pmill_study_experiment_at(experiments) != NULL; experiments++)
		if (systems + experiments == index)
			return pmill_study_experiment_at(experiments)->name;
	static const char *const counting[] = {"count_queue", "count"};
	index -= systems + experiments;
	return index < sizeof counting / sizeof *counting ? counting[index] : NULL;
}

bool pmill_study_options_has(const struct pmill_study_options *options, const char *name)
{
	for (size_t i = 0; i < options->system_count; i++)
		if (strcmp(options->systems[i], name) == 0)
			return true;
	return false;
}

static bool add_system(struct pmill_study_options *options, const char *name, size_t len)
{
	for (size_t i = 0; name_at(i) != NULL; i++) {
		if (strlen(name_at(i)) != len || memcmp(name_at(i), name, len) != 0)
			continue;
		if (!pmill_study_options_has(options, name_at(i)))
			options->systems[options->system_count++] = name_at(i);
		return true;
	}
	return false;
}

static bool parse_systems(struct pmill_study_options *options, const char *value)
{
	options->system_count = 0;
	if (strcmp(value, "all") == 0) {
		for (size_t i = 0; name_at(i) != NULL; i++)
			options->systems[options->system_count++] = name_at(i);
		return true;
	}
	for (;; value++) {
		size_t len = strcspn(value, ",");
		if (!add_system(options, value, len))
			return false;
		value += len;
		if (*value == '\0')
			return true;
	}
}

static bool parse_workers(struct pmill_study_options *options, const char *value)
{
	options->worker_count_count = 0;
	char *copy = strdup(value), *rest = copy, *part;
	bool done = copy != NULL;
	while (done && (part = strsep(&rest, ",")) != NULL) {
		unsigned *next = &options->workers[options->worker_count_count];
		done = options->worker_count_count < PMILL_STUDY_WORKER_COUNTS &&
			parse_unsigned(part, PMILL_STUDY_MOST_WORKERS, next);
		options->worker_count_count += done;
	}
	free(copy);
	return done;
}

static bool parse_runs(struct pmill_study_options *options, const char *value)
{
	return parse_unsigned(value, 1000, &options->runs);
}

static bool parse_vocab(struct pmill_study_options *options, const char *value)
{
	return parse_number(value, 257, UINT32_MAX / 2, &options->vocab_size);
}

static bool parse_merges(struct pmill_study_options *options, const char *value)
{
	return parse_number(value, 1, UINT32_MAX / 2, &options->merges);
}

static bool parse_counts(struct pmill_study_options *options, const char *value)
{
	options->counts_path = value;
	return true;
}

static bool parse_counters(struct pmill_study_options *options, const char *value)
{
	return parse_unsigned(value, PMILL_STUDY_MOST_WORKERS, &options->counters);
}

static bool parse_mergers(struct pmill_study_options *options, const char *value)
{
	return parse_unsigned(value, PMILL_STUDY_MOST_WORKERS, &options->mergers);
}

static bool parse_chunk(struct pmill_study_options *options, const char *value)
{
	return parse_size(value, &options->chunk_size);
}

static bool parse_monitor(struct pmill_study_options *options, const char *value)
{
	char *end;
	options->monitor_seconds = strtod(value, &end);
	return *value != '\0' && *end == '\0' && options->monitor_seconds >= 0.01 &&
		options->monitor_seconds <= 1e6;
}

static bool parse_skip(struct pmill_study_options *options, const char *value)
{
	(void)value;
	return options->skips_merge = true;
}

static bool parse_json(struct pmill_study_options *options, const char *value)
{
	options->json = value;
	return *value != '\0';
}

static bool parse_svg(struct pmill_study_options *options, const char *value)
{
	options->svg = value;
	return *value != '\0';
}

static bool parse_markdown(struct pmill_study_options *options, const char *value)
{
	options->markdown = value;
	return *value != '\0';
}

static bool parse_force(struct pmill_study_options *options, const char *value)
{
	(void)value;
	return options->is_forced = true;
}

static bool parse_special(struct pmill_study_options *options, const char *value)
{
	options->special = value;
	return true;
}

static bool parse_pairs(struct pmill_study_options *options, const char *value)
{
	uint64_t pairs;
	bool done = parse_number(value, 1, UINT32_MAX / 2, &pairs);
	if (done)
		options->pairs = (size_t)pairs;
	return done;
}

/* WORKER:MERGE */
static bool parse_fault(struct pmill_study_options *options, const char *value)
{
	char *end;
	options->fault.worker = (unsigned)strtoul(value, &end, 10);
	return *end == ':' && parse_number(end + 1, 1, UINT64_MAX, &options->fault.merge);
}

/* ---- The table ---- */

static const struct row rows[] = {
	{"systems", 0, "LIST|all", parse_systems,
		"names from the list below, separated by commas (default all)"},
	{"workers", 0, "LIST", parse_workers,
		"numbers of workers, separated by commas (default 1,4,8); also --num-max"},
	{"num-max", 0, "N", parse_workers, NULL},
	{"runs", 0, "N", parse_runs, "runs of each (default 3)"},
	{"vocab-size", 's', "N", parse_vocab, "entries of the vocab (default 10000)"},
	{"merges", 0, "N", parse_merges, "stop after N merges, and say so in the report"},
	{"counts", 0, "FILE", parse_counts, "take words from a count file, not from text"},
	{"num-counter", 0, "N", parse_counters,
		"processes that count words in count_queue (default 8)"},
	{"num-merger", 0, "N", parse_mergers, "processes that merge tables in count_queue (default 1)"},
	{"chunk-size", 0, "SIZE", parse_chunk, "size of a chunk of text in count_queue (default 50kb)"},
	{"monitor", 0, "SECONDS", parse_monitor, "print the lengths of the queues at this interval"},
	{"do-monitor", 0, NULL, NULL, NULL},
	{"skip-merge", 0, NULL, parse_skip, "count words only"},
	{"special", 0, "TOKEN", parse_special,
		"special token that ends documents (default <|endoftext|>; empty: none)"},
	{"pairs", 0, "N", parse_pairs, "pairs in the lists to walk (default 5000000)"},
	{"json", 0, "FILE", parse_json, "write all figures as JSON"},
	{"markdown", 0, "FILE", parse_markdown, "write the tables as Markdown"},
	{"svg", 0, "FILE", parse_svg, "write a picture of where the time goes"},
	{"force", 'f', NULL, parse_force, "overwrite these files"},
	{"fault", 0, "WORKER:MERGE", parse_fault, NULL},
	{"help", 'h', NULL, NULL, "show this help"},
};

static void print_help(void)
{
	puts("usage: pairmill-study [options] FILE...\n\n"
		 "Learns the same merges in every way described in the article that pairmill grew out of,\n"
		 "and in some of our own, and reports where the time goes.\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char option[40];
		if (rows[i].help == NULL)
			continue;
		snprintf(option, sizeof option, "%c%c%s--%s %s", rows[i].letter ? '-' : ' ',
			rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ", " : "  ", rows[i].name,
			rows[i].value == NULL ? "" : rows[i].value);
		printf("  %-26s %s\n", option, rows[i].help);
	}
	puts("\nSystems and experiments:");
	for (size_t i = 0; pmill_study_system_at(i) != NULL; i++)
		printf("  %-16s %s\n", pmill_study_system_at(i)->name, pmill_study_system_at(i)->summary);
	for (size_t i = 0; pmill_study_experiment_at(i) != NULL; i++)
		printf("  %-16s %s\n", pmill_study_experiment_at(i)->name,
			pmill_study_experiment_at(i)->summary);
	printf("  %-16s %s\n  %-16s %s\n", "count_queue",
		"processes count words, with queues between them", "count",
		"the library's threads count words");
}

/* ---- Parsing ---- */

static bool fail(int *code, const char *format, const char *what)
{
	fputs("pairmill-study: ", stderr);
	fprintf(stderr, format, what);
	fputs("\nSee \"pairmill-study --help\".\n", stderr);
	*code = 2;
	return false;
}

/* Dashes and underscores are equivalent. */
static bool is_named(const struct row *row, const char *name, size_t len)
{
	if (strlen(row->name) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (row->name[i] != (name[i] == '_' ? '-' : name[i]))
			return false;
	return true;
}

static const struct row *find_row(const char *argument, const char **value)
{
	const char *name = argument + 2, *equals = strchr(argument, '=');
	size_t len = equals != NULL && argument[1] == '-' ? (size_t)(equals - name) : strlen(name);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_long = argument[1] == '-' && is_named(&rows[i], name, len);
		bool is_short = argument[1] != '-' && argument[1] == rows[i].letter && argument[2] == '\0';
		if (!is_long && !is_short)
			continue;
		*value = is_long && equals != NULL ? equals + 1 : NULL;
		return &rows[i];
	}
	return NULL;
}

static bool parse_option(
	struct pmill_study_options *options, const struct row *row, const char *value, int *code)
{
	if (strcmp(row->name, "help") == 0) {
		print_help();
		*code = 0;
		return false;
	}
	if (row->parse == NULL) { /* --do_monitor: every ten seconds */
		options->monitor_seconds = 10;
		return true;
	}
	if (row->parse(options, value))
		return true;
	char what[200];
	snprintf(what, sizeof what, "--%s: \"%s\" is not a valid %s", row->name, value, row->value);
	return fail(code, "%s", what);
}

static bool check(const struct pmill_study_options *options, int *code)
{
	bool needs_words = false;
	for (size_t i = 0; pmill_study_system_at(i) != NULL; i++)
		needs_words |= pmill_study_options_has(options, pmill_study_system_at(i)->name);
	bool needs_text = pmill_study_options_has(options, "count_queue") ||
		pmill_study_options_has(options, "count");
	if (options->counts_path != NULL && options->path_count > 0)
		return fail(code, "%s", "give either --counts or text files, not both");
	if ((needs_words || needs_text) && options->path_count == 0 && options->counts_path == NULL)
		return fail(code, "%s", "no text: give files, or --counts");
	return true;
}

bool pmill_study_options_parse(
	struct pmill_study_options *options, int count, char **arguments, int *code)
{
	*options = (struct pmill_study_options){.vocab_size = 10000,
		.workers = {1, 4, 8},
		.worker_count_count = 3,
		.runs = 3,
		.counters = 8,
		.mergers = 1,
		.chunk_size = 50000,
		.special = "<|endoftext|>",
		.pairs = 5000000};
	parse_systems(options, "all");
	int kept = 0;
	bool is_options = true;
	for (int i = 1; i < count; i++) {
		char *argument = arguments[i];
		if (is_options && strcmp(argument, "--") == 0) {
			is_options = false;
			continue;
		}
		if (!is_options || argument[0] != '-' || argument[1] == '\0') {
			arguments[kept++] = argument;
			continue;
		}
		const char *value;
		const struct row *row = find_row(argument, &value);
		if (row == NULL)
			return fail(code, "unknown option %s", argument);
		if (row->value == NULL && value != NULL)
			return fail(code, "%s takes no value", argument);
		if (row->value != NULL && value == NULL && ++i == count)
			return fail(code, "%s needs a value", argument);
		if (row->value != NULL && value == NULL)
			value = arguments[i];
		if (!parse_option(options, row, value, code))
			return false;
	}
	options->paths = (const char *const *)arguments;
	options->path_count = (size_t)kept;
	return check(options, code);
}
