/* TokenBatch: the ids of many documents, and where each begins. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "array.h"
#include "core.h"

/* Documents first to first + count of `ends`; `ids` is the TokenArray of all that `ends` counts. */
struct batch {
	PyObject_HEAD PyObject *ids; /* a TokenArray: exactly the ids of these documents */
	PyObject *offsets;           /* bytes: count + 1 int64_t, from 0 */
	Py_ssize_t count;
};

static const int64_t *batch_offsets(const struct batch *batch)
{
	return (const int64_t *)(const void *)PyBytes_AsString(batch->offsets);
}

/* Steals the references. */
static PyObject *make_batch(PyObject *ids, PyObject *offsets, size_t count)
{
	struct batch *batch = ids == NULL || offsets == NULL
		? NULL
		: PyObject_New(struct batch, core.token_batch);
	if (batch == NULL) {
		Py_XDECREF(ids);
		Py_XDECREF(offsets);
		return NULL;
	}
	batch->ids = ids;
	batch->offsets = offsets;
	batch->count = (Py_ssize_t)count;
	return (PyObject *)batch;
}

static PyObject *make_offsets(const uint64_t *ends, size_t count, uint64_t begin)
{
	PyObject *offsets = PyBytes_FromStringAndSize(
		NULL, (Py_ssize_t)((count + 1) * sizeof(int64_t)));
	if (offsets == NULL)
		return NULL;
	int64_t *out = (int64_t *)(void *)PyBytes_AsString(offsets);
	out[0] = 0;
	for (size_t i = 0; i < count; i++)
		out[i + 1] = (int64_t)(ends[i] - begin);
	return offsets;
}

PyObject *core_take_batch(pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	pmill_status status = pmill_ids_take(ids, &view);
	if (status != PMILL_OK)
		return core_raise_status(status);
	PyObject *offsets = make_offsets(view.ends, (size_t)view.document_count, 0);
	pmill_memory_free((void *)view.ends);
	pmill_memory_free((void *)view.offsets);
	PyObject *owner = core_memory((void *)view.data);
	PyObject *array = owner == NULL
		? NULL
		: core_token_array(owner, view.data, (size_t)view.count, view.id_bytes);
	Py_XDECREF(owner);
	return make_batch(array, offsets, (size_t)view.document_count);
}

bool core_batch_view(PyObject *object, pmill_ids_view *view)
{
	if (!PyObject_TypeCheck(object, core.token_batch))
		return false;
	struct batch *batch = (struct batch *)object;
	struct array *ids = (struct array *)batch->ids;
	view->data = ids->data;
	view->id_bytes = ids->item_bytes;
	view->count = (uint64_t)ids->shape[0];
	view->ends = (const uint64_t *)(const void *)(batch_offsets(batch) + 1);
	view->document_count = (uint64_t)batch->count;
	return true;
}

/* ---- The sequence of documents ---- */

static Py_ssize_t batch_length(PyObject *self)
{
	return ((struct batch *)self)->count;
}

static PyObject *batch_item(PyObject *self, Py_ssize_t index)
{
	struct batch *batch = (struct batch *)self;
	if (index < 0 || index >= batch->count) {
		PyErr_SetString(PyExc_IndexError, "index out of range");
		return NULL;
	}
	const int64_t *offsets = batch_offsets(batch);
	return PySequence_GetSlice(batch->ids, offsets[index], offsets[index + 1]);
}

static PyObject *batch_slice(struct batch *batch, PyObject *slice)
{
	Py_ssize_t begin, end, step;
	if (PySlice_Unpack(slice, &begin, &end, &step) != 0)
		return NULL;
	Py_ssize_t count = PySlice_AdjustIndices(batch->count, &begin, &end, step);
	if (step != 1) {
		PyErr_SetString(PyExc_ValueError, "a batch can't be cut with a step");
		return NULL;
	}
	const int64_t *offsets = batch_offsets(batch) + (count == 0 ? 0 : begin);
	PyObject *ids = PySequence_GetSlice(batch->ids, offsets[0], offsets[count]);
	PyObject *part = make_offsets(
		(const uint64_t *)(const void *)(offsets + 1), (size_t)count, (uint64_t)offsets[0]);
	return make_batch(ids, part, (size_t)count);
}

