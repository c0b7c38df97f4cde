/* The key-value section of a GGUF file. */
/* SPDX-License-Identifier: MIT */
/*
 *     "GGUF"  u32 version  u64 tensors  u64 keys  | key  u32 type  value | ...  tensors
 *
 * A key or a string is a u64 length and its bytes; an array is a u32 type, a u64 count and its
 * elements. All is little-endian. The tensors, and what is said of them, are never looked at.
 */
#include "gguf/gguf_header.h"

#include "base/error.h"
#include "unicode/quote.h"

enum { LONGEST_KEY = 65535, FEWEST_KEY_BYTES = 8 + 4 + 1, TYPE_COUNT = 13 };

const struct pmill_gguf_field pmill_gguf_fields[PMILL_GGUF_KEY_COUNT] = {
	[PMILL_GGUF_ARCHITECTURE] = {"general.architecture", PMILL_GGUF_STRING, 0},
	[PMILL_GGUF_MODEL] = {"tokenizer.ggml.model", PMILL_GGUF_STRING, 0},
	[PMILL_GGUF_PRE] = {"tokenizer.ggml.pre", PMILL_GGUF_STRING, 0},
	[PMILL_GGUF_TOKENS] = {"tokenizer.ggml.tokens", PMILL_GGUF_ARRAY, PMILL_GGUF_STRING},
	[PMILL_GGUF_TOKEN_TYPES] = {"tokenizer.ggml.token_type", PMILL_GGUF_ARRAY, PMILL_GGUF_I32},
	[PMILL_GGUF_MERGES] = {"tokenizer.ggml.merges", PMILL_GGUF_ARRAY, PMILL_GGUF_STRING},
	[PMILL_GGUF_BOS] = {"tokenizer.ggml.bos_token_id", PMILL_GGUF_U32, 0},
	[PMILL_GGUF_EOS] = {"tokenizer.ggml.eos_token_id", PMILL_GGUF_U32, 0},
	[PMILL_GGUF_UNKNOWN] = {"tokenizer.ggml.unknown_token_id", PMILL_GGUF_U32, 0},
	[PMILL_GGUF_PADDING] = {"tokenizer.ggml.padding_token_id", PMILL_GGUF_U32, 0},
	[PMILL_GGUF_ADD_BOS] = {"tokenizer.ggml.add_bos_token", PMILL_GGUF_BOOL, 0},
	[PMILL_GGUF_ADD_EOS] = {"tokenizer.ggml.add_eos_token", PMILL_GGUF_BOOL, 0},
};

/* u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64; 0: not of one size. */
static const uint8_t type_sizes[TYPE_COUNT] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct reader {
	struct pmill_byte_source *source;
	struct pmill_gguf_header *header;
	struct pmill_buffer key;
	struct pmill_quote quoted; /* the key, for messages */
	pmill_error *error;
};

void pmill_gguf_header_release(struct pmill_gguf_header *header)
{
	for (int i = 0; i < PMILL_GGUF_KEY_COUNT; i++) {
		pmill_buffer_release(&header->values[i].bytes);
		pmill_buffer_release(&header->values[i].ends);
	}
	*header = (struct pmill_gguf_header){0};
}

static pmill_status fail_end(struct reader *reader, const char *what)
{
	return pmill_fail_input(reader->error, reader->source->name, reader->source->offset,
		"the file ends in the middle of %s", what);
}

/* An unsigned integer of `len` bytes. */
static pmill_status read_number(
	struct reader *reader, size_t len, const char *what, uint64_t *number)
{
	const uint8_t *bytes;
	size_t found;
	uint64_t taken;
	pmill_status status = pmill_byte_source_look(
		reader->source, len, &bytes, &found, reader->error);
	*number = 0;
	for (size_t i = 0; i < found && status == PMILL_OK; i++)
		*number |= (uint64_t)bytes[i] << (8 * i);
	if (status == PMILL_OK)
		status = pmill_byte_source_take(reader->source, found, NULL, &taken, reader->error);
	return status == PMILL_OK && found < len ? fail_end(reader, what) : status;
}

static pmill_status take(
	struct reader *reader, uint64_t len, struct pmill_buffer *out, const char *what)
{
	uint64_t taken;
	const pmill_status status = pmill_byte_source_take(
		reader->source, len, out, &taken, reader->error);
	return status == PMILL_OK && taken < len ? fail_end(reader, what) : status;
}

