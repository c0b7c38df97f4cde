/* Inputs by their names, from a scratch folder. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_INPUT_NAMES_H
#define PMILL_TESTS_SUPPORT_INPUT_NAMES_H

#include "corpus/inputs.h"
#include "support/folder_set_up.h"

static inline void add_one(struct pmill_inputs *inputs, const char *path)
{
	const pmill_input_options options = {.size = sizeof options};
	pmill_error error;
	if (pmill_inputs_add(inputs, &path, 1, &options, &error) != PMILL_OK) {
		print_error("%s\n", error.message);
		fail();
	}
}

/* The path without the scratch folder. */
static inline const char *short_name(const struct pmill_inputs *inputs, size_t index)
{
	const char *path = inputs->files[index].path;
	size_t len = strlen(folder.path);
	assert_true(index < inputs->count);
	return strncmp(path, folder.path, len) == 0 ? path + len : path;
}

static inline void make_link(const char *target, const char *name)
{
	scratch_require(symlink(target, scratch_path(&folder, name)) == 0, name);
}

static inline void assert_names(
	const struct pmill_inputs *inputs, const char *const *expected, size_t count)
{
	assert_int_equal(inputs->count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(short_name(inputs, i), expected[i]);
}

#define ASSERT_NAMES(inputs, ...)                                                                  \
	do {                                                                                           \
		static const char *const names[] = {__VA_ARGS__};                                          \
		assert_names(inputs, names, sizeof names / sizeof *names);                                 \
	} while (0)

#endif
