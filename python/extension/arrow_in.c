/* Texts of an Arrow column: strings or bytes, with 32 or 64 bit offsets, or as views. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "arrow.h"
#include "core.h"

struct arrow_chunks {
	PyObject *held; /* the capsules, if they are arrays and not a stream */
	struct ArrowArray *arrays;
	size_t count, capacity;
};

static bool has_method(PyObject *object, const char *name)
{
	return PyObject_HasAttrString(object, name) != 0;
}

bool core_is_arrow(PyObject *object)
{
	if (PyList_Check(object) || PyTuple_Check(object))
		return false;
	return has_method(object, "__arrow_c_stream__") || has_method(object, "__arrow_c_array__");
}

void core_arrow_release(void *arrow)
{
	struct arrow_chunks *chunks = arrow;
	for (size_t i = 0; i < chunks->count && chunks->held == NULL; i++)
		chunks->arrays[i].release(&chunks->arrays[i]);
	PyMem_Free(chunks->arrays);
	Py_XDECREF(chunks->held);
	PyMem_Free(chunks);
}

/* ---- One array's texts ---- */

/* How a column holds its strings. */
enum layout { SMALL_OFFSETS, LARGE_OFFSETS, VIEWS };

static bool find_layout(const struct ArrowSchema *schema, enum layout *layout)
{
	const char *format = schema->format;
	bool is_known = schema->dictionary == NULL;
	if (strcmp(format, "u") == 0 || strcmp(format, "z") == 0)
		*layout = SMALL_OFFSETS;
	else if (strcmp(format, "U") == 0 || strcmp(format, "Z") == 0)
		*layout = LARGE_OFFSETS;
	else if (strcmp(format, "vu") == 0 || strcmp(format, "vz") == 0)
		*layout = VIEWS;
	else
		is_known = false;
	if (!is_known)
		PyErr_Format(PyExc_TypeError,
			"texts: an Arrow column of strings or bytes is needed, not of the format '%s'%s",
			format, schema->dictionary != NULL ? " with a dictionary" : "");
	return is_known;
}

static bool is_null(const struct ArrowArray *array, size_t index)
{
	const uint8_t *valid = array->buffers[0];
	return valid != NULL && array->null_count != 0 && !(valid[index / 8] >> (index % 8) & 1);
}

/* A view: the length, then up to 12 bytes, or 4 of them and the place of all: buffer and offset. */
static pmill_bytes read_view(const struct ArrowArray *array, size_t index)
{
	const char *view = (const char *)array->buffers[1] + 16 * index;
	int32_t len, buffer, offset;
	memcpy(&len, view, 4);
	if (len <= 12)
		return (pmill_bytes){view + 4, (size_t)len};
	memcpy(&buffer, view + 8, 4);
	memcpy(&offset, view + 12, 4);
	return (pmill_bytes){(const char *)array->buffers[2 + buffer] + offset, (size_t)len};
}

static pmill_bytes read_text(const struct ArrowArray *array, enum layout layout, size_t index)
{
	if (layout == VIEWS)
		return read_view(array, index);
	int64_t begin, end;
	if (layout == SMALL_OFFSETS) {
		const int32_t *offsets = array->buffers[1];
		begin = offsets[index];
		end = offsets[index + 1];
	} else {
		const int64_t *offsets = array->buffers[1];
		begin = offsets[index];
		end = offsets[index + 1];
	}
	const char *data = array->buffers[2];
	return (pmill_bytes){begin == end ? NULL : data + begin, (size_t)(end - begin)};
}

static bool append_texts(
	const struct ArrowArray *array, enum layout layout, struct core_texts *texts)
{
	size_t count = (size_t)array->length;
	pmill_bytes *grown = PyMem_Realloc(texts->texts, (texts->count + count + 1) * sizeof *grown);
	if (grown == NULL) {
		PyErr_NoMemory();
		return false;
	}
	texts->texts = grown;
	for (size_t i = 0; i < count; i++) {
		size_t index = (size_t)array->offset + i;
		if (is_null(array, index)) {
			PyErr_Format(PyExc_ValueError, "texts: item %zu is null", texts->count);
			return false;
		}
		grown[texts->count++] = read_text(array, layout, index);
	}
	return true;
}