/* A number of things of at least `least` bytes each, for which the file must have room. */
static pmill_status read_count(
	struct reader *reader, uint64_t least, const char *what, uint64_t *count)
{
	const uint64_t at = reader->source->offset;
	const pmill_status status = read_number(reader, 8, what, count);
	const uint64_t size = reader->source->size, offset = reader->source->offset;
	const uint64_t room = size == PMILL_UNKNOWN_SIZE ? UINT64_MAX
		: offset < size                              ? size - offset
													 : 0;
	if (status != PMILL_OK || *count <= room / least)
		return status;
	return pmill_fail_input(reader->error, reader->source->name, at,
		"%s: %llu are more than the file has room for", what, (unsigned long long)*count);
}

static pmill_status read_key(struct reader *reader)
{
	uint64_t len = 0;
	const uint64_t at = reader->source->offset;
	pmill_status status = read_number(reader, 8, "a key", &len);
	if (status == PMILL_OK && len > LONGEST_KEY)
		return pmill_fail_input(reader->error, reader->source->name, at,
			"a key of %llu bytes is too long", (unsigned long long)len);
	reader->key.len = 0;
	if (status == PMILL_OK)
		status = take(reader, len, &reader->key, "a key");
	if (status == PMILL_OK)
		pmill_quote(&reader->quoted, reader->key.data, reader->key.len);
	return status;
}

/* The place of the value if it is one to keep, else NULL. */
static struct pmill_gguf_value *find_value(
	struct reader *reader, const struct pmill_gguf_field **field)
{
	for (int i = 0; i < PMILL_GGUF_KEY_COUNT; i++) {
		*field = &pmill_gguf_fields[i];
		if (strlen((*field)->key) == reader->key.len &&
			memcmp((*field)->key, reader->key.data, reader->key.len) == 0)
			return &reader->header->values[i];
	}
	return NULL;
}

/* `value` is NULL to skip the string. */
static pmill_status read_string(struct reader *reader, struct pmill_gguf_value *value)
{
	const char *key = reader->quoted.text;
	uint64_t len = 0;
	pmill_status status = read_count(reader, 1, key, &len);
	if (status == PMILL_OK)
		status = take(reader, len, value == NULL ? NULL : &value->bytes, key);
	if (status != PMILL_OK || value == NULL)
		return status;
	return pmill_buffer_append(&value->ends, &value->bytes.len, sizeof value->bytes.len)
		? PMILL_OK
		: pmill_fail_memory(reader->error);
}

static pmill_status fail_type(struct reader *reader, uint64_t at, const char *reason)
{
	return pmill_fail_input(
		reader->error, reader->source->name, at, "the value of %s %s", reader->quoted.text, reason);
}

static pmill_status read_type(struct reader *reader, uint64_t *type)
{
	const uint64_t at = reader->source->offset;
	const pmill_status status = read_number(reader, 4, reader->quoted.text, type);
	return status == PMILL_OK && *type >= TYPE_COUNT ? fail_type(reader, at, "has an unknown type")
													 : status;
}

static pmill_status read_array(
	struct reader *reader, const struct pmill_gguf_field *field, struct pmill_gguf_value *value)
{
	const char *key = reader->quoted.text;
	const uint64_t at = reader->source->offset;
	uint64_t element = 0, count = 0;
	pmill_status status = read_type(reader, &element);
	if (status == PMILL_OK && element == PMILL_GGUF_ARRAY)
		return fail_type(reader, at, "is an array of arrays, which no reader knows");
	if (status == PMILL_OK && value != NULL && element != field->element)
		return fail_type(reader, at, "is an array of another type");
	const uint64_t size = status == PMILL_OK ? type_sizes[element] : 0;
	if (status == PMILL_OK)
		status = read_count(reader, size > 0 ? size : 8, key, &count);
	if (value != NULL) {
		value->offset = reader->source->offset;
		value->count = count;
	}
	if (status == PMILL_OK && size > 0 && count > UINT64_MAX / size)
		return fail_end(reader, key);
	if (status != PMILL_OK || size > 0)
		return status == PMILL_OK
			? take(reader, count * size, value == NULL ? NULL : &value->bytes, key)
			: status;
	for (uint64_t i = 0; i < count && status == PMILL_OK; i++)
		status = read_string(reader, value);
	return status;
}

static pmill_status read_scalar(
	struct reader *reader, uint64_t type, struct pmill_gguf_value *value)
{
	uint64_t number;
	const pmill_status status = read_number(reader, type_sizes[type], reader->quoted.text, &number);
	if (value != NULL)
		value->number = (uint32_t)number;
	return status;
}

