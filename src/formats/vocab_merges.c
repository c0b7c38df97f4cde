/* vocab.json with merges.txt beside it: GPT-2's files. */
/* SPDX-License-Identifier: MIT */
#include "formats/vocab_merges.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "files/file.h"
#include "files/file_set.h"
#include "files/folder_lock.h"
#include "formats/format.h"
#include "notation/json.h"
#include "formats/load.h"
#include "formats/model_kind.h"
#include "model/merges.h"
#include "notation/printable_model.h"
#include "unicode/printable.h"
#include "unicode/quote.h"
#include "unicode/utf8.h"

#define VERSION_LINE "#version: 0.2\n"
#define VERSION_LEN (sizeof "#version" - 1) /* what readers look for at the start of a line */
#define SUFFIX "vocab.json"

static pmill_status check_meaning(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	if (!pmill_printable_ignores_merges(tokenizer))
		return PMILL_OK;
	if (tokenizer->meaning == PMILL_MEANING_IGNORE_MERGES)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"vocab.json and merges.txt can't express that a pretoken in the vocab is taken whole "
			"(ignore_merges; a tokenizer.json holds it)");
	const uint32_t id = pmill_printable_find_unmade(tokenizer);
	const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"vocab.json and merges.txt can't hold the token %s (id %u), which merging can't make (a "
		"tokenizer.json holds it)",
		pmill_quote(&quote, token.data, token.len), id);
}

pmill_status pmill_vocab_merges_check(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	pmill_status status = pmill_printable_check_lines(tokenizer, error);
	if (status == PMILL_OK)
		status = check_meaning(tokenizer, error);
	return status == PMILL_OK ? pmill_printable_check_model(tokenizer, error) : status;
}

/*
 * What only an option says when these files are loaded: how text is cut, which tokens are special;
 * and what nothing can say.
 */
static pmill_status list_losses(
	const struct pmill_tokenizer *tokenizer, struct pmill_buffer *losses, pmill_error *error)
{
	const struct pmill_template *template = &tokenizer->template;
	const bool has_losses[] = {tokenizer->step_count > 0, tokenizer->normal_step_count > 0,
		tokenizer->special_count > 0, template->before_count + template->after_count > 0};
	static const char *const phrases[] = {
		"the pattern", "the normalizer", "which tokens are special", "the template of documents"};
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (has_losses[i] &&
			!((losses->len == 0 || pmill_buffer_append_text(losses, ", ")) &&
				pmill_buffer_append_text(losses, phrases[i])))
			return pmill_fail_memory(error);
	return PMILL_OK;
}

bool pmill_vocab_json_write(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	return pmill_printable_write_vocab(tokenizer, SIZE_MAX, out, "\n  ", "\n}\n");
}

static bool append_part(struct pmill_buffer *out, const struct pmill_tokenizer *tokenizer,
	uint32_t id, const char *after)
{
	const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
	return pmill_printable_append(out, token.data, token.len) && pmill_buffer_append(out, after, 1);
}

bool pmill_merges_txt_write(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	const struct pmill_merge *merges;
	size_t count;
	bool done = pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL) == PMILL_OK &&
		pmill_buffer_append_text(out, VERSION_LINE);
	for (size_t i = 0; i < count && done; i++)
		done = append_part(out, tokenizer, merges[i].left, " ") &&
			append_part(out, tokenizer, merges[i].right, "\n");
	return done;
}

/* The length of the line at `at` without its end; sets *next to the start of the next line. */
static size_t line_len(const struct pmill_buffer *text, size_t at, size_t *next)
{
	const uint8_t *begin = text->data + at;
	const uint8_t *end = memchr(begin, '\n', text->len - at);
	size_t len = end == NULL ? text->len - at : (size_t)(end - begin);
	*next = at + len + (end != NULL);
	if (len > 0 && begin[len - 1] == '\r')
		len--;
	return len;
}

/*
 * A line that begins with #version, but isn't the first: Hugging Face's reader skips it, others
 * take it for a merge. If it could be one, the file doesn't tell which model it is.
 */
