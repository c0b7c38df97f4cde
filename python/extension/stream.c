/* Stream and StreamDecoder: a document, or its ids, that come in pieces. */
/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>

#include "array.h"
#include "tokenizer.h"

/* ---- One user at a time: another thread may call while one works without the GIL ---- */

static bool begin_use(atomic_flag *in_use)
{
	if (!atomic_flag_test_and_set(in_use))
		return true;
	PyErr_SetString(PyExc_RuntimeError, "another thread is using this stream: clone it instead");
	return false;
}

static void end_use(atomic_flag *in_use)
{
	atomic_flag_clear(in_use);
}

/* ---- Encoding ---- */

struct stream {
	PyObject_HEAD PyObject *tokenizer;
	pmill_encoder *encoder;
	pmill_ids *ids;
	struct policy policy; /* of text that is added without one */
	atomic_flag in_use;
};

/* Takes the encoder, in any case. */
static PyObject *make_stream(
	PyObject *tokenizer, pmill_encoder *encoder, const struct policy *policy)
{
	struct stream *stream = PyObject_New(struct stream, core.stream);
	pmill_ids *ids;
	pmill_error error;
	if (stream == NULL) {
		pmill_encoder_free(encoder);
		return NULL;
	}
	stream->tokenizer = Py_NewRef(tokenizer);
	stream->encoder = encoder;
	stream->ids = NULL;
	stream->policy = (struct policy){policy->policy, Py_XNewRef(policy->capsule)};
	atomic_flag_clear(&stream->in_use);
	if (pmill_ids_create(as_tokenizer(tokenizer)->tokenizer, NULL, &ids, &error) != PMILL_OK) {
		Py_DECREF(stream);
		return core_raise(&error);
	}
	stream->ids = ids;
	return (PyObject *)stream;
}

static PyObject *clone_encoder(
	PyObject *tokenizer, const pmill_encoder *encoder, const struct policy *policy)
{
	pmill_encoder *clone;
	pmill_error error;
	if (pmill_encoder_clone(encoder, &clone, &error) != PMILL_OK)
		return core_raise(&error);
	return make_stream(tokenizer, clone, policy);
}

static PyObject *tokenizer_stream(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"special_tokens", "policy", NULL};
	PyObject *values[2], *stream = NULL;
	struct policy policy;
	if (!core_sort_arguments("stream", names, 0, 0, args, nargs, keywords, values) ||
		!core_find_policy(as_tokenizer(self), values[0], values[1], &policy))
		return NULL;
	const pmill_encoder *prototype = core_prototype(as_tokenizer(self));
	if (prototype != NULL)
		stream = clone_encoder(self, prototype, &policy);
	core_drop_policy(&policy);
	return stream;
}

/* Longer text is added in pieces: the stream copies what it is given. */
enum { PIECE = 4 << 20 };

static pmill_status add_pieces(struct stream *stream, const struct core_text *text,
	const pmill_policy *policy, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	size_t done = 0;
	do {
		size_t len = text->len - done < PIECE ? text->len - done : PIECE;
		const char *begin = len == 0 ? NULL : (const char *)text->data + done;
		PyThreadState *thread = PyEval_SaveThread();
		status = pmill_encoder_add(stream->encoder, begin, len, policy, stream->ids, error);
		PyEval_RestoreThread(thread);
		if (status == PMILL_OK && PyErr_CheckSignals() != 0)
			status = error->status = PMILL_CANCELLED;
		done += len;
	} while (status == PMILL_OK && done < text->len);
	return status;
}

static PyObject *add_text(
	struct stream *stream, const struct core_text *text, const pmill_policy *policy)
{
	pmill_error error;
	pmill_status status = add_pieces(stream, text, policy, &error);
	if (status != PMILL_OK) {
		pmill_encoder_drop(stream->encoder);
		pmill_ids_clear(stream->ids);
		return core_raise(&error);
	}
	return core_take_array(stream->ids);
}