static pmill_status read_pair(struct reader *reader)
{
	uint64_t at = reader->source->offset;
	pmill_status status = read_key(reader);
	if (status != PMILL_OK)
		return status;
	const struct pmill_gguf_field *field;
	struct pmill_gguf_value *value = find_value(reader, &field);
	if (value != NULL && value->is_there)
		return pmill_fail_input(reader->error, reader->source->name, at, "the key %s occurs twice",
			reader->quoted.text);
	at = reader->source->offset;
	uint64_t type = 0;
	status = read_type(reader, &type);
	if (status == PMILL_OK && value != NULL && type != field->type)
		return fail_type(reader, at, "has another type");
	if (status != PMILL_OK)
		return status;
	if (value != NULL) {
		value->is_there = true;
		value->offset = reader->source->offset;
		value->count = 1;
	}
	return type == PMILL_GGUF_ARRAY ? read_array(reader, field, value)
		: type == PMILL_GGUF_STRING ? read_string(reader, value)
									: read_scalar(reader, type, value);
}

static pmill_status check_version(struct reader *reader, uint32_t version)
{
	if (version == 2 || version == 3)
		return PMILL_OK;
	const char *name = reader->source->name;
	if (version == 1)
		return pmill_fail(reader->error, PMILL_UNSUPPORTED, 4,
			"%.300s: is GGUF of version 1, which is not supported (2 and 3 are)", name);
	if (version != 0 && (version & 0xFFFFFF) == 0)
		return pmill_fail(reader->error, PMILL_UNSUPPORTED, 4,
			"%.300s: is a big-endian GGUF, which is not supported", name);
	return pmill_fail(reader->error, PMILL_UNSUPPORTED, 4,
		"%.300s: is GGUF of version %u, which is not known (2 and 3 are)", name, version);
}

static pmill_status read_start(struct reader *reader, uint64_t *keys)
{
	uint64_t magic = 0, version = 0, tensors;
	pmill_status status = read_number(reader, 4, "the magic number", &magic);
	if (status == PMILL_OK && magic != 0x46554747)
		return pmill_fail_input(
			reader->error, reader->source->name, 0, "not GGUF: its magic number is missing");
	if (status == PMILL_OK)
		status = read_number(reader, 4, "the version", &version);
	if (status == PMILL_OK)
		status = check_version(reader, (uint32_t)version);
	if (status == PMILL_OK)
		status = read_number(reader, 8, "the number of tensors", &tensors);
	return status == PMILL_OK ? read_count(reader, FEWEST_KEY_BYTES, "the number of keys", keys)
							  : status;
}

pmill_status pmill_gguf_header_read(
	struct pmill_gguf_header *header, struct pmill_byte_source *source, pmill_error *error)
{
	struct reader reader = {.source = source, .header = header, .error = error};
	uint64_t keys = 0;
	pmill_status status = read_start(&reader, &keys);
	for (uint64_t i = 0; i < keys && status == PMILL_OK; i++)
		status = read_pair(&reader);
	pmill_buffer_release(&reader.key);
	return status;
}

pmill_status pmill_gguf_fail_missing(enum pmill_gguf_key key, const char *name, pmill_error *error)
{
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"%.300s: holds no vocab: %s is missing (of a model in several files, the first one has it)",
		name, pmill_gguf_fields[key].key);
}

static size_t get_end(const struct pmill_gguf_value *value, size_t index)
{
	size_t end;
	memcpy(&end, value->ends.data + index * sizeof end, sizeof end);
	return end;
}

pmill_bytes pmill_gguf_string(const struct pmill_gguf_value *value, size_t index)
{
	const size_t begin = index == 0 ? 0 : get_end(value, index - 1);
	const uint8_t *data = value->bytes.data == NULL ? (const uint8_t *)"" : value->bytes.data;
	return (pmill_bytes){data + begin, get_end(value, index) - begin};
}

uint64_t pmill_gguf_string_offset(const struct pmill_gguf_value *value, size_t index)
{
	const uint64_t begin = index == 0 ? 0 : get_end(value, index - 1);
	return value->offset + begin + 8 * (index + 1);
}

int32_t pmill_gguf_number(const struct pmill_gguf_value *value, size_t index)
{
	const uint8_t *bytes = value->bytes.data + 4 * index;
	return (int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		(uint32_t)bytes[3] << 24);
}
