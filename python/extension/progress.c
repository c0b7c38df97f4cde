/* Progress, signals and notices: what the library calls back. */
/* SPDX-License-Identifier: MIT */
#include "core.h"

int core_report(void *context, const pmill_progress *progress)
{
	struct core_progress *report = context;
	PyGILState_STATE state = PyGILState_Ensure();
	bool fails = PyErr_CheckSignals() != 0;
	if (!fails && report->callback != NULL) {
		PyObject *result = PyObject_CallFunction(report->callback, "sKKsd", progress->stage,
			(unsigned long long)progress->done, (unsigned long long)progress->total, progress->unit,
			progress->elapsed_s);
		fails = result == NULL;
		Py_XDECREF(result);
	}
	PyGILState_Release(state);
	return fails;
}

bool core_fill_run(PyObject *run, pmill_run_options *options, struct core_progress *progress,
	struct core_holder *holder)
{
	options->progress = core_report;
	options->progress_context = progress;
	if (run == NULL || run == Py_None)
		return true;
	PyObject *rest = PyDict_Copy(run);
	if (rest == NULL)
		return false;
	PyObject *callback = PyDict_GetItemString(rest, "progress");
	bool worked = callback == NULL ||
		(core_hold_object(holder, callback) && PyDict_DelItemString(rest, "progress") == 0);
	if (worked && callback != NULL && callback != Py_None)
		progress->callback = callback;
	worked = worked && core_fill_options(rest, core_run_options, options, holder);
	Py_DECREF(rest);
	return worked;
}

void core_notice(void *context, pmill_notice notice, const char *name, const char *detail)
{
	PyGILState_STATE state = PyGILState_Ensure();
	const char *kind = notice == PMILL_NOTICE_SKIPPED ? "skipped" : "repeated";
	PyObject *item = Py_BuildValue(
		"(sNN)", kind, PyUnicode_DecodeFSDefault(name), PyUnicode_DecodeFSDefault(detail));
	/* A notice that there's no memory for is lost: the work goes on. */
	if (item == NULL || PyList_Append(context, item) != 0)
		PyErr_Clear();
	Py_XDECREF(item);
	PyGILState_Release(state);
}
