/* Worker processes: forked or spawned, each with a pipe in each direction. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/progress.h"

extern char **environ;

pmill_status pmill_study_crew_init(struct pmill_study_crew *crew, const char *name,
	unsigned capacity, struct pmill_study_counters *counters, pmill_error *error)
{
	*crew = (struct pmill_study_crew){.name = name, .counters = counters};
	crew->workers = calloc(capacity, sizeof *crew->workers);
	if (crew->workers == NULL)
		return pmill_fail_memory(error);
	crew->capacity = capacity;
	return PMILL_OK;
}

static void close_end(int *file)
{
	if (*file >= 0)
		close(*file);
	*file = -1;
}

static void close_pipes(struct pmill_study_process *process)
{
	close_end(&process->to);
	close_end(&process->from);
}

void pmill_study_crew_kill(struct pmill_study_crew *crew, unsigned worker)
{
	/* Pid 0 would mean our whole process group. */
	if (crew->workers[worker].pid > 0)
		kill(crew->workers[worker].pid, SIGKILL);
}

void pmill_study_crew_release(struct pmill_study_crew *crew)
{
	for (unsigned i = 0; i < crew->count; i++)
		pmill_study_crew_kill(crew, i);
	for (unsigned i = 0; i < crew->count; i++) {
		close_pipes(&crew->workers[i]);
		if (crew->workers[i].pid > 0)
			while (waitpid(crew->workers[i].pid, NULL, 0) < 0 && errno == EINTR)
				;
	}
	free(crew->workers);
	*crew = (struct pmill_study_crew){0};
}

bool pmill_study_die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return getppid() == parent;
}

/* ---- Starting ---- */

/* `child` gets the child's ends: [0] to read, [1] to write. */
static pmill_status open_pipes(struct pmill_study_process *process, int ends[2], pmill_error *error)
{
	int to[2], from[2];
	if (pipe2(to, O_CLOEXEC) != 0)
		return pmill_fail_errno(error, process->name, "cannot make a pipe", errno);
	if (pipe2(from, O_CLOEXEC) != 0) {
		int reason = errno;
		close(to[0]);
		close(to[1]);
		return pmill_fail_errno(error, process->name, "cannot make a pipe", reason);
	}
	process->to = to[1];
	process->from = from[0];
	ends[0] = to[0];
	ends[1] = from[1];
	return PMILL_OK;
}

static void pin(int processor)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((size_t)(processor % (count > 0 ? count : 1)), &set);
	sched_setaffinity(0, sizeof set, &set);
}

static _Noreturn void be_child(struct pmill_study_crew *crew, pmill_study_work_fn *work,
	void *context, int processor, const int ends[2], pid_t parent)
{
	for (unsigned i = 0; i <= crew->count; i++)
		close_pipes(&crew->workers[i]);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (!pmill_study_die_with_parent(parent))
		_exit(1);
	if (processor >= 0)
		pin(processor);
	_exit(work(context, crew->count, ends[0], ends[1]));
}

static struct pmill_study_process *next_worker(struct pmill_study_crew *crew)
{
	struct pmill_study_process *process = &crew->workers[crew->count];
	*process = (struct pmill_study_process){.to = -1, .from = -1};
	snprintf(process->name, sizeof process->name, "worker %u of %s", crew->count + 1, crew->name);
	return process;
}

static pmill_status note_start(struct pmill_study_crew *crew, const int ends[2], pid_t pid,
	int reason, uint64_t began, pmill_error *error)
{
	struct pmill_study_process *process = &crew->workers[crew->count];
	crew->counters->start_ns += pmill_clock_ns() - began;
	close(ends[0]);
	close(ends[1]);
	if (pid <= 0) {
		close_pipes(process);
		return pmill_fail_errno(error, process->name, "cannot start it", reason);
	}
	process->pid = pid;
	crew->count++;
	crew->counters->processes++;
	return PMILL_OK;
}

pmill_status pmill_study_crew_fork(struct pmill_study_crew *crew, pmill_study_work_fn *work,
	void *context, int processor, pmill_error *error)
{
	struct pmill_study_process *process = next_worker(crew);
	int ends[2];
	pmill_status status = open_pipes(process, ends, error);
	if (status != PMILL_OK)
		return status;
	pid_t parent = getpid();
	uint64_t began = pmill_clock_ns();
	pid_t pid = fork();
	if (pid == 0)
		be_child(crew, work, context, processor, ends, parent);
	return note_start(crew, ends, pid, errno, began, error);
}

