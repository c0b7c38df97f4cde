/* A scratch folder for all tests of a program: give `set_up` and `tear_down` to the group. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_FOLDER_SET_UP_H
#define PMILL_TESTS_SUPPORT_FOLDER_SET_UP_H

#include "support/scratch_folder.h"

static struct scratch_folder folder;

static inline int set_up(void **state)
{
	(void)state;
	scratch_create(&folder);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	scratch_remove(&folder);
	return 0;
}

#endif