static PyObject *batch_subscript(PyObject *self, PyObject *key)
{
	struct batch *batch = (struct batch *)self;
	if (PySlice_Check(key))
		return batch_slice(batch, key);
	Py_ssize_t index = PyNumber_AsSsize_t(key, PyExc_IndexError);
	if (index == -1 && PyErr_Occurred())
		return NULL;
	return batch_item(self, index < 0 ? index + batch->count : index);
}

static PyObject *batch_to_list(PyObject *self, PyObject *none)
{
	(void)none;
	struct batch *batch = (struct batch *)self;
	const struct array *ids = (const struct array *)batch->ids;
	const int64_t *offsets = batch_offsets(batch);
	PyObject *list = PyList_New(batch->count);
	for (Py_ssize_t i = 0; list != NULL && i < batch->count; i++) {
		size_t len = (size_t)(offsets[i + 1] - offsets[i]);
		const char *begin = len == 0
			? NULL
			: (const char *)ids->data + (size_t)offsets[i] * ids->item_bytes;
		PyObject *item = core_id_list(begin, len, ids->item_bytes);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, i, item);
	}
	return list;
}

static PyObject *batch_compare(PyObject *self, PyObject *other, int operation)
{
	if (operation != Py_EQ && operation != Py_NE)
		return Py_NewRef(Py_NotImplemented);
	if (Py_TYPE(self) != Py_TYPE(other))
		return core_compare_list(self, other, operation, batch_to_list);
	struct batch *a = (struct batch *)self, *b = (struct batch *)other;
	int equal = PyObject_RichCompareBool(a->offsets, b->offsets, Py_EQ);
	if (equal == 1)
		equal = PyObject_RichCompareBool(a->ids, b->ids, Py_EQ);
	return equal < 0 ? NULL : PyBool_FromLong(equal == (operation == Py_EQ));
}

static PyObject *batch_repr(PyObject *self)
{
	struct batch *batch = (struct batch *)self;
	struct array *ids = (struct array *)batch->ids;
	return PyUnicode_FromFormat("TokenBatch(documents=%zd, ids=%zd, dtype='uint%d')", batch->count,
		ids->shape[0], (int)ids->item_bytes * 8);
}

/* ---- Making one from Python, pickles ---- */

static bool check_offsets(const int64_t *offsets, size_t count, size_t id_count)
{
	bool is_right = count > 0 && offsets[0] == 0 && (uint64_t)offsets[count - 1] == id_count;
	for (size_t i = 1; is_right && i < count; i++)
		is_right = offsets[i] >= offsets[i - 1];
	if (!is_right)
		PyErr_SetString(PyExc_ValueError,
			"offsets must begin with 0, not fall, and end with the number of ids");
	return is_right;
}

static bool read_offsets(PyObject *list, int64_t *out)
{
	Py_ssize_t count = PyTuple_Size(list);
	for (Py_ssize_t i = 0; i < count; i++) {
		out[i] = PyLong_AsLongLong(PyTuple_GetItem(list, i));
		if (out[i] == -1 && PyErr_Occurred())
			return false;
	}
	return true;
}

static PyObject *batch_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"ids", "offsets", NULL};
	PyObject *ids, *iterable;
	(void)type;
	if (!PyArg_ParseTupleAndKeywords(
			args, keywords, "O!O:TokenBatch", names, core.token_array, &ids, &iterable))
		return NULL;
	PyObject *list = PySequence_Tuple(iterable);
	if (list == NULL)
		return NULL;
	size_t count = (size_t)PyTuple_Size(list);
	PyObject *offsets = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * sizeof(int64_t)));
	int64_t *numbers = offsets == NULL ? NULL : (int64_t *)(void *)PyBytes_AsString(offsets);
	bool worked = numbers != NULL && read_offsets(list, numbers) &&
		check_offsets(numbers, count, (size_t)((struct array *)ids)->shape[0]);
	Py_DECREF(list);
	if (!worked) {
		Py_XDECREF(offsets);
		return NULL;
	}
	return make_batch(Py_NewRef(ids), offsets, count - 1);
}

static PyObject *batch_get_offsets(PyObject *self, void *closure)
{
	(void)closure;
	struct batch *batch = (struct batch *)self;
	return core_offset_array(batch->offsets, (const uint64_t *)(const void *)batch_offsets(batch),
		(size_t)batch->count + 1, 1);
}

static PyObject *batch_get_ids(PyObject *self, void *closure)
{
	(void)closure;
	return Py_NewRef(((struct batch *)self)->ids);
}