pmill_status pmill_study_crew_spawn(
	struct pmill_study_crew *crew, const char *kind, pmill_error *error)
{
	struct pmill_study_process *process = next_worker(crew);
	int ends[2];
	pmill_status status = open_pipes(process, ends, error);
	if (status != PMILL_OK)
		return status;
	char *arguments[] = {"pairmill-study", "--worker", (char *)(uintptr_t)kind, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	uint64_t began = pmill_clock_ns();
	pid_t pid = 0;
	int reason = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, arguments, environ);
	status = note_start(crew, ends, reason == 0 ? pid : 0, reason, began, error);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

/* ---- Ending ---- */

static pmill_status fail_end(const struct pmill_study_process *process, int how, pmill_error *error)
{
	if (WIFSIGNALED(how))
		return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET, "%s: killed by signal %d",
			process->name, WTERMSIG(how));
	if (WEXITSTATUS(how) != 0)
		return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET, "%s: ended with exit code %d",
			process->name, WEXITSTATUS(how));
	return PMILL_OK;
}

static pmill_status wait_for(struct pmill_study_process *process, int options, pmill_error *error)
{
	int how = 0;
	pid_t ended;
	if (process->pid <= 0)
		return PMILL_OK;
	while ((ended = waitpid(process->pid, &how, options)) < 0 && errno == EINTR)
		;
	if (ended == 0)
		return PMILL_OK;
	process->pid = 0;
	if (ended < 0)
		return pmill_fail_errno(error, process->name, "cannot wait for it", errno);
	return fail_end(process, how, error);
}

void pmill_study_crew_hang_up(struct pmill_study_crew *crew, unsigned worker)
{
	close_end(&crew->workers[worker].to);
}

pmill_status pmill_study_crew_join(struct pmill_study_crew *crew, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < crew->count; i++)
		close_pipes(&crew->workers[i]);
	for (unsigned i = 0; i < crew->count; i++) {
		pmill_status ended = wait_for(&crew->workers[i], 0, status == PMILL_OK ? error : NULL);
		status = status == PMILL_OK ? ended : status;
	}
	crew->count = 0;
	return status;
}

pmill_status pmill_study_crew_check(struct pmill_study_crew *crew, pmill_error *error)
{
	for (unsigned i = 0; i < crew->count; i++) {
		struct pmill_study_process *process = &crew->workers[i];
		bool is_there = process->pid > 0;
		pmill_status status = wait_for(process, WNOHANG, error);
		if (status == PMILL_OK && is_there && process->pid == 0)
			status = pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET,
				"%s: ended before its work was done", process->name);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

/* ---- Messages ---- */

/* Its pipe is broken, mostly because it has ended: report that instead. Kills it if alive. */
static pmill_status explain(
	struct pmill_study_process *process, pmill_status status, pmill_error *error)
{
	pmill_error end = {0};
	if (status != PMILL_IO || process->pid <= 0)
		return status;
	struct pmill_study_process watched = *process;
	for (int i = 0; i < 100 && watched.pid > 0; i++) {
		if (wait_for(&watched, WNOHANG, &end) != PMILL_OK && error != NULL)
			*error = end;
		if (watched.pid > 0)
			usleep(1000);
	}
	process->pid = watched.pid;
	return status;
}

pmill_status pmill_study_crew_send(struct pmill_study_crew *crew, unsigned worker,
	const struct pmill_buffer *message, pmill_error *error)
{
	struct pmill_study_process *process = &crew->workers[worker];
	pmill_status status = pmill_study_send(
		process->to, message, process->name, &crew->counters->bytes_sent, error);
	return explain(process, status, error);
}

pmill_status pmill_study_crew_receive(struct pmill_study_crew *crew, unsigned worker,
	struct pmill_buffer *message, pmill_error *error)
{
	struct pmill_study_process *process = &crew->workers[worker];
	pmill_status status = pmill_study_receive(
		process->from, message, process->name, &crew->counters->bytes_received, error);
	return explain(process, status, error);
}
