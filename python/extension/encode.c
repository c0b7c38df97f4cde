/* Tokenizer's methods that encode text in memory. */
/* SPDX-License-Identifier: MIT */
#include "array.h"
#include "tokenizer.h"

/* Encoding more text than this sees signals meanwhile. */
enum { LONG_TEXT = 4 << 20 };

/* Appends the ids of one document. False with an exception. */
static bool encode_text(pmill_encoder *encoder, const struct core_text *text,
	const pmill_policy *policy, pmill_ids *ids)
{
	pmill_error error;
	pmill_status status;
	if (text->len <= CORE_SHORT_TEXT) {
		status = pmill_encoder_encode(encoder, text->data, text->len, policy, ids, &error);
	} else {
		PyThreadState *thread = PyEval_SaveThread();
		status = pmill_encoder_encode(encoder, text->data, text->len, policy, ids, &error);
		PyEval_RestoreThread(thread);
	}
	if (status != PMILL_OK)
		core_raise(&error);
	return status == PMILL_OK;
}

/* ---- One text ---- */

/* The call's text and policy, and a worker for it. */
struct call {
	struct tokenizer *self;
	struct core_text text;
	struct policy policy;
	struct worker *worker;
};

static void end_call(struct call *call)
{
	if (call->worker != NULL)
		core_give_worker(call->self, call->worker);
	core_drop_policy(&call->policy);
	core_text_release(&call->text);
}

static bool begin_call(
	struct call *call, PyObject *self, PyObject *text, PyObject *special_tokens, PyObject *policy)
{
	*call = (struct call){.self = as_tokenizer(self)};
	if (!core_text_borrow(text, &call->text))
		return false;
	if (core_find_policy(call->self, special_tokens, policy, &call->policy))
		call->worker = core_take_worker(call->self);
	if (call->worker == NULL) {
		end_call(call);
		return false;
	}
	return true;
}

static const char *const text_names[] = {"text", "special_tokens", "policy", NULL};

/* Encodes into the worker's ids. After true, end the call. */
static bool encode_arguments(struct call *call, const char *name, PyObject *self,
	PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	PyObject *values[3];
	if (!core_sort_arguments(name, text_names, 1, 1, args, nargs, keywords, values) ||
		!begin_call(call, self, values[0], values[1], values[2]))
		return false;
	if (encode_text(call->worker->encoder, &call->text, call->policy.policy, call->worker->ids))
		return true;
	end_call(call);
	return false;
}

static PyObject *tokenizer_encode(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	struct call call;
	if (!encode_arguments(&call, "encode", self, args, nargs, keywords))
		return NULL;
	pmill_ids_view view = {.size = sizeof view};
	pmill_ids_get(call.worker->ids, &view);
	PyObject *list = core_id_list(view.data, (size_t)view.count, view.id_bytes);
	end_call(&call);
	return list;
}

static PyObject *tokenizer_encode_to_array(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	struct call call;
	if (!encode_arguments(&call, "encode_to_array", self, args, nargs, keywords))
		return NULL;
	PyObject *array = core_take_array(call.worker->ids);
	end_call(&call);
	return array;
}

static PyObject *tokenizer_count(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	PyObject *values[3];
	struct call call;
	if (!core_sort_arguments("count", text_names, 1, 1, args, nargs, keywords, values) ||
		!begin_call(&call, self, values[0], values[1], values[2]))
		return NULL;
	pmill_span span = {{call.text.data, call.text.len}, call.policy.policy};
	uint64_t count = 0;
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_encoder_count(call.worker->encoder, &span, 1, &count, &error);
	PyEval_RestoreThread(thread);
	end_call(&call);
	return status == PMILL_OK ? PyLong_FromUnsignedLongLong(count) : core_raise(&error);
}

static PyObject *tokenizer_truncate(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"text", "max_tokens", "special_tokens", "policy", NULL};
	PyObject *values[4];
	struct call call;
	if (!core_sort_arguments("truncate", names, 2, 2, args, nargs, keywords, values))
		return NULL;
	uint64_t most;
	if (!core_get_number("max_tokens", values[1], UINT64_MAX, &most) ||
		!begin_call(&call, self, values[0], values[2], values[3]))
		return NULL;
	pmill_span span = {{call.text.data, call.text.len}, call.policy.policy};
	uint64_t used;
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_encoder_truncate(
		call.worker->encoder, &span, 1, most, call.worker->ids, &used, &error);
	PyEval_RestoreThread(thread);
	PyObject *array = status == PMILL_OK ? core_take_array(call.worker->ids) : core_raise(&error);
	end_call(&call);
	return array == NULL ? NULL : Py_BuildValue("(NK)", array, (unsigned long long)used);
}

