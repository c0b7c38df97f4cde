/* Ctrl-C and SIGTERM: the first asks the library to stop, the second quits at once. */
/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* Who has not asked for so long is stuck in a system call; events come ten times a second. */
enum { PATIENCE_SECONDS = 3 };

/* A signal handler has nothing but globals to speak through. */
static volatile sig_atomic_t signal_count;
static volatile sig_atomic_t is_listening;
static const char *volatile temporary;

static void quit(int number)
{
	(void)number;
	const char *path = temporary;
	if (path != NULL)
		unlink(path);
	_exit(PMILL_CLI_INTERRUPTED);
}

/* A read of stdin that waits fails then, and the library cleans up after itself. */
static void spoil_stdin(void)
{
	int null = open("/dev/null", O_WRONLY);
	if (null > STDERR_FILENO) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

static void handle(int number)
{
	if (signal_count != 0 || !is_listening)
		quit(number);
	int saved = errno;
	signal_count = 1;
	spoil_stdin();
	alarm(PATIENCE_SECONDS);
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

/* nohup and background jobs of a shell without job control ignore SIGINT: it stays ignored. */
void pmill_cli_interrupt_install(void)
{
	if (!is_ignored(SIGINT))
		catch_signal(SIGINT, handle);
	if (!is_ignored(SIGTERM))
		catch_signal(SIGTERM, handle);
	catch_signal(SIGALRM, quit);
	catch_signal(SIGPIPE, SIG_IGN);
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

void pmill_cli_interrupt_set_temporary(const char *path)
{
	temporary = path;
}
