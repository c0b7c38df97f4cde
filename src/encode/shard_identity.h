/* All that makes the ids of a folder of shards, so that only the same run goes on with it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_SHARD_IDENTITY_H
#define PMILL_ENCODE_SHARD_IDENTITY_H

#include "corpus/inputs.h"
#include "encode/document_writer.h"
#include "model/policy.h"

struct pmill_shard_identity {
	const struct pmill_document_writer *writer;
	const struct pmill_sidecar_model *model;
	const pmill_policy *policy;
	const pmill_input_options *input;
	const pmill_encode_file_options *file;
	const struct pmill_inputs *inputs;
};

/*
 * Lines of JSON, one for each thing; of the inputs, a hash of their names, sizes and times.
 * PMILL_BAD_OPTION for an input that comes only once.
 */
pmill_status pmill_shard_identity_write(
	const struct pmill_shard_identity *identity, struct pmill_buffer *out, pmill_error *error);

#endif