/* ---- With offsets ---- */

static PyObject *take_with_offsets(pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	pmill_ids_take(ids, &view);
	pmill_memory_free((void *)view.ends);
	PyObject *offsets = core_take_offsets(view.offsets, view.count);
	PyObject *owner = core_memory((void *)view.data);
	PyObject *array = owner == NULL
		? NULL
		: core_token_array(owner, view.data, (size_t)view.count, view.id_bytes);
	PyObject *pair = array == NULL || offsets == NULL ? NULL : PyTuple_Pack(2, array, offsets);
	Py_XDECREF(owner);
	Py_XDECREF(array);
	Py_XDECREF(offsets);
	return pair;
}

static PyObject *tokenizer_encode_with_offsets(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"text", "unit", "special_tokens", "policy", NULL};
	PyObject *values[4];
	struct call call;
	if (!core_sort_arguments("encode_with_offsets", names, 2, 1, args, nargs, keywords, values))
		return NULL;
	pmill_ids_options options = {.size = sizeof options, .offsets = "char"};
	if (values[1] != NULL) {
		if (!PyUnicode_Check(values[1])) {
			PyErr_SetString(PyExc_TypeError, "unit must be a str");
			return NULL;
		}
		options.offsets = PyUnicode_AsUTF8AndSize(values[1], NULL);
		if (options.offsets == NULL)
			return NULL;
	}
	if (!begin_call(&call, self, values[0], values[2], values[3]))
		return NULL;
	pmill_ids *ids;
	pmill_error error;
	PyObject *pair = NULL;
	if (pmill_ids_create(call.self->tokenizer, &options, &ids, &error) != PMILL_OK) {
		core_raise(&error);
	} else {
		if (encode_text(call.worker->encoder, &call.text, call.policy.policy, ids))
			pair = take_with_offsets(ids);
		pmill_ids_free(ids);
	}
	end_call(&call);
	return pair;
}

/* ---- Spans ---- */

struct spans {
	pmill_span *spans;
	struct core_text *texts;
	struct policy *policies;
	size_t count;
	struct core_holder holder;
};

static void release_spans(struct spans *spans)
{
	for (size_t i = 0; i < spans->count; i++) {
		core_text_release(&spans->texts[i]);
		core_drop_policy(&spans->policies[i]);
	}
	core_holder_release(&spans->holder);
}

static bool add_span(struct tokenizer *self, PyObject *item, struct spans *spans)
{
	PyObject *text, *policy;
	if (!PyTuple_Check(item)) {
		PyErr_SetString(PyExc_TypeError, "a span must be a tuple (text, policy)");
		return false;
	}
	if (!PyArg_ParseTuple(item, "OO;a span must be a tuple (text, policy)", &text, &policy))
		return false;
	size_t index = spans->count;
	if (!core_text_borrow(text, &spans->texts[index]))
		return false;
	spans->count++;
	if (!core_find_policy(self, NULL, policy, &spans->policies[index]))
		return false;
	spans->spans[index] = (pmill_span){
		{spans->texts[index].data, spans->texts[index].len}, spans->policies[index].policy};
	return true;
}

static bool read_spans(struct tokenizer *self, PyObject *object, struct spans *spans)
{
	*spans = (struct spans){0};
	PyObject *items = PySequence_Tuple(object);
	if (items == NULL)
		return false;
	size_t count = (size_t)PyTuple_Size(items);
	spans->spans = core_hold_memory(&spans->holder, count * sizeof *spans->spans);
	if (spans->spans != NULL)
		spans->texts = core_hold_memory(&spans->holder, count * sizeof *spans->texts);
	if (spans->texts != NULL)
		spans->policies = core_hold_memory(&spans->holder, count * sizeof *spans->policies);
	bool worked = spans->policies != NULL && core_hold_object(&spans->holder, items);
	for (size_t i = 0; worked && i < count; i++)
		worked = add_span(self, PyTuple_GetItem(items, (Py_ssize_t)i), spans);
	Py_DECREF(items);
	if (!worked)
		release_spans(spans);
	return worked;
}