/* ---- Streams and single arrays ---- */

static struct ArrowArray *add_array(struct arrow_chunks *chunks)
{
	if (chunks->count == chunks->capacity) {
		size_t capacity = chunks->capacity == 0 ? 4 : 2 * chunks->capacity;
		struct ArrowArray *grown = PyMem_Realloc(chunks->arrays, capacity * sizeof *grown);
		if (grown == NULL) {
			PyErr_NoMemory();
			return NULL;
		}
		chunks->arrays = grown;
		chunks->capacity = capacity;
	}
	return &chunks->arrays[chunks->count];
}

static bool fail_stream(struct ArrowArrayStream *stream)
{
	const char *message = stream->get_last_error(stream);
	PyErr_Format(PyExc_ValueError, "texts: the Arrow stream failed: %s",
		message == NULL ? "no reason given" : message);
	return false;
}

static bool read_arrays(struct ArrowArrayStream *stream, enum layout layout,
	struct arrow_chunks *chunks, struct core_texts *texts)
{
	for (;;) {
		struct ArrowArray *array = add_array(chunks);
		if (array == NULL)
			return false;
		if (stream->get_next(stream, array) != 0)
			return fail_stream(stream);
		if (array->release == NULL)
			return true;
		chunks->count++;
		if (!append_texts(array, layout, texts))
			return false;
	}
}

static bool read_stream(PyObject *object, struct arrow_chunks *chunks, struct core_texts *texts)
{
	PyObject *capsule = PyObject_CallMethod(object, "__arrow_c_stream__", NULL);
	if (capsule == NULL)
		return false;
	struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
	struct ArrowSchema schema;
	enum layout layout;
	bool worked = stream != NULL;
	if (worked && stream->get_schema(stream, &schema) != 0) {
		worked = fail_stream(stream);
	} else if (worked) {
		worked = find_layout(&schema, &layout);
		schema.release(&schema);
		worked = worked && read_arrays(stream, layout, chunks, texts);
	}
	Py_DECREF(capsule);
	return worked;
}

static bool read_array(PyObject *object, struct arrow_chunks *chunks, struct core_texts *texts)
{
	chunks->held = PyObject_CallMethod(object, "__arrow_c_array__", NULL);
	if (chunks->held == NULL)
		return false;
	PyObject *schema_capsule, *array_capsule;
	if (!PyTuple_Check(chunks->held)) {
		PyErr_SetString(PyExc_TypeError, "texts: __arrow_c_array__ must return a tuple");
		return false;
	}
	if (!PyArg_ParseTuple(chunks->held, "OO", &schema_capsule, &array_capsule))
		return false;
	struct ArrowSchema *schema = PyCapsule_GetPointer(schema_capsule, "arrow_schema");
	struct ArrowArray *array = schema == NULL ? NULL
											  : PyCapsule_GetPointer(array_capsule, "arrow_array");
	enum layout layout;
	return array != NULL && find_layout(schema, &layout) && append_texts(array, layout, texts);
}

bool core_arrow_borrow(PyObject *object, struct core_texts *texts)
{
	struct arrow_chunks *chunks = PyMem_Calloc(1, sizeof *chunks);
	if (chunks == NULL) {
		PyErr_NoMemory();
		return false;
	}
	texts->arrow = chunks;
	bool worked = has_method(object, "__arrow_c_stream__") ? read_stream(object, chunks, texts)
														   : read_array(object, chunks, texts);
	if (worked && texts->texts == NULL) {
		texts->texts = PyMem_Calloc(1, sizeof *texts->texts);
		worked = texts->texts != NULL || PyErr_NoMemory() != NULL;
	}
	if (!worked)
		core_texts_release(texts);
	return worked;
}
