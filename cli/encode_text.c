/* encode --text: one string, one document. */
/* SPDX-License-Identifier: MIT */
#include "encode_text.h"

#include <inttypes.h>
#include <string.h>

#include "messages.h"
#include "token_view.h"

enum { MOST_U16 = 65536 }; /* the largest vocab whose ids fit in 16 bits */

/* How ids are written, one at a time. */
struct id_writer {
	const char *format;
	const char *suffix; /* of the output, if no format is named; NULL: none */
	unsigned bytes;     /* per id; 0: decimal digits */
};

static const struct id_writer writers[] = {
	{"text", ".txt", 0},
	{"u16", ".u16", 2},
	{"u32", ".u32", 4},
	{NULL, ".bin", 0},
};

static bool has_suffix(const char *path, const char *suffix)
{
	size_t len = strlen(path), suffix_len = strlen(suffix);
	return len >= suffix_len && strcmp(path + len - suffix_len, suffix) == 0;
}

static const struct id_writer *find_writer(const char *format, const char *out)
{
	for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
		const struct id_writer *writer = &writers[i];
		if (format == NULL ? has_suffix(out, writer->suffix)
						   : writer->format != NULL && strcmp(format, writer->format) == 0)
			return writer;
	}
	return NULL;
}

/* Returns 0, or the exit code after a message. */
static int choose_bytes(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, const char *format, unsigned *bytes)
{
	uint32_t vocab_size = pmill_tokenizer_vocab_size(tokenizer);
	const struct id_writer *writer = find_writer(format, cli->settings.output);
	if (writer == NULL)
		return pmill_cli_wrong_usage(
			cli, "%s: no format has this suffix; choose one with --format", cli->settings.output);
	*bytes = writer->bytes;
	if (writer->format == NULL)
		*bytes = vocab_size <= MOST_U16 ? 2 : 4;
	if (*bytes == 2 && vocab_size > MOST_U16)
		return pmill_cli_wrong_usage(
			cli, "format u16 can't hold the ids of a vocab of %" PRIu32 "; use u32", vocab_size);
	return 0;
}

static void write_id(FILE *out, uint32_t id, unsigned bytes, bool is_first)
{
	if (bytes == 0)
		fprintf(out, "%s%" PRIu32, is_first ? "" : " ", id);
	for (unsigned i = 0; i < bytes; i++)
		putc((int)(id >> (8 * i) & 0xFF), out);
}

static void write_ids(FILE *out, const uint32_t *ids, size_t count, uint32_t eot, unsigned bytes)
{
	for (size_t i = 0; i < count; i++)
		write_id(out, ids[i], bytes, i == 0);
	if (eot != PMILL_NO_ID)
		write_id(out, eot, bytes, count == 0);
	if (bytes == 0)
		putc('\n', out);
}

static void show_tokens(const pmill_tokenizer *tokenizer, struct pmill_cli_output *output,
	const uint32_t *ids, size_t count, uint32_t eot)
{
	struct pmill_cli_token_view view;
	pmill_cli_token_view_init(&view, tokenizer, output);
	for (size_t i = 0; i < count; i++)
		pmill_cli_token_view_show(&view, ids[i]);
	if (eot != PMILL_NO_ID)
		pmill_cli_token_view_show(&view, eot);
	pmill_cli_token_view_end_document(&view);
}

static int write_document(struct pmill_cli *cli, const pmill_tokenizer *tokenizer,
	const char *format, struct pmill_cli_output *output, const uint32_t *ids, size_t count,
	uint32_t eot)
{
	unsigned bytes = 0;
	if (cli->settings.format != NULL && strcmp(cli->settings.format, "tokens") == 0) {
		show_tokens(tokenizer, output, ids, count, eot);
		return 0;
	}
	int code = choose_bytes(cli, tokenizer, format, &bytes);
	if (code == 0)
		write_ids(output->stream, ids, count, eot, bytes);
	return code;
}

/* PMILL_NO_ID without --eot. Returns 0, or the exit code after a message. */
static int find_eot(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, pmill_bytes eot, uint32_t *id)
{
	*id = PMILL_NO_ID;
	if (eot.len == 0)
		return 0;
	for (size_t i = 0; i < pmill_tokenizer_special_count(tokenizer); i++) {
		pmill_bytes content;
		int is_special;
		uint32_t candidate;
		pmill_tokenizer_get_special(tokenizer, i, &content, &candidate, &is_special);
		if (content.len == eot.len && memcmp(content.data, eot.data, eot.len) == 0)
			*id = candidate;
	}
	if (*id == PMILL_NO_ID)
		return pmill_cli_wrong_usage(
			cli, "option --eot: the model has no special token \"%s\"", cli->settings.eot);
	return 0;
}

int pmill_cli_encode_text(struct pmill_cli *cli, const pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, const pmill_encode_file_options *file,
	const pmill_run_options *run, struct pmill_cli_output *output, pmill_encode_totals *totals)
{
	pmill_encoder *encoder = NULL;
	pmill_error error = {0};
	const uint32_t *ids;
	size_t count;
	uint32_t eot;
	size_t len = strlen(cli->settings.text);
	int code = find_eot(cli, tokenizer, file->eot, &eot);
	if (code != 0)
		return code;
	pmill_status status = pmill_encoder_create(tokenizer, options, run, &encoder, &error);
	if (status == PMILL_OK)
		status = pmill_encoder_encode(encoder, cli->settings.text, len, &ids, &count, &error);
	if (status != PMILL_OK)
		code = pmill_cli_report(cli, status, &error);
	else if (output != NULL)
		code = write_document(cli, tokenizer, file->format, output, ids, count, eot);
	if (code == 0)
		*totals = (pmill_encode_totals){.size = sizeof *totals,
			.documents = 1,
			.bytes = len,
			.tokens = count + (eot != PMILL_NO_ID)};
	pmill_encoder_free(encoder);
	return code;
}