static pmill_status encode_spans(
	struct worker *worker, const struct spans *spans, pmill_error *error)
{
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_encoder_encode_spans(
		worker->encoder, spans->spans, spans->count, worker->ids, error);
	PyEval_RestoreThread(thread);
	return status;
}

static PyObject *tokenizer_encode_spans(PyObject *self, PyObject *object)
{
	struct spans spans;
	if (!read_spans(as_tokenizer(self), object, &spans))
		return NULL;
	struct worker *worker = core_take_worker(as_tokenizer(self));
	PyObject *array = NULL;
	if (worker != NULL) {
		pmill_error error;
		pmill_status status = encode_spans(worker, &spans, &error);
		array = status == PMILL_OK ? core_take_array(worker->ids) : core_raise(&error);
		core_give_worker(as_tokenizer(self), worker);
	}
	release_spans(&spans);
	return array;
}

/* ---- Batches ---- */

static size_t count_bytes(const struct core_texts *texts)
{
	size_t bytes = 0;
	for (size_t i = 0; i < texts->count; i++)
		bytes += texts->texts[i].len;
	return bytes;
}

static PyObject *encode_batch(struct tokenizer *self, const struct core_texts *texts,
	const pmill_policy *policy, unsigned threads)
{
	const pmill_encoder *prototype = core_prototype(self);
	pmill_ids *ids;
	pmill_error error;
	if (prototype == NULL)
		return NULL;
	if (pmill_ids_create(self->tokenizer, NULL, &ids, &error) != PMILL_OK)
		return core_raise(&error);
	struct core_progress progress = {0};
	pmill_run_options run = {.size = sizeof run, .threads = threads};
	/* Watching for signals takes a thread of its own. */
	if (count_bytes(texts) > LONG_TEXT) {
		run.progress = core_report;
		run.progress_context = &progress;
	}
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_encoder_encode_batch(
		prototype, texts->texts, texts->count, policy, &run, ids, &error);
	PyEval_RestoreThread(thread);
	PyObject *batch = status == PMILL_OK ? core_take_batch(ids) : core_raise(&error);
	pmill_ids_free(ids);
	return batch;
}

static PyObject *tokenizer_encode_batch(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"texts", "threads", "special_tokens", "policy", NULL};
	PyObject *values[4], *batch = NULL;
	if (!core_sort_arguments("encode_batch", names, 1, 1, args, nargs, keywords, values))
		return NULL;
	unsigned threads;
	if (!core_get_threads(values[1], &threads))
		return NULL;
	struct policy policy;
	struct core_texts texts;
	if (!core_find_policy(as_tokenizer(self), values[2], values[3], &policy))
		return NULL;
	if (core_texts_borrow(values[0], &texts)) {
		batch = encode_batch(as_tokenizer(self), &texts, policy.policy, threads);
		core_texts_release(&texts);
	}
	core_drop_policy(&policy);
	return batch;
}

/* Makes what encoding needs, which else the first call does. */
static PyObject *tokenizer_prepare(PyObject *self, PyObject *none)
{
	(void)none;
	struct worker *worker = core_take_worker(as_tokenizer(self));
	if (worker == NULL)
		return NULL;
	core_give_worker(as_tokenizer(self), worker);
	return Py_NewRef(Py_None);
}

#define ABOUT_POLICY                                                                               \
	"``special_tokens`` says which special tokens are recognised in the text: 'none' (the\n"       \
	"default: they are plain text), 'all', 'error' (meeting one is a ValueError), 'untrusted'\n"   \
	"(added tokens that aren't special are plain text, too) or an iterable of tokens. Or a "       \
	"Policy\n"                                                                                     \
	"says it.\n\n"

#define ENCODE_ERRORS                                                                              \
	"Raises ValueError, with the attribute ``offset`` in bytes, if the vocab lacks a byte or "     \
	"the\n"                                                                                        \
	"policy forbids a token; UnicodeEncodeError for a str with lone surrogates."

/* Of the docstrings, which a test runs: `tok` is made in that of Tokenizer. */
#define EXAMPLE "\n\n"

