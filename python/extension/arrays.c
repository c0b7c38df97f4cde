/* Arrays of ids and of offsets, read-only, over memory that the library gave or that was copied. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "array.h"
#include "core.h"

/* ---- Memory of the library ---- */

struct memory {
	PyObject_HEAD void *data;
};

static void memory_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	pmill_memory_free(((struct memory *)self)->data);
	PyObject_Free(self);
	Py_DECREF(type);
}

static PyType_Slot memory_slots[] = {
	{Py_tp_dealloc, memory_dealloc},
	{0, NULL},
};

PyType_Spec core_memory_spec = {
	.name = "pairmill._core._Memory",
	.basicsize = sizeof(struct memory),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = memory_slots,
};

PyObject *core_memory(void *data)
{
	struct memory *memory = PyObject_New(struct memory, core.memory);
	if (memory == NULL) {
		pmill_memory_free(data);
		return NULL;
	}
	memory->data = data;
	return (PyObject *)memory;
}

/* ---- One array ---- */

static struct array *make_array(PyTypeObject *type, PyObject *owner, const void *data, size_t count,
	unsigned item_bytes, unsigned columns)
{
	struct array *array = PyObject_New(struct array, type);
	if (array == NULL)
		return NULL;
	array->owner = Py_NewRef(owner);
	array->data = data;
	array->item_bytes = item_bytes;
	array->columns = columns;
	array->shape[0] = (Py_ssize_t)count;
	array->shape[1] = columns;
	array->strides[0] = (Py_ssize_t)(item_bytes * columns);
	array->strides[1] = item_bytes;
	return array;
}

PyObject *core_token_array(PyObject *owner, const void *data, size_t count, unsigned id_bytes)
{
	return (PyObject *)make_array(core.token_array, owner, data, count, id_bytes, 1);
}

PyObject *core_copied_array(const void *data, size_t count, unsigned id_bytes)
{
	PyObject *copy = PyBytes_FromStringAndSize(
		data == NULL ? "" : data, (Py_ssize_t)(count * id_bytes));
	if (copy == NULL)
		return NULL;
	PyObject *array = core_token_array(copy, PyBytes_AsString(copy), count, id_bytes);
	Py_DECREF(copy);
	return array;
}

PyObject *core_offset_array(PyObject *owner, const uint64_t *data, size_t count, unsigned columns)
{
	return (PyObject *)make_array(core.offset_array, owner, data, count, 8, columns);
}

/* Short results are copied, so that the buffer keeps its memory; long ones are handed over. */
enum { COPIED_BYTES = 65536 };

PyObject *core_take_array(pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	pmill_ids_get(ids, &view);
	if (view.count * view.id_bytes <= COPIED_BYTES) {
		PyObject *array = core_copied_array(view.data, (size_t)view.count, view.id_bytes);
		pmill_ids_clear(ids);
		return array;
	}
	pmill_ids_take(ids, &view);
	pmill_memory_free((void *)view.ends);
	pmill_memory_free((void *)view.offsets);
	PyObject *owner = core_memory((void *)view.data);
	if (owner == NULL)
		return NULL;
	PyObject *array = core_token_array(owner, view.data, (size_t)view.count, view.id_bytes);
	Py_DECREF(owner);
	return array;
}

PyObject *core_take_offsets(const uint64_t *offsets, uint64_t count)
{
	PyObject *owner = core_memory((void *)offsets);
	if (owner == NULL)
		return NULL;
	PyObject *array = core_offset_array(owner, offsets, (size_t)count, 2);
	Py_DECREF(owner);
	return array;
}

bool core_array_view(PyObject *object, const void **data, size_t *count, unsigned *id_bytes)
{
	if (!PyObject_TypeCheck(object, core.token_array))
		return false;
	struct array *array = (struct array *)object;
	*data = array->data;
	*count = (size_t)array->shape[0];
	*id_bytes = array->item_bytes;
	return true;
}

void core_array_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	Py_DECREF(((struct array *)self)->owner);
	PyObject_Free(self);
	Py_DECREF(type);
}

/* ---- Items ---- */

static uint64_t read_number(const struct array *array, size_t index)
{
	switch (array->item_bytes) {
	case 2: return ((const uint16_t *)array->data)[index];
	case 4: return ((const uint32_t *)array->data)[index];
	default: return ((const uint64_t *)array->data)[index];
	}
}

static PyObject *make_item(const void *context, size_t row)
{
	const struct array *array = context;
	if (array->columns == 1)
		return PyLong_FromUnsignedLongLong(read_number(array, row));
	return Py_BuildValue("(KK)", (unsigned long long)read_number(array, 2 * row),
		(unsigned long long)read_number(array, 2 * row + 1));
}

PyObject *core_make_list(
	size_t count, PyObject *(*make)(const void *context, size_t index), const void *context)
{
	PyObject *list = PyList_New((Py_ssize_t)count);
	for (size_t i = 0; list != NULL && i < count; i++) {
		PyObject *item = make(context, i);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, (Py_ssize_t)i, item);
	}
	return list;
}