static PyObject *stream_add(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"text", "policy", NULL};
	PyObject *values[2], *array = NULL;
	struct stream *stream = (struct stream *)self;
	struct core_text text;
	struct policy policy;
	if (!core_sort_arguments("add", names, 2, 1, args, nargs, keywords, values) ||
		!core_text_borrow(values[0], &text))
		return NULL;
	if (core_find_policy(as_tokenizer(stream->tokenizer), NULL, values[1], &policy)) {
		if (begin_use(&stream->in_use)) {
			array = add_text(
				stream, &text, policy.capsule == NULL ? stream->policy.policy : policy.policy);
			end_use(&stream->in_use);
		}
		core_drop_policy(&policy);
	}
	core_text_release(&text);
	return array;
}

static PyObject *stream_finish(PyObject *self, PyObject *none)
{
	(void)none;
	struct stream *stream = (struct stream *)self;
	if (!begin_use(&stream->in_use))
		return NULL;
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_encoder_finish(stream->encoder, stream->ids, &error);
	PyEval_RestoreThread(thread);
	if (status != PMILL_OK)
		pmill_encoder_drop(stream->encoder);
	PyObject *array = status == PMILL_OK ? core_take_array(stream->ids) : core_raise(&error);
	end_use(&stream->in_use);
	return array;
}

static PyObject *stream_clone(PyObject *self, PyObject *none)
{
	(void)none;
	struct stream *stream = (struct stream *)self;
	if (!begin_use(&stream->in_use))
		return NULL;
	PyObject *clone = clone_encoder(stream->tokenizer, stream->encoder, &stream->policy);
	end_use(&stream->in_use);
	return clone;
}

static PyObject *stream_settled(PyObject *self, void *closure)
{
	(void)closure;
	struct stream *stream = (struct stream *)self;
	if (!begin_use(&stream->in_use))
		return NULL;
	uint64_t bytes, count;
	pmill_encoder_settled(stream->encoder, &bytes, &count);
	end_use(&stream->in_use);
	return Py_BuildValue("(KK)", (unsigned long long)bytes, (unsigned long long)count);
}

static void stream_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct stream *stream = (struct stream *)self;
	pmill_encoder_free(stream->encoder);
	pmill_ids_free(stream->ids);
	core_drop_policy(&stream->policy);
	Py_DECREF(stream->tokenizer);
	PyObject_Free(self);
	Py_DECREF(type);
}

PyDoc_STRVAR(stream_doc,
	"A document that is encoded as its text arrives: ``Tokenizer.stream()``.\n\n"
	"The ids of all pieces together are those of the whole text. One thread at a time.");