static pmill_status skip_comment(
	struct pmill_printable_reader *reader, const char *line, size_t len, pmill_error *error)
{
	const pmill_status status = pmill_printable_add_line(reader, line, len, NULL);
	if (status == PMILL_NO_MEMORY)
		return pmill_fail_memory(error);
	struct pmill_quote quote;
	return status != PMILL_OK
		? PMILL_OK
		: pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			  "the line %s is a merge to some readers and a comment to others; use a "
			  "tokenizer.json of this model",
			  pmill_quote(&quote, line, len));
}

/* The lines of merges.txt that aren't empty, but for a #version that is the first. */
struct line {
	size_t at, len, next;
	bool is_version;
};

static bool next_line(const struct pmill_buffer *merges, struct line *line)
{
	const size_t begin = pmill_byte_order_mark(merges->data, merges->len);
	line->next = line->next < begin ? begin : line->next;
	while (line->next < merges->len) {
		line->at = line->next;
		line->len = line_len(merges, line->at, &line->next);
		line->is_version = line->len >= VERSION_LEN &&
			memcmp(merges->data + line->at, VERSION_LINE, VERSION_LEN) == 0;
		if (line->len > 0 && !(line->is_version && line->at == begin))
			return true;
	}
	return false;
}

/* Where the line is that gave the merge of a rank. */
static size_t find_ranked(const struct pmill_buffer *merges, size_t rank)
{
	struct line line = {0};
	for (size_t count = 0; next_line(merges, &line);)
		if (!line.is_version && count++ == rank)
			break;
	return line.at;
}

static pmill_status read_merges(struct pmill_printable_reader *reader,
	const struct pmill_buffer *merges, const char *name, pmill_error *error)
{
	struct line line = {0};
	while (next_line(merges, &line)) {
		const char *text = (const char *)merges->data + line.at;
		const pmill_status status = line.is_version
			? skip_comment(reader, text, line.len, error)
			: pmill_printable_add_line(reader, text, line.len, error);
		if (status != PMILL_OK)
			return pmill_name_error_at(error, name, line.at, status);
	}
	size_t rank = 0;
	const pmill_status status = pmill_printable_check_merges(reader->tokenizer, &rank, error);
	return status == PMILL_OK ? status
							  : pmill_name_error_at(error, name, find_ranked(merges, rank), status);
}

/* The special tokens named by the options, as the keys of an object. NULL if out of memory. */
static json_t *collect_specials(const pmill_load_options *options)
{
	json_t *added = json_object();
	for (size_t i = 0; i < options->special_token_count && added != NULL; i++) {
		const pmill_bytes content = options->special_tokens[i];
		if (json_object_setn_new_nocheck(added, content.data, content.len, json_true()) == 0)
			continue;
		json_decref(added);
		added = NULL;
	}
	return added;
}

static uint32_t find_special(const void *context, pmill_bytes content)
{
	const json_t *vocab = context;
	const json_t *value = json_object_getn(vocab, content.data, content.len);
	const json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
	const uint64_t limit = (uint64_t)json_object_size(vocab) + PMILL_MOST_HOLES;
	return id < 0 || (uint64_t)id >= limit || id >= PMILL_NO_ID ? PMILL_NO_ID : (uint32_t)id;
}

static struct pmill_json_place find_entry(const json_t *root, pmill_bytes content)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)root, key, value)
	{
		if (pmill_bytes_are_equal((pmill_bytes){key, strlen(key)}, content))
			return pmill_json_at_key(root, key);
	}
	return (struct pmill_json_place){0};
}

/* The entry of a special token whose id another token has; unknown if there is none. */
static struct pmill_json_place find_taken(
	const struct pmill_tokenizer *tokenizer, const json_t *root, const pmill_load_options *options)
{
	for (size_t i = 0; i < options->special_token_count; i++) {
		const pmill_bytes content = options->special_tokens[i];
		const uint32_t id = find_special(root, content);
		if (id != PMILL_NO_ID &&
			!pmill_bytes_are_equal(pmill_vocab_token(&tokenizer->vocab, id), content))
			return find_entry(root, content);
	}
	return (struct pmill_json_place){0};
}

