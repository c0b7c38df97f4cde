/* Writing a folder of files: the whole folder is new, or it is as before. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_FOLDER_WRITER_H
#define PMILL_FILES_FOLDER_WRITER_H

#include "files/file_set.h"

/*
 * Writes `files` to the folder at `path`, where the path of each is its name in the folder; those
 * without bytes are not in it afterwards. A folder that exists is replaced only with
 * PMILL_OVERWRITE; entries of other names stay.
 */
pmill_status pmill_folder_write(const char *path, const struct pmill_set_file *files, size_t count,
	unsigned flags, pmill_error *error);

/* Whether the folder at `path` could be written, as far as that can be known before. */
pmill_status pmill_folder_check_target(const char *path, unsigned flags, pmill_error *error);

#endif
