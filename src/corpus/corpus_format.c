/* How a file is split into documents: the formats, by name and by suffix. */
/* SPDX-License-Identifier: MIT */
#include "corpus/corpus_format.h"

#include <string.h>

#include "pairmill.h"

static const char *const no_suffixes[] = {NULL};
static const char *const jsonl_suffixes[] = {".jsonl", ".ndjson", ".jl", NULL};

/* The first row is for files without a known suffix. */
static const struct pmill_corpus_format formats[] = {
	{"text", PMILL_CORPUS_TEXT, no_suffixes},
	{"lines", PMILL_CORPUS_LINES, no_suffixes},
	{"jsonl", PMILL_CORPUS_JSONL, jsonl_suffixes},
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const struct pmill_corpus_format *pmill_corpus_format_at(size_t index)
{
	return index < FORMAT_COUNT ? &formats[index] : NULL;
}

const char *pmill_input_format_name(size_t index)
{
	return index < FORMAT_COUNT ? formats[index].name : NULL;
}

const struct pmill_corpus_format *pmill_corpus_format_find(const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* tolower depends on the locale. */
static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* `suffix` is in lower case. */
static bool has_suffix(const char *path, size_t len, const char *suffix)
{
	size_t suffix_len = strlen(suffix);
	if (len < suffix_len)
		return false;
	for (size_t i = 0; i < suffix_len; i++)
		if (to_lower(path[len - suffix_len + i]) != suffix[i])
			return false;
	return true;
}

/* The length of `path` without a compression suffix. */
static size_t plain_len(const char *path)
{
	size_t len = strlen(path);
	if (has_suffix(path, len, ".gz"))
		return len - strlen(".gz");
	if (has_suffix(path, len, ".zst"))
		return len - strlen(".zst");
	return len;
}

const struct pmill_corpus_format *pmill_corpus_format_by_suffix(const char *path)
{
	size_t len = plain_len(path);
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		for (const char *const *suffix = formats[i].suffixes; *suffix != NULL; suffix++)
			if (has_suffix(path, len, *suffix))
				return &formats[i];
	return &formats[0];
}

bool pmill_corpus_is_json_name(const char *path)
{
	return has_suffix(path, plain_len(path), ".json");
}
