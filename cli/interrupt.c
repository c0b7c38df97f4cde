/* Ctrl-C and SIGTERM: the first asks the library to stop, a later one exits at once. */
/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

/* Events come ten times a second: if none comes for this long, a system call is stuck. */
enum { PATIENCE_SECONDS = 3 };

/* How long the library may clean up after the first signal; it reacts within about 0.1 s. */
enum { GRACE_TENTHS = 20 };

/* Globals, because a signal handler has no other way to communicate. */
static volatile sig_atomic_t signal_count;
static volatile sig_atomic_t is_listening;
static volatile sig_atomic_t is_last_call_over;
static volatile sig_atomic_t first_signal; /* in tenths of a second since `start` */
static struct timespec start;              /* set before the handler is installed */
static const char *volatile temporary;

static void quit(int number)
{
	(void)number;
	const char *path = temporary;
	if (path != NULL)
		unlink(path);
	_exit(PMILL_CLI_INTERRUPTED);
}

/* Makes a blocked read of stdin fail, so that the library cleans up after itself. */
static void spoil_stdin(void)
{
	int null = open("/dev/null", O_WRONLY);
	if (null > STDERR_FILENO) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

static sig_atomic_t tenths_since_start(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (
		sig_atomic_t)((now.tv_sec - start.tv_sec) * 10 + (now.tv_nsec - start.tv_nsec) / 100000000);
}

static void handle_first(void)
{
	first_signal = tenths_since_start();
	signal_count = 1;
	spoil_stdin();
	if (!is_last_call_over)
		alarm(PATIENCE_SECONDS);
}

static void handle(int number)
{
	int saved = errno;
	if (!is_listening)
		quit(number);
	if (signal_count == 0)
		handle_first();
	else if (tenths_since_start() - first_signal >= GRACE_TENTHS)
		quit(number);
	errno = saved;
}

static void catch_signal(int number, void (*handler)(int))
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

static bool is_ignored(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* A SIGINT that is ignored, by nohup or in the background without job control, stays ignored. */
void pmill_cli_interrupt_install(void)
{
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!is_ignored(SIGINT))
		catch_signal(SIGINT, handle);
	if (!is_ignored(SIGTERM))
		catch_signal(SIGTERM, handle);
	catch_signal(SIGALRM, quit);
	catch_signal(SIGPIPE, SIG_IGN);
	/* A limit on file sizes is then an error of the write, with a message. */
	catch_signal(SIGXFSZ, SIG_IGN);
}

void pmill_cli_interrupt_listen(void)
{
	is_listening = 1;
}

bool pmill_cli_is_interrupted(void)
{
	if (signal_count == 0)
		return false;
	alarm(0);
	return true;
}

bool pmill_cli_interrupt_last_call(void)
{
	is_last_call_over = 1;
	return pmill_cli_is_interrupted();
}

void pmill_cli_interrupt_set_temporary(const char *path)
{
	temporary = path;
}
