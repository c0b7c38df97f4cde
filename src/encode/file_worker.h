/* Chunks of files → parts of documents, on threads, written in order. */
/* SPDX-License-Identifier: MIT */
/*
 * Each thread encodes a chunk into a buffer of its own, waits until all chunks before it have been
 * written, and writes it. So the file is the same for any number of threads, and at most one chunk
 * of each is in memory; one whose ids grow large is written as it is encoded, once its turn has
 * come.
 */
#ifndef PMILL_ENCODE_FILE_WORKER_H
#define PMILL_ENCODE_FILE_WORKER_H

#include <pthread.h>

#include "corpus/chunk_workers.h"
#include "corpus/documents.h"
#include "encode/document_writer.h"
#include "encode/encoder.h"

/* What the threads share. The caller sets up all but the last two. */
struct pmill_file_job {
	const pmill_tokenizer *tokenizer;
	const pmill_policy *policy;
	/* What divides the text: the tokens that the policy doesn't ignore, and the separator. */
	struct pmill_special_finder *walked; /* NULL: nothing */
	uint32_t *walked_specials; /* their indexes among the tokenizer's; PMILL_NO_ADDED: separator */
	struct pmill_document_writer writer; /* of the worker that has the turn */
	pthread_mutex_t lock;
	pthread_cond_t has_changed;
	uint64_t turn; /* the chunk that is written next */
	bool has_failed;
};

/* A part of a document in a chunk. */
struct pmill_chunk_part {
	size_t first; /* of its ids, in the worker's buffer */
	uint64_t bytes;
	bool is_cut, ends_document, has_next;
	struct pmill_place next; /* where the inputs can go on after it, if has_next */
};

/* What a thread works with. Set `job`, `walk`, `ids` and the encoder's plan; all else zero. */
struct pmill_file_worker {
	struct pmill_chunk_worker chunks;
	struct pmill_file_job *job;
	struct pmill_encoder encoder;
	struct pmill_segment_walk walk;
	pmill_ids *ids;
	struct pmill_chunk_part *parts; /* the last goes on until it ends a document, or is written */
	size_t part_count, part_capacity;
	bool is_in_part;
	uint64_t part_bytes; /* from where a document, or the chunk, began; not what was written last */
	bool has_turn;
};

/* The work of a chunk worker, whose `context` is a pmill_file_worker with these `chunks`. */
pmill_chunk_work pmill_file_worker_encode_chunk;

/* A document that is in memory, instead of chunks. The watch lets another thread stop it. */
pmill_status pmill_file_worker_encode_text(struct pmill_file_worker *worker, pmill_bytes text,
	struct pmill_match_watch *watch, pmill_error *error);

void pmill_file_worker_release(struct pmill_file_worker *worker);

#endif
