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
	if (places == NULL || count == 0 || !pmill_ids_wants_offsets(writer->ids))
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
	if (!pmill_token_sink_is_open(&writer->sink))
		return PMILL_OK;
	if (writer->format->append != NULL)
		return pmill_token_sink_put(&writer->sink, before, ids, count, error);
	return keep(writer, ids, places, count) ? PMILL_OK : pmill_fail_memory(error);
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

/* Unless one is open. */
static pmill_status open_shard(struct pmill_document_writer *writer, pmill_error *error)
{
	const bool is_needed = writer->shards != NULL && !pmill_token_sink_is_open(&writer->sink);
	return is_needed ? pmill_shards_next(writer->shards, &writer->sink, error) : PMILL_OK;
}

/* What comes before the text, unless it has been put: a document that is left out has none. */
static pmill_status put_begin(struct pmill_document_writer *writer, pmill_error *error)
{
	const struct pmill_template *template = writer->template;
	if (writer->has_begin)
		return PMILL_OK;
	writer->has_begin = true;
	pmill_status status = open_shard(writer, error);
	if (status == PMILL_OK)
		status = put_marks(writer, &writer->bos, writer->bos != PMILL_NO_ID, error);
	return status == PMILL_OK ? put_marks(writer, template->before, template->before_count, error)
							  : status;
}

static void begin_document(struct pmill_document_writer *writer)
{
	writer->is_in_document = true;
	writer->is_cut = writer->has_begin = false;
	writer->bytes = writer->text_count = writer->written = 0;
}

/* What comes after the text has room in any case. */
static pmill_status write_end(struct pmill_document_writer *writer, pmill_error *error)
{
	const struct pmill_template *template = writer->template;
	pmill_status status = put_begin(writer, error);
	if (status == PMILL_OK)
		status = put_marks(writer, template->after, template->after_count, error);
	if (status == PMILL_OK)
		status = put_marks(writer, &writer->eot, writer->eot != PMILL_NO_ID, error);
	if (status == PMILL_OK && pmill_token_sink_is_open(&writer->sink))
		status = pmill_token_sink_end_document(
			&writer->sink, writer->written, writer->tokenizer, writer->ids, error);
	if (writer->ids != NULL)
		pmill_ids_clear(writer->ids);
	return status;
}

static pmill_status end_shard(
	struct pmill_document_writer *writer, const struct pmill_place *next, pmill_error *error)
{
	const pmill_status status = pmill_shards_commit(
		writer->shards, &writer->sink, writer->text_bytes, next, error);
	writer->text_bytes = 0;
	return status;
}

static pmill_status end_document(struct pmill_document_writer *writer,
	const struct pmill_document_part *part, pmill_error *error)
{
	const bool is_left_out = writer->format->skips_empty && writer->text_count == 0;
	const pmill_status status = is_left_out ? PMILL_OK : write_end(writer, error);
	writer->is_in_document = false;
	writer->truncated += writer->is_cut;
	writer->text_bytes += writer->bytes;
	const struct pmill_shards *shards = writer->shards;
	const bool ends_shard = shards != NULL && part->has_next &&
		pmill_token_sink_is_open(&writer->sink) && writer->sink.tokens >= shards->least_tokens;
	return status == PMILL_OK && ends_shard ? end_shard(writer, &part->next, error) : status;
}

pmill_status pmill_document_writer_put(struct pmill_document_writer *writer,
	const struct pmill_document_part *part, pmill_error *error)
{
	if (!writer->is_in_document)
		begin_document(writer);
	pmill_status status = PMILL_OK;
	const uint64_t room = writer->most_text - writer->text_count;
	const size_t count = part->count < room ? part->count : (size_t)room;
	if (count > 0)
		status = put_begin(writer, error);
	if (status == PMILL_OK && count > 0)
		status = put(writer, part->ids, part->places, count, error);
	writer->is_cut |= part->is_cut || count < part->count;
	writer->text_count += count;
	writer->bytes += part->bytes;
	return status == PMILL_OK && part->ends_document ? end_document(writer, part, error) : status;
}

/* No document at all makes an empty shard. */
pmill_status pmill_document_writer_commit(struct pmill_document_writer *writer,
	const struct pmill_sidecar_model *model, pmill_error *error)
{
	struct pmill_shards *shards = writer->shards;
	if (shards == NULL)
		return pmill_token_sink_commit(&writer->sink, model, writer->text_bytes, NULL, error);
	if (!pmill_token_sink_is_open(&writer->sink) && shards->count > 0)
		return PMILL_OK;
	const pmill_status status = open_shard(writer, error);
	return status == PMILL_OK ? end_shard(writer, NULL, error) : status;
}
