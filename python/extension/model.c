/* Tokenizer: what a model holds, loading it, saving it, making one from parts. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tokenizer.h"

/* ---- Loading ---- */

static PyObject *model_load(PyObject *type, PyObject *args)
{
	PyObject *path, *dict;
	if (!PyArg_ParseTuple(args, "OO!", &path, &PyDict_Type, &dict))
		return NULL;
	struct core_holder holder = {0};
	pmill_load_options options = {.size = sizeof options};
	const char *name = core_path(path, &holder);
	PyObject *self = NULL;
	if (name != NULL && core_fill_options(dict, core_load_options, &options, &holder)) {
		pmill_tokenizer *tokenizer;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_tokenizer_load(name, &options, &tokenizer, &error);
		PyEval_RestoreThread(thread);
		self = status == PMILL_OK ? core_wrap_tokenizer((PyTypeObject *)type, tokenizer)
								  : core_raise(&error);
	}
	core_holder_release(&holder);
	return self;
}

static PyObject *model_load_memory(PyObject *type, PyObject *args)
{
	PyObject *object, *dict;
	if (!PyArg_ParseTuple(args, "OO!", &object, &PyDict_Type, &dict))
		return NULL;
	struct core_text data;
	if (!core_text_borrow(object, &data))
		return NULL;
	struct core_holder holder = {0};
	pmill_load_options options = {.size = sizeof options};
	PyObject *self = NULL;
	if (core_fill_options(dict, core_load_options, &options, &holder)) {
		pmill_tokenizer *tokenizer;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_tokenizer_load_memory(
			data.data, data.len, &options, &tokenizer, &error);
		PyEval_RestoreThread(thread);
		self = status == PMILL_OK ? core_wrap_tokenizer((PyTypeObject *)type, tokenizer)
								  : core_raise(&error);
	}
	core_holder_release(&holder);
	core_text_release(&data);
	return self;
}

/* ---- From parts ---- */

static bool read_token(PyObject *bytes, PyObject *id, pmill_token *token)
{
	uint64_t number;
	if (!PyBytes_Check(bytes)) {
		PyErr_Format(PyExc_TypeError, "a token must be bytes, not %R", bytes);
		return false;
	}
	if (!core_get_number("id", id, UINT32_MAX - 1, &number))
		return false;
	*token = (pmill_token){
		{PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes)}, (uint32_t)number};
	return true;
}

/* Tokens of a dict: bytes → id. */
static pmill_token *read_tokens(PyObject *dict, struct core_holder *holder)
{
	pmill_token *tokens = core_hold_memory(holder, (size_t)PyDict_Size(dict) * sizeof *tokens);
	PyObject *bytes, *id;
	Py_ssize_t place = 0;
	for (size_t i = 0; tokens != NULL && PyDict_Next(dict, &place, &bytes, &id); i++) {
		if (!read_token(bytes, id, &tokens[i]))
			return NULL;
	}
	return tokens;
}

static bool find_id(PyObject *tokens, PyObject *bytes, size_t rank, uint32_t *id)
{
	PyObject *found = PyDict_GetItemWithError(tokens, bytes);
	if (found == NULL) {
		if (!PyErr_Occurred())
			PyErr_Format(
				PyExc_ValueError, "merges: %R, in the merge %zu, is not in the vocab", bytes, rank);
		return false;
	}
	uint64_t number;
	bool worked = core_get_number("id", found, UINT32_MAX - 1, &number);
	*id = worked ? (uint32_t)number : 0;
	return worked;
}

/* Merges of a list of pairs of bytes. */
static pmill_pair_ids *read_merges(PyObject *list, PyObject *tokens, struct core_holder *holder)
{
	size_t count = (size_t)PyList_Size(list);
	pmill_pair_ids *merges = core_hold_memory(holder, count * sizeof *merges);
	for (size_t i = 0; merges != NULL && i < count; i++) {
		PyObject *pair = PyList_GetItem(list, (Py_ssize_t)i);
		if (!PyTuple_Check(pair) || PyTuple_Size(pair) != 2) {
			PyErr_Format(PyExc_TypeError, "merges: %R at index %zu is not a pair", pair, i);
			return NULL;
		}
		if (!find_id(tokens, PyTuple_GetItem(pair, 0), i, &merges[i].left) ||
			!find_id(tokens, PyTuple_GetItem(pair, 1), i, &merges[i].right))
			return NULL;
	}
	return merges;
}

static const struct core_option parts_options[] = {
	{"pattern", OPTION_STRING, offsetof(pmill_tokenizer_parts, pattern)},
	{"unicode_version", OPTION_STRING, offsetof(pmill_tokenizer_parts, unicode_version)},
	{"meaning", OPTION_STRING, offsetof(pmill_tokenizer_parts, meaning)},
	{NULL, 0, 0},
};

