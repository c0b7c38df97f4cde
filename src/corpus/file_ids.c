/* A set of files and folders by what they are (device and inode), not by how they are called. */
/* SPDX-License-Identifier: MIT */
#include "corpus/file_ids.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"

/* Its place, or the free one where it would be. */
static struct pmill_file_id *find(const struct pmill_file_ids *ids, dev_t device, ino_t inode)
{
	const uint64_t key[2] = {(uint64_t)device, (uint64_t)inode};
	size_t mask = ids->capacity - 1;
	size_t at = (size_t)pmill_hash64(key, sizeof key, 0) & mask;
	while (ids->places[at].path != NULL &&
		(ids->places[at].device != device || ids->places[at].inode != inode))
		at = (at + 1) & mask;
	return &ids->places[at];
}

static bool grow(struct pmill_file_ids *ids)
{
	struct pmill_file_ids larger = {
		.capacity = ids->capacity == 0 ? 64 : 2 * ids->capacity, .count = ids->count};
	larger.places = calloc(larger.capacity, sizeof *larger.places);
	if (larger.places == NULL)
		return false;
	for (size_t i = 0; i < ids->capacity; i++) {
		const struct pmill_file_id *id = &ids->places[i];
		if (id->path != NULL)
			*find(&larger, id->device, id->inode) = *id;
	}
	free(ids->places);
	*ids = larger;
	return true;
}

bool pmill_file_ids_add(
	struct pmill_file_ids *ids, dev_t device, ino_t inode, const char *path, const char **first)
{
	if (2 * (ids->count + 1) > ids->capacity && !grow(ids))
		return false;
	struct pmill_file_id *id = find(ids, device, inode);
	*first = id->path;
	if (id->path != NULL)
		return true;
	*id = (struct pmill_file_id){device, inode, path};
	ids->count++;
	return true;
}

void pmill_file_ids_release(struct pmill_file_ids *ids)
{
	free(ids->places);
	*ids = (struct pmill_file_ids){0};
}
