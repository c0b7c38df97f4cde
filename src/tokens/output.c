/* Where ids and text go: a file written whole or not at all, the caller's function, or nowhere. */
/* SPDX-License-Identifier: MIT */
#include "tokens/output.h"

#include "base/error.h"

/* Large enough for few calls, and small compared with the text of a chunk. */
enum { LARGE = 1 << 16 };

pmill_status pmill_output_open(
	struct pmill_output *output, const pmill_output_options *options, pmill_error *error)
{
	*output = (struct pmill_output){.is_file = options->path != NULL};
	if (output->is_file)
		return pmill_file_writer_open(&output->file, options->path, options->flags, error);
	output->write = options->write;
	output->context = options->write_context;
	return PMILL_OK;
}

bool pmill_output_is_open(const struct pmill_output *output)
{
	return output->is_file || output->write != NULL;
}

pmill_status pmill_output_flush(struct pmill_output *output, pmill_error *error)
{
	size_t len = output->pending.len;
	output->pending.len = 0;
	if (len == 0)
		return PMILL_OK;
	if (output->is_file)
		return pmill_file_writer_append(&output->file, output->pending.data, len, error);
	if (output->write != NULL && output->write(output->context, output->pending.data, len) != 0)
		return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET, "cannot write the output");
	return PMILL_OK;
}

pmill_status pmill_output_flush_if_large(struct pmill_output *output, pmill_error *error)
{
	return output->pending.len < LARGE ? PMILL_OK : pmill_output_flush(output, error);
}

pmill_status pmill_output_commit(struct pmill_output *output, pmill_error *error)
{
	pmill_status status = pmill_output_flush(output, error);
	if (status == PMILL_OK && output->is_file)
		status = pmill_file_writer_commit(&output->file, error);
	return status;
}

void pmill_output_release(struct pmill_output *output)
{
	if (output->is_file)
		pmill_file_writer_release(&output->file);
	pmill_buffer_release(&output->pending);
	*output = (struct pmill_output){0};
}