static bool fill_parts(PyObject *args, pmill_tokenizer_parts *parts, struct core_holder *holder)
{
	PyObject *tokens, *merges, *specials, *dict;
	if (!PyArg_ParseTuple(args, "O!O!O!O!", &PyDict_Type, &tokens, &PyList_Type, &merges,
			&PyDict_Type, &specials, &PyDict_Type, &dict))
		return false;
	parts->token_count = (size_t)PyDict_Size(tokens);
	parts->merge_count = (size_t)PyList_Size(merges);
	parts->special_token_count = (size_t)PyDict_Size(specials);
	return (parts->tokens = read_tokens(tokens, holder)) != NULL &&
		(parts->merges = read_merges(merges, tokens, holder)) != NULL &&
		(parts->special_tokens = read_tokens(specials, holder)) != NULL &&
		core_fill_options(dict, parts_options, parts, holder);
}

static PyObject *model_create(PyObject *type, PyObject *args)
{
	struct core_holder holder = {0};
	pmill_tokenizer_parts parts = {.size = sizeof parts};
	PyObject *self = NULL;
	if (fill_parts(args, &parts, &holder)) {
		pmill_tokenizer *tokenizer;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_tokenizer_create(&parts, &tokenizer, &error);
		PyEval_RestoreThread(thread);
		self = status == PMILL_OK ? core_wrap_tokenizer((PyTypeObject *)type, tokenizer)
								  : core_raise(&error);
	}
	core_holder_release(&holder);
	return self;
}

/* ---- Editing ---- */

static const struct core_option edit_options[] = {
	{"vocab_size", OPTION_U64, offsetof(pmill_edit_options, vocab_size)},
	{"new_specials", OPTION_TOKENS, offsetof(pmill_edit_options, new_specials)},
	{"new_special_ids", OPTION_IDS, offsetof(pmill_edit_options, new_special_ids)},
	{NULL, 0, 0},
};

/* Two equally long lists of bytes. */
static bool read_renames(
	PyObject *from, PyObject *to, pmill_edit_options *options, struct core_holder *holder)
{
	size_t count = (size_t)PyList_Size(from);
	pmill_rename *renames = core_hold_memory(holder, count * sizeof *renames);
	for (size_t i = 0; renames != NULL && i < count; i++) {
		char *old, *new;
		Py_ssize_t old_len, new_len;
		if (PyBytes_AsStringAndSize(PyList_GetItem(from, (Py_ssize_t)i), &old, &old_len) != 0 ||
			PyBytes_AsStringAndSize(PyList_GetItem(to, (Py_ssize_t)i), &new, &new_len) != 0)
			return false;
		renames[i] = (pmill_rename){{old, (size_t)old_len}, {new, (size_t)new_len}};
	}
	options->renames = renames;
	options->rename_count = count;
	return renames != NULL;
}

static PyObject *model_edit(PyObject *self, PyObject *args)
{
	PyObject *from, *to, *dict;
	if (!PyArg_ParseTuple(
			args, "O!O!O!", &PyList_Type, &from, &PyList_Type, &to, &PyDict_Type, &dict))
		return NULL;
	struct core_holder holder = {0};
	pmill_edit_options options = {.size = sizeof options};
	PyObject *edited = NULL;
	if (core_fill_options(dict, edit_options, &options, &holder) &&
		read_renames(from, to, &options, &holder)) {
		pmill_tokenizer *tokenizer;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_tokenizer_edit(
			as_tokenizer(self)->tokenizer, &options, &tokenizer, &error);
		PyEval_RestoreThread(thread);
		edited = status == PMILL_OK ? core_wrap_tokenizer(Py_TYPE(self), tokenizer)
									: core_raise(&error);
	}
	core_holder_release(&holder);
	return edited;
}

/* ---- Saving ---- */

static PyObject *model_save(PyObject *self, PyObject *args)
{
	PyObject *object;
	const char *format;
	int overwrite, allow_loss, as_strings;
	if (!PyArg_ParseTuple(args, "Ozppp", &object, &format, &overwrite, &allow_loss, &as_strings))
		return NULL;
	struct core_holder holder = {0};
	const char *path = core_path(object, &holder);
	pmill_error error;
	pmill_status status = PMILL_OK;
	if (path != NULL) {
		unsigned flags = (overwrite ? PMILL_OVERWRITE : 0) | (allow_loss ? PMILL_ALLOW_LOSS : 0) |
			(as_strings ? PMILL_MERGES_AS_STRINGS : 0);
		PyThreadState *thread = PyEval_SaveThread();
		status = pmill_tokenizer_save(as_tokenizer(self)->tokenizer, path, format, flags, &error);
		PyEval_RestoreThread(thread);
	}
	core_holder_release(&holder);
	if (path == NULL)
		return NULL;
	return core_done(status, &error);
}

