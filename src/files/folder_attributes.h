/* Owner, mode and extended attributes of a folder. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_FOLDER_ATTRIBUTES_H
#define PMILL_FILES_FOLDER_ATTRIBUTES_H

/*
 * Gives the open folder `to` the owner, group, mode and extended attributes (access control lists)
 * of `from`. Returns 0, or the error number if it must not, or if there is no memory.
 */
int pmill_folder_attributes_copy(int from, int to);

#endif
