/* A readable view of tokens, from ids in the format "text". */
/* SPDX-License-Identifier: MIT */
#include "token_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "interrupt.h"

/* Dark text on light backgrounds, from the 256-colour palette: legible on black and on white. */
static const char *const backgrounds[] = {"\033[38;5;16;48;5;153m", "\033[38;5;16;48;5;157m",
	"\033[38;5;16;48;5;223m", "\033[38;5;16;48;5;218m"};
static const char reset[] = "\033[0m";

enum { BACKGROUND_COUNT = sizeof backgrounds / sizeof *backgrounds };

void pmill_cli_token_view_init(struct pmill_cli_token_view *view, const pmill_tokenizer *tokenizer,
	struct pmill_cli_output *output)
{
	const char *no_color = getenv("NO_COLOR");
	bool is_unwanted = no_color != NULL && *no_color != 0;
	*view = (struct pmill_cli_token_view){.tokenizer = tokenizer,
		.output = output,
		.is_coloured = !is_unwanted && isatty(fileno(output->stream))};
}

static void show_coloured(struct pmill_cli_token_view *view, pmill_bytes token)
{
	FILE *out = view->output->stream;
	fputs(backgrounds[view->shown % BACKGROUND_COUNT], out);
	pmill_cli_bytes_show(out, token.data, token.len, 0);
	fputs(reset, out);
	if (memchr(token.data, '\n', token.len) != NULL)
		putc('\n', out);
}

static void show_plain(struct pmill_cli_token_view *view, pmill_bytes token)
{
	FILE *out = view->output->stream;
	if (view->shown > 0)
		putc('|', out);
	pmill_cli_bytes_show(out, token.data, token.len, '|');
}

void pmill_cli_token_view_show(struct pmill_cli_token_view *view, uint32_t id)
{
	pmill_bytes token = pmill_tokenizer_token_bytes(view->tokenizer, id);
	if (view->is_coloured)
		show_coloured(view, token);
	else
		show_plain(view, token);
	view->shown++;
}

void pmill_cli_token_view_end_document(struct pmill_cli_token_view *view)
{
	putc('\n', view->output->stream);
	view->shown = 0;
}

static void take_byte(struct pmill_cli_token_view *view, char byte)
{
	if (byte >= '0' && byte <= '9') {
		view->id = (view->is_in_number ? view->id * 10 : 0) + (uint64_t)(byte - '0');
		view->is_in_number = true;
		return;
	}
	if (view->is_in_number)
		pmill_cli_token_view_show(view, (uint32_t)view->id);
	view->is_in_number = false;
	if (byte == '\n')
		pmill_cli_token_view_end_document(view);
}

int pmill_cli_token_view_write(void *context, const void *data, size_t len)
{
	struct pmill_cli_token_view *view = context;
	const char *text = data;
	if (pmill_cli_is_interrupted())
		return 1;
	for (size_t i = 0; i < len; i++)
		take_byte(view, text[i]);
	if (!ferror(view->output->stream))
		return 0;
	if (view->output->error_number == 0)
		view->output->error_number = errno;
	return 1;
}