static PyObject *model_save_memory(PyObject *self, PyObject *args)
{
	const char *format;
	if (!PyArg_ParseTuple(args, "z", &format))
		return NULL;
	void *data;
	size_t len;
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_tokenizer_save_memory(
		as_tokenizer(self)->tokenizer, format, &data, &len, &error);
	PyEval_RestoreThread(thread);
	if (status != PMILL_OK)
		return core_raise(&error);
	PyObject *bytes = PyBytes_FromStringAndSize(data, (Py_ssize_t)len);
	pmill_memory_free(data);
	return bytes;
}

/* What the C call gives as text that the caller frees, or None. */
static PyObject *take_text(pmill_status status, char *text, const pmill_error *error)
{
	if (status != PMILL_OK)
		return core_raise(error);
	if (text == NULL)
		return Py_NewRef(Py_None);
	PyObject *string = PyUnicode_FromString(text);
	pmill_memory_free(text);
	return string;
}

static PyObject *model_losses(PyObject *self, PyObject *args)
{
	PyObject *object;
	const char *format;
	if (!PyArg_ParseTuple(args, "Oz", &object, &format))
		return NULL;
	struct core_holder holder = {0};
	const char *path = core_path(object, &holder);
	char *losses = NULL;
	pmill_error error;
	PyObject *text = NULL;
	if (path != NULL) {
		pmill_status status = pmill_tokenizer_list_losses(
			as_tokenizer(self)->tokenizer, path, format, &losses, &error);
		text = take_text(status, losses, &error);
	}
	core_holder_release(&holder);
	return text;
}

static PyObject *model_describe(PyObject *self, PyObject *args)
{
	const char *part;
	if (!PyArg_ParseTuple(args, "s", &part))
		return NULL;
	char *text = NULL;
	pmill_error error;
	pmill_status status = pmill_tokenizer_describe(
		as_tokenizer(self)->tokenizer, part, &text, &error);
	return take_text(status, text, &error);
}

/* ---- What it holds ---- */

static PyObject *model_token_bytes(PyObject *self, PyObject *object)
{
	uint64_t id;
	pmill_bytes bytes = {NULL, 0};
	if (core_get_number("id", object, UINT32_MAX - 1, &id))
		bytes = pmill_tokenizer_token_bytes(as_tokenizer(self)->tokenizer, (uint32_t)id);
	else if (!PyErr_ExceptionMatches(PyExc_ValueError))
		return NULL;
	PyErr_Clear();
	if (bytes.data == NULL)
		return PyErr_Format(PyExc_KeyError, "the vocab has no id %S", object);
	return PyBytes_FromStringAndSize(bytes.data, (Py_ssize_t)bytes.len);
}

static PyObject *model_token_id(PyObject *self, PyObject *object)
{
	struct core_text token;
	if (!core_text_borrow(object, &token))
		return NULL;
	uint32_t id = pmill_tokenizer_token_id(as_tokenizer(self)->tokenizer, token.data, token.len);
	core_text_release(&token);
	if (id == PMILL_NO_ID)
		return PyErr_Format(PyExc_KeyError, "the vocab has no token %R", object);
	return PyLong_FromUnsignedLong(id);
}

static PyObject *make_pair(const pmill_tokenizer *tokenizer, uint32_t left, uint32_t right)
{
	pmill_bytes a = pmill_tokenizer_token_bytes(tokenizer, left);
	pmill_bytes b = pmill_tokenizer_token_bytes(tokenizer, right);
	return Py_BuildValue("(y#y#)", a.data, (Py_ssize_t)a.len, b.data, (Py_ssize_t)b.len);
}

static PyObject *make_merge(const void *context, size_t rank)
{
	const pmill_tokenizer *tokenizer = context;
	uint32_t left = 0, right = 0, id;
	pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id);
	return make_pair(tokenizer, left, right);
}

static PyObject *model_list_merges(PyObject *self, PyObject *none)
{
	(void)none;
	const pmill_tokenizer *tokenizer = as_tokenizer(self)->tokenizer;
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_tokenizer_prepare_merges(tokenizer, &error);
	PyEval_RestoreThread(thread);
	if (status != PMILL_OK)
		return core_raise(&error);
	return core_make_list(pmill_tokenizer_merge_count(tokenizer), make_merge, tokenizer);
}