/*
 * A long list has few different ids. So each is one object, made once, and an id takes the list's
 * 8 bytes instead of 40.
 */
enum { MANY_IDS = 1 << 17, SHARED_IDS = 1 << 18 };

/* A new reference; `shared` may be NULL. */
static PyObject *make_id(uint32_t id, PyObject **shared)
{
	if (shared == NULL || id >= SHARED_IDS)
		return PyLong_FromUnsignedLong(id);
	if (shared[id] == NULL)
		shared[id] = PyLong_FromUnsignedLong(id);
	Py_XINCREF(shared[id]);
	return shared[id];
}

static void release_shared(PyObject **shared)
{
	for (size_t id = 0; shared != NULL && id < SHARED_IDS; id++)
		Py_XDECREF(shared[id]);
	PyMem_Free(shared);
}

/* The same for ids, of which there may be millions. */
PyObject *core_id_list(const void *data, size_t count, unsigned id_bytes)
{
	PyObject **shared = count < MANY_IDS ? NULL : PyMem_Calloc(SHARED_IDS, sizeof *shared);
	PyObject *list = PyList_New((Py_ssize_t)count);
	for (size_t i = 0; list != NULL && i < count; i++) {
		const uint32_t id = id_bytes == 2 ? ((const uint16_t *)data)[i]
										  : ((const uint32_t *)data)[i];
		PyObject *item = make_id(id, shared);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, (Py_ssize_t)i, item);
	}
	release_shared(shared);
	return list;
}

PyObject *core_array_list(PyObject *self, PyObject *none)
{
	(void)none;
	struct array *array = (struct array *)self;
	size_t count = (size_t)array->shape[0];
	if (array->columns == 1 && array->item_bytes <= 4)
		return core_id_list(array->data, count, array->item_bytes);
	return core_make_list(count, make_item, array);
}

static size_t count_bytes(const struct array *array)
{
	return (size_t)array->shape[0] * array->columns * array->item_bytes;
}

PyObject *core_array_bytes(PyObject *self, PyObject *none)
{
	(void)none;
	struct array *array = (struct array *)self;
	return PyBytes_FromStringAndSize(
		array->data == NULL ? "" : array->data, (Py_ssize_t)count_bytes(array));
}

Py_ssize_t core_array_length(PyObject *self)
{
	return ((struct array *)self)->shape[0];
}

PyObject *core_array_item(PyObject *self, Py_ssize_t index)
{
	struct array *array = (struct array *)self;
	if (index < 0 || index >= array->shape[0]) {
		PyErr_SetString(PyExc_IndexError, "index out of range");
		return NULL;
	}
	return make_item(array, (size_t)index);
}

/* A slice with the step 1 is a view; any other is copied. */
static PyObject *array_slice(struct array *array, PyObject *slice)
{
	Py_ssize_t begin, end, step;
	if (PySlice_Unpack(slice, &begin, &end, &step) != 0)
		return NULL;
	Py_ssize_t count = PySlice_AdjustIndices(array->shape[0], &begin, &end, step);
	size_t row_bytes = (size_t)array->strides[0];
	const char *data = array->data;
	if (step == 1) {
		return (PyObject *)make_array(Py_TYPE((PyObject *)array), array->owner,
			count == 0 ? data : data + (size_t)begin * row_bytes, (size_t)count, array->item_bytes,
			array->columns);
	}
	PyObject *copy = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)row_bytes);
	if (copy == NULL)
		return NULL;
	char *out = PyBytes_AsString(copy);
	for (Py_ssize_t i = 0; i < count; i++)
		memcpy(
			out + (size_t)i * row_bytes, data + (size_t)(begin + i * step) * row_bytes, row_bytes);
	PyObject *sliced = (PyObject *)make_array(
		Py_TYPE((PyObject *)array), copy, out, (size_t)count, array->item_bytes, array->columns);
	Py_DECREF(copy);
	return sliced;
}

PyObject *core_array_subscript(PyObject *self, PyObject *key)
{
	struct array *array = (struct array *)self;
	if (PySlice_Check(key))
		return array_slice(array, key);
	Py_ssize_t index = PyNumber_AsSsize_t(key, PyExc_IndexError);
	if (index == -1 && PyErr_Occurred())
		return NULL;
	return core_array_item(self, index < 0 ? index + array->shape[0] : index);
}

/* ---- Methods of any sequence ---- */

PyObject *core_sequence_count(PyObject *self, PyObject *value)
{
	Py_ssize_t count = PySequence_Count(self, value);
	return count < 0 ? NULL : PyLong_FromSsize_t(count);
}

PyObject *core_sequence_index(PyObject *self, PyObject *args)
{
	PyObject *value;
	Py_ssize_t start = 0, stop = PY_SSIZE_T_MAX;
	if (!PyArg_ParseTuple(args, "O|nn:index", &value, &start, &stop))
		return NULL;
	Py_ssize_t length = PySequence_Size(self);
	if (start < 0)
		start = start + length < 0 ? 0 : start + length;
	PyObject *part = PySequence_GetSlice(self, start, stop);
	Py_ssize_t index = part == NULL ? -1 : PySequence_Index(part, value);
	Py_XDECREF(part);
	return index < 0 ? NULL : PyLong_FromSsize_t(start + index);
}

