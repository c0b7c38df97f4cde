/* Parts of documents, in order → a token file. */
/* SPDX-License-Identifier: MIT */
#include "encode/document_writer.h"

#include "base/error.h"

/* `places`: counted from where the document's text goes on. */
static bool keep(
	struct pmill_document_writer *writer, const uint32_t *ids, const uint64_t *places, size_t count)
{
	const size_t first = writer->ids->count;
	if (!pmill_ids_reserve(writer->ids, count))
		return false;
	pmill_ids_put(writer->ids, ids, count);
	if (places == NULL || count == 0)
		return true;
	pmill_ids_put_offsets(writer->ids, places, count);
	uint64_t *kept = pmill_ids_offsets_since(writer->ids, first);
	for (size_t i = 0; i < 2 * count; i++)
		kept[i] += writer->bytes;
	return true;
}

static pmill_status put(struct pmill_document_writer *writer, const uint32_t *ids,
	const uint64_t *places, size_t count, pmill_error *error)
{
	const uint64_t before = writer->written;
	writer->written += count;
	writer->tokens += count;
	if (!pmill_output_is_open(&writer->output))
		return PMILL_OK;
	const bool done = writer->format->append == NULL
		? keep(writer, ids, places, count)
		: writer->format->append(&writer->output.pending, before, ids, count);
	return done ? pmill_output_flush_if_large(&writer->output, error) : pmill_fail_memory(error);
}

/* Ids that stand for no text. */
static pmill_status put_marks(
	struct pmill_document_writer *writer, const uint32_t *ids, size_t count, pmill_error *error)
{
	static const uint64_t here[2] = {0, 0};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < count && status == PMILL_OK; i++)
		status = put(writer, &ids[i], here, 1, error);
	return status;
}

static pmill_status begin_document(struct pmill_document_writer *writer, pmill_error *error)
{
	writer->is_in_document = true;
	writer->is_cut = false;
	writer->bytes = writer->text_count = writer->written = 0;
	return put_marks(writer, writer->template->before, writer->template->before_count, error);
}

static pmill_status write_end(struct pmill_document_writer *writer, pmill_error *error)
{
	if (!pmill_output_is_open(&writer->output))
		return PMILL_OK;
	if (writer->format->append != NULL)
		return writer->format->end_document(&writer->output.pending) ? PMILL_OK
																	 : pmill_fail_memory(error);
	const pmill_status status = writer->format->write_document(
		&writer->output, writer->tokenizer, writer->ids, error);
	pmill_ids_clear(writer->ids);
	return status;
}

/* What comes after the text has room in any case. */
static pmill_status end_document(struct pmill_document_writer *writer, pmill_error *error)
{
	const struct pmill_template *template = writer->template;
	pmill_status status = put_marks(writer, template->after, template->after_count, error);
	if (status == PMILL_OK)
		status = put_marks(writer, &writer->eot, writer->eot != PMILL_NO_ID, error);
	if (status == PMILL_OK)
		status = write_end(writer, error);
	writer->is_in_document = false;
	writer->truncated += writer->is_cut;
	return status == PMILL_OK ? pmill_output_flush_if_large(&writer->output, error) : status;
}

pmill_status pmill_document_writer_put(struct pmill_document_writer *writer,
	const struct pmill_document_part *part, pmill_error *error)
{
	pmill_status status = writer->is_in_document ? PMILL_OK : begin_document(writer, error);
	const uint64_t room = writer->most_text - writer->text_count;
	const size_t count = part->count < room ? part->count : (size_t)room;
	if (status == PMILL_OK && count > 0)
		status = put(writer, part->ids, part->places, count, error);
	writer->is_cut |= part->is_cut || count < part->count;
	writer->text_count += count;
	writer->bytes += part->bytes;
	return status == PMILL_OK && part->ends_document ? end_document(writer, error) : status;
}