static PyObject *make_special(const void *context, size_t index)
{
	pmill_special_info info = {.size = sizeof info};
	pmill_tokenizer_get_special(context, index, &info);
	return Py_BuildValue("(y#IN)", info.content.data, (Py_ssize_t)info.content.len,
		(unsigned)info.id, PyBool_FromLong(info.is_special));
}

static PyObject *model_list_specials(PyObject *self, PyObject *none)
{
	(void)none;
	const pmill_tokenizer *tokenizer = as_tokenizer(self)->tokenizer;
	return core_make_list(pmill_tokenizer_special_count(tokenizer), make_special, tokenizer);
}

static PyObject *make_token(const void *context, size_t id)
{
	pmill_bytes bytes = pmill_tokenizer_token_bytes(context, (uint32_t)id);
	return bytes.data == NULL ? Py_NewRef(Py_None)
							  : PyBytes_FromStringAndSize(bytes.data, (Py_ssize_t)bytes.len);
}

/* The tokens by id, None where an id isn't in use. */
static PyObject *model_list_tokens(PyObject *self, PyObject *none)
{
	(void)none;
	const pmill_tokenizer *tokenizer = as_tokenizer(self)->tokenizer;
	return core_make_list(pmill_tokenizer_vocab_size(tokenizer), make_token, tokenizer);
}

static PyObject *string_or_none(const char *string)
{
	return string == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(string);
}

static PyObject *get_vocab_size(PyObject *self, void *closure)
{
	(void)closure;
	return PyLong_FromUnsignedLong(pmill_tokenizer_vocab_size(as_tokenizer(self)->tokenizer));
}

/* The closure is the library's getter of a string. */
static PyObject *get_string(PyObject *self, void *closure)
{
	const char *(*const *get)(const pmill_tokenizer *) = closure;
	return string_or_none((*get)(as_tokenizer(self)->tokenizer));
}

static const char *(*pattern_getter)(const pmill_tokenizer *) = pmill_tokenizer_pattern;
static const char *(*unicode_getter)(const pmill_tokenizer *) = pmill_tokenizer_unicode_version;
static const char *(*meaning_getter)(const pmill_tokenizer *) = pmill_tokenizer_meaning;
static const char *(*encoding_getter)(const pmill_tokenizer *) = pmill_tokenizer_encoding;
static const char *(*refusal_getter)(const pmill_tokenizer *) = pmill_tokenizer_refusal;

PyGetSetDef core_model_getters[] = {
	{"vocab_size", get_vocab_size, NULL,
		"One more than the largest id. Not every id below it need be in use.", NULL},
	{"pattern", get_string, NULL,
		"The pattern's name if it has one, else the regular expression; None if the model has no\n"
		"pattern, and can only decode, or if it cuts text in several steps: ``describe``.",
		&pattern_getter},
	{"unicode_version", get_string, NULL, "The Unicode version of the character classes: '16.0'.",
		&unicode_getter},
	{"meaning", get_string, NULL,
		"How the model applies merges: one of ``pairmill.choices['meanings']``.", &meaning_getter},
	{"encoding", get_string, NULL, "The encoding of a known rank file, else None.",
		&encoding_getter},
	{"refusal", get_string, NULL,
		"Why the model can't encode, all reasons, though it can decode; None if it can, or if it\n"
		"only lacks a pattern, which ``load`` takes.",
		&refusal_getter},
	{NULL, NULL, NULL, NULL, NULL},
};

PyMethodDef core_model_methods[] = {
	{"token_bytes", model_token_bytes, METH_O,
		"token_bytes($self, id, /)\n--\n\n"
		"The bytes of a token. Raises KeyError if the id is not in use.\n\n"
		">>> tok.token_bytes(97)\n"
		"b'a'"},
	{"token_id", model_token_id, METH_O,
		"token_id($self, token, /)\n--\n\n"
		"The id of the token, or else of the special token, with these bytes (bytes-like, or a "
		"str\n"
		"for its UTF-8). Raises KeyError if there is none.\n\n"
		">>> tok.token_id('a')\n"
		"97"},
	{"_load", model_load, METH_VARARGS | METH_CLASS, NULL},
	{"_load_memory", model_load_memory, METH_VARARGS | METH_CLASS, NULL},
	{"_create", model_create, METH_VARARGS | METH_CLASS, NULL},
	{"_edit", model_edit, METH_VARARGS, NULL},
	{"_save", model_save, METH_VARARGS, NULL},
	{"_save_memory", model_save_memory, METH_VARARGS, NULL},
	{"_losses", model_losses, METH_VARARGS, NULL},
	{"_describe", model_describe, METH_VARARGS, NULL},
	{"_list_merges", model_list_merges, METH_NOARGS, NULL},
	{"_list_specials", model_list_specials, METH_NOARGS, NULL},
	{"_list_tokens", model_list_tokens, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};