static PyMethodDef stream_methods[] = {
	{"add", AS_METHOD(stream_add), KEYWORDS,
		"add($self, /, text, policy=None)\n--\n\n"
		"Adds text (str or bytes-like, cut anywhere) and returns the ids that can't change any\n"
		"more, whatever follows: a TokenArray. ``policy``: of this piece; None: the stream's.\n\n"
		"Raises ValueError as ``Tokenizer.encode`` does; offsets are in the whole. Afterwards the\n"
		"stream is empty."},
	{"finish", stream_finish, METH_NOARGS,
		"finish($self, /)\n--\n\n"
		"Ends the document and returns its last ids: a TokenArray. The stream can take another\n"
		"document. To see the ids as if the text ended here, and go on, finish a clone."},
	{"clone", stream_clone, METH_NOARGS,
		"clone($self, /)\n--\n\n"
		"A second stream that is where this one is: to end or go on in more ways than one."},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef stream_getters[] = {
	{"settled", stream_settled, NULL,
		"(bytes, ids): how much of the text, and how many ids, can't change any more. These ids\n"
		"have been returned.",
		NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot stream_slots[] = {
	{Py_tp_doc, (void *)stream_doc},
	{Py_tp_dealloc, stream_dealloc},
	{Py_tp_methods, stream_methods},
	{Py_tp_getset, stream_getters},
	{0, NULL},
};

static PyType_Spec stream_spec = {
	.name = "pairmill._core.Stream",
	.basicsize = sizeof(struct stream),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = stream_slots,
};

/* ---- Decoding ---- */

struct decoder {
	PyObject_HEAD PyObject *tokenizer;
	pmill_stream_decoder *decoder;
	PyObject *errors; /* str */
	atomic_flag in_use;
};

static PyObject *make_decoder(PyObject *tokenizer, PyObject *errors, int skips)
{
	pmill_decode_options options = {.size = sizeof options, .skip_special_tokens = skips};
	pmill_stream_decoder *made;
	pmill_error error;
	if (pmill_stream_decoder_create(as_tokenizer(tokenizer)->tokenizer, &options, &made, &error) !=
		PMILL_OK)
		return core_raise(&error);
	struct decoder *decoder = PyObject_New(struct decoder, core.stream_decoder);
	if (decoder == NULL) {
		pmill_stream_decoder_free(made);
		return NULL;
	}
	decoder->tokenizer = Py_NewRef(tokenizer);
	decoder->decoder = made;
	decoder->errors = Py_NewRef(errors);
	atomic_flag_clear(&decoder->in_use);
	return (PyObject *)decoder;
}

static PyObject *tokenizer_stream_decoder(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"errors", "skip_special_tokens", NULL};
	PyObject *values[2];
	if (!core_sort_arguments("stream_decoder", names, 1, 0, args, nargs, keywords, values))
		return NULL;
	int skips = values[1] == NULL ? 0 : PyObject_IsTrue(values[1]);
	if (skips < 0)
		return NULL;
	if (values[0] != NULL && !PyUnicode_Check(values[0])) {
		PyErr_SetString(PyExc_TypeError, "errors must be a str");
		return NULL;
	}
	PyObject *errors = values[0] == NULL ? PyUnicode_FromString("replace") : Py_NewRef(values[0]);
	PyObject *decoder = errors == NULL ? NULL : make_decoder(self, errors, skips);
	Py_XDECREF(errors);
	return decoder;
}

static PyObject *make_text(struct decoder *decoder, pmill_bytes bytes, bool as_text)
{
	const char *data = bytes.len == 0 ? "" : bytes.data;
	if (!as_text)
		return PyBytes_FromStringAndSize(data, (Py_ssize_t)bytes.len);
	const char *errors = PyUnicode_AsUTF8AndSize(decoder->errors, NULL);
	return errors == NULL ? NULL : PyUnicode_DecodeUTF8(data, (Py_ssize_t)bytes.len, errors);
}

/* An id, or what Tokenizer.decode takes. */
static bool borrow_ids(PyObject *object, struct core_ids *ids)
{
	if (!PyIndex_Check(object) || PySequence_Check(object))
		return core_ids_borrow(object, 0, ids);
	PyObject *one = PyTuple_Pack(1, object);
	bool worked = one != NULL && core_ids_borrow(one, 0, ids);
	Py_XDECREF(one);
	return worked;
}

static PyObject *add_ids(PyObject *self, PyObject *object, bool as_text)
{
	struct decoder *decoder = (struct decoder *)self;
	struct core_ids ids;
	PyObject *text = NULL;
	if (!borrow_ids(object, &ids))
		return NULL;
	if (begin_use(&decoder->in_use)) {
		pmill_bytes bytes;
		pmill_error error;
		pmill_status status = pmill_stream_decoder_add(
			decoder->decoder, ids.ids, ids.count, &bytes, &error);
		text = status == PMILL_OK ? make_text(decoder, bytes, as_text) : core_raise(&error);
		end_use(&decoder->in_use);
	}
	core_ids_release(&ids);
	return text;
}

static PyObject *decoder_add(PyObject *self, PyObject *ids)
{
	return add_ids(self, ids, true);
}

static PyObject *decoder_add_bytes(PyObject *self, PyObject *ids)
{
	return add_ids(self, ids, false);
}

static PyObject *finish_ids(PyObject *self, bool as_text)
{
	struct decoder *decoder = (struct decoder *)self;
	if (!begin_use(&decoder->in_use))
		return NULL;
	PyObject *text = make_text(decoder, pmill_stream_decoder_finish(decoder->decoder), as_text);
	end_use(&decoder->in_use);
	return text;
}

static PyObject *decoder_finish(PyObject *self, PyObject *none)
{
	(void)none;
	return finish_ids(self, true);
}

static PyObject *decoder_finish_bytes(PyObject *self, PyObject *none)
{
	(void)none;
	return finish_ids(self, false);
}

static void decoder_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct decoder *decoder = (struct decoder *)self;
	pmill_stream_decoder_free(decoder->decoder);
	Py_DECREF(decoder->errors);
	Py_DECREF(decoder->tokenizer);
	PyObject_Free(self);
	Py_DECREF(type);
}

PyDoc_STRVAR(decoder_doc,
	"Decodes ids as they arrive, holding back the bytes of an incomplete character:\n"
	"``Tokenizer.stream_decoder()``. One thread at a time.");

static PyMethodDef decoder_methods[] = {
	{"add", decoder_add, METH_O,
		"add($self, ids, /)\n--\n\n"
		"The text of the next ids (an int, or what ``Tokenizer.decode`` takes): a str of whole\n"
		"characters, perhaps empty.\n\n"
		"Raises ValueError for an unknown id, with its index in ``ids`` as the attribute\n"
		"``offset``; then none was taken."},
	{"add_bytes", decoder_add_bytes, METH_O, "add_bytes($self, ids, /)\n--\n\nThe same, as bytes."},
	{"finish", decoder_finish, METH_NOARGS,
		"finish($self, /)\n--\n\n"
		"Ends the text and returns what was held back, as a str. The decoder can take another."},
	{"finish_bytes", decoder_finish_bytes, METH_NOARGS,
		"finish_bytes($self, /)\n--\n\nThe same, as bytes."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot decoder_slots[] = {
	{Py_tp_doc, (void *)decoder_doc},
	{Py_tp_dealloc, decoder_dealloc},
	{Py_tp_methods, decoder_methods},
	{0, NULL},
};

static PyType_Spec decoder_spec = {
	.name = "pairmill._core.StreamDecoder",
	.basicsize = sizeof(struct decoder),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = decoder_slots,
};

bool core_add_streams(PyObject *module)
{
	core.stream = core_make_type(module, &stream_spec);
	core.stream_decoder = core_make_type(module, &decoder_spec);
	return core.stream != NULL && core.stream_decoder != NULL;
}

PyMethodDef core_stream_methods[] = {
	{"stream", AS_METHOD(tokenizer_stream), KEYWORDS,
		"stream($self, /, *, special_tokens=None, policy=None)\n--\n\n"
		"A Stream: a document whose text comes in pieces. ``special_tokens``, ``policy``: as for\n"
		"``encode``, of pieces that are added without a policy. Errors as for ``encode``.\n\n"
		">>> stream = tok.stream()\n"
		">>> [*stream.add('low lo'), *stream.add('wer'), *stream.finish()]\n"
		"[258, 263]"},
	{"stream_decoder", AS_METHOD(tokenizer_stream_decoder), KEYWORDS,
		"stream_decoder($self, /, errors='replace', *, skip_special_tokens=False)\n--\n\n"
		"A StreamDecoder: ids that come in pieces. Arguments and errors as for\n"
		"``decode``.\n\n"
		">>> decoder = tok.stream_decoder()\n"
		">>> [decoder.add(i) for i in tok.encode('é low')], decoder.finish()\n"
		"(['', 'é', ' ', 'low'], '')"},
	{NULL, NULL, 0, NULL},
};