static PyObject *batch_reduce(PyObject *self, PyObject *none)
{
	(void)none;
	PyObject *offsets = batch_get_offsets(self, NULL);
	PyObject *result = offsets == NULL
		? NULL
		: Py_BuildValue("(O(OO))", core.token_batch, ((struct batch *)self)->ids, offsets);
	Py_XDECREF(offsets);
	return result;
}

static PyObject *batch_arrow(PyObject *self, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"requested_schema", NULL};
	PyObject *schema = NULL;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:__arrow_c_array__", names, &schema))
		return NULL;
	struct batch *batch = (struct batch *)self;
	struct array *ids = (struct array *)batch->ids;
	return core_arrow_lists(
		self, ids->data, ids->item_bytes, batch_offsets(batch), (size_t)batch->count);
}

static PyObject *batch_schema(PyObject *self, PyObject *none)
{
	(void)none;
	return core_arrow_list_schema(((struct array *)((struct batch *)self)->ids)->item_bytes);
}

static int batch_get_buffer(PyObject *self, Py_buffer *view, int flags)
{
	return PyObject_GetBuffer(((struct batch *)self)->ids, view, flags);
}

static void batch_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct batch *batch = (struct batch *)self;
	Py_DECREF(batch->ids);
	Py_DECREF(batch->offsets);
	PyObject_Free(self);
	Py_DECREF(type);
}

PyDoc_STRVAR(batch_doc,
	"TokenBatch(ids, offsets)\n--\n\n"
	"The ids of many documents, read-only, in one piece of memory.\n\n"
	"Like a list of TokenArray, one a document, which share its memory: ``batch[i]``; a slice is "
	"a\n"
	"TokenBatch. The buffer protocol gives the ids of all, one dimension, uint16 or uint32. Arrow\n"
	"(``pa.array(batch)``) sees a large_list of uint16 or uint32. Nothing is copied.\n\n"
	"``offsets``: len(batch) + 1 int, where each document begins and the last one ends.\n"
	"Raises ValueError unless they begin with 0, don't fall and end with the number of ids.\n\n"
	">>> batch = pairmill.TokenBatch(pairmill.TokenArray([5, 6, 7]), [0, 2, 3])\n"
	">>> batch.tolist(), batch[1]\n"
	"([[5, 6], [7]], TokenArray([7], dtype='uint32'))");

static PyMethodDef batch_methods[] = {
	CORE_SEQUENCE_METHODS,
	{"tolist", batch_to_list, METH_NOARGS,
		"tolist($self, /)\n--\n\nThe ids as a list of lists of int, one a document."},
	{"__arrow_c_array__", (PyCFunction)(void (*)(void))batch_arrow, METH_VARARGS | METH_KEYWORDS,
		"__arrow_c_array__($self, /, requested_schema=None)\n--\n\n"
		"Arrow's schema and array as PyCapsules; the type is large_list of uint16 or uint32."},
	{"__arrow_c_schema__", batch_schema, METH_NOARGS,
		"__arrow_c_schema__($self, /)\n--\n\nArrow's schema as a PyCapsule."},
	{"__reduce__", batch_reduce, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef batch_getters[] = {
	{"ids", batch_get_ids, NULL, "The ids of all documents: a TokenArray.", NULL},
	{"offsets", batch_get_offsets, NULL,
		"Where each document begins in `ids`, and the end: an OffsetArray of len + 1 numbers.",
		NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot batch_slots[] = {
	{Py_tp_doc, (void *)batch_doc},
	{Py_tp_new, batch_new},
	{Py_tp_dealloc, batch_dealloc},
	{Py_tp_methods, batch_methods},
	{Py_tp_getset, batch_getters},
	{Py_tp_repr, batch_repr},
	{Py_tp_richcompare, batch_compare},
	{Py_tp_hash, PyObject_HashNotImplemented},
	{Py_tp_iter, PySeqIter_New},
	{Py_sq_length, batch_length},
	{Py_sq_item, batch_item},
	{Py_mp_length, batch_length},
	{Py_mp_subscript, batch_subscript},
	{Py_bf_getbuffer, batch_get_buffer},
	{0, NULL},
};

static PyType_Spec batch_spec = {
	.name = "pairmill._core.TokenBatch",
	.basicsize = sizeof(struct batch),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = batch_slots,
};

bool core_add_batch(PyObject *module)
{
	core.token_batch = core_make_type(module, &batch_spec);
	return core.token_batch != NULL;
}
