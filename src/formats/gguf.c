/* GGUF: the vocab in the header of a model file, and files of a vocab alone. */
/* SPDX-License-Identifier: MIT */
#include "formats/gguf.h"

#include "formats/format.h"

static bool is_small(const uint8_t *bytes)
{
	return bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0;
}

/* After the letters comes a small number, little-endian or big-endian; text has neither there. */
bool pmill_gguf_is(const uint8_t *head, size_t len)
{
	if (len < 5 || memcmp(head, "GGUF", 4) != 0)
		return false;
	return len >= PMILL_GGUF_HEAD ? is_small(head + 5) || is_small(head + 4) : head[4] < '\t';
}

static pmill_status load(const void *data, size_t len, const char *name,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_byte_source source;
	pmill_byte_source_of_memory(&source, data, len, name);
	return pmill_gguf_read(&source, options, tokenizer, error);
}

static pmill_status load_path(const char *path, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_byte_source source;
	pmill_status status = pmill_byte_source_open(&source, path, error);
	if (status == PMILL_OK)
		status = pmill_gguf_read(&source, options, tokenizer, error);
	pmill_byte_source_release(&source);
	return status;
}

const struct pmill_format pmill_format_gguf = {
	.name = "gguf",
	.suffix = ".gguf",
	.load = load,
	.save = pmill_gguf_write,
	.list_losses = pmill_gguf_list_losses,
	.check_model = pmill_gguf_check,
	.check_special = pmill_gguf_check_special,
	.check_pattern = pmill_gguf_check_pattern,
	.load_path = load_path,
};