static pmill_status read_model(struct pmill_printable_reader *reader,
	const struct pmill_json_source *vocab, const struct pmill_buffer *merges,
	const char *merges_name, const pmill_load_options *options, pmill_error *error)
{
	struct pmill_tokenizer *tokenizer = reader->tokenizer;
	struct pmill_json_error located = {.error = error};
	pmill_status status = pmill_printable_read_vocab(reader, vocab->root, &located);
	if (status != PMILL_OK)
		return pmill_name_json_error(&located, vocab, status);
	status = read_merges(reader, merges, merges_name, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_load_specials(tokenizer, options, find_special, vocab->root, error);
	if (status != PMILL_OK) {
		pmill_json_blame(&located, find_taken(tokenizer, vocab->root, options), status);
		return pmill_name_json_error(&located, vocab, status);
	}
	pmill_tokenizer_find_bytes(tokenizer);
	tokenizer->meaning = PMILL_MEANING_MERGE_LIST;
	return pmill_load_text(tokenizer, vocab->name, NULL, options, error);
}

static pmill_status read_both(const struct pmill_json_source *vocab,
	const struct pmill_buffer *merges, const char *merges_name, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	json_t *added = collect_specials(options);
	struct pmill_printable_reader reader = {pmill_tokenizer_create_empty(), .added = added};
	const pmill_status status = added == NULL || reader.tokenizer == NULL
		? pmill_fail_memory(error)
		: read_model(&reader, vocab, merges, merges_name, options, error);
	if (status == PMILL_OK)
		*tokenizer = reader.tokenizer;
	else
		pmill_tokenizer_free(reader.tokenizer);
	pmill_printable_reader_release(&reader);
	json_decref(added);
	return status;
}

pmill_status pmill_vocab_merges_read(const struct pmill_buffer *vocab, const char *vocab_name,
	const struct pmill_buffer *merges, const char *merges_name, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	json_t *root;
	pmill_status status = pmill_json_parse(vocab->data, vocab->len, vocab_name, &root, error);
	if (status != PMILL_OK)
		return status;
	const struct pmill_json_source source = {vocab->data, vocab->len, vocab_name, root};
	status = read_both(&source, merges, merges_name, options, tokenizer, error);
	json_decref(root);
	return status;
}

/* The names of the pair; as it was first published, GPT-2's had the second ones. */
static const char *const pairs[][2] = {{SUFFIX, "merges.txt"}, {"encoder.json", "vocab.bpe"}};

enum { PAIR_COUNT = sizeof pairs / sizeof pairs[0] };

/* The pair whose name (0: the vocab's, 1: the merges') `path` ends in; the first if none. */
static int find_pair(const char *path, int side, bool *is_found)
{
	for (int i = 0; i < PAIR_COUNT; i++) {
		*is_found = pmill_path_has_suffix(path, pairs[i][side]);
		if (*is_found)
			return i;
	}
	return 0;
}

/*
 * The path of `file` beside `path`, of which `own` may be the end: "gpt2-merges.txt" beside
 * "gpt2-vocab.json". NULL if out of memory.
 */
static char *path_beside(const char *path, const char *own, const char *file)
{
	struct pmill_buffer name = {0};
	const size_t len = strlen(path);
	const size_t stem = pmill_path_has_suffix(path, own) ? len - strlen(own) : 0;
	const char *slash = strrchr(path, '/');
	const size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (pmill_buffer_append(&name, path, stem > folder ? stem : folder) &&
		pmill_buffer_append_text(&name, file) && pmill_buffer_terminate(&name))
		return (char *)name.data;
	pmill_buffer_release(&name);
	return NULL;
}

static char *merges_path(const char *path)
{
	bool is_found;
	const int pair = find_pair(path, 0, &is_found);
	return path_beside(path, pairs[pair][0], pairs[pair][1]);
}

/* The pair's own name first, then the other's. */
static char *merges_path_to_load(const char *path)
{
	bool is_known;
	const int pair = find_pair(path, 0, &is_known);
	char *found = merges_path(path);
	if (found == NULL || pmill_path_exists(found))
		return found;
	char *other = path_beside(path, pairs[pair][0], pairs[!pair][1]);
	const bool is_there = other != NULL && pmill_path_exists(other);
	pmill_memory_free(is_there ? found : other);
	return is_there ? other : found;
}

pmill_status pmill_vocab_merges_find_vocab(const char *path, char **vocab, pmill_error *error)
{
	bool is_found;
	const int pair = find_pair(path, 1, &is_found);
	*vocab = NULL;
	for (int i = 0; i < PAIR_COUNT && is_found && *vocab == NULL; i++) {
		char *beside = path_beside(path, pairs[pair][1], pairs[i == 0 ? pair : !pair][0]);
		if (beside == NULL)
			return pmill_fail_memory(error);
		if (pmill_path_exists(beside))
			*vocab = beside;
		else
			pmill_memory_free(beside);
	}
	return PMILL_OK;
}

pmill_status pmill_vocab_merges_load(const struct pmill_json_source *vocab, const char *path,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_buffer merges = {0};
	char *beside = merges_path_to_load(path);
	pmill_status status = beside == NULL ? pmill_fail_memory(error)
										 : pmill_file_read(beside, &merges, error);
	if (status == PMILL_OK)
		status = read_both(vocab, &merges, beside, options, tokenizer, error);
	pmill_buffer_release(&merges);
	pmill_memory_free(beside);
	return status;
}

static pmill_status load_path(const char *path, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_buffer bytes = {0};
	json_t *root = NULL;
	pmill_status status = pmill_file_read(path, &bytes, error);
	if (status == PMILL_OK)
		status = pmill_json_parse(bytes.data, bytes.len, path, &root, error);
	const struct pmill_json_source vocab = {bytes.data, bytes.len, path, root};
	if (status == PMILL_OK)
		status = pmill_vocab_merges_load(&vocab, path, options, tokenizer, error);
	json_decref(root);
	pmill_buffer_release(&bytes);
	return status;
}

static const char *name_in_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

static pmill_status write_locked(const char *folder, bool is_locked,
	const struct pmill_set_file files[2], unsigned flags, pmill_error *error)
{
	const char *names[2] = {name_in_folder(files[0].path), name_in_folder(files[1].path)};
	if (is_locked)
		pmill_file_set_clear_leftovers(folder, names, 2);
	return pmill_file_set_write(files, 2, flags, error);
}

static pmill_status write_both(
	const struct pmill_set_file files[2], unsigned flags, pmill_error *error)
{
	char *folder = pmill_path_folder(files[0].path);
	if (folder == NULL)
		return pmill_fail_memory(error);
	struct pmill_folder_lock lock;
	pmill_status status = pmill_folder_lock_take(&lock, folder, files[0].path, error);
	if (status == PMILL_OK)
		status = write_locked(folder, lock.is_held, files, flags, error);
	pmill_folder_lock_release(&lock);
	pmill_memory_free(folder);
	return status;
}

static pmill_status save_path(
	const pmill_tokenizer *tokenizer, const char *path, unsigned flags, pmill_error *error)
{
	pmill_status status = pmill_vocab_merges_check(tokenizer, error);
	if (status != PMILL_OK)
		return pmill_name_error(error, path, status);
	struct pmill_buffer vocab = {0}, merges = {0};
	char *beside = merges_path(path);
	const bool has_memory = beside != NULL && pmill_vocab_json_write(tokenizer, &vocab) &&
		pmill_merges_txt_write(tokenizer, &merges);
	const struct pmill_set_file files[2] = {{path, &vocab}, {beside, &merges}};
	status = has_memory ? write_both(files, flags, error) : pmill_fail_memory(error);
	pmill_buffer_release(&vocab);
	pmill_buffer_release(&merges);
	pmill_memory_free(beside);
	return status;
}

static pmill_status check_target(const char *path, unsigned flags, pmill_error *error)
{
	pmill_status status = pmill_file_check_target(path, flags, error);
	if (status != PMILL_OK)
		return status;
	char *beside = merges_path(path);
	status = beside == NULL ? pmill_fail_memory(error)
							: pmill_file_check_target(beside, flags, error);
	pmill_memory_free(beside);
	return status;
}

const struct pmill_format pmill_format_vocab_merges = {
	.name = "vocab.json",
	.suffix = SUFFIX,
	.list_losses = list_losses,
	.other_suffix = "encoder.json",
	.check_model = pmill_vocab_merges_check,
	.forbidden_start = "#version",
	.check_special = pmill_printable_check_special,
	.load_path = load_path,
	.save_path = save_path,
	.check_target = check_target,
};