PyMethodDef core_encode_methods[] = {
	{"encode", AS_METHOD(tokenizer_encode), KEYWORDS,
		"encode($self, /, text, *, special_tokens=None, policy=None)\n--\n\n"
		"The ids of a text: a list of int.\n\n"
		"``text``: str, or bytes-like, which need not be UTF-8.\n" ABOUT_POLICY ENCODE_ERRORS
			EXAMPLE ">>> tok.encode('lower')\n"
		"[259, 114]\n"
		">>> tok.encode('low<|end|>', special_tokens='all')\n"
		"[258, 256]"},
	{"encode_to_array", AS_METHOD(tokenizer_encode_to_array), KEYWORDS,
		"encode_to_array($self, /, text, *, special_tokens=None, policy=None)\n--\n\n"
		"The ids of a text as a TokenArray, of uint16 if the vocab has at most 65,536 entries, "
		"else\n"
		"uint32; ``np.asarray`` of it copies nothing. Arguments and errors as for "
		"``encode``." EXAMPLE ">>> tok.encode_to_array('lower')\n"
		"TokenArray([259, 114], dtype='uint16')"},
	{"encode_with_offsets", AS_METHOD(tokenizer_encode_with_offsets), KEYWORDS,
		"encode_with_offsets($self, /, text, unit='char', *, special_tokens=None, policy=None)\n"
		"--\n\n"
		"The ids of a text, and where each comes from: (TokenArray, OffsetArray).\n\n"
		"The offsets have the shape (ids, 2): begin and end in the text, in characters (code "
		"points\n"
		"of a str; each ill-formed byte is one) or, with the unit 'byte', in bytes of its UTF-8.\n"
		"Arguments and errors as for ``encode``." EXAMPLE
		">>> ids, offsets = tok.encode_with_offsets('é low')\n"
		">>> [(tok.token_bytes(i), begin, end) for i, (begin, end) in zip(ids, offsets)]\n"
		"[(b'\\xc3', 0, 1), (b'\\xa9', 0, 1), (b' ', 1, 2), (b'low', 2, 5)]"},
	{"encode_batch", AS_METHOD(tokenizer_encode_batch), KEYWORDS,
		"encode_batch($self, /, texts, *, threads=0, special_tokens=None, policy=None)\n--\n\n"
		"The ids of many documents, on threads: a TokenBatch.\n\n"
		"``texts``: an iterable of str or bytes-like, or an Arrow column of strings or bytes\n"
		"without nulls, which isn't copied.\n"
		"``threads``: 0 for one a processor.\n" ABOUT_POLICY
		"Raises ValueError as ``encode`` does; its ``offset`` is the index of the document." EXAMPLE
		">>> batch = tok.encode_batch(['lower', '', 'lowest'])\n"
		">>> batch.tolist()\n"
		"[[259, 114], [], [259, 261]]\n"
		">>> batch[0], batch.offsets\n"
		"(TokenArray([259, 114], dtype='uint16'), "
		"OffsetArray([0, 2, 2, 4], dtype='uint64'))"},
	{"encode_spans", tokenizer_encode_spans, METH_O,
		"encode_spans($self, spans, /)\n--\n\n"
		"The ids of one document in parts that are trusted differently: a TokenArray.\n\n"
		"``spans``: an iterable of (text, policy); the policy is a Policy, what "
		"``special_tokens``\n"
		"takes, or None for the default. The spans are encoded as one text, and merges cross "
		"their\n"
		"borders, but a token is recognised only if each span that has a byte of it allows it.\n"
		"Errors as for ``encode``; offsets are in the whole." EXAMPLE
		">>> tok.encode_spans([('low<|end|>', 'none'), ('<|end|>', 'all')])[-1]\n"
		"256"},
	{"count", AS_METHOD(tokenizer_count), KEYWORDS,
		"count($self, /, text, *, special_tokens=None, policy=None)\n--\n\n"
		"The number of ids of a text, without making them: an int. Arguments and errors as for\n"
		"``encode``." EXAMPLE ">>> tok.count('lower')\n"
		"2"},
	{"truncate", AS_METHOD(tokenizer_truncate), KEYWORDS,
		"truncate($self, /, text, max_tokens, *, special_tokens=None, policy=None)\n--\n\n"
		"The first ids of a text, at most ``max_tokens``: (TokenArray, used), where ``used`` is "
		"how\n"
		"many bytes of the text (of its UTF-8) they stand for. What a template adds counts as "
		"well;\n"
		"ValueError if that alone is more. Other arguments and errors as for ``encode``." EXAMPLE
		">>> tok.truncate('lower', 1)\n"
		"(TokenArray([259], dtype='uint16'), 4)"},
	{"_prepare", tokenizer_prepare, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};