/* ---- Comparing, showing ---- */

static bool equal_arrays(const struct array *a, const struct array *b)
{
	if (a->shape[0] != b->shape[0] || a->columns != b->columns)
		return false;
	size_t count = (size_t)a->shape[0] * a->columns;
	if (a->item_bytes == b->item_bytes)
		return count == 0 || memcmp(a->data, b->data, count * a->item_bytes) == 0;
	for (size_t i = 0; i < count; i++) {
		if (read_number(a, i) != read_number(b, i))
			return false;
	}
	return true;
}

PyObject *core_compare_list(PyObject *self, PyObject *other, int operation, PyCFunction to_list)
{
	if (!PyList_Check(other))
		return Py_NewRef(Py_NotImplemented);
	PyObject *list = to_list(self, NULL);
	PyObject *result = list == NULL ? NULL : PyObject_RichCompare(list, other, operation);
	Py_XDECREF(list);
	return result;
}

PyObject *core_array_compare(PyObject *self, PyObject *other, int operation)
{
	if (operation != Py_EQ && operation != Py_NE)
		return Py_NewRef(Py_NotImplemented);
	if (Py_TYPE(self) == Py_TYPE(other)) {
		bool equal = equal_arrays((struct array *)self, (struct array *)other);
		return PyBool_FromLong(equal == (operation == Py_EQ));
	}
	return core_compare_list(self, other, operation, core_array_list);
}

const char *core_number_name(const struct array *array)
{
	return array->item_bytes == 2 ? "uint16" : array->item_bytes == 4 ? "uint32" : "uint64";
}

/* Long arrays show their first and last items. */
PyObject *core_array_repr(PyObject *self)
{
	enum { SHOWN = 12, AT_END = 3 };
	struct array *array = (struct array *)self;
	bool is_long = array->shape[0] > SHOWN;
	PyObject *head = PySequence_GetSlice(self, 0, is_long ? SHOWN - AT_END : SHOWN);
	PyObject *tail = PySequence_GetSlice(
		self, is_long ? array->shape[0] - AT_END : PY_SSIZE_T_MAX, PY_SSIZE_T_MAX);
	PyObject *first = head == NULL ? NULL : core_array_list(head, NULL);
	PyObject *last = tail == NULL ? NULL : core_array_list(tail, NULL);
	PyObject *text = NULL;
	const char *type = array->item_bytes == 8 ? "OffsetArray" : "TokenArray";
	if (first != NULL && last != NULL && is_long) {
		PyObject *left = PyObject_Repr(first), *right = PyObject_Repr(last);
		PyObject *begin = left == NULL
			? NULL
			: PyUnicode_Substring(left, 0, PyUnicode_GetLength(left) - 1);
		PyObject *end = right == NULL ? NULL
									  : PyUnicode_Substring(right, 1, PyUnicode_GetLength(right));
		if (begin != NULL && end != NULL)
			text = PyUnicode_FromFormat("%s(%U, ..., %U, count=%zd, dtype='%s')", type, begin, end,
				array->shape[0], core_number_name(array));
		Py_XDECREF(left);
		Py_XDECREF(right);
		Py_XDECREF(begin);
		Py_XDECREF(end);
	} else if (first != NULL) {
		text = PyUnicode_FromFormat("%s(%R, dtype='%s')", type, first, core_number_name(array));
	}
	Py_XDECREF(head);
	Py_XDECREF(tail);
	Py_XDECREF(first);
	Py_XDECREF(last);
	return text;
}

/* ---- The buffer protocol ---- */

int core_array_get_buffer(PyObject *self, Py_buffer *view, int flags)
{
	static const char nothing[8];
	struct array *array = (struct array *)self;
	if (flags & PyBUF_WRITABLE) {
		view->obj = NULL;
		PyErr_SetString(PyExc_BufferError, "the array is read-only");
		return -1;
	}
	if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && array->columns > 1) {
		view->obj = NULL;
		PyErr_SetString(PyExc_BufferError, "the array is not Fortran contiguous");
		return -1;
	}
	view->buf = (void *)(array->data == NULL ? nothing : array->data);
	view->obj = Py_NewRef(self);
	view->len = (Py_ssize_t)count_bytes(array);
	view->itemsize = (Py_ssize_t)array->item_bytes;
	view->readonly = 1;
	view->ndim = array->columns == 1 ? 1 : 2;
	view->format = flags & PyBUF_FORMAT ? (char *)(array->item_bytes == 2  ? "H"
												  : array->item_bytes == 4 ? "I"
																		   : "Q")
										: NULL;
	view->shape = flags & PyBUF_ND ? array->shape : NULL;
	view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? array->strides : NULL;
	view->suboffsets = NULL;
	view->internal = NULL;
	return 0;
}
